//! The catalogue of defects, and what it is generated from.

use std::collections::BTreeSet;
use std::fs;

use assessment::Rubric;
use verdict::Manifest;

use crate::support::{Workspace, kata_in, real_root, stems};

/// What every page has, in this order.
const SECTIONS: [&str; 4] = [
    "What it looks like",
    "How it happens",
    "The fix",
    "Follow-up",
];

#[test]
fn every_defect_in_use_has_a_page() {
    let pages = stems(&real_root().join("docs/defects"));
    for stage in real_root().join("exercises").read_dir().expect("stages") {
        let file = stage.expect("a stage").path().join("stage.toml");
        let Ok(manifest) = Manifest::load(&file) else {
            continue;
        };
        for check in &manifest.checks {
            let others = check.also.iter().chain(check.on.values());
            for defect in [&check.defect].into_iter().chain(others) {
                assert!(
                    pages.contains(defect),
                    "`{}` of {} names the defect `{defect}`, which has no page: write \
                     docs/defects/{defect}.md",
                    check.name,
                    manifest.name
                );
            }
        }
    }
}

/// So that a debrief can say which thought is behind a defect.
#[test]
fn every_page_is_about_a_defect_of_one_family() {
    let families = &Rubric::published().families;
    let defects = families.iter().flat_map(|family| family.defects.clone());
    assert_eq!(
        defects.collect::<BTreeSet<_>>(),
        stems(&real_root().join("docs/defects"))
    );
}

#[test]
fn every_page_has_the_same_shape() {
    let docs = real_root().join("docs");
    let figures = stems(&docs.join("counterexamples"));
    for defect in stems(&docs.join("defects")) {
        let page = fs::read_to_string(docs.join(format!("defects/{defect}.md"))).expect("a page");
        assert!(
            page.starts_with("# ") && page.contains(&format!("\n\n`{defect}`\n\n")),
            "{page}"
        );
        let headings: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        assert_eq!(headings, SECTIONS, "{defect}");
        let includes = page.contains(&format!(
            "\n{{{{#include ../counterexamples/{defect}.md}}}}\n"
        ));
        assert_eq!(
            includes,
            figures.contains(&defect),
            "docs/defects/{defect}.md should include its counterexample exactly if there is one"
        );
    }
}

#[test]
fn a_page_says_whether_a_stage_looks_for_its_defect() {
    let mut looked_for = BTreeSet::new();
    for stage in real_root().join("exercises").read_dir().expect("stages") {
        let file = stage.expect("a stage").path().join("stage.toml");
        let manifest = Manifest::load(&file).expect("a manifest");
        for check in manifest.checks {
            looked_for.insert(check.defect);
            looked_for.extend(check.also);
            looked_for.extend(check.on.into_values());
        }
    }
    let docs = real_root().join("docs");
    for defect in stems(&docs.join("defects")) {
        let page = fs::read_to_string(docs.join(format!("defects/{defect}.md"))).expect("a page");
        assert_eq!(
            page.contains("*No stage looks for this one yet"),
            !looked_for.contains(&defect),
            "docs/defects/{defect}.md"
        );
    }
}

#[test]
fn a_defect_is_explained_with_its_counterexample() {
    let workspace = Workspace::new("explain");
    let explain = |name| workspace.kata(&["explain", name]);
    explain("two-step-counter")
        .with_status(0)
        .shows("explain-defect.txt");
    explain("Two_Step counter")
        .with_status(0)
        .shows("explain-defect.txt");
    explain("no_update_is_lost")
        .with_status(0)
        .shows("explain-check.txt");
    explain("two-steps-counter")
        .with_status(2)
        .complains("explain-misspelt.txt");
    explain("xyzzy")
        .with_status(2)
        .complains("explain-unknown.txt");
    workspace
        .kata(&["explain"])
        .with_status(0)
        .shows("explain-list.txt");

    let json = workspace.kata(&["explain", "two-step-counter", "--format", "json"]);
    let json = json.with_status(0).json();
    assert_eq!(
        (&json["kind"], &json["stages"][0]),
        (&"defect".into(), &"shared-counter".into())
    );
    let json = workspace.kata(&["explain", "no_update_is_lost", "--format", "json"]);
    assert_eq!(
        json.with_status(0).json()["checks"][0]["stage"],
        "shared-counter"
    );
}

#[test]
fn every_real_name_is_explained() {
    for defect in stems(&real_root().join("docs/defects")) {
        let page = kata_in(&real_root(), &["explain", &defect])
            .with_status(0)
            .out;
        assert!(!page.contains("{{#"), "{page}");
    }
}

#[test]
fn a_stage_is_explained_with_its_pictures() {
    let ended = kata_in(&real_root(), &["explain", "hash-ring"]).with_status(0);
    assert!(
        ended.out.contains("docs/figures/hash-ring.svg"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("cargo kata brief hash-ring"),
        "{}",
        ended.out
    );
    let json = kata_in(&real_root(), &["explain", "race-fixed", "--format", "json"]);
    assert_eq!(json.with_status(0).json()["kind"], "stage");
}
