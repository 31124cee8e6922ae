//! What std offers, as rustdoc sees it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::page::{self, Item};
use super::toolchain;

/// The parts of std that the stand-in has anything to do with. `collections` has more than
/// these, and all of that is std's own.
const ITEMS: [&str; 9] = [
    "cell",
    "collections::{HashMap, HashSet, hash_map, hash_set}",
    "hash",
    "hint",
    "panic",
    "process",
    "sync",
    "thread",
    "time",
];

/// Whose surface it is.
#[derive(Clone, Copy)]
pub enum Std {
    Real,
    StandIn,
}

/// Everything stable in [`ITEMS`], one fact a line.
pub fn of(std: Std) -> BTreeSet<String> {
    // The same name for both: it is part of the pages.
    let krate = "surface";
    let folder = toolchain::folder(match std {
        Std::Real => "real",
        Std::StandIn => "stand-in",
    });
    let source = folder.join("surface.rs");
    let exports = ITEMS.map(|item| {
        let export = format!("#[doc(inline)]\npub use std::{item};\n");
        match item.split_once("::") {
            // Of this module not all of it.
            Some((module, _)) => format!("pub mod {module} {{ {export} }}\n"),
            None => export,
        }
    });
    fs::write(&source, exports.concat()).expect("a file of the test");
    let pages = folder.join("pages");
    let mut rustdoc = toolchain::rustdoc();
    rustdoc.args(["--edition", "2024", "--crate-name", krate, "-o"]);
    rustdoc.arg(&pages).arg(&source);
    match std {
        Std::Real => toolchain::run(&mut rustdoc),
        Std::StandIn => toolchain::run_with_the_stand_in(&rustdoc),
    };
    let mut facts = BTreeSet::new();
    let root = pages.join(krate);
    for file in files_under(&root) {
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        // Pages of items are called `struct.Mutex.html`, those of modules `index.html`.
        let modules = file.strip_prefix(&root).expect("a page").parent();
        let modules = modules.expect("a folder").components();
        let mut path: Vec<String> = modules
            .map(|module| module.as_os_str().to_string_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = name.split('.').collect();
        let kind = match parts[..] {
            [kind, name, "html"] => {
                path.push(name.to_owned());
                kind
            }
            ["index", "html"] if !path.is_empty() => "mod",
            _ => continue,
        };
        let path = path.join("::");
        let html = fs::read_to_string(&file).expect("a page of rustdoc's");
        facts.extend(page::facts(
            &Item {
                krate,
                kind,
                path: &path,
            },
            &html,
        ));
    }
    facts
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of rustdoc's") {
        let path = entry.expect("an entry of it").path();
        match path.is_dir() {
            true => files.extend(files_under(&path)),
            false => files.push(path),
        }
    }
    files
}
