//! What is published about the rubric is what counts: the tables of
//! `docs/assessment.md` are made from `rubric.toml`. `SNAPSHOTS=overwrite` makes
//! them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use assessment::{Judge, Rubric};

const BEGIN: &str = "<!-- made from checker/assessment/rubric.toml: begin -->\n";
const END: &str = "<!-- end -->\n";

fn tables(rubric: &Rubric) -> String {
    let mut text = String::new();
    text.push_str("| dimension | weight | judged by | evidence |\n|---|---|---|---|\n");
    for rule in &rubric.dimensions {
        let judge = match rule.judge {
            Judge::Program => "the rules",
            Judge::Both => "the rules and an interviewer",
            Judge::Interviewer => "an interviewer",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {judge} | {} |",
            rule.name, rule.weight, rule.evidence
        );
    }
    text.push_str("\n| level | mean of the dimensions | green stages, of the loop's clock | no open gap in | trade-offs or communication | interviewer |\n|---|---|---|---|---|---|\n");
    for rule in &rubric.levels {
        let closed: Vec<&str> = rule
            .closed
            .iter()
            .filter_map(|id| rubric.families.iter().find(|family| family.id == *id))
            .map(|family| family.name.as_str())
            .collect();
        let reasons = rule
            .reasons
            .map_or("–".to_owned(), |least| format!("{least:.1} of 4"));
        let interviewer = rule.interviewer.map_or("–".to_owned(), |least| {
            format!("at least {least} of 4 in communication")
        });
        let _ = writeln!(
            text,
            "| {} | {:.1} of 4 | {:.0} % | {} | {reasons} | {interviewer} |",
            rule.id,
            rule.at_least,
            100.0 * rule.reach,
            if closed.is_empty() {
                "–".to_owned()
            } else {
                closed.join(", ")
            }
        );
    }
    text.push_str("\n| family | severity | the thought behind it | defects |\n|---|---|---|---|\n");
    for family in &rubric.families {
        let defects: Vec<String> = family
            .defects
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            family.name,
            family.severity,
            family.thought,
            defects.join(" ")
        );
    }
    text
}

#[test]
fn the_book_prints_the_rubric_that_counts() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/assessment.md");
    let page = fs::read_to_string(&file).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("where the tables begin");
    let (printed, after) = rest.split_once(END).expect("where they end");
    let tables = tables(Rubric::published());
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::write(&file, format!("{before}{BEGIN}{tables}{END}{after}")).expect("the page");
    } else {
        assert_eq!(printed, tables, "SNAPSHOTS=overwrite makes the tables anew");
    }
}
