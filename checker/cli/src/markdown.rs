//! Markdown with a little style on a terminal: headings, code, emphasis. Without
//! colour it is left exactly as it is; plain markdown reads well.

use verdict::render::{Style, wrap};

/// The text with its paragraphs filled to this width. Code, tables and headings
/// stay as they are.
pub fn filled(markdown: &str, width: usize) -> String {
    let mut text = String::new();
    let mut paragraph = String::new();
    let mut fenced = false;
    for line in markdown.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let item = is_item(line);
        let kept = fence || fenced || line.is_empty() || line.starts_with(['#', '|', '<', '{']);
        if kept || item {
            fill(&std::mem::take(&mut paragraph), width, &mut text);
        }
        if kept {
            text.push_str(line);
            text.push('\n');
        } else {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    fill(&paragraph, width, &mut text);
    text
}

fn is_item(text: &str) -> bool {
    text.starts_with("- ") || text.starts_with("* ")
}

/// Fills one paragraph or item of a list, whose further lines hang below its
/// first word.
fn fill(paragraph: &str, width: usize, text: &mut String) {
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let hang = if is_item(paragraph) { 2 } else { 0 };
    let lines = if words.is_empty() {
        Vec::new()
    } else {
        wrap(&words.join(" "), width - hang)
    };
    for (index, line) in lines.iter().enumerate() {
        let margin = if index == 0 { 0 } else { hang };
        text.push_str(&format!("{}{line}\n", " ".repeat(margin)));
    }
}

/// The text, styled.
pub fn styled(markdown: &str, style: Style) -> String {
    if !style.color {
        return markdown.to_owned();
    }
    let mut fenced = false;
    let mut text = String::new();
    for line in filled(markdown, style.width).lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let styled = if fenced {
            style.name(line)
        } else if line.starts_with('#') {
            style.strong(line.trim_start_matches('#').trim_start())
        } else {
            inline(line, style)
        };
        text.push_str(&styled);
        text.push('\n');
    }
    text
}

/// `code` and **emphasis** within a line.
fn inline(line: &str, style: Style) -> String {
    let code = |text: &str| style.name(text);
    let strong = |text: &str| style.strong(text);
    line.split("**")
        .enumerate()
        .map(|(index, part)| {
            let emphasised = index % 2 == 1;
            part.split('`')
                .enumerate()
                .map(|(index, part)| match (index % 2 == 1, emphasised) {
                    (true, _) => code(part),
                    (false, true) => strong(part),
                    (false, false) => part.to_owned(),
                })
                .collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\nUse **only** `std`.\n\n```rust\nfn f() {}\n```\n";

    #[test]
    fn without_colour_nothing_changes() {
        assert_eq!(
            styled(
                TEXT,
                Style {
                    width: 80,
                    color: false,
                    full: false
                }
            ),
            TEXT
        );
    }

    #[test]
    fn paragraphs_and_items_are_filled_and_code_is_kept() {
        let text = "# A long heading\n\none two\nthree four\n- five six\n  seven\n\n```\nlet a_long_line = 1;\n```\n";
        assert_eq!(
            filled(text, 9),
            "# A long heading\n\none two\nthree\nfour\n- five\n  six\n  seven\n\n```\nlet a_long_line = 1;\n```\n"
        );
    }

    #[test]
    fn with_colour_the_marks_become_style() {
        let text = styled(
            TEXT,
            Style {
                width: 80,
                color: true,
                full: false,
            },
        );
        assert!(!text.contains("# Title") && !text.contains("**"), "{text}");
        assert!(text.contains("\x1b[36mfn f() {}\x1b[0m"), "{text}");
    }
}
