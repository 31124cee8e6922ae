use std::thread;

use super::*;

fn journal() -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::of(folder.path());
    (folder, journal)
}

fn checked(passed: bool) -> Event {
    Event::Checked(Checked {
        stage: "ring".to_owned(),
        passed,
        checks: BTreeMap::from([("a".to_owned(), Verdict::Failed)]),
        ..Checked::default()
    })
}

fn write(journal: &Journal, text: &str) {
    let mut file = OpenOptions::new()
        .append(true)
        .open(&journal.file)
        .expect("the journal");
    file.write_all(text.as_bytes()).expect("a line");
}

#[test]
fn the_last_check_counts_and_a_pass_is_remembered() {
    let (_folder, journal) = journal();
    assert!(journal.read().expect("nothing yet").standings().is_empty());
    let describe = || {
        let history = journal.read().expect("a history");
        history.standings()["ring"].describe()
    };
    journal.append(checked(false)).expect("a line");
    assert_eq!(describe(), "1 of 1 checks to go");
    journal.append(checked(true)).expect("a line");
    assert_eq!(describe(), "passed");
    journal.append(checked(false)).expect("a line");
    assert_eq!(describe(), "passed before; now 1 of 1 checks to go");
}

#[test]
fn a_torn_line_costs_itself_and_is_reported_once() {
    let (_folder, journal) = journal();
    journal.append(checked(false)).expect("a line");
    write(&journal, "{\"event\":\"che");
    journal.append(checked(true)).expect("a line");

    let history = journal.read().expect("a history");
    assert_eq!(history.entries.len(), 2, "{history:?}");
    let report = journal.report_damage(&history).expect("a report");
    assert!(report.starts_with("line 2 of "), "{report}");
    let history = journal.read().expect("a history");
    assert_eq!(journal.report_damage(&history), None);

    write(&journal, "\u{fffd}\u{0}\n[]\n");
    let history = journal.read().expect("a history");
    let report = journal.report_damage(&history).expect("a report");
    assert!(report.starts_with("lines 5, 6 of "), "{report}");
}

#[test]
fn an_event_of_a_later_version_does_no_harm_and_a_newer_schema_is_refused() {
    let (_folder, journal) = journal();
    journal.append(checked(false)).expect("a line");
    write(&journal, "{\"event\":\"sung\",\"schema\":1,\"at\":7}\n");
    let history = journal.read().expect("a history");
    assert_eq!((history.entries.len(), history.damaged.len()), (1, 0));

    write(&journal, "{\"event\":\"checked\",\"schema\":2,\"at\":7}\n");
    let error = journal.read().expect_err("too new").to_string();
    assert!(error.contains("its schema is 2"), "{error}");
    let before = fs::read_to_string(&journal.file).expect("the journal");
    journal.append(checked(true)).expect_err("too new");
    let after = fs::read_to_string(&journal.file).expect("the journal");
    assert_eq!(before, after);
}

#[test]
fn writers_at_once_lose_nothing() {
    let (folder, _) = journal();
    const EACH: usize = 100;
    thread::scope(|scope| {
        for writer in 0..4 {
            let journal = Journal::of(folder.path());
            scope.spawn(move || {
                for tier in 0..EACH {
                    let stage = writer.to_string();
                    journal
                        .append(Event::Hinted { stage, tier })
                        .expect("a line");
                }
            });
        }
    });
    let history = Journal::of(folder.path()).read().expect("a history");
    for writer in ["0", "1", "2", "3"] {
        let tiers = history
            .entries
            .iter()
            .filter_map(|entry| match &entry.event {
                Event::Hinted { stage, tier } if stage == writer => Some(*tier),
                _ => None,
            });
        assert!(tiers.eq(0..EACH), "writer {writer}");
    }
}
