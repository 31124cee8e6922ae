//! From scores to a level, and what the level rests on.

use super::gaps::Gap;
use super::words::{clock, codes, count, list, ordinal};
use super::{Bugs, Context, DimensionResult, GateResult, Sentence, Standing};
use crate::{Dimension, Event, EventId, Kind, Level, LevelRule, Reason, Rubric, Session, StageRun};

/// Fewer sessions than this do not tell how good somebody is.
const ENOUGH_SESSIONS: usize = 3;
/// The tier of a hint that caps its stage.
const STRONGEST_HINT: u8 = 3;

/// The weighted mean of the dimensions that somebody could judge.
pub(super) fn mean(dimensions: &[DimensionResult]) -> Option<f64> {
    let judged = || {
        let scored = |result: &DimensionResult| Some((result.score?, f64::from(result.weight)));
        dimensions.iter().filter_map(scored)
    };
    let weight: f64 = judged().map(|(_, weight)| weight).sum();
    let sum: f64 = judged().map(|(score, weight)| score * weight).sum();
    (weight > 0.0).then(|| sum / weight)
}

/// What each level demands, and whether it was there.
pub(super) fn gates(
    rubric: &Rubric,
    session: &Session<'_>,
    gaps: &[Gap<'_>],
    dimensions: &[DimensionResult],
    mean: Option<f64>,
) -> Vec<GateResult> {
    let mut gates = Vec::new();
    for rule in &rubric.levels {
        let mut gate = |met, sentence| {
            gates.push(GateResult {
                level: rule.id,
                met,
                sentence,
            });
        };
        let mean = mean.unwrap_or(1.0);
        gate(
            mean >= rule.at_least,
            mean_gate(session, mean, rule.at_least),
        );
        let (met, sentence) = reach(session, rule);
        gate(met, sentence);
        for family in &rule.closed {
            let open: Vec<&Gap<'_>> = gaps
                .iter()
                .filter(|gap| gap.family.id == *family && gap.closed().is_none())
                .collect();
            let known = rubric.families.iter().find(|known| known.id == *family);
            let name = known.map_or(family.as_str(), |family| &family.name);
            gate(open.is_empty(), open_gate(session, name, &open));
        }
        if let Some(least) = rule.reasons {
            let (met, sentence) = reasons(session, dimensions, least);
            gate(met, sentence);
        }
        if let Some(least) = rule.interviewer {
            let (met, sentence) = interviewer(session, dimensions, least);
            gate(met, sentence);
        }
    }
    gates
}

fn mean_gate(session: &Session<'_>, mean: f64, least: f64) -> Sentence {
    let text =
        format!("The weighted mean of the dimensions is {mean:.2} of 4 (at least {least:.2}).");
    Sentence::new(text, [session.end()])
}

/// Whether enough was passed. The time that it took is no matter.
fn reach(session: &Session<'_>, rule: &LevelRule) -> (bool, Sentence) {
    let counted: Vec<&StageRun<'_>> = session
        .stages
        .iter()
        .filter(|run| is_green(run))
        .filter(|run| rule.id <= Level::Senior || !is_capped(run))
        .collect();
    let minutes: u32 = counted.iter().map(|run| run.facts.minutes).sum();
    let wanted = rule.reach * f64::from(session.usual_minutes);
    let capped = session
        .stages
        .iter()
        .filter(|run| is_green(run) && is_capped(run));
    let capped: Vec<&str> = capped.map(|run| run.facts.name.as_str()).collect();
    let aside = if capped.is_empty() || rule.id <= Level::Senior {
        String::new()
    } else {
        format!("; a third hint keeps {} out of this count", codes(capped))
    };
    let text = format!(
        "Stages worth {minutes} minutes are green (at least {wanted:.0} of the loop's {}{aside}).",
        session.usual_minutes
    );
    let cites = counted
        .iter()
        .filter_map(|run| run.passed)
        .map(|event| event.id);
    let cites: Vec<EventId> = cites.chain([session.end()]).collect();
    (f64::from(minutes) >= wanted, Sentence::new(text, cites))
}

/// Whether a stage passed and has stayed so.
pub(super) fn is_green(run: &StageRun<'_>) -> bool {
    run.passed.is_some() && run.graded().last().is_some_and(crate::Attempt::is_green)
}

fn is_capped(run: &StageRun<'_>) -> bool {
    run.strongest_hint()
        .is_some_and(|(_, tier)| tier >= STRONGEST_HINT)
}

fn open_gate(session: &Session<'_>, name: &str, open: &[&Gap<'_>]) -> Sentence {
    if open.is_empty() {
        return Sentence::new(format!("{name}: no gap is open."), [session.end()]);
    }
    let names = codes(open.iter().map(|gap| gap.run.facts.name.as_str()));
    let cites = open.iter().flat_map(|gap| gap.cites());
    Sentence::new(format!("{name}: a gap is open in {names}."), cites)
}

/// Whether the candidate gave reasons: in answers to the follow-up questions, or to an
/// interviewer.
fn reasons(session: &Session<'_>, dimensions: &[DimensionResult], least: f64) -> (bool, Sentence) {
    let of_both = [Dimension::TradeOffs, Dimension::Communication];
    let both = || {
        let all = dimensions.iter();
        all.filter(|result| of_both.contains(&result.id))
    };
    let best = both().filter_map(|result| result.score).fold(1.0, f64::max);
    let text = format!(
        "The higher of trade-offs and communication is {best:.1} of 4 (at least {least:.1})."
    );
    let evidence = both().flat_map(|result| &result.evidence);
    let cites = evidence.flat_map(|evidence| evidence.sentence.cites.clone());
    let judged = both().filter_map(|result| result.interviewer.as_ref());
    let cites = cites.chain(judged.map(|judged| judged.event));
    let cites = cites.chain([session.end()]);
    (best >= least, Sentence::new(text, cites))
}

fn interviewer(
    session: &Session<'_>,
    dimensions: &[DimensionResult],
    least: u8,
) -> (bool, Sentence) {
    let communication = dimensions
        .iter()
        .find(|result| result.id == Dimension::Communication);
    let judged = communication.and_then(|result| result.interviewer.as_ref());
    match judged {
        Some(judged) => {
            let text = format!(
                "An interviewer gave {} of 4 for communication and leadership (at least {least}).",
                judged.score
            );
            (judged.score >= least, Sentence::new(text, [judged.event]))
        }
        None => {
            let text = format!(
                "No interviewer scored communication and leadership, which no program can judge \
                 (at least {least})."
            );
            (false, Sentence::new(text, [session.end()]))
        }
    }
}

/// The highest level whose demands, and those below it, were all met; or why the
/// session shows none.
pub(super) fn standing(session: &Session<'_>, gates: &[GateResult]) -> Standing {
    if let Some(line) = session.edited {
        let text =
            "The journal was edited after it was written, so nothing in it can be relied on.";
        return Standing::NotScored(Sentence::new(text, [line]));
    }
    let opened = |event: &&Event| matches!(event.kind, Kind::Peeked { .. });
    if let Some(event) = session.events.iter().find(opened) {
        return Standing::NotScored(Sentence::new("The reference was opened.", [event.id]));
    }
    if !session.counts() {
        let text = "This was practice: no clock, hints and the reference open.";
        return Standing::NotScored(Sentence::new(text, [EventId(1)]));
    }
    let mut level = Level::NotYet;
    for next in [Level::Senior, Level::Staff, Level::StaffPlus] {
        if gates
            .iter()
            .filter(|gate| gate.level == next)
            .all(|gate| gate.met)
        {
            level = next;
        } else {
            break;
        }
    }
    Standing::Level(level)
}

/// How much one session says.
pub(super) fn confidence(session: &Session<'_>, context: Context) -> Sentence {
    let mock = ordinal(context.earlier);
    let text = if context.earlier + 1 < ENOUGH_SESSIONS {
        format!(
            "Confidence is low: this is the {mock} finished mock of this loop, and fewer than \
             {ENOUGH_SESSIONS} do not tell how good somebody is."
        )
    } else {
        format!("This is the {mock} finished mock of this loop.")
    };
    Sentence::new(text, [EventId(1), session.end()])
}

/// Two or three sentences and the level.
pub(super) fn overall(
    session: &Session<'_>,
    gaps: &[Gap<'_>],
    standing: &Standing,
    mean: Option<f64>,
    bugs: Option<&Bugs>,
) -> Vec<Sentence> {
    let mut sentences = vec![reached(session)];
    if let Some(bugs) = bugs {
        let text = format!(
            "{} of {} planted defects were fixed, for {} of {} severity points.",
            bugs.fixed, bugs.planted, bugs.points, bugs.of
        );
        sentences.push(Sentence::new(
            text,
            bugs.each.iter().flat_map(|each| each.cites.clone()),
        ));
    }
    if let Some(sentence) = found(session, gaps) {
        sentences.push(sentence);
    }
    sentences.push(match standing {
        Standing::Level(level) => {
            let mean = mean.unwrap_or(1.0);
            let text = match level {
                Level::NotYet => format!(
                    "By the published table that is not yet a level: the dimensions come to \
                     {mean:.1} of 4, and the demands of Senior are not all met."
                ),
                level => format!(
                    "By the published table that is {level}: the dimensions come to {mean:.1} of \
                     4, and its demands are met."
                ),
            };
            Sentence::new(text, [session.end()])
        }
        Standing::NotScored(why) => {
            Sentence::new(format!("Not scored. {}", why.text), why.cites.clone())
        }
    });
    sentences
}

fn reached(session: &Session<'_>) -> Sentence {
    let green: Vec<&str> = session
        .stages
        .iter()
        .filter(|run| is_green(run))
        .map(|run| run.facts.name.as_str())
        .collect();
    let used = clock(session.last_of_work());
    let how = match session.finished {
        Some((_, Reason::Time)) => "when the clock ended".to_owned(),
        Some(_) => format!("at the end, after {used} of {} minutes", session.minutes),
        None => format!("so far, after {used} of {} minutes", session.minutes),
    };
    let reached = count(session.stages.len(), "stage");
    let text = match green.len() {
        0 => format!(
            "{reached} reached in the `{}` loop and none green {how}.",
            session.name
        ),
        _ => format!(
            "{reached} reached in the `{}` loop, with {} green {how}.",
            session.name,
            codes(green)
        ),
    };
    let opened = session.stages.iter().map(|run| run.opened.id);
    let passed = session
        .stages
        .iter()
        .filter_map(|run| run.passed)
        .map(|event| event.id);
    Sentence::new(text, opened.chain(passed).chain([session.end()]))
}

fn found(session: &Session<'_>, gaps: &[Gap<'_>]) -> Option<Sentence> {
    let first = session.stages.iter().find_map(|run| run.graded().next())?;
    if gaps.is_empty() {
        let text = "Every check that was graded was green at its first try.";
        return Some(Sentence::new(text, [first.event.id]));
    }
    let cites = gaps.iter().flat_map(Gap::cites);
    let names = |open: bool| {
        let mut names: Vec<String> = Vec::new();
        for gap in gaps.iter().filter(|gap| gap.closed().is_none() == open) {
            let name = in_a_sentence(&gap.family.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let open = gaps.iter().filter(|gap| gap.closed().is_none()).count();
    let text = match (gaps.len() - open, open) {
        (closed, 0) => format!(
            "{} showed ({}), and every one of them was closed.",
            count(closed, "gap"),
            list(names(false))
        ),
        (0, open) => format!(
            "{} showed ({}), and none of them was closed.",
            count(open, "gap"),
            list(names(true))
        ),
        (closed, open) => format!(
            "{} showed: {closed} closed ({}), {open} still open ({}).",
            count(closed + open, "gap"),
            list(names(false)),
            list(names(true))
        ),
    };
    Some(Sentence::new(text, cites))
}

/// A name that begins a line, within a sentence.
pub(super) fn in_a_sentence(name: &str) -> String {
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    let mut chars = name.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// Whether it would pass, and why.
pub(super) fn verdict(
    session: &Session<'_>,
    standing: &Standing,
    gates: &[GateResult],
    dimensions: &[DimensionResult],
) -> Vec<Sentence> {
    let passes = matches!(standing, Standing::Level(level) if *level >= Level::Staff);
    let question = "Would you pass a staff-level interview with this?";
    let mut sentences = vec![match standing {
        Standing::NotScored(why) => Sentence::new(
            format!("{question} This session cannot say: it is not scored."),
            why.cites.clone(),
        ),
        Standing::Level(_) if passes => Sentence::new(format!("{question} Yes."), [session.end()]),
        Standing::Level(_) => Sentence::new(format!("{question} Not yet."), [session.end()]),
    }];
    let next = match standing {
        Standing::Level(Level::NotYet) => Some(Level::Senior),
        Standing::Level(Level::Senior) => Some(Level::Staff),
        Standing::Level(Level::Staff) => Some(Level::StaffPlus),
        Standing::Level(Level::StaffPlus) | Standing::NotScored(_) => None,
    };
    if let Some(next) = next {
        let missing: Vec<&GateResult> = gates
            .iter()
            .filter(|gate| gate.level == next && !gate.met)
            .collect();
        let texts = missing
            .iter()
            .map(|gate| gate.sentence.text.trim_end_matches('.'));
        let texts: Vec<&str> = texts.collect();
        let cites = missing.iter().flat_map(|gate| gate.sentence.cites.clone());
        let text = format!("What {next} takes and was not there: {}.", texts.join("; "));
        sentences.push(Sentence::new(text, cites));
    }
    sentences.extend(extremes(session, dimensions));
    sentences
}

/// The strongest and the weakest dimension.
fn extremes(session: &Session<'_>, dimensions: &[DimensionResult]) -> Option<Sentence> {
    let scored = || {
        dimensions
            .iter()
            .filter_map(|result| Some((result, result.score?)))
    };
    let best = scored().max_by(|one, other| {
        one.1
            .total_cmp(&other.1)
            .then(one.0.weight.cmp(&other.0.weight))
    })?;
    let worst = scored().min_by(|one, other| {
        one.1
            .total_cmp(&other.1)
            .then(other.0.weight.cmp(&one.0.weight))
    })?;
    if best.1 - worst.1 < 0.5 {
        return None;
    }
    let text = format!(
        "Strongest: {} ({:.1} of 4); weakest: {} ({:.1} of 4).",
        in_a_sentence(&best.0.name),
        best.1,
        in_a_sentence(&worst.0.name),
        worst.1
    );
    let evidence = [best.0, worst.0]
        .into_iter()
        .flat_map(|result| &result.evidence);
    let judged = [best.0, worst.0]
        .into_iter()
        .filter_map(|result| result.interviewer.as_ref());
    let cites = evidence.flat_map(|evidence| evidence.sentence.cites.clone());
    let cites = cites
        .chain(judged.map(|judged| judged.event))
        .chain([session.end()]);
    Some(Sentence::new(text, cites))
}

/// What became of planted defects, where any were planted.
pub(super) fn bugs(rubric: &Rubric, session: &Session<'_>) -> Option<Bugs> {
    let severity = |defect: &str| {
        let named = rubric.families.iter();
        let mut named = named.filter(|family| family.defects.iter().any(|known| known == defect));
        named.next().map_or(1, |family| family.severity)
    };
    let drawn: Vec<_> = session
        .rounds
        .iter()
        .filter_map(|round| round.planted.as_ref())
        .collect();
    if drawn.is_empty() {
        return None;
    }
    let mut bugs = Bugs {
        fixed: 0,
        planted: drawn.len(),
        points: 0,
        of: drawn.iter().map(|planted| severity(&planted.defect)).sum(),
        each: Vec::new(),
    };
    for run in &session.stages {
        let Some(planted) = &run.facts.planted else {
            continue;
        };
        let points = severity(&planted.defect);
        let last = run.graded().last();
        let fixed = last.is_some_and(|attempt| attempt.holds(&planted.by) == Some(true));
        if fixed {
            bugs.fixed += 1;
            bugs.points += points;
        }
        let text = format!(
            "`{}` in `{}` ({}): {}.",
            planted.defect,
            run.facts.name,
            count(points as usize, "point"),
            if fixed { "fixed" } else { "not fixed" }
        );
        let cite = last.map_or(run.opened.id, |attempt| attempt.event.id);
        bugs.each.push(Sentence::new(text, [cite]));
    }
    Some(bugs)
}

impl Session<'_> {
    /// Where the clock stood at the end, or at the latest.
    fn last_of_work(&self) -> u64 {
        let end = self.finished.map(|(id, _)| id);
        let end = end.and_then(|id| self.events.iter().find(|event| event.id == id));
        end.map_or(self.last_ms, |event| event.at_ms)
    }
}
