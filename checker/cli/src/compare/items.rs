//! A source file as a list of items: functions, types, constants, and what is
//! inside of `impl`, `trait` and `mod` blocks.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use serde::Serialize;

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is called: `Task`, `Scheduler::submit`, `<Task as Drop>::drop`.
    pub name: String,
    /// The file, seen from the root.
    pub file: PathBuf,
    /// The line that it begins on, from 1, its comments included.
    pub line: usize,
    /// Its source.
    pub source: String,
}

/// The items of a file. One that is not Rust, or not yet, is a single item.
pub fn of(text: &str, file: &Path) -> Vec<Item> {
    let lines: Vec<&str> = text.lines().collect();
    let mut finder = Finder {
        lines: &lines,
        file,
        items: Vec::new(),
    };
    match TokenStream::from_str(text) {
        Ok(tokens) => finder.block(tokens, "", 0),
        Err(_) => finder.items.push(Item {
            name: file.display().to_string(),
            file: file.to_owned(),
            line: 1,
            source: text.to_owned(),
        }),
    }
    finder.items
}

struct Finder<'a> {
    lines: &'a [&'a str],
    file: &'a Path,
    items: Vec<Item>,
}

impl Finder<'_> {
    /// The items of a file or block; `within` is put before their names, and
    /// `above` is the line before the first that may belong to one.
    fn block(&mut self, tokens: TokenStream, within: &str, above: usize) {
        let mut head: Vec<TokenTree> = Vec::new();
        let mut above = above;
        for token in tokens {
            let ends = match &token {
                TokenTree::Punct(punct) => punct.as_char() == ';',
                TokenTree::Group(group) => {
                    group.delimiter() == Delimiter::Brace && !ends_in_semicolon(&head)
                }
                _ => false,
            };
            head.push(token);
            if ends {
                above = self.item(&std::mem::take(&mut head), within, above);
            }
        }
    }

    /// One item; the answer is its last line.
    fn item(&mut self, tokens: &[TokenTree], within: &str, above: usize) -> usize {
        let first = tokens.first().map_or(1, |token| token.span().start().line);
        let last = tokens.last().map_or(1, |token| token.span().end().line);
        let words = words(tokens);
        let Some((keyword, name)) = keyword(&words) else {
            return last;
        };
        let body = match tokens.last() {
            Some(TokenTree::Group(group)) => Some(group.stream()),
            _ => None,
        };
        match (keyword, body) {
            // Noise in a comparison: what is used shows where it is used.
            ("use" | "extern", _) | ("mod", None) => {}
            ("mod", _) if name == "tests" => {}
            ("impl", Some(body)) => self.block(body, &implemented(&words), first),
            ("mod", Some(body)) => self.block(body, &format!("{within}{name}::"), first),
            _ => {
                let comments = (above + 1..first)
                    .rev()
                    .take_while(|line| self.lines[line - 1].trim_start().starts_with("//"))
                    .filter(|line| !self.lines[line - 1].trim_start().starts_with("//!"));
                let begin = comments.last().unwrap_or(first);
                self.items.push(Item {
                    name: format!("{within}{name}"),
                    file: self.file.to_owned(),
                    line: begin,
                    source: outdented(&self.lines[begin - 1..last]),
                });
            }
        }
        last
    }
}

/// Whether braces may come before the end of the item that begins so.
fn ends_in_semicolon(head: &[TokenTree]) -> bool {
    let words = words(head);
    match keyword(&words) {
        Some(("use" | "static" | "type", _)) => true,
        Some(("const", name)) => name != "fn",
        _ => false,
    }
}

/// The identifiers of an item up to its parameters or body, without attributes.
fn words(tokens: &[TokenTree]) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => words.push(ident.to_string()),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            // Generic parameters are told from names by these.
            TokenTree::Punct(punct) if matches!(punct.as_char(), '<' | '>') => {
                words.push(punct.as_char().to_string());
            }
            _ => {}
        }
    }
    words
}

/// What kind of item it is, and its name.
fn keyword(words: &[String]) -> Option<(&str, &str)> {
    const KEYWORDS: [&str; 13] = [
        "fn",
        "struct",
        "enum",
        "union",
        "trait",
        "impl",
        "mod",
        "use",
        "static",
        "type",
        "macro_rules",
        "extern",
        "const",
    ];
    let at = words
        .iter()
        .position(|word| KEYWORDS.contains(&word.as_str()))?;
    let name = words.get(at + 1).map_or("", String::as_str);
    // `const fn`, `extern "C" fn`: the function is the item.
    if matches!(words[at].as_str(), "const" | "extern")
        && words[at + 1..].iter().take(2).any(|word| word == "fn")
    {
        return keyword(&words[at + 1..]);
    }
    Some((words[at].as_str(), name))
}

/// `Type::` or `<Type as Trait>::`, from the words of an `impl`.
fn implemented(words: &[String]) -> String {
    let mut depth = 0;
    let mut names = Vec::new();
    let after = words.iter().skip_while(|word| *word != "impl").skip(1);
    for word in after {
        match word.as_str() {
            "<" => depth += 1,
            ">" => depth -= 1,
            "where" => break,
            _ if depth == 0 => names.push(word.as_str()),
            _ => {}
        }
    }
    match names.iter().position(|name| *name == "for") {
        Some(at) if at > 0 => {
            let of = names.last().unwrap_or(&"");
            format!("<{of} as {}>::", names[at - 1])
        }
        _ => format!("{}::", names.last().unwrap_or(&"")),
    }
}

/// The lines without the indentation that they share.
fn outdented(lines: &[&str]) -> String {
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let shared = filled.map(indent).min().unwrap_or(0);
    let outdented = lines.iter().map(|line| line.get(shared..).unwrap_or(""));
    outdented
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
//! A crate.

use std::sync::{Arc, Mutex};

/// A task.
#[derive(Debug)]
pub struct Task { id: u64 }

const LIMITS: [u32; 2] = { [1, 2] };

// Why it is written by hand.
impl<T: Into<u64>> From<T> for Task {
    fn from(id: T) -> Self {
        Self { id: id.into() }
    }
}

impl Task {
    pub const fn new(id: u64) -> Self { Self { id } }

    // It is asked for often.
    /// The id, "quoted { brace".
    pub fn id<'a>(&'a self) -> u64 { self.id }
}

pub type Work = Box<dyn FnOnce() + Send>;

pub fn free<F: Fn() -> u64>(work: F) where F: Send {}

#[cfg(test)]
mod tests { #[test] fn nothing() {} }
"#;

    #[test]
    fn items_have_names_lines_and_their_comments() {
        let items = of(TEXT, Path::new("lib.rs"));
        let names: Vec<_> = items.iter().map(|item| item.name.as_str()).collect();
        let expected = [
            "Task",
            "LIMITS",
            "<Task as From>::from",
            "Task::new",
            "Task::id",
            "Work",
            "free",
        ];
        assert_eq!(names, expected);
        let id = &items[4];
        assert_eq!(id.line, 22);
        assert!(
            id.source
                .starts_with("// It is asked for often.\n/// The id"),
            "{}",
            id.source
        );
        assert!(id.source.ends_with("{ self.id }\n"), "{}", id.source);
        assert!(
            items[0].source.starts_with("/// A task.\n#[derive"),
            "{}",
            items[0].source
        );
    }

    #[test]
    fn what_is_not_rust_yet_is_one_item() {
        let items = of("fn main( {", Path::new("lib.rs"));
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].source, "fn main( {");
    }
}
