//! Inputs as text to read: an entry of a list per line, and what is small in one.

/// Columns that a line may take up, unless it is a single plain value.
const WIDTH: usize = 72;
const INDENT: usize = 4;

/// Lays out the compact `Debug` form of a value. What it cannot take apart it leaves as
/// it is.
pub(crate) fn laid_out(debug: &str) -> String {
    let mut text = String::new();
    write(debug, 0, &mut text);
    text
}

fn write(value: &str, indent: usize, text: &mut String) {
    let fits = indent + value.chars().count() <= WIDTH;
    match Group::of(value) {
        Some(group) if !group.entries.is_empty() && (!fits || group.has_a_list_of_groups()) => {
            text.push_str(group.open);
            for entry in &group.entries {
                text.push('\n');
                text.push_str(&" ".repeat(indent + INDENT));
                write(entry, indent + INDENT, text);
                text.push(',');
            }
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            text.push_str(group.close);
        }
        _ => text.push_str(value),
    }
}

/// `Some(name, [1, 2])` as `Some(`, its two entries, and `)`.
struct Group<'a> {
    open: &'a str,
    entries: Vec<&'a str>,
    close: &'a str,
}

impl<'a> Group<'a> {
    /// `None` for a value without brackets, and for brackets that do not match.
    fn of(value: &'a str) -> Option<Self> {
        let (mut depth, mut quote, mut open, mut begun) = (0_usize, None, 0, 0);
        let mut entries = Vec::new();
        let mut chars = value.char_indices();
        while let Some((at, char)) = chars.next() {
            match (quote, char) {
                (Some(_), '\\') => drop(chars.next()),
                (Some(opened), _) if opened == char => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(char),
                (None, '(' | '[' | '{') => {
                    depth += 1;
                    if depth == 1 {
                        (open, begun) = (at + 1, at + 1);
                    }
                }
                (None, ',') if depth == 1 => {
                    entries.push(value[begun..at].trim());
                    begun = at + 1;
                }
                (None, ')' | ']' | '}') => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        entries.push(value[begun..at].trim());
                        entries.retain(|entry| !entry.is_empty());
                        let (open, close) = (&value[..open], &value[at..]);
                        return Some(Self {
                            open: open.trim_end(),
                            entries,
                            close,
                        });
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether it is, or contains, a list of several entries that are more than a word.
    fn has_a_list_of_groups(&self) -> bool {
        let groups = Vec::from_iter(self.entries.iter().filter_map(|entry| Group::of(entry)));
        let is_list = self.open.ends_with('[') && self.entries.len() > 1;
        is_list && !groups.is_empty() || groups.iter().any(Group::has_a_list_of_groups)
    }
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[derive(Debug)]
    #[allow(dead_code, reason = "they are only printed")]
    enum Call {
        Add(&'static str),
        Acquire { key: u64 },
    }

    #[test]
    fn a_list_of_calls_has_a_line_for_each() {
        let calls = (
            125,
            [Call::Add("a, (\"b\" ["), Call::Acquire { key: 7 }],
            [1, 2],
        );
        let expected = "(\n    125,\n    [\n        Add(\"a, (\\\"b\\\" [\"),\n        \
                        Acquire { key: 7 },\n    ],\n    [1, 2],\n)";
        assert_eq!(laid_out(&format!("{calls:?}")), expected);
    }

    #[test]
    fn what_fits_stays_in_one_line() {
        for value in [
            "(1, [2, 3], Some(4))",
            "[]",
            "[Add(\"a\")]",
            "7",
            "\"[1, 2\"",
        ] {
            assert_eq!(laid_out(value), value);
        }
    }

    #[test]
    fn what_does_not_fit_is_broken_at_its_outermost_brackets() {
        let names = [&*"a".repeat(40), &*"b".repeat(40)];
        let expected = format!("[\n    {:?},\n    {:?},\n]", names[0], names[1]);
        assert_eq!(laid_out(&format!("{names:?}")), expected);
    }

    #[test]
    fn what_has_no_shape_is_left_alone() {
        for value in ["it isn't (", ")(", "a ] b", ""] {
            assert_eq!(laid_out(value), value);
        }
    }
}
