//! The laws of the assessment, over sessions of any shape: every sentence cites
//! events that exist, more of a strength never lowers a level, and the order of
//! events that have nothing to do with each other does not matter.

use std::collections::BTreeMap;

use assessment::{
    CheckFacts, Context, Dimension, Event, EventId, FollowUpFacts, Journal, Kind, Level, Mode,
    Reason, Round, Rubric, Sources, StageFacts, Standing, assess, of_sources,
};
use proptest::prelude::*;
use verdict::{FailureKind, Finding, Record, Verdict};

/// The checks of both stages: defect, dimension.
const CHECKS: [(&str, Dimension); 8] = [
    ("copy-not-reference", Dimension::ConcurrencyModel),
    ("check-then-act", Dimension::ConcurrencyModel),
    ("empty-means-done", Dimension::ConcurrencyModel),
    ("lost-wakeup", Dimension::ConcurrencyModel),
    ("execute-under-lock", Dimension::LockGranularity),
    ("panic-kills-worker", Dimension::ErrorsAndCallables),
    ("quadratic-queue", Dimension::Performance),
    ("default-differs", Dimension::LanguageIdiom),
];
const STAGES: [(&str, u32); 2] = [("one", 30), ("two", 30)];
const REQUIREMENTS: usize = 5;
/// The code that every stage begins with.
const GIVEN: &str = "// given\n#[test]\nfn given() {}\n";
const FULL: &str = "Either a queue for each worker or batches of 16 claims; I would keep the one \
                    lock until a task takes less than a microsecond.";

/// A session, in the terms of its candidate.
#[derive(Debug, Clone)]
struct Story {
    stages: Vec<StageStory>,
    interviewer: Option<u8>,
}

#[derive(Debug, Clone)]
struct StageStory {
    /// Requirements found out before code.
    asked: Vec<usize>,
    plan: bool,
    tests: bool,
    hints: u8,
    /// For each check, the attempt from which on it is green.
    green_from: Vec<usize>,
    attempts: usize,
    answers: usize,
}

impl StageStory {
    fn is_green(&self) -> bool {
        self.green_from.iter().all(|from| *from < self.attempts)
    }
}

fn stage() -> impl Strategy<Value = StageStory> {
    (
        prop::collection::vec(0..REQUIREMENTS, 0..4),
        any::<bool>(),
        any::<bool>(),
        0..=3_u8,
        prop::collection::vec(0..5_usize, CHECKS.len()),
        1..5_usize,
        0..=2_usize,
    )
        .prop_map(
            |(asked, plan, tests, hints, green_from, attempts, answers)| StageStory {
                asked,
                plan,
                tests,
                hints,
                green_from,
                attempts,
                answers,
            },
        )
}

fn story() -> impl Strategy<Value = Story> {
    let stages = prop::collection::vec(stage(), 1..=STAGES.len());
    (stages, prop::option::of(1..=4_u8)).prop_map(|(stages, interviewer)| Story {
        stages,
        interviewer,
    })
}

fn record(stage: &str, check: &str, defect: &str, green: bool) -> Record {
    Record {
        schema: verdict::SCHEMA,
        stage: stage.to_owned(),
        check: check.to_owned(),
        verdict: if green {
            Verdict::Passed
        } else {
            Verdict::Failed
        },
        finding: (!green).then(|| Finding {
            kind: FailureKind::Expectation,
            defect: Some(defect.to_owned()),
            message: "it ran twice".to_owned(),
            place: None,
            why: Some("Because.".to_owned()),
            try_next: None,
            input: None,
            counterexample: None,
            output: vec![],
        }),
        search: None,
        blind_spots: vec![],
        seed: None,
        duration_ms: 1,
    }
}

fn files(text: &str) -> Sources {
    Sources::from([("lib.rs".to_owned(), text.to_owned())])
}

fn facts(name: &str, minutes: u32) -> StageFacts {
    StageFacts {
        name: name.to_owned(),
        title: name.to_owned(),
        minutes,
        requirements: (0..REQUIREMENTS)
            .map(|index| format!("Requirement {index}."))
            .collect(),
        follow_ups: (0..2)
            .map(|index| FollowUpFacts {
                question: format!("Question {index}?"),
                points: vec![],
            })
            .collect(),
        checks: CHECKS
            .iter()
            .map(|(defect, dimension)| CheckFacts {
                name: format!("no_{}", defect.replace('-', "_")),
                defect: (*defect).to_owned(),
                dimension: *dimension,
            })
            .collect(),
        given: files(GIVEN),
        planted: None,
    }
}

impl Story {
    fn kinds(&self) -> Vec<Kind> {
        let rounds = STAGES.map(|(stage, minutes)| Round {
            stage: stage.to_owned(),
            minutes,
            planted: None,
        });
        let mut kinds = vec![Kind::Started {
            schema: 1,
            name: "scheduler".to_owned(),
            mode: Mode::Mock,
            minutes: 60,
            usual_minutes: 60,
            seed: 0,
            with_interviewer: self.interviewer.is_some(),
            rounds: rounds.to_vec(),
            boot: "a".to_owned(),
        }];
        for (index, (stage, (name, minutes))) in self.stages.iter().zip(STAGES).enumerate() {
            kinds.push(Kind::Opened {
                round: index,
                stage: Box::new(facts(name, minutes)),
            });
            stage.kinds(name, &mut kinds);
            if !stage.is_green() {
                break;
            }
        }
        kinds.push(Kind::Finished {
            reason: Reason::Asked,
        });
        if let Some(score) = self.interviewer {
            kinds.push(Kind::Scored {
                dimension: Dimension::Communication,
                score,
                note: "seen".to_owned(),
            });
        }
        kinds
    }

    fn journal(&self) -> Journal {
        journal(self.kinds())
    }

    fn outcome(&self) -> Outcome {
        let assessment = assess(Rubric::published(), &self.journal(), Context::default());
        let scores = assessment.dimensions.iter();
        Outcome {
            level: match assessment.standing {
                Standing::Level(level) => level,
                Standing::NotScored(why) => panic!("{}", why.text),
            },
            mean: assessment.mean.unwrap_or(1.0),
            scores: scores
                .filter_map(|result| Some((result.id, result.score?)))
                .collect(),
        }
    }
}

/// What a story came to.
struct Outcome {
    level: Level,
    mean: f64,
    /// The dimensions that were assessed.
    scores: BTreeMap<Dimension, f64>,
}

impl Outcome {
    /// Whether this is no worse than another one, by each dimension; and by mean and
    /// level, unless a dimension that was assessed there is not here: where the last gap
    /// is gone there is no iteration to judge, and means of other things do not compare.
    fn no_worse_than(&self, other: &Self) -> Result<(), String> {
        let mut compares = true;
        for (dimension, before) in &other.scores {
            match self.scores.get(dimension) {
                None => compares = false,
                Some(now) if *now < before - 1e-9 => {
                    return Err(format!("{dimension}: {before} became {now}"));
                }
                Some(_) => {}
            }
        }
        if compares && (self.level < other.level || self.mean < other.mean - 1e-9) {
            return Err(format!(
                "{} ({}) became {} ({})",
                other.level, other.mean, self.level, self.mean
            ));
        }
        Ok(())
    }
}

impl StageStory {
    fn kinds(&self, name: &str, kinds: &mut Vec<Kind>) {
        let stage = || name.to_owned();
        for requirement in &self.asked {
            kinds.push(Kind::Asked {
                stage: stage(),
                question: "What if?".to_owned(),
                requirement: Some(*requirement),
                answer: "Then.".to_owned(),
            });
        }
        if self.plan {
            kinds.push(Kind::Planned {
                stage: stage(),
                text: "A map.".to_owned(),
            });
        }
        for attempt in 0..self.attempts {
            let tests = if self.tests {
                "#[test]\n#[should_panic]\nfn own() {}"
            } else {
                ""
            };
            let files = files(&format!("// {attempt}\n{tests}"));
            let hash = of_sources(&files);
            kinds.push(Kind::Edited {
                stage: stage(),
                hash: hash.clone(),
                files,
            });
            let records = facts(name, 1).checks;
            let records = records
                .iter()
                .zip(&self.green_from)
                .map(|(check, from)| record(name, &check.name, &check.defect, attempt >= *from));
            kinds.push(Kind::Checked {
                stage: stage(),
                hash,
                grace: false,
                refusal: None,
                records: records.collect(),
            });
            if attempt == 0 {
                for tier in 1..=self.hints {
                    kinds.push(Kind::Hinted {
                        stage: stage(),
                        tier,
                    });
                }
            }
        }
        if self.is_green() {
            kinds.push(Kind::Advanced { stage: stage() });
            for follow_up in 0..self.answers {
                kinds.push(Kind::Answered {
                    stage: stage(),
                    follow_up,
                    text: FULL.to_owned(),
                });
            }
        }
    }
}

/// Through the text, as from a disk.
fn journal(kinds: Vec<Kind>) -> Journal {
    let mut text = String::new();
    let mut sealed = String::new();
    for (number, kind) in (1_u32..).zip(kinds) {
        let event = Event {
            id: EventId(number),
            at_ms: u64::from(number) * 1000,
            mono_ms: u64::from(number) * 1000,
            wall: String::new(),
            kind,
        };
        let (line, next) = assessment::seal(&sealed, &event).expect("JSON");
        text.push_str(&line);
        sealed = next;
    }
    let journal = Journal::parse(&text).expect("a journal");
    assert_eq!(journal.edited, None);
    journal
}

/// Each way to have done better, from this story.
fn better(story: &Story) -> Vec<(String, Story)> {
    let mut stories = Vec::new();
    for index in 0..story.stages.len() {
        let mut change = |what: &str, change: &dyn Fn(&mut StageStory)| {
            let mut other = story.clone();
            change(&mut other.stages[index]);
            stories.push((format!("{what} in stage {index}"), other));
        };
        for requirement in 0..REQUIREMENTS {
            change("asks more", &|stage| stage.asked.push(requirement));
        }
        change("plans", &|stage| stage.plan = true);
        change("tests", &|stage| stage.tests = true);
        change("takes one hint less", &|stage| {
            stage.hints = stage.hints.saturating_sub(1)
        });
        change("answers more", &|stage| {
            stage.answers = (stage.answers + 1).min(2)
        });
        for check in 0..CHECKS.len() {
            // Whether this closes the stage, and so opens the next, is another story.
            let closes = {
                let mut stage = story.stages[index].clone();
                let before = stage.is_green();
                stage.green_from[check] = stage.green_from[check].saturating_sub(1);
                !before && stage.is_green()
            };
            if !closes {
                change("closes a gap earlier", &|stage| {
                    stage.green_from[check] = stage.green_from[check].saturating_sub(1);
                });
            }
        }
    }
    if let Some(score) = story.interviewer {
        let mut other = story.clone();
        other.interviewer = Some((score + 1).min(4));
        stories.push(("is scored higher".to_owned(), other));
    }
    stories
}

proptest! {
    #[test]
    fn more_of_a_strength_never_lowers_a_level(story in story()) {
        let outcome = story.outcome();
        for (what, other) in better(&story) {
            prop_assert_eq!(other.outcome().no_worse_than(&outcome), Ok(()), "{}", what);
        }
    }

    #[test]
    fn closing_a_stage_never_lowers_a_level(story in story()) {
        let mut open = story.clone();
        open.stages.truncate(1);
        let mut closed = open.clone();
        let attempts = closed.stages[0].attempts;
        for from in &mut closed.stages[0].green_from {
            *from = (*from).min(attempts - 1);
        }
        prop_assert_eq!(closed.outcome().no_worse_than(&open.outcome()), Ok(()));
    }

    #[test]
    fn every_sentence_cites_events_that_exist(story in story()) {
        let journal = story.journal();
        let assessment = assess(Rubric::published(), &journal, Context::default());
        let last = journal.events.len();
        let mut count = 0;
        for sentence in assessment.sentences() {
            count += 1;
            prop_assert!(!sentence.cites.is_empty(), "cites nothing: {}", sentence.text);
            for id in &sentence.cites {
                prop_assert!((1..=last).contains(&(id.0 as usize)), "{id}: {}", sentence.text);
            }
            prop_assert!(sentence.text.ends_with(['.', '!', '?', '”']), "{}", sentence.text);
        }
        prop_assert!(count > 10);
    }

    /// Questions, answers, scores: none of them knows of another.
    #[test]
    fn the_order_of_unrelated_events_does_not_matter(story in story(), seed in any::<u64>()) {
        let kinds = story.kinds();
        let mut shuffled = kinds.clone();
        for index in 1..shuffled.len() {
            let (one, other) = (&shuffled[index - 1], &shuffled[index]);
            let loose = |kind: &Kind| matches!(kind, Kind::Asked { .. } | Kind::Answered { .. } | Kind::Planned { .. });
            if loose(one) && loose(other) && (seed >> (index % 64)) & 1 == 1 {
                shuffled.swap(index - 1, index);
            }
        }
        let told = |kinds: Vec<Kind>| {
            let assessment = assess(Rubric::published(), &journal(kinds), Context::default());
            let scores: BTreeMap<Dimension, Option<String>> = assessment
                .dimensions
                .iter()
                .map(|result| (result.id, result.score.map(|score| format!("{score:.6}"))))
                .collect();
            (assessment.standing.clone(), scores)
        };
        let (standing, scores) = told(kinds);
        let (other_standing, other_scores) = told(shuffled);
        prop_assert_eq!(scores, other_scores);
        prop_assert_eq!(standing, other_standing);
    }

    #[test]
    fn a_cut_journal_is_read_to_its_last_whole_line(story in story(), cut in 0.0..1.0_f64) {
        let whole = story.journal();
        let mut text = String::new();
        let mut sealed = String::new();
        for event in &whole.events {
            let (line, next) = assessment::seal(&sealed, event).expect("JSON");
            text.push_str(&line);
            sealed = next;
        }
        let mut end = (text.len() as f64 * cut) as usize;
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let lines = text[..end].matches('\n').count();
        match Journal::parse(&text[..end]) {
            Ok(journal) => prop_assert_eq!(&journal.events[..], &whole.events[..lines]),
            Err(_) => prop_assert_eq!(lines, 0),
        }
    }
}

/// What a table says of a few sessions that everybody can picture.
#[test]
fn a_few_sessions_and_their_levels() {
    let stage = |green_from: [usize; 8], attempts| StageStory {
        asked: vec![0, 1],
        plan: true,
        tests: true,
        hints: 0,
        green_from: green_from.to_vec(),
        attempts,
        answers: 1,
    };
    let level = |stages: Vec<StageStory>, interviewer| {
        Story {
            stages,
            interviewer,
        }
        .outcome()
        .level
    };
    let (right, gaps) = ([0; 8], [1, 0, 1, 0, 1, 0, 0, 0]);
    let never = [9, 0, 9, 0, 9, 0, 0, 0];
    let both = |one: StageStory| vec![one.clone(), one];
    assert_eq!(level(both(stage(right, 1)), Some(4)), Level::StaffPlus);
    assert_eq!(level(both(stage(gaps, 2)), Some(4)), Level::StaffPlus);
    assert_eq!(level(both(stage(gaps, 2)), Some(2)), Level::Staff);
    assert_eq!(level(both(stage(gaps, 2)), None), Level::Staff);
    assert_eq!(
        level(vec![stage(gaps, 2), stage(never, 4)], Some(4)),
        Level::Senior
    );
    assert_eq!(level(vec![stage(never, 4)], Some(4)), Level::NotYet);
    let hinted = StageStory {
        hints: 3,
        ..stage(gaps, 2)
    };
    assert_eq!(level(both(hinted), Some(4)), Level::Senior);
}

fn stage_of(green_from: [usize; 8], attempts: usize) -> StageStory {
    StageStory {
        asked: vec![],
        plan: false,
        tests: false,
        hints: 0,
        green_from: green_from.to_vec(),
        attempts,
        answers: 0,
    }
}

/// Everything that is said of a session, a sentence a line.
fn said(kinds: Vec<Kind>) -> String {
    let assessment = assess(Rubric::published(), &journal(kinds), Context::default());
    let lines = assessment.sentences();
    lines.map(|sentence| sentence.text.clone() + "\n").collect()
}

fn said_of(stages: Vec<StageStory>) -> String {
    let story = Story {
        stages,
        interviewer: None,
    };
    said(story.kinds())
}

#[test]
fn a_test_that_takes_the_place_of_a_given_one_is_the_candidates_own() {
    let own = "Own tests were in `one` before its first graded check.";
    let none = "No version of the code has a test of the candidate's own.";
    let tested = StageStory {
        tests: true,
        ..stage_of([0; 8], 1)
    };
    assert!(said_of(vec![tested]).contains(own));
    assert!(said_of(vec![stage_of([0; 8], 1)]).contains(none));
    // A given test with another body is still the one that was given.
    let mut kinds = Story {
        stages: vec![stage_of([0; 8], 1)],
        interviewer: None,
    }
    .kinds();
    for kind in &mut kinds {
        if let Kind::Edited { files: edited, .. } = kind {
            *edited = files("#[test]\nfn given() { assert!(true) }\n");
        }
    }
    assert!(said(kinds).contains(none));
}

#[test]
fn what_was_never_red_is_not_spoken_of() {
    let advice = "first red check";
    assert!(!said_of(vec![stage_of([0; 8], 1)]).contains(advice));
    assert!(said_of(vec![stage_of([1, 0, 0, 0, 0, 0, 0, 0], 2)]).contains(advice));
}

#[test]
fn a_defect_is_told_with_the_check_that_showed_it() {
    let story = Story {
        stages: vec![stage_of([0, 1, 0, 0, 0, 0, 0, 0], 2)],
        interviewer: None,
    };
    let mut kinds = story.kinds();
    let mut last = None;
    for kind in &mut kinds {
        if let Kind::Checked { records, .. } = kind {
            last = Some(records);
        }
    }
    let broken = &mut last.expect("a check")[3];
    *broken = record("one", &broken.check, "torn-read", false);
    let said = said(kinds);
    for sentence in [
        "At the first graded check of `one` (0:04) it did not hold that no check then act \
         (`check-then-act`).",
        "At the second graded check (0:06) it showed where this was checked: “no lost wakeup” \
         (`torn-read`).",
    ] {
        assert!(said.contains(sentence), "{said}");
    }
}

#[test]
fn no_more_points_are_missing_than_there_are() {
    let said = said_of(vec![stage_of([9; 8], 2)]);
    assert!(said.contains("3.00 of 3 points are missing."), "{said}");
}

/// A family may have an open gap in one dimension and be green in another.
#[test]
fn what_is_green_is_told_of_the_checks_that_were() {
    let said = said_of(vec![stage_of([9, 0, 0, 0, 0, 0, 0, 0], 1)]);
    let sentence = "`one`, Lifecycle: `no_empty_means_done` was green at its first graded check \
                    and since.";
    assert!(said.contains(sentence), "{said}");
    assert!(!said.contains(": green since"), "{said}");
}

#[test]
fn every_green_stage_without_an_answer_is_named() {
    let said = said_of(vec![stage_of([0; 8], 1), stage_of([0; 8], 1)]);
    let sentence = "`one` and `two` were green, and none of the follow-up questions was answered.";
    assert!(said.contains(sentence), "{said}");
}

#[test]
fn a_hint_that_was_taken_when_nothing_was_red_is_of_no_use_to_tell() {
    let useful = "All that was red when a hint was taken was green later: once.";
    let hinted = |green_from| StageStory {
        hints: 1,
        ..stage_of(green_from, 2)
    };
    assert!(said_of(vec![hinted([1, 0, 0, 0, 0, 0, 0, 0])]).contains(useful));
    assert!(!said_of(vec![hinted([0; 8])]).contains("when a hint was taken"));
    // Before any check, nobody knows what is red.
    let mut kinds = Story {
        stages: vec![stage_of([0; 8], 1)],
        interviewer: None,
    }
    .kinds();
    let hint = Kind::Hinted {
        stage: "one".to_owned(),
        tier: 1,
    };
    kinds.insert(2, hint);
    assert!(!said(kinds).contains("when a hint was taken"));
}

#[test]
fn iteration_is_assessed_where_there_was_something_to_iterate_on() {
    let scored = |green_from| {
        let story = Story {
            stages: vec![stage_of(green_from, 2)],
            interviewer: None,
        };
        story.outcome().scores.get(&Dimension::Iteration).copied()
    };
    assert_eq!(scored([0; 8]), None);
    assert_eq!(scored([1, 0, 0, 0, 0, 0, 0, 0]), Some(4.0));
}

#[test]
fn right_code_without_a_reason_is_not_staff() {
    let silent = |answers, interviewer| {
        let right = StageStory {
            asked: vec![0, 1, 2],
            tests: true,
            answers,
            ..stage_of([0; 8], 1)
        };
        let story = Story {
            stages: vec![right.clone(), right],
            interviewer,
        };
        story.outcome().level
    };
    assert_eq!(silent(0, None), Level::Senior);
    assert_eq!(silent(1, None), Level::Staff);
    assert_eq!(silent(0, Some(2)), Level::Staff);
}
