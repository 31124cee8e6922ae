//! The book: its links lead somewhere, and its code compiles and runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::support::real_root;

/// What is looked at of a page.
#[derive(Default)]
struct Page {
    links: Vec<String>,
    /// What its headings can be linked by.
    anchors: BTreeSet<String>,
    has_code: bool,
}

fn docs() -> PathBuf {
    real_root().join("docs")
}

/// Every page that belongs to the book, by its path in it.
fn pages() -> BTreeMap<PathBuf, Page> {
    let mut pages = BTreeMap::new();
    const FOLDERS: [&str; 6] = [
        "",
        "ideas",
        "defects",
        "samples/strong",
        "samples/weak",
        "samples/hints",
    ];
    for folder in FOLDERS {
        for entry in docs().join(folder).read_dir().expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "md") {
                let text = fs::read_to_string(&path).expect("a page");
                let name = path.strip_prefix(docs()).expect("a page of the book");
                pages.insert(name.to_owned(), page(&text));
            }
        }
    }
    pages
}

fn page(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.into_string());
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                page.has_code |= language.starts_with("rust");
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                page.anchors
                    .extend(heading.take().map(|text| anchor(&text)));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    page
}

/// As mdBook and others make it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|char| char.is_alphanumeric() || [' ', '-', '_'].contains(char))
        .collect::<String>();
    kept.trim().replace(' ', "-")
}

/// A path without `..` in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut broken = Vec::new();
    for (name, page) in &pages {
        for link in &page.links {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                name.clone()
            } else {
                plain(&name.parent().unwrap_or(Path::new("")).join(file))
            };
            let there = match pages.get(&target) {
                Some(page) => anchor.is_empty() || page.anchors.contains(anchor),
                None => docs().join(&target).is_file(),
            };
            if !there {
                broken.push(format!("{}: {link}", name.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_summary_lists_every_page_once() {
    let pages = pages();
    let mut listed = pages[Path::new("SUMMARY.md")].links.clone();
    listed.sort();
    let mut all: Vec<String> = pages
        .keys()
        .map(|page| page.display().to_string())
        .filter(|page| page != "SUMMARY.md")
        .collect();
    all.sort();
    assert_eq!(listed, all);
}

#[test]
fn all_code_in_it_compiles_and_runs() {
    let rustdoc = std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let with_code = pages().into_iter().filter(|(_, page)| page.has_code);
    let mut tested = 0;
    for (name, _) in with_code {
        let output = Command::new(&rustdoc)
            .current_dir(docs())
            .args(["--test", "--edition", "2024"])
            .arg(&name)
            .output()
            .expect("rustdoc");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}:\n{said}", name.display());
        assert!(
            !said.contains("running 0 tests"),
            "{}:\n{said}",
            name.display()
        );
        tested += 1;
    }
    assert!(tested > 9, "only {tested} pages have code");
}
