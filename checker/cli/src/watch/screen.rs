//! How the desk looks. Made for 80 columns and 24 lines; a wider one shows the
//! names of the checks beside the one that is told in full.

use ansi_to_tui::IntoText;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;
use verdict::render;
use verdict::{Mark, Record, Verdict};

use super::desk::{Desk, Extent, Grading};
use super::keys::{Action, BINDINGS, Binding};
use super::pages::{Page, StageList};
use crate::progress::bar;

/// From this width on there is room for the names of the checks.
const WIDE: u16 = 104;
/// What the names take of it.
const NAMES: u16 = 40;
/// The smallest screen that anything sensible fits on.
const SMALLEST: (u16, u16) = (40, 8);

pub fn draw(frame: &mut Frame<'_>, desk: &mut Desk<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = "This is too small a screen for the desk.";
        return frame.render_widget(Paragraph::new(text), area);
    }
    let [head, strip, rule, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(title(desk, head.width), head);
    frame.render_widget(state(desk, strip.width), strip);
    let line = "─".repeat(usize::from(rule.width));
    frame.render_widget(Line::from(line).dim(), rule);

    let wide = body.width >= WIDE && desk.page == Page::Checks;
    let text = if wide {
        let [names, text] =
            Layout::horizontal([Constraint::Length(NAMES), Constraint::Min(0)]).areas(body);
        check_names(frame, desk, names);
        text
    } else {
        body
    };
    // Pages that are opened next fill all of it.
    desk.style.width = columns(body);
    let content = content(desk, text);
    desk.extent = Extent {
        lines: u16::try_from(content.lines.len()).unwrap_or(u16::MAX),
        height: text.height,
    };
    frame.render_widget(Paragraph::new(content).scroll((desk.scroll, 0)), text);
    frame.render_widget(footer(desk, foot.width), foot);
}

/// How much of an area to fill with text that is to be read.
fn columns(area: Rect) -> usize {
    usize::from(area.width).clamp(60, 120)
}

/// `race-fixed  One scheduler, several workers           2 of 13`
fn title<'a>(desk: &Desk<'a>, width: u16) -> Line<'a> {
    let stage = desk.stage();
    let manifest = &stage.manifest;
    let place = format!("{} of {} ", desk.current + 1, desk.stages.len());
    let name = format!(" {}", manifest.name);
    let solved = if desk.history.solved(stage.name()) {
        " ✓"
    } else {
        ""
    };
    let used = name.chars().count() + solved.len().min(2) + place.chars().count() + 4;
    let room = usize::from(width).saturating_sub(used);
    let about = render::cut(&manifest.title, room);
    let gap = usize::from(width)
        .saturating_sub(name.chars().count() + solved.chars().count() + 2 + about.chars().count())
        .saturating_sub(place.chars().count());
    Line::from(vec![
        name.bold().cyan(),
        solved.green(),
        Span::raw(format!("  {about}")),
        Span::raw(" ".repeat(gap)),
        place.dim(),
    ])
}

/// How the grading is going, and a mark for each check.
fn state<'a>(desk: &Desk<'_>, width: u16) -> Line<'a> {
    let mut spans = vec![Span::raw(" ")];
    match (&desk.grading, &desk.report) {
        (Grading::Building { what, deep }, _) => {
            spans.push(format!("building… {what}{}", deeper(*deep)).yellow());
        }
        (Grading::Checking { marks, deep }, _) => {
            let done = marks.iter().flatten().count();
            spans.push(
                format!(
                    "{} {done}/{}{}  ",
                    bar(done, marks.len(), 10),
                    marks.len(),
                    deeper(*deep)
                )
                .yellow(),
            );
            spans.extend(marks.iter().map(|one| mark(*one)));
        }
        (Grading::Failed(_), _) => spans.push("! could not be graded".red().bold()),
        (Grading::Done { deep }, Some(report)) => {
            let open = report
                .checks
                .iter()
                .filter(|record| record.verdict != Verdict::Passed);
            let open = open.count();
            let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
            let built = seconds(report.timings_ms.build);
            let checked = seconds(report.timings_ms.check);
            let (text, style) = match (&report.rejection, open) {
                (Some(_), _) => ("✗ does not build".to_owned(), Style::new().red().bold()),
                (None, 0) if report.passed && report.blind_spots.is_empty() => {
                    ("✓ all passed".to_owned(), Style::new().green().bold())
                }
                (None, 0) if report.passed => (
                    "~ all passed, with blind spots".to_owned(),
                    Style::new().yellow().bold(),
                ),
                (None, 0) => (
                    "! the grader needs mending".to_owned(),
                    Style::new().yellow(),
                ),
                (None, open) => {
                    let text = format!("✗ {open} of {} to go", report.checks.len());
                    (text, Style::new().red().bold())
                }
            };
            spans.push(Span::styled(text, style));
            spans.push(
                format!(
                    "{}  built {built:.1} s, checked {checked:.1} s  ",
                    deeper(*deep)
                )
                .dim(),
            );
            let marks = report.checks.iter().map(|record| mark(Some(record.mark())));
            spans.extend(marks);
        }
        (Grading::Done { .. }, None) => {}
    }
    // A line that is too long loses its end, not its beginning.
    let mut room = usize::from(width);
    spans.retain(|span| {
        let fits = span.width() <= room;
        room = room.saturating_sub(span.width());
        fits
    });
    Line::from(spans)
}

fn deeper(deep: bool) -> &'static str {
    if deep { ", deep" } else { "" }
}

fn mark<'a>(mark: Option<Mark>) -> Span<'a> {
    let Some(mark) = mark else {
        return "·".dim();
    };
    match mark {
        Mark::Passed => mark.sign().green(),
        Mark::Failed => mark.sign().red(),
        Mark::PassedBlind | Mark::Inconclusive | Mark::Error => mark.sign().yellow(),
    }
}

/// The names of the checks, with the selected one in sight.
fn check_names(frame: &mut Frame<'_>, desk: &Desk<'_>, area: Rect) {
    let checks = &desk.stage().manifest.checks;
    let verdict = |index: usize| match (&desk.grading, &desk.report) {
        (Grading::Checking { marks, .. }, _) => marks.get(index).copied().flatten(),
        (_, Some(report)) => report.checks.get(index).map(verdict::Record::mark),
        _ => None,
    };
    let selected = desk.selected();
    let room = usize::from(area.width.saturating_sub(5));
    let lines: Vec<Line<'_>> = checks
        .iter()
        .enumerate()
        .map(|(index, check)| {
            let name = render::cut(&check.name.replace('_', " "), room);
            let name = Span::raw(name);
            let (pointer, name) = if selected == Some(index) {
                ("›".cyan(), name.bold())
            } else {
                (Span::raw(" "), name)
            };
            Line::from(vec![pointer, mark(verdict(index)), Span::raw(" "), name])
        })
        .collect();
    let height = usize::from(area.height);
    let first = selected
        .unwrap_or(0)
        .saturating_sub(height.saturating_sub(1));
    let shown = Text::from(lines.into_iter().skip(first).collect::<Vec<_>>());
    frame.render_widget(Paragraph::new(shown), area);
}

/// What fills the page.
fn content<'a>(desk: &Desk<'a>, area: Rect) -> Text<'a> {
    match &desk.page {
        Page::Checks => told(desk, area),
        Page::Text { text, .. } => styled(text),
        Page::Confirm(question) => Text::from(question.clone()),
        Page::List(list) => stages(desk, list, area),
    }
}

/// The selected check in full, or what there is to say instead.
fn told<'a>(desk: &Desk<'a>, area: Rect) -> Text<'a> {
    let style = render::Style {
        width: columns(area),
        ..desk.style
    };
    if let Grading::Failed(problem) = &desk.grading {
        return styled(problem);
    }
    let Some(report) = &desk.report else {
        return Text::from("");
    };
    if let Some(refusal) = report.refusal(style) {
        return styled(&refusal);
    }
    if let Some(record) = desk.record() {
        return styled(&in_full(record, style));
    }
    if !report.problems.is_empty() {
        return styled(&report.problems.join("\n\n"));
    }
    let next = desk.stages.get(desk.current + 1);
    let next = next.map_or_else(String::new, |next| {
        format!("  n   go on to {}\n", next.manifest.title)
    });
    let mut text = render::blind_spots(&report.checks, style);
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!(
        "Every check of {} has passed.\n\n{next}  c   see how the reference does it\n  \
         d   look one preemption further\n",
        report.stage
    ));
    styled(&text)
}

fn in_full(record: &Record, style: render::Style) -> String {
    match &record.finding {
        Some(_) => render::record(record, style),
        None => render::record(record, style) + "\nIt passed. e says what it is for.\n",
    }
}

fn stages<'a>(desk: &Desk<'a>, list: &StageList, area: Rect) -> Text<'a> {
    let shown = list.stages(desk.stages, &desk.history);
    let standings = desk.history.standings();
    let typed = if list.typing || !list.search.is_empty() {
        let cursor = if list.typing { "▏" } else { "" };
        format!("search: {}{cursor}", list.search)
    } else {
        "/ searches, f filters, Enter takes a stage, Esc goes back".to_owned()
    };
    let mut lines = vec![
        Line::from(format!(" Stages: {}   {typed}", list.filter.name())).dim(),
        Line::from(""),
    ];
    let names = desk.stages.iter().map(|stage| stage.name().chars().count());
    let width = names.max().unwrap_or(0);
    for (row, index) in shown.iter().enumerate() {
        let stage = &desk.stages[*index];
        let standing = standings.get(stage.name());
        let solved = standing.is_some_and(|standing| standing.solved_at.is_some());
        let how = standing
            .map(|standing| standing.describe())
            .unwrap_or_default();
        let name = Span::raw(format!("{:width$}", stage.name()));
        let (pointer, name) = if row == list.selected {
            ("› ".cyan(), name.bold().cyan())
        } else {
            (Span::raw("  "), name)
        };
        let mark = match (solved, standing) {
            (true, _) => "✓ ".green(),
            (false, Some(_)) => "· ".yellow(),
            (false, None) => Span::raw("  "),
        };
        let place = format!("{:>2}  ", stage.manifest.position);
        let minutes = format!("  {:>3} min  ", stage.manifest.minutes);
        lines.push(Line::from(vec![
            pointer,
            mark,
            place.dim(),
            name,
            minutes.dim(),
            Span::raw(how),
        ]));
    }
    if shown.is_empty() {
        lines.push(Line::from("  No stage is like that.").yellow());
    }
    // The heading stays; the selected stage stays in sight.
    let room = usize::from(area.height).saturating_sub(3);
    let skip = list.selected.saturating_sub(room);
    lines.drain(2..2 + skip.min(lines.len() - 2));
    Text::from(lines)
}

/// What the keys do, as much of it as fits; or what went wrong.
fn footer<'a>(desk: &Desk<'_>, width: u16) -> Line<'a> {
    if let Some(notice) = &desk.notice {
        return Line::from(format!(" {}", render::cut(notice, usize::from(width) - 2))).yellow();
    }
    let mut spans = Vec::new();
    let mut room = usize::from(width);
    if let Some(more) = more(desk) {
        room = room.saturating_sub(more.chars().count());
        spans.push(Span::raw(more).yellow());
    }
    let taken = |binding: &Binding| binding.key.chars().count() + binding.short.len() + 2;
    // The way out and the rest of the keys are always there.
    let last = |binding: &Binding| matches!(binding.action, Action::Help | Action::Quit);
    room = room.saturating_sub(
        BINDINGS
            .iter()
            .filter(|binding| last(binding))
            .map(taken)
            .sum(),
    );
    for binding in BINDINGS.iter().filter(|binding| !binding.short.is_empty()) {
        if !last(binding) {
            let Some(left) = room.checked_sub(taken(binding)) else {
                continue;
            };
            room = left;
        }
        spans.push(format!(" {}", binding.key).bold());
        spans.push(format!(" {}", binding.short).dim());
    }
    Line::from(spans)
}

/// How much of the text is above and below.
fn more(desk: &Desk<'_>) -> Option<String> {
    let Extent { lines, height } = desk.extent;
    let below = lines.saturating_sub(height.saturating_add(desk.scroll));
    match (desk.scroll, below) {
        (0, 0) => None,
        (0, below) => Some(format!(" ↓{below}")),
        (above, 0) => Some(format!(" ↑{above}")),
        (above, below) => Some(format!(" ↑{above} ↓{below}")),
    }
}

/// Text with colours as other parts of the program and rustc print it.
fn styled<'a>(text: &str) -> Text<'a> {
    text.into_text()
        .unwrap_or_else(|_| Text::from(text.to_owned()))
}
