//! A page of rustdoc's as facts, one line each, so that two pages are compared as sets.
//!
//! On a stable toolchain rustdoc writes nothing but HTML. A few templates make all of it, and
//! what is taken from it is little: the `item-decl` of the item, and the `<section>`s of its
//! implementations and what is in them.

use std::collections::BTreeSet;

use super::signature::{self, Signature};

/// Traits that the real std implements for its own use and that nobody may name on a stable
/// toolchain. rustdoc marks the traits as unstable and not their implementations.
const UNSTABLE_TRAITS: [&str; 18] = [
    "Allocator",
    "CloneFromCell",
    "CloneToUninit",
    "CoerceUnsized",
    "ConstParamTy_",
    "DerefPure",
    "DispatchFromDyn",
    "Freeze",
    "InPlaceIterable",
    "PinCoerceUnsized",
    "SourceIter",
    "Step",
    "StructuralPartialEq",
    "TrustedFused",
    "TrustedLen",
    "TrustedStep",
    "UnsafeUnpin",
    "UseCloned",
];

/// The crates that std is made of.
const STD: [&str; 3] = ["std", "core", "alloc"];

const UNSTABLE: &str = "class=\"stab unstable\"";

/// Whose page it is.
pub struct Item<'a> {
    /// The crate that the page belongs to.
    pub krate: &'a str,
    /// As rustdoc names it: `struct`, `fn`.
    pub kind: &'a str,
    /// From the crate on, as `sync::Mutex`.
    pub path: &'a str,
}

/// What a page says of its item; nothing if that is unstable.
pub fn facts(item: &Item<'_>, html: &str) -> BTreeSet<String> {
    let Item { krate, kind, path } = item;
    let page = html.split_once("<section id=\"main-content\"");
    let (head, sections) = page_parts(page.map_or(html, |(_, page)| page));
    if head.contains(UNSTABLE) {
        return BTreeSet::new();
    }
    let (begin, end) = ("<pre class=\"rust item-decl\"><code>", "</code></pre>");
    let declaration = between(head, begin, end).unwrap_or_default();
    let declaration = signature::text(declaration, krate);
    let reader = Reader {
        krate,
        // The only type parameter that is unstable on items that are not.
        has_allocator: declaration.contains("Allocator"),
    };
    let mut facts = vec![(*kind).to_owned()];
    match *kind {
        "mod" | "macro" => {}
        "struct" | "enum" | "type" => {
            let (public, rest) = declaration.split_at(declaration.find(kind).unwrap_or(0));
            let declared = reader.read(&without_private_parts(rest));
            let name = path.rsplit("::").next().unwrap_or(path);
            let declared = declared.renamed(&format!("{kind} {name}"));
            facts.push(format!("{public}{}", declared.without_outlived()));
        }
        _ => {
            let declaration = without_value(declaration.trim_end_matches(';'));
            facts.push(reader.read(declaration).to_string());
        }
    }
    for (section, html) in sections {
        match section {
            "implementations" => facts.extend(reader.own(html)),
            "trait-implementations" | "synthetic-implementations" => {
                facts.extend(reader.of_traits(html));
            }
            // The rest follows from these, or is somebody else's.
            _ => {}
        }
    }
    let of_item = facts.into_iter().map(|fact| format!("{path}: {fact}"));
    of_item.collect()
}

struct Reader<'a> {
    krate: &'a str,
    has_allocator: bool,
}

impl Reader<'_> {
    fn read(&self, text: &str) -> Signature {
        match self.has_allocator {
            true => Signature::read(&signature::without_allocator(text)),
            false => Signature::read(text),
        }
    }

    /// Methods and constants.
    fn own(&self, html: &str) -> Vec<String> {
        let mut facts = Vec::new();
        for (implementation, items) in implementations(html) {
            let header = self.header(implementation);
            for item in items {
                let text = signature::text(code(item, "h4"), self.krate);
                facts.push(self.read(without_value(&text)).inside(&header).to_string());
            }
        }
        facts
    }

    /// Which traits are implemented, and with which types. Of the methods the trait tells all
    /// there is to know.
    fn of_traits(&self, html: &str) -> Vec<String> {
        let mut facts = Vec::new();
        for (implementation, items) in implementations(html) {
            let header = self.header(implementation);
            if !self.is_of_std(implementation, header.of_trait()) {
                continue;
            }
            for item in items {
                if item.starts_with("<section id=\"associatedtype") {
                    let text = signature::text(code(item, "h4"), self.krate);
                    facts.push(self.read(&text).inside(&header).to_string());
                }
            }
            let header = header.renamed("impl").without_bounds_if_negative();
            facts.push(header.to_string());
        }
        facts
    }

    fn header(&self, implementation: &str) -> Signature {
        let text = signature::text(code(implementation, "h3"), self.krate);
        self.read(&text).without_outlived()
    }

    /// Whether the trait is for every program that has std and nothing else. What the stand-in
    /// is made of implements traits of its own for std's types; they have another crate in their
    /// title, or none where rustdoc knows no address. What only one operating system has is no
    /// part of the comparison either.
    fn is_of_std(&self, implementation: &str, of_trait: &str) -> bool {
        let header = code(implementation, "h3");
        let header = header.split(" for ").next().unwrap_or(header);
        let title = header
            .split_once("class=\"trait\"")
            .and_then(|(_, link)| link.split_once("title=\"trait "))
            .map_or("", |(_, title)| title);
        let from = title.split("::").next().unwrap_or_default();
        let of_std = STD.contains(&from) || from == self.krate;
        of_std && !title.starts_with("std::os::") && !UNSTABLE_TRAITS.contains(&of_trait)
    }
}

/// The implementations of a section, each with the stable items in it.
fn implementations(html: &str) -> Vec<(&str, Vec<&str>)> {
    let mut implementations: Vec<(&str, Vec<&str>)> = Vec::new();
    for piece in pieces(html, "<section id=\"") {
        if piece.starts_with("<section id=\"impl-") {
            implementations.push((piece, Vec::new()));
        } else if let Some((_, items)) = implementations.last_mut()
            && !piece.contains(UNSTABLE)
        {
            items.push(piece);
        }
    }
    implementations.retain(|(implementation, _)| !implementation.contains(UNSTABLE));
    implementations
}

/// The declaration of an implementation (`h3`) or of an item in it (`h4`).
fn code<'a>(piece: &'a str, tag: &str) -> &'a str {
    let begin = format!("<{tag} class=\"code-header\">");
    between(piece, &begin, &format!("</{tag}>")).unwrap_or_default()
}

/// A constant without its value.
fn without_value(declaration: &str) -> &str {
    match declaration.contains("const ") && !declaration.contains("fn ") {
        true => declaration.split(" = ").next().unwrap_or(declaration),
        false => declaration,
    }
}

/// What is before the first section, and the sections with their names.
fn page_parts(page: &str) -> (&str, Vec<(&str, &str)>) {
    const HEADING: &str = "<h2 id=\"";
    let mut head_ends = page.len();
    let mut sections: Vec<(&str, &str)> = Vec::new();
    let starts = page.match_indices(HEADING).map(|(at, _)| at);
    // Headings in the text of the documentation have no class.
    let starts = starts.filter_map(|at| {
        let (name, after) = page[at + HEADING.len()..].split_once('"')?;
        after
            .starts_with(" class=\"section-header\"")
            .then_some((at, name))
    });
    let starts: Vec<(usize, &str)> = starts.collect();
    if let Some((first, _)) = starts.first() {
        head_ends = *first;
    }
    for (index, (at, name)) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(page.len(), |(next, _)| *next);
        sections.push((name, &page[*at..end]));
    }
    (&page[..head_ends], sections)
}

/// The parts of `html` that begin with `mark`.
fn pieces<'a>(html: &'a str, mark: &str) -> Vec<&'a str> {
    let mut starts: Vec<usize> = html.match_indices(mark).map(|(at, _)| at).collect();
    starts.push(html.len());
    starts
        .windows(2)
        .map(|pair| &html[pair[0]..pair[1]])
        .collect()
}

fn between<'a>(html: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(begin)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// A declaration without what only its own crate sees.
fn without_private_parts(declaration: &str) -> String {
    let declaration = declaration.replace("(/* private fields */)", "");
    let declaration = declaration.replace("{ /* private fields */ }", "");
    declaration.trim_end_matches([';', ' ']).to_owned()
}
