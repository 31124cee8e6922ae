//! The text of a declaration, so written that two of them are equal where they mean the same:
//! the names of parameters, the order of bounds, line breaks and where a bound is written are
//! no part of what a caller relies on.

use std::collections::{BTreeMap, BTreeSet};

/// A declaration and what it demands of its type parameters.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    head: String,
    /// Of each type the bounds, each of them once.
    bounds: BTreeMap<String, BTreeSet<String>>,
}

impl Signature {
    /// Reads `fn lock(&self) -> Guard<T> where T: ?Sized` or the head of an implementation.
    pub fn read(text: &str) -> Self {
        let (head, predicates) = text.split_once(" where ").unwrap_or((text, ""));
        let mut read = Self {
            head: without_parameter_names(head.trim()),
            ..Self::default()
        };
        for predicate in split(predicates, ',') {
            let (subject, bounds) = predicate.split_once(": ").unwrap_or((predicate, ""));
            let known = read.bounds.entry(subject.to_owned()).or_default();
            known.extend(split(bounds, '+').map(str::to_owned));
        }
        read
    }

    /// An item of `implementation`: the type, the item, and what both demand.
    pub fn inside(mut self, implementation: &Self) -> Self {
        self.head = format!("{}: {}", implementation.head, self.head);
        for (subject, bounds) in &implementation.bounds {
            let known = self.bounds.entry(subject.clone()).or_default();
            known.extend(bounds.iter().cloned());
        }
        let mut joined = self.renamed("impl");
        joined.head = joined.subject().to_owned();
        joined
    }

    /// With the lifetimes of the implementation or of the type named by where they stand: their
    /// names are nobody's business, and explicit and derived implementations differ in them.
    ///
    /// `begin` is what the parameters come after: `impl`, or a type up to its name.
    pub fn renamed(&self, begin: &str) -> Self {
        let text = self.to_string();
        let Some((generics, rest)) = generics_after(&text, begin) else {
            return self.clone();
        };
        let mut rest = rest.to_owned();
        let mut kept = Vec::new();
        let of_type = begin != "impl";
        for generic in split(generics, ',') {
            let generic = match generic.split_once(" = ") {
                // Negative implementations are shown with the defaults of their type.
                Some((generic, _)) if !of_type => generic,
                _ => generic,
            };
            if !generic.starts_with('\'') {
                kept.push(generic.to_owned());
                continue;
            }
            let outlived = format!(": {generic}");
            let name = match count(&rest, generic) - count(&rest, &outlived) {
                0 | 1 if !of_type => "'_".to_owned(),
                _ => format!("'{}", kept.len() + 1),
            };
            rest = replaced(&rest, generic, &name);
            if name != "'_" {
                kept.push(name);
            }
        }
        let generics = match kept.is_empty() {
            true => String::new(),
            false => format!("<{}>", kept.join(", ")),
        };
        Self::read(&format!("{begin}{generics}{rest}"))
    }

    /// Without bounds that say that a type outlives something: at a type or an implementation
    /// they follow from what it is made of.
    pub fn without_outlived(mut self) -> Self {
        for bounds in self.bounds.values_mut() {
            bounds.retain(|bound| !bound.starts_with('\'') || bound == "'static");
        }
        self.bounds.retain(|_, bounds| !bounds.is_empty());
        self
    }

    /// Without any bounds, if it is the head of a negative implementation: where the compiler
    /// found it out by itself it shows none.
    pub fn without_bounds_if_negative(mut self) -> Self {
        if self.subject().starts_with('!') {
            self.bounds.clear();
        }
        self
    }

    /// The head of an implementation without its generics and predicates: `Drop for Arc<T>`.
    pub fn subject(&self) -> &str {
        match generics_after(&self.head, "impl") {
            Some((_, rest)) => rest.trim(),
            None => self.head.trim_start_matches("impl").trim(),
        }
    }

    /// The last part of the path of the trait that an implementation is of.
    pub fn of_trait(&self) -> &str {
        let name = self.subject().trim_start_matches(['!', '~']);
        name.split(['<', ' ']).next().unwrap_or(name)
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.head)?;
        for (index, (subject, bounds)) in self.bounds.iter().enumerate() {
            let bounds: Vec<&str> = bounds.iter().map(String::as_str).collect();
            let before = if index == 0 { " where" } else { "," };
            write!(f, "{before} {subject}: {}", bounds.join(" + "))?;
        }
        Ok(())
    }
}

/// The text of a piece of HTML. What belongs to the crate `local`, as the page does, is marked
/// with `~`: a `Duration` without it is not the one of that crate.
pub fn text(html: &str, local: &str) -> String {
    let mark = format!(" {local}::");
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        if tag.starts_with("div") || tag.starts_with("/div") || tag.starts_with("br") {
            text.push(' ');
        }
        // As `title="struct std::time::Duration"`.
        let title = tag.split_once(" title=\"").map_or("", |(_, title)| title);
        if title.contains(&mark) {
            text.push('~');
        }
        rest = after;
    }
    text.push_str(rest);
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", " ");
    // A button beside a type.
    let plain = plain.replace('ⓘ', " ");
    let plain = plain
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without the parameter for an allocator, which nobody can name on a stable toolchain.
pub fn without_allocator(text: &str) -> String {
    let mut text = replaced(text, "A = Global", "A");
    for (with, without) in [(", A>", ">"), ("<A>", ""), (", A,", ","), ("<A, ", "<")] {
        text = text.replace(with, without);
    }
    let Some((head, predicates)) = text.split_once(" where ") else {
        return text;
    };
    let about_others = split(predicates, ',').filter(|predicate| !predicate.starts_with("A: "));
    let kept: Vec<&str> = about_others.collect();
    match kept.is_empty() {
        true => head.to_owned(),
        false => format!("{head} where {}", kept.join(", ")),
    }
}

/// How many brackets are open in a text that is read from the front.
#[derive(Default)]
struct Brackets {
    open: i32,
    before: char,
}

impl Brackets {
    /// The same with one character more.
    fn open_after(&mut self, here: char) -> i32 {
        match here {
            '(' | '[' | '{' | '<' => self.open += 1,
            ')' | ']' | '}' => self.open -= 1,
            // The one of an arrow closes nothing.
            '>' if self.before != '-' && self.before != '=' => self.open -= 1,
            _ => {}
        }
        self.before = here;
        self.open
    }
}

/// Parts between `separator`s outside of all brackets, trimmed, without empty ones.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut brackets = Brackets::default();
    let parts = text.split(move |here: char| brackets.open_after(here) == 0 && here == separator);
    parts.map(str::trim).filter(|part| !part.is_empty())
}

/// `Generics` and what follows of `{keyword}<Generics>...`.
fn generics_after<'a>(text: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    bracketed(text.strip_prefix(keyword)?)
}

/// What the bracket that `text` begins with encloses, and what follows it.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with(['<', '(']) {
        return None;
    }
    let mut brackets = Brackets::default();
    for (at, here) in text.char_indices() {
        if brackets.open_after(here) == 0 {
            return Some((&text[1..at], &text[at + 1..]));
        }
    }
    None
}

/// `fn set(&self, value: T)` as `fn set(&self, T)`.
fn without_parameter_names(head: &str) -> String {
    let Some(at) = head.find("fn ") else {
        return head.to_owned();
    };
    let from_name = &head[at..];
    let Some(bracket) = from_name.find(['<', '(']) else {
        return head.to_owned();
    };
    let generics =
        bracketed(&from_name[bracket..]).filter(|_| from_name[bracket..].starts_with('<'));
    let up_to_parameters = match generics {
        Some((generics, _)) => at + bracket + generics.len() + 2,
        None => at + bracket,
    };
    let (before, from_parameters) = head.split_at(up_to_parameters);
    let Some((parameters, after)) = bracketed(from_parameters) else {
        return head.to_owned();
    };
    let types = split(parameters, ',').map(|parameter| match parameter.split_once(": ") {
        Some((name, of_type)) if name != "self" && !name.contains(['(', '<']) => of_type,
        _ => parameter,
    });
    let types: Vec<&str> = types.collect();
    format!("{before}({}){after}", types.join(", "))
}

fn is_part_of_a_name(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

fn count(text: &str, name: &str) -> usize {
    let after = text
        .match_indices(name)
        .map(|(at, _)| text[at + name.len()..].chars().next());
    after.filter(|next| !is_part_of_a_name(*next)).count()
}

/// `text` with `by` wherever `name` stands as a whole.
fn replaced(text: &str, name: &str, by: &str) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at);
        let after = &from[name.len()..];
        done.push_str(before);
        done.push_str(if is_part_of_a_name(after.chars().next()) {
            name
        } else {
            by
        });
        rest = after;
    }
    done + rest
}

#[test]
fn what_means_the_same_reads_the_same() {
    let same = |one: &str, other: &str| {
        let read = |text| {
            Signature::read(text)
                .renamed("impl")
                .without_outlived()
                .to_string()
        };
        assert_eq!(read(one), read(other));
    };
    same("fn set( &self, value: T, )", "fn set(&self, t: T)");
    same("impl<'x, T> Send for G<'x, T>", "impl<T> Send for G<'_, T>");
    same(
        "impl<'b, 'a> F<'b> for G<'b, 'a, 'a>",
        "impl<'a, 'b> F<'a> for G<'a, 'b, 'b>",
    );
    same(
        "impl<'a, T> F for G<'a, T> where T: 'a + F",
        "impl<T> F for G<'_, T> where T: F",
    );
    same(
        "fn f<F>(f: F) where F: Fn(&T) -> U + Send",
        "fn f<F>(g: F) where F: Send + Fn(&T) -> U,",
    );
    let read = |text| Signature::read(text).to_string();
    assert_ne!(
        read("fn get(&self) -> Option<T>"),
        read("fn get(&mut self) -> Option<T>")
    );
    let method = Signature::read("pub fn join(self) -> Result<T> where T: Send");
    let of = Signature::read("impl<'scope, T> Handle<'scope, T> where T: ?Sized");
    assert_eq!(
        method.inside(&of).to_string(),
        "Handle<'_, T>: pub fn join(self) -> Result<T> where T: ?Sized + Send"
    );
}

#[test]
fn an_allocator_is_left_out() {
    let without = |text| Signature::read(&without_allocator(text)).to_string();
    assert_eq!(
        without("impl<T, A> Clone for Arc<T, A> where A: Allocator + Clone, T: ?Sized,"),
        "impl<T> Clone for Arc<T> where T: ?Sized"
    );
    assert_eq!(
        without("impl<A> Arc<dyn Any, A> where A: Allocator,"),
        "impl Arc<dyn Any>"
    );
}
