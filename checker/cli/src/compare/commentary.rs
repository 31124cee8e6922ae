//! What the commentary says about an item: the paragraphs that name it in code.

use std::collections::BTreeMap;

use super::{Item, Point};

/// Paragraphs by the item that each mentions first. One that mentions none is
/// left to be read in the commentary itself.
pub fn points(commentary: &str, items: &[Item]) -> BTreeMap<String, Vec<Point>> {
    let mut points: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    let mut heading = "";
    for paragraph in commentary.split("\n\n").map(str::trim) {
        if let Some(title) = paragraph.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim();
            continue;
        }
        // Tables and code do not fit beside anything.
        if ["|", "```", "!["]
            .iter()
            .any(|start| paragraph.starts_with(start))
        {
            continue;
        }
        let mentioned = codes(paragraph).find_map(|code| item(code, items));
        if let Some(item) = mentioned {
            points.entry(item.name.clone()).or_default().push(Point {
                heading: heading.to_owned(),
                text: paragraph.to_owned(),
            });
        }
    }
    points
}

/// What stands between backticks.
fn codes(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph.split('`').skip(1).step_by(2)
}

/// The item that a piece of code means: `submit`, `Scheduler::submit`, `submit()`.
fn item<'a>(code: &str, items: &'a [Item]) -> Option<&'a Item> {
    let name = code.split(['(', '<']).next().unwrap_or(code);
    let same = |item: &&Item| item.name == name || item.name.rsplit("::").next() == Some(name);
    items.iter().find(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_goes_to_the_item_it_mentions_first() {
        let item = |name: &str| Item {
            name: name.to_owned(),
            file: "lib.rs".into(),
            line: 1,
            source: String::new(),
        };
        let items = [item("Pool::submit"), item("Pool::run")];
        let text =
            "# Pool\n\nGeneral.\n\n## Ends\n\nOnly `run()` knows, not `submit`.\n\n| `run` |\n";
        let points = points(text, &items);
        assert_eq!(points.len(), 1, "{points:?}");
        assert_eq!(points["Pool::run"][0].heading, "Ends");
    }
}
