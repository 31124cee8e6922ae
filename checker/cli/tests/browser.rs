//! The pages of `golden/counterexamples`, in a real browser. Needs a Chromium on the
//! machine, so it is behind the feature `browser`.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What the browser made of a page, and what it complained about.
fn open(page: &Path, more: &[&str]) -> (String, String) {
    let profile = tempfile::tempdir().expect("a folder");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--disable-sync",
            "--disable-quic",
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(more)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium");
    assert!(output.status.success(), "{output:?}");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn each_page_opens_without_a_complaint_and_shows_its_lanes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/counterexamples");
    let mut pages = 0;
    for entry in folder.read_dir().expect("the golden pages") {
        let page = entry.expect("an entry").path();
        if page.extension().is_none_or(|end| end != "html") {
            continue;
        }
        pages += 1;
        let (shown, complaints) = open(&page, &["--dump-dom"]);
        assert!(
            !complaints.contains("CONSOLE"),
            "{}: {complaints}",
            page.display()
        );
        for part in [
            "<svg",
            "class=\"thread",
            "class=\"step",
            "class=\"source",
            "class=\"number",
        ] {
            assert!(shown.contains(part), "{} has no {part}", page.display());
        }
        let text = fs::read_to_string(&page).expect("the page");
        for request in ["http://", "https://", "src=", "<script", "@import", "url("] {
            let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !elsewhere.contains(request),
                "{} asks for {request}",
                page.display()
            );
        }
    }
    assert!(pages >= 8, "only {pages} pages");
}

#[test]
fn a_page_can_be_drawn() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/counterexamples/lock_order_inversion.html");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.png");
    open(&page, &[&format!("--screenshot={}", file.display())]);
    let drawn = fs::metadata(&file).expect("a screenshot");
    assert!(
        drawn.len() > 20_000,
        "an empty picture: {} bytes",
        drawn.len()
    );
}
