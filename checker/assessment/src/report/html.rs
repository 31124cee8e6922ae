//! The report as one HTML page: no request, from disk, readable without scripts.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use similar::{ChangeTag, DiffOp, TextDiff};
use verdict::Finding;

use super::markdown::title;
use super::timeline::{Cell, Row, Sort, Version, grid, row, rows, versions};
use super::{Input, PARTS, lanes};
use crate::assess::clock;
use crate::{Area, DimensionResult, Kind, Level, Sentence, Session, Sources, StageRun, Standing};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The report.
#[must_use]
pub fn html(input: &Input<'_>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Nothing but what is in this file is ever loaded.
                link rel="icon" href="data:,";
                title { (title(input)) }
                style { (PreEscaped(picture::style())) (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "To the assessment" }
                (header(input))
                main id="main" {
                    (parts(input))
                    (evidence(input))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn header(input: &Input<'_>) -> Markup {
    let session = input.session;
    let (class, level) = match &input.assessment.standing {
        Standing::Level(level) if *level >= Level::Staff => ("level yes", level.to_string()),
        Standing::Level(level) => ("level no", level.to_string()),
        Standing::NotScored(_) => ("level unsure", "not scored".to_owned()),
    };
    html! {
        header {
            h1 { "Session " (input.id) }
            p.about { "The " code { (session.name) } " loop, begun " (super::moment(&input.assessment.began)) "." }
            p class=(class) { (level) }
            nav aria-label="Contents" {
                p {
                    @for (index, part) in PARTS.iter().enumerate() {
                        a href={ "#part" (index + 1) } { (part) } " · "
                    }
                    a href="#evidence" { "Evidence" }
                }
            }
        }
    }
}

/// Prose with its `code` marked.
fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A sentence, the events that it rests on behind it.
fn sentence(session: &Session<'_>, sentence: &Sentence) -> Markup {
    let told = |event: &crate::Event| {
        let row = row(session, event);
        format!("{} {}", row.at, row.text)
    };
    let cited: Vec<_> = session
        .events
        .iter()
        .filter(|event| sentence.cites.contains(&event.id))
        .collect();
    let all: Vec<String> = cited.iter().map(|event| told(event)).collect();
    html! {
        span title=(all.join("\n")) { (prose(&sentence.text)) }
        sup {
            @for event in cited {
                a href={ "#e" (event.id) } title=(told(event)) aria-label={ "event " (event.id) } { (event.id) } " "
            }
        }
        " "
    }
}

fn paragraph(session: &Session<'_>, sentences: &[Sentence]) -> Markup {
    html! { p { @for one in sentences { (sentence(session, one)) } } }
}

fn parts(input: &Input<'_>) -> Markup {
    let (session, assessment) = (input.session, input.assessment);
    html! {
        section aria-labelledby="part1" {
            h2 id="part1" { (PARTS[0]) }
            (paragraph(session, &assessment.overall))
            (paragraph(session, std::slice::from_ref(&assessment.confidence)))
        }
        section aria-labelledby="part2" {
            h2 id="part2" { (PARTS[1]) }
            @if assessment.strengths.is_empty() { p { "None that the rules can see." } }
            @for point in &assessment.strengths {
                h3 { (point.title) }
                (paragraph(session, &point.sentences))
            }
        }
        section aria-labelledby="part3" {
            h2 id="part3" { (PARTS[2]) }
            @if assessment.areas.is_empty() { p { "None that the rules can see." } }
            @for (index, area) in assessment.areas.iter().enumerate() { (one_area(input, index, area)) }
        }
        section aria-labelledby="part4" {
            h2 id="part4" { (PARTS[3]) }
            (paragraph(session, &assessment.verdict))
        }
    }
}

fn one_area(input: &Input<'_>, index: usize, area: &Area) -> Markup {
    let session = input.session;
    let drawn = area.shown.as_ref().and_then(|(event, check)| {
        let shown = lanes::shown(input);
        let found = shown
            .iter()
            .position(|(_, drawn, record)| drawn.id == *event && record.check == *check);
        found.map(|number| number + 1)
    });
    html! {
        h3 id={ "area" (index + 1) } { (prose(&area.title)) }
        (paragraph(session, &area.sentences))
        @if let Some(number) = drawn {
            p { a href={ "#counterexample" (number) } { "The interleaving that shows it" } }
        }
        @if let Some(practise) = &area.practise {
            p.practise { strong { "To practise next. " } (sentence(session, practise)) }
        }
    }
}

fn evidence(input: &Input<'_>) -> Markup {
    html! {
        h2 id="evidence" { "Evidence" }
        (gates(input))
        (dimensions(input))
        (timeline(input))
        @for run in &input.session.stages { (attempts(run)) }
        (counterexamples(input))
        (comparisons(input))
        (playback(input))
    }
}

fn gates(input: &Input<'_>) -> Markup {
    html! {
        h3 { "What each level takes" }
        div.wide tabindex="0" role="region" aria-label="What each level takes" {
            table {
                thead { tr { th scope="col" { "level" } th scope="col" { "met" } th scope="col" { "demand, and what there was" } } }
                tbody {
                    @for gate in &input.assessment.gates {
                        tr {
                            th scope="row" { (gate.level) }
                            td { @if gate.met { span.yes { "✓ yes" } } @else { span.no { "✗ no" } } }
                            td { (sentence(input.session, &gate.sentence)) }
                        }
                    }
                }
            }
        }
        @if let Some(bugs) = &input.assessment.bugs {
            h3 { "Planted defects" }
            ul { @for each in &bugs.each { li { (sentence(input.session, each)) } } }
        }
    }
}

fn dimensions(input: &Input<'_>) -> Markup {
    let score = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.1}"));
    let whole = |value: Option<u8>| value.map_or("–".to_owned(), |value| value.to_string());
    html! {
        h3 { "Dimensions" }
        div.wide tabindex="0" role="region" aria-label="Dimensions" {
            table {
                thead { tr {
                    th scope="col" { "dimension" } th.n scope="col" { "weight" } th.n scope="col" { "own rating" }
                    th.n scope="col" { "rules" } th.n scope="col" { "interviewer" } th.n scope="col" { "counts" }
                } }
                tbody {
                    @for result in &input.assessment.dimensions {
                        tr {
                            th scope="row" { (result.name) }
                            td.n { (result.weight) }
                            td.n { (whole(result.own)) }
                            td.n { (score(result.rules)) }
                            td.n { (whole(result.interviewer.as_ref().map(|judged| judged.score))) }
                            td.n { @if result.score.is_some() { (score(result.score)) } @else { "not assessed" } }
                        }
                    }
                }
            }
        }
        @for result in &input.assessment.dimensions { (one_dimension(input.session, result)) }
    }
}

fn one_dimension(session: &Session<'_>, result: &DimensionResult) -> Markup {
    if result.evidence.is_empty() && result.interviewer.is_none() {
        return html! {};
    }
    html! {
        details {
            summary { (result.name) ": what it rests on" }
            ul {
                @for evidence in &result.evidence {
                    li { (sentence(session, &evidence.sentence)) span.dim { (format!("worth {:.2}", evidence.value)) } }
                }
                @if let Some(judged) = &result.interviewer {
                    li { "Interviewer: " (judged.score) " of 4. " (judged.note) }
                }
            }
        }
    }
}

fn timeline(input: &Input<'_>) -> Markup {
    let rows = rows(input.session);
    html! {
        h3 { "Timeline" }
        (strip(input.session, &rows))
        div.wide tabindex="0" role="region" aria-label="Timeline" {
            table {
                thead { tr { th.n scope="col" { "event" } th.n scope="col" { "clock" } th scope="col" { "what happened" } } }
                tbody {
                    @for row in &rows {
                        tr id={ "e" (row.id) } { td.n { (row.id) } td.n { (row.at) } td { (prose(&row.text)) } }
                    }
                }
            }
        }
    }
}

/// The events on the clock, a lane for each sort.
fn strip(session: &Session<'_>, rows: &[Row]) -> Markup {
    const LEFT: f64 = 70.0;
    const WIDTH: f64 = 880.0;
    let lanes = [
        (Sort::Talk, "questions"),
        (Sort::Edit, "edits"),
        (Sort::Check, "checks"),
        (Sort::Hint, "hints"),
    ];
    let end = rows.iter().map(|row| row.at_ms).max().unwrap_or(1);
    let end = end.max(u64::from(session.minutes) * 60_000).max(1);
    let x = |at_ms: u64| {
        format!(
            "{:.1}",
            LEFT + (WIDTH - LEFT - 20.0) * at_ms as f64 / end as f64
        )
    };
    let failed = |row: &Row| {
        session.events.iter().any(|event| {
            event.id == row.id
                && match &event.kind {
                    Kind::Checked {
                        refusal, records, ..
                    } => {
                        refusal.is_some()
                            || records
                                .iter()
                                .any(|record| record.verdict != verdict::Verdict::Passed)
                    }
                    _ => false,
                }
        })
    };
    html! {
        svg.track viewBox={ "0 0 " (WIDTH) " 130" } role="img" aria-label="Questions, edits, checks and hints on the clock; the table below says the same in words" {
            @for (index, (sort, name)) in lanes.iter().enumerate() {
                @let y = 18 + 24 * index;
                text x="0" y=(y + 4) { (name) }
                line x1=(LEFT) y1=(y) x2=(WIDTH - 20.0) y2=(y) {}
                @for row in rows.iter().filter(|row| row.sort == *sort) {
                    circle class=(if failed(row) { "failed" } else { sort.name() }) cx=(x(row.at_ms)) cy=(y) r="5" {
                        title { (row.at) " " (row.text) }
                    }
                }
            }
            @for quarter in 0..=4_u64 {
                @let at = end * quarter / 4;
                line x1=(x(at)) y1="8" x2=(x(at)) y2="100" {}
                text x=(x(at)) y="118" text-anchor="middle" { (clock(at)) }
            }
        }
    }
}

fn attempts(run: &StageRun<'_>) -> Markup {
    if run.attempts.is_empty() {
        return html! {};
    }
    html! {
        h3 { "Checks of " code { (run.facts.name) } " over attempts" }
        p.cap { "A column is a check, named by its event: ✓ green, ✗ red, · could not tell, – could not be run." }
        div.wide tabindex="0" role="region" aria-label={ "Checks of " (run.facts.name) " over attempts" } {
            table.grid {
                thead { tr {
                    th scope="col" { "check" }
                    @for attempt in &run.attempts {
                        th scope="col" { a href={ "#e" (attempt.event.id) } { (attempt.event.id) } }
                    }
                } }
                tbody {
                    @for (check, cells) in grid(run) {
                        tr {
                            th scope="row" { code { (check) } }
                            @for cell in cells {
                                td { span class=(class(cell)) role="img" aria-label=(cell.in_words()) { (cell.mark()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn class(cell: Cell) -> &'static str {
    match cell {
        Cell::Green => "yes",
        Cell::Red => "no",
        Cell::Blind | Cell::Open | Cell::Refused => "dim",
    }
}

fn counterexamples(input: &Input<'_>) -> Markup {
    let shown = lanes::shown(input);
    html! {
        @if !shown.is_empty() {
            h3 { "Counterexamples" }
            @for (index, (run, event, record)) in shown.iter().enumerate() {
                details id={ "counterexample" (index + 1) } open[index == 0] {
                    summary { code { (run.facts.name) } ", event " (event.id) ": " code { (record.check) } }
                    @if let Some(finding) = &record.finding { (finding_in_full(finding)) }
                }
            }
        }
    }
}

fn finding_in_full(finding: &Finding) -> Markup {
    html! {
        p.message { (finding.message) }
        @if let Some(story) = &finding.counterexample { (picture::swimlanes(story)) }
        @if let Some(why) = &finding.why { p { strong { "Why it matters. " } (prose(why)) } }
        @if let Some(try_next) = &finding.try_next { p { strong { "Try. " } (prose(try_next)) } }
    }
}

/// The last code beside the reference.
fn comparisons(input: &Input<'_>) -> Markup {
    let mut drawn = Vec::new();
    // Of a stage that was not tried, the reference stays for when it is.
    let tried = input
        .session
        .stages
        .iter()
        .filter(|run| !run.versions.is_empty());
    for run in tried {
        if let Some(reference) = input.references.get(&run.facts.name) {
            drawn.push((run, joined(run.code()), reference));
        }
    }
    html! {
        @if !drawn.is_empty() {
            section.on-screen {
                h3 { "Last code beside the reference" }
                @for (run, code, reference) in &drawn {
                    details {
                        summary { code { (run.facts.name) } }
                        (side_by_side(code, reference))
                    }
                }
            }
        }
    }
}

/// All files in one text; a single one as it is.
fn joined(files: &Sources) -> String {
    match files.len() {
        1 => files.values().cloned().collect(),
        _ => files
            .iter()
            .map(|(name, text)| format!("// {name}\n{text}\n"))
            .collect(),
    }
}

fn side_by_side(code: &str, reference: &str) -> Markup {
    let diff = TextDiff::from_lines(code, reference);
    let (left, right): (Vec<&str>, Vec<&str>) =
        (code.lines().collect(), reference.lines().collect());
    let line = |lines: &[&str], index: Option<usize>| {
        index
            .and_then(|index| lines.get(index))
            .map_or(String::new(), |line| (*line).to_owned())
    };
    html! {
        table.code {
            thead { tr { th scope="col" { "yours" } th scope="col" { "the reference" } } }
            tbody {
                @for op in diff.ops() {
                    @let (old, new) = (op.old_range(), op.new_range());
                    @let same = matches!(op, DiffOp::Equal { .. });
                    @for index in 0..old.len().max(new.len()) {
                        @let at_left = (index < old.len()).then_some(old.start + index);
                        @let at_right = (index < new.len()).then_some(new.start + index);
                        tr {
                            td.del[!same && at_left.is_some()] { (line(&left, at_left)) }
                            td.add[!same && at_right.is_some()] { (line(&right, at_right)) }
                        }
                    }
                }
            }
        }
    }
}

fn playback(input: &Input<'_>) -> Markup {
    let versions = versions(input.session);
    html! {
        section id="playback" aria-labelledby="playback-title" tabindex="0" {
            h3 id="playback-title" { "Playback" }
            p.cap { "Each saved version with what it passed and failed. With the focus in here: ← and → step, Home and End jump." }
            div.controls hidden role="group" aria-label="Playback" {
                button type="button" { "« first" }
                button type="button" { "‹ back" }
                button type="button" { "on ›" }
                button type="button" { "last »" }
                input type="range" min="0" max=(versions.len().saturating_sub(1)) value="0" aria-label="version";
            }
            p.says aria-live="polite" {}
            @for version in &versions { (one_version(input.session, version)) }
        }
    }
}

fn one_version(session: &Session<'_>, version: &Version<'_>) -> Markup {
    let at = row(session, version.event).at;
    let says = format!("{}, {at}, {}", version.stage, version.result);
    html! {
        details.version data-says=(says) {
            summary { code { (version.stage) } " at " (at) ": " (version.result) " " a href={ "#e" (version.event.id) } { "event " (version.event.id) } }
            @if !version.red.is_empty() {
                p { "Red: " @for (index, check) in version.red.iter().enumerate() { @if index > 0 { ", " } code { (check) } } }
            }
            (marked(version))
        }
    }
}

/// The code of a version, its new lines marked.
fn marked(version: &Version<'_>) -> Markup {
    let (new, old) = (joined(version.files), version.before.map(joined));
    let old = old.unwrap_or_else(|| new.clone());
    let diff = TextDiff::from_lines(old.as_str(), new.as_str());
    html! {
        pre tabindex="0" {
            @for change in diff.iter_all_changes() {
                @match change.tag() {
                    ChangeTag::Delete => {}
                    ChangeTag::Insert => { span.add { (change.value()) } }
                    ChangeTag::Equal => { (change.value()) }
                }
            }
        }
    }
}
