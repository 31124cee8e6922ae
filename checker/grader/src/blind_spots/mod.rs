//! What no check sees of a submission, as far as its source tells: decisions by how many
//! references there are, `unsafe`, what is not written in Rust, and the world outside.
//!
//! Read from tokens, since no compiler is at hand where the checks run, and since what is
//! called in a macro counts as well. In doubt a spot is named rather than not.

mod tokens;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use verdict::stage_folder::{GRADING, without_detour};
use verdict::{BlindSpot, environment};

use crate::source::Sources;
use tokens::Token;

/// The blind spots of the submission that this process checks.
pub(crate) struct OfSource {
    /// They concern every check.
    pub(crate) everywhere: Vec<BlindSpot>,
    /// They concern what is searched for interleavings.
    pub(crate) of_a_search: Vec<BlindSpot>,
}

/// Reads the submission of this process; `grade_file` is the checks' own file.
pub(crate) fn of_source(grade_file: &str, sources: &mut Sources) -> OfSource {
    let root = root(grade_file);
    let found = root.map(|root| (unseen(&tokens::of_crate(&root.file)), root));
    let mut spots = OfSource {
        everywhere: Vec::new(),
        of_a_search: Vec::new(),
    };
    let Some((found, root)) = found else {
        return spots;
    };
    for Found { unseen, at } in found {
        let file = at.file.strip_prefix(&root.workspace).unwrap_or(&at.file);
        let at = sources.place(&file.display().to_string(), at.line, at.column);
        match unseen {
            Unseen::References(call) => {
                spots.of_a_search.push(BlindSpot::References { call, at });
            }
            Unseen::Unsafe => spots.everywhere.push(BlindSpot::Unsafe { at }),
            Unseen::Foreign(what) => spots.everywhere.push(BlindSpot::Foreign { what, at }),
            Unseen::Outside(path) => spots.everywhere.push(BlindSpot::Outside { path, at }),
        }
    }
    spots
}

/// The submission's root file.
struct Root {
    file: PathBuf,
    /// From which the compiler names it.
    workspace: PathBuf,
}

/// Where the command line says it is, or where cargo has the package.
fn root(grade_file: &str) -> Option<Root> {
    if let Some(file) = std::env::var_os(environment::SUBMISSION) {
        return Some(Root {
            file: file.into(),
            workspace: std::env::var_os(environment::SOURCES)?.into(),
        });
    }
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let package = match package.file_name() {
        Some(name) if name == GRADING => package.parent()?.to_owned(),
        _ => package,
    };
    let grade_file = without_detour(grade_file);
    let mut above = package.ancestors();
    let workspace = above.find(|folder| folder.join(&grade_file).is_file())?;
    Some(Root {
        file: package.join("src").join("lib.rs"),
        workspace: workspace.to_owned(),
    })
}

/// What is not seen, by what the source calls it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Unseen {
    References(String),
    Unsafe,
    Foreign(String),
    Outside(String),
}

struct Found {
    unseen: Unseen,
    at: Token,
}

/// Everything that is not seen, each where it comes first.
fn unseen(tokens: &[Token]) -> Vec<Found> {
    let source = Source::of(tokens);
    let mut known = HashSet::new();
    let mut found = Vec::new();
    let all = (0..tokens.len()).filter_map(|at| Some((source.unseen(at)?, at)));
    for (unseen, at) in all.chain(source.imported()) {
        if known.insert(unseen.clone()) {
            let at = tokens[at].clone();
            found.push(Found { unseen, at });
        }
    }
    found
}

/// Functions that tell how many references there are, or act on it. Other types have some of
/// these names for other things.
const COUNTS: [&str; 4] = [
    "strong_count",
    "weak_count",
    "try_unwrap",
    "unwrap_or_clone",
];
const COUNTS_OF_ARC: [&str; 3] = ["get_mut", "make_mut", "into_inner"];

/// Methods of a path that look at what is there.
const LOOKS: [&str; 9] = [
    "canonicalize",
    "exists",
    "is_dir",
    "is_file",
    "metadata",
    "read_dir",
    "read_link",
    "symlink_metadata",
    "try_exists",
];

struct Source<'a> {
    tokens: &'a [Token],
    /// What a name stands for that `use` has brought in: a path into std.
    names: HashMap<String, Vec<String>>,
    /// Every path that `use` names, and where.
    uses: Vec<(Vec<String>, usize)>,
    /// What `Arc` is called.
    arcs: HashSet<String>,
}

impl<'a> Source<'a> {
    fn of(tokens: &'a [Token]) -> Self {
        let mut source = Self {
            tokens,
            names: HashMap::from([("std".to_owned(), vec!["std".to_owned()])]),
            uses: Vec::new(),
            arcs: HashSet::from(["Arc".to_owned()]),
        };
        for at in 0..tokens.len() {
            if source.text(at) == "use" {
                source.use_tree(at + 1, &mut Vec::new());
            }
        }
        for at in 0..tokens.len() {
            match source.text(at) {
                "type" => source.type_alias(at),
                "for" if source.arcs.contains(source.text(at + 1)) => {
                    source.arcs.insert("Self".to_owned());
                }
                _ => {}
            }
        }
        source
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    /// The text of the token so many before.
    fn before(&self, at: usize, back: usize) -> &str {
        at.checked_sub(back).map_or("", |at| self.text(at))
    }

    fn is_path_sign(&self, at: usize) -> bool {
        self.text(at) == ":" && self.text(at + 1) == ":"
    }

    fn comes_after_a_path_sign(&self, at: usize) -> bool {
        at >= 2 && self.is_path_sign(at - 2)
    }

    /// What a `use` from here on brings in below `prefix`; returns where it ends.
    fn use_tree(&mut self, mut at: usize, prefix: &mut Vec<String>) -> usize {
        let depth = prefix.len();
        loop {
            match self.text(at) {
                "{" => {
                    at += 1;
                    while !matches!(self.text(at), "}" | "") {
                        at = self.use_tree(at, &mut prefix.clone());
                        if self.text(at) == "," {
                            at += 1;
                        }
                    }
                    prefix.truncate(depth);
                    return at + 1;
                }
                ":" => at += 1,
                "}" | "," | ";" | "" => break,
                "as" => {
                    self.bring_in(prefix, at, Some(self.text(at + 1).to_owned()));
                    prefix.truncate(depth);
                    return at + 2;
                }
                word => {
                    prefix.push(word.to_owned());
                    at += 1;
                }
            }
        }
        self.bring_in(prefix, at, None);
        prefix.truncate(depth);
        at
    }

    fn bring_in(&mut self, path: &[String], end: usize, alias: Option<String>) {
        let mut path = path.to_vec();
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(last) = path.last() else { return };
        let name = alias.unwrap_or_else(|| last.clone());
        if last == "Arc" {
            self.arcs.insert(name.clone());
        }
        let Some(root) = path.first().and_then(|first| self.names.get(first)) else {
            return;
        };
        let path: Vec<String> = root.iter().chain(&path[1..]).cloned().collect();
        if last == "*" {
            // The modules that matter, by their own names.
            for module in ["fs", "net", "env", "os", "process", "io", "thread", "panic"] {
                if path.len() == 2 {
                    let of_std = vec!["std".to_owned(), module.to_owned()];
                    self.names.insert(module.to_owned(), of_std);
                }
            }
        } else {
            self.names.insert(name, path.clone());
        }
        self.uses.push((path, end.saturating_sub(1)));
    }

    /// `type Shared = Arc<State>;`
    fn type_alias(&mut self, at: usize) {
        let mut rest = (at + 1..self.tokens.len()).take_while(|at| self.text(*at) != ";");
        let Some(equals) = rest.find(|at| self.text(*at) == "=") else {
            return;
        };
        let mut path = (equals + 1..self.tokens.len())
            .take_while(|at| !matches!(self.text(*at), "<" | ";"))
            .map(|at| self.text(at));
        if path.any(|word| self.arcs.contains(word)) {
            self.arcs.insert(self.text(at + 1).to_owned());
        }
    }

    /// What `use` alone brings in. A module says nothing yet: what is used of it does.
    fn imported(&self) -> impl Iterator<Item = (Unseen, usize)> {
        let uses = self.uses.iter();
        uses.filter_map(|(path, at)| Some((outside(path)?, *at)))
    }

    /// What the token at this place begins that is not seen.
    fn unseen(&self, at: usize) -> Option<Unseen> {
        match self.text(at) {
            "unsafe" => Some(Unseen::Unsafe),
            "extern" if self.text(at + 1) != "crate" => Some(Unseen::Foreign("extern".to_owned())),
            word @ ("no_mangle" | "export_name" | "global_asm") => {
                Some(Unseen::Foreign(word.to_owned()))
            }
            word if LOOKS.contains(&word) && self.before(at, 1) == "." && self.has_paths() => {
                Some(Unseen::Outside("std::path".to_owned()))
            }
            _ => self.count(at).or_else(|| self.reaches_outside(at)),
        }
    }

    fn has_paths(&self) -> bool {
        let mut tokens = self.tokens.iter();
        tokens.any(|token| ["Path", "PathBuf"].contains(&&*token.text))
    }

    /// A decision by how many references there are.
    fn count(&self, at: usize) -> Option<Unseen> {
        let word = self.text(at);
        let of_a_path = self.comes_after_a_path_sign(at);
        let is_call = of_a_path || self.before(at, 1) == ".";
        let counts = match word {
            "upgrade" => {
                is_call && (of_a_path || !self.defines(word)) && self.has_weak_references()
            }
            // Also as what a macro is given.
            _ if COUNTS.contains(&word) => !self.defines(word),
            _ if COUNTS_OF_ARC.contains(&word) => of_a_path && self.is_of_arc(at - 2),
            _ => false,
        };
        let of = if word == "upgrade" { "Weak" } else { "Arc" };
        counts.then(|| Unseen::References(format!("{of}::{word}")))
    }

    fn defines(&self, name: &str) -> bool {
        let mut pairs = self.tokens.windows(2);
        pairs.any(|pair| pair[0].text == "fn" && pair[1].text == name)
    }

    /// Whether there are any: `Arc::downgrade` needs no name of what it returns.
    fn has_weak_references(&self) -> bool {
        let mut tokens = self.tokens.iter();
        tokens.any(|token| ["Weak", "downgrade"].contains(&&*token.text))
    }

    /// Whether the path that the sign at `sign` continues is of an `Arc`: `Arc::`,
    /// `Arc::<T>::`, `<Arc<T>>::`.
    fn is_of_arc(&self, sign: usize) -> bool {
        if self.before(sign, 1) != ">" {
            return self.arcs.contains(self.before(sign, 1));
        }
        let mut depth = 0;
        let opens = (0..sign).rev().find(|at| {
            match self.text(*at) {
                ">" => depth += 1,
                "<" => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let Some(open) = opens else { return false };
        if self.comes_after_a_path_sign(open) {
            return self.arcs.contains(self.before(open, 3));
        }
        let mut path = (open + 1..sign)
            .map(|at| self.text(at))
            .take_while(|word| !["<", ">"].contains(word));
        path.any(|word| self.arcs.contains(word))
    }

    /// A path into std that leads out of the program.
    fn reaches_outside(&self, at: usize) -> Option<Unseen> {
        let is_word = |text: &str| text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let goes_on = self.comes_after_a_path_sign(at) && is_word(self.before(at, 3));
        if goes_on || !self.is_path_sign(at + 1) {
            return None;
        }
        let mut path = self.names.get(self.text(at))?.clone();
        let mut next = at;
        while self.is_path_sign(next + 1) {
            next += 3;
            path.push(self.text(next).to_owned());
        }
        outside(&path)
    }
}

/// Whether what this path names is outside the program, or belongs to the whole process.
fn outside(path: &[String]) -> Option<Unseen> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let known = match path[..] {
        ["std", module @ ("fs" | "net" | "env" | "os"), _, ..] => format!("std::{module}"),
        [
            "std",
            "process",
            "exit" | "abort" | "ExitCode" | "Termination" | "*",
            ..,
        ] => return None,
        ["std", "process", item, ..] => format!("std::process::{item}"),
        [
            "std",
            "io",
            item @ ("stdin" | "Stdin" | "StdinLock" | "read_to_string"),
            ..,
        ] => {
            format!("std::io::{item}")
        }
        ["std", "thread", item @ "available_parallelism", ..] => format!("std::thread::{item}"),
        ["std", "panic", item @ ("set_hook" | "take_hook"), ..] => format!("std::panic::{item}"),
        _ => return None,
    };
    Some(Unseen::Outside(known))
}

#[cfg(test)]
mod tests;
