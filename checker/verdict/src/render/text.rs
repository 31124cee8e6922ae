//! Plain text: made harmless, wrapped, cut to size.

/// How many columns a text takes. One per character is close enough for source
/// code and English, and needs no table.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// The text without control characters, so that what a submission prints or
/// panics with cannot colour, move or clear a reader's screen.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\n' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            // A colour or cursor sequence: ESC [ … letter.
            '\x1b' => {
                if chars.clone().next() == Some('[') {
                    chars
                        .by_ref()
                        .skip(1)
                        .find(|char| ('@'..='~').contains(char));
                }
            }
            char if char.is_control() => {}
            char => clean.push(char),
        }
    }
    clean
}

/// The text in lines of at most `width` columns, broken between words. Line
/// breaks in the text stay; an indented line (a diff, a table) keeps its shape
/// and is only cut into pieces.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in clean(text).lines() {
        if line.starts_with(' ') {
            pieces(line.trim_end(), width, &mut lines);
        } else {
            fill(line, width, &mut lines);
        }
    }
    lines
}

fn fill(paragraph: &str, width: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in paragraph.split_whitespace() {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if columns(&line) > width {
            let long = std::mem::take(&mut line);
            pieces(&long, width, lines);
            line = lines.pop().unwrap_or_default();
        }
    }
    lines.push(line);
}

fn pieces(line: &str, width: usize, lines: &mut Vec<String>) {
    let chars: Vec<char> = line.chars().collect();
    lines.extend(
        chars
            .chunks(width.max(1))
            .map(|piece| piece.iter().collect()),
    );
}

/// The text in one line of at most `width` columns, with an ellipsis where it
/// was cut.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    let line = clean(text).replace('\n', " ");
    if columns(&line) <= width {
        return line;
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The first line of a text, as much of it as fits.
#[must_use]
pub fn gist(text: &str, width: usize) -> String {
    let text = clean(text);
    cut(text.lines().next().unwrap_or_default(), width)
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A number as a person reads it: `12,345`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_do_not_reach_the_terminal() {
        assert_eq!(clean("\x1b[31mred\x1b[0m\r\x07 \x1bc\ttab"), "red c    tab");
    }

    #[test]
    fn wrapping_keeps_line_breaks_and_the_shape_of_indented_lines() {
        let text = "one two three\n\n  kept  as it is";
        assert_eq!(
            wrap(text, 8),
            ["one two", "three", "", "  kept  ", "as it is"]
        );
    }

    #[test]
    fn a_word_longer_than_the_line_is_broken() {
        assert_eq!(wrap("a bcdefgh i", 4), ["a", "bcde", "fgh", "i"]);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1_000, 12_345_678].map(grouped),
            ["0", "999", "1,000", "12,345,678"]
        );
    }
}
