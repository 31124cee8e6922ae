//! Pages that need no compiler.

use crate::support::{Workspace, kata_in};

const JOURNAL: &str = "\
{\"event\":\"checked\",\"schema\":1,\"at\":1,\"stage\":\"shared-counter\",\"passed\":false,\"checks\":{\"a\":\"passed\",\"b\":\"failed\"}}
{\"event\":\"something-of-a-later-version\"}
";

#[test]
fn the_way_in_on_a_fresh_clone() {
    let workspace = Workspace::new("way-in");
    workspace.kata(&[]).with_status(0).shows("home-fresh.txt");
}

#[test]
fn the_way_on_after_a_check() {
    let workspace = Workspace::new("way-on");
    std::fs::create_dir(workspace.root.join(".kata")).expect("a folder");
    workspace.write(".kata/journal.jsonl", JOURNAL);
    workspace.kata(&[]).with_status(0).shows("home-begun.txt");

    let passed = JOURNAL.replace("\"passed\":false", "\"passed\":true");
    workspace.write(".kata/journal.jsonl", &(JOURNAL.to_owned() + &passed));
    workspace
        .kata(&[])
        .with_status(0)
        .shows("home-passed-one.txt");
}

#[test]
fn the_list_of_stages() {
    let workspace = Workspace::new("list");
    workspace.kata(&["list"]).with_status(0).shows("list.txt");
    let list = workspace
        .kata(&["list", "--format", "json"])
        .with_status(0)
        .json();
    assert_eq!(list[1]["name"], "two-counters");
    assert_eq!(list[0]["checks"][1], "no_update_is_lost");
}

#[test]
fn a_brief_from_any_folder_of_the_workspace() {
    let workspace = Workspace::new("brief");
    let folder = workspace.root.join("exercises/shared-counter/src");
    let brief = kata_in(&folder, &["brief", "shared-counter"]).with_status(0);
    assert_eq!(
        brief.out,
        workspace.read("exercises/shared-counter/README.md")
    );
}

#[test]
fn a_misspelt_stage_is_guessed() {
    let workspace = Workspace::new("misspelt");
    workspace
        .kata(&["check", "shared_countr"])
        .with_status(2)
        .complains("misspelt.txt");
    workspace
        .kata(&["brief", "raft"])
        .with_status(2)
        .complains("no-such-stage.txt");
}

#[test]
fn a_manifest_that_cannot_be_used_names_the_file_and_spares_the_other_stages() {
    let workspace = Workspace::new("broken-manifest");
    let file = "exercises/two-counters/stage.toml";
    let manifest = workspace.read(file);
    workspace.write(file, &manifest.replace("minutes", "minuts"));
    let list = workspace
        .kata(&["list"])
        .with_status(2)
        .complains("broken-manifest.txt");
    assert!(list.out.contains("shared-counter"), "{}", list.out);

    workspace.write(file, &manifest.replace("name = \"two-", "name = \"three-"));
    let list = workspace.kata(&["list"]).with_status(2);
    assert!(
        list.err.contains(file) && list.err.contains("`three-counters`"),
        "{}",
        list.err
    );

    std::fs::remove_file(workspace.root.join(file)).expect("the manifest");
    let brief = workspace.kata(&["brief", "two-counters"]).with_status(2);
    assert!(
        brief
            .err
            .contains("exercises/two-counters/stage.toml cannot be read"),
        "{}",
        brief.err
    );
    workspace.kata(&["brief", "shared-counter"]).with_status(0);
}

#[test]
fn outside_of_a_workspace_it_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = kata_in(folder.path(), &[]).with_status(2);
    assert!(
        ended.err.contains("is not inside an Interleave workspace"),
        "{}",
        ended.err
    );
}

#[test]
fn wrong_usage_is_an_error_of_its_own() {
    let workspace = Workspace::new("usage");
    workspace.kata(&["check"]).with_status(2);
    workspace.kata(&["chekc", "shared-counter"]).with_status(2);
    workspace.kata(&["--help"]).with_status(0).shows("help.txt");
}
