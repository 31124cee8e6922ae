//! The tokens of a submission: its root file and the modules that it names, without what is
//! only there for the learner's own tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A word, a sign or a bracket, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) file: Rc<Path>,
    /// From 1.
    pub(super) line: u32,
    /// From 1.
    pub(super) column: u32,
}

/// All tokens of the crate whose root is this file. A file that is not there, or no Rust, has
/// none: the compiler has told that.
pub(super) fn of_crate(root: &Path) -> Vec<Token> {
    let mut reader = Reader::default();
    reader.file(root, root.parent().unwrap_or(Path::new("")));
    reader.tokens
}

#[derive(Default)]
struct Reader {
    tokens: Vec<Token>,
    /// The files that are being read, so that one that names itself is read once.
    open: Vec<PathBuf>,
}

/// Where a piece of source is, and where the modules are that it names.
#[derive(Clone)]
struct Here {
    file: Rc<Path>,
    modules: PathBuf,
}

impl Reader {
    fn file(&mut self, file: &Path, modules: &Path) {
        if self.open.iter().any(|open| open == file) {
            return;
        }
        let Ok(text) = fs::read_to_string(file) else {
            return;
        };
        let Ok(source) = text.parse::<TokenStream>() else {
            return;
        };
        self.open.push(file.to_owned());
        let here = Here {
            file: file.into(),
            modules: modules.to_owned(),
        };
        self.stream(source, &here);
        self.open.pop();
    }

    fn stream(&mut self, source: TokenStream, here: &Here) {
        let trees = Vec::from_iter(source);
        let mut rest = &trees[..];
        let mut path = None;
        while let Some((first, others)) = rest.split_first() {
            rest = match attribute(rest) {
                Some((group, after)) => {
                    let text = compact(group);
                    if text == "test" || text == "cfg(test)" || text.starts_with("cfg(all(test,") {
                        without_item(after)
                    } else {
                        path = text.strip_prefix("path=").map(unquoted).or(path);
                        self.tree(first, here);
                        others
                    }
                }
                None => {
                    if let Some((name, after)) = module(rest) {
                        self.module(&name, path.take(), after.first(), here);
                    } else if let Some(file) = included(rest) {
                        let file = here.beside(&file);
                        let modules = here.modules.clone();
                        self.file(&file, &modules);
                    }
                    self.tree(first, here);
                    others
                }
            };
        }
    }

    fn tree(&mut self, tree: &TokenTree, here: &Here) {
        let TokenTree::Group(group) = tree else {
            return self.push(tree.to_string(), tree.span(), here);
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        // Of an inline module the brackets and what is between them: `module` has seen to it.
        let inner = match self.tokens.last_chunk() {
            Some([keyword, name]) if keyword.text == "mod" => Here {
                modules: here.modules.join(&name.text),
                ..here.clone()
            },
            _ => here.clone(),
        };
        self.push(open.to_owned(), group.span_open(), here);
        self.stream(group.stream(), &inner);
        self.push(close.to_owned(), group.span_close(), here);
    }

    fn push(&mut self, text: String, span: proc_macro2::Span, here: &Here) {
        let start = span.start();
        self.tokens.push(Token {
            text,
            file: Rc::clone(&here.file),
            line: u32::try_from(start.line).unwrap_or(u32::MAX),
            column: u32::try_from(start.column + 1).unwrap_or(u32::MAX),
        });
    }

    /// Reads the file of `mod name;`.
    fn module(&mut self, name: &str, path: Option<String>, next: Option<&TokenTree>, here: &Here) {
        if next.is_none_or(|next| next.to_string() != ";") {
            return;
        }
        let folder = here.modules.join(name);
        let candidates = match path {
            Some(path) => vec![here.beside(&path)],
            None => vec![folder.with_extension("rs"), folder.join("mod.rs")],
        };
        for file in candidates {
            self.file(&file, &folder);
        }
    }
}

impl Here {
    fn beside(&self, file: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(file)
    }
}

/// The attribute that comes first, and what follows it.
fn attribute(trees: &[TokenTree]) -> Option<(&Group, &[TokenTree])> {
    match trees {
        [TokenTree::Punct(hash), TokenTree::Group(group), after @ ..]
            if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
        {
            Some((group, after))
        }
        _ => None,
    }
}

fn compact(group: &Group) -> String {
    group.stream().to_string().replace([' ', '\n'], "")
}

/// What comes after the next item.
fn without_item(trees: &[TokenTree]) -> &[TokenTree] {
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    };
    let end = trees.iter().position(ends).map_or(trees.len(), |at| at + 1);
    &trees[end..]
}

/// The name of the module that begins here, and what follows the name.
fn module(trees: &[TokenTree]) -> Option<(String, &[TokenTree])> {
    match trees {
        [
            TokenTree::Ident(keyword),
            TokenTree::Ident(name),
            after @ ..,
        ] if keyword == "mod" => Some((name.to_string(), after)),
        _ => None,
    }
}

/// The file that is included here.
fn included(trees: &[TokenTree]) -> Option<String> {
    match trees {
        [
            TokenTree::Ident(name),
            TokenTree::Punct(bang),
            TokenTree::Group(group),
            ..,
        ] if name == "include" && bang.as_char() == '!' => Some(unquoted(&compact(group))),
        _ => None,
    }
}

fn unquoted(literal: &str) -> String {
    literal.trim_matches('"').to_owned()
}
