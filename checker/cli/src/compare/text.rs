//! A comparison as a person reads it.

use std::path::Path;

use similar::{Algorithm, DiffTag, capture_diff_slices};
use verdict::render::{Style, wrap};

use super::{Comparison, Item, Pair};
use crate::markdown;

/// Two columns of code need this much.
const WIDE: usize = 110;
/// Below this much in common a diff of lines tells nothing.
const ALIKE: f64 = 0.4;

/// How to lay out two versions of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Layout {
    /// Side by side where there is room for it.
    #[default]
    Auto,
    /// Yours on the left, the reference on the right.
    Side,
    /// Lines of yours with `-`, of the reference with `+`.
    Unified,
}

impl Comparison {
    /// The comparison as text.
    pub fn text(&self, layout: Layout, style: Style) -> String {
        let side = match layout {
            Layout::Auto => style.width >= WIDE,
            Layout::Side => true,
            Layout::Unified => false,
        };
        let mut text = String::new();
        let (unremarkable, told): (Vec<_>, Vec<_>) =
            self.pairs.iter().partition(|pair| pair.is_unremarkable());
        for pair in told {
            text.push_str(&pair.text(side, style));
            text.push('\n');
        }
        if !unremarkable.is_empty() {
            let names = unremarkable.iter().map(|pair| &*pair.reference.name);
            let names = names.collect::<Vec<_>>().join(", ");
            text.push_str(&format!("{}\n\n", style.strong("The same in both")));
            for line in wrap(&names, style.width - 2) {
                text.push_str(&format!("  {}\n", style.name(&line)));
            }
            text.push('\n');
        }
        if !self.only_yours.is_empty() {
            text.push_str(&format!("{}\n\n", style.strong("Only in yours")));
            for item in &self.only_yours {
                text.push_str(&format!(
                    "  {}  {}\n",
                    style.name(&item.name),
                    place(item, style)
                ));
            }
            text.push('\n');
        }
        let commentary = self.commentary.display().to_string();
        text + &format!("The whole commentary: {}\n", style.name(&commentary))
    }
}

impl Pair {
    fn is_the_same_in_both(&self) -> bool {
        let yours = self.yours.as_ref();
        yours.is_some_and(|yours| yours.source == self.reference.source)
    }

    /// Whether there is neither a difference nor a comment.
    fn is_unremarkable(&self) -> bool {
        self.is_the_same_in_both() && self.points.is_empty()
    }

    fn text(&self, side: bool, style: Style) -> String {
        let name = style.strong(&style.name(&self.reference.name));
        let mut text = match &self.yours {
            None => format!(
                "{name}  only in the reference, {}\n",
                place(&self.reference, style)
            ),
            Some(_) if self.is_the_same_in_both() => format!("{name}  the same in both\n"),
            Some(yours) => {
                let (yours, reference) = (place(yours, style), place(&self.reference, style));
                format!("{name}  yours {yours}, reference {reference}\n")
            }
        };
        match &self.yours {
            None => text.push_str(&block(&self.reference.source, "  ", |line| line.to_owned())),
            Some(_) if self.is_the_same_in_both() => {}
            Some(yours) if side => text.push_str(&columns(yours, &self.reference, style)),
            Some(yours) => text.push_str(&unified(yours, &self.reference, style)),
        }
        for point in &self.points {
            let heading = format!("The commentary, under “{}”:", point.heading);
            text.push_str(&format!("\n  {}\n", style.dim(&heading)));
            let beside = Style {
                width: style.width - 4,
                ..style
            };
            let filled = markdown::filled(&point.text, beside.width);
            for line in markdown::styled(&filled, beside).lines() {
                text.push_str(&format!("  {} {line}\n", style.dim("│")));
            }
        }
        text
    }
}

/// The file's last parts and the line.
fn place(item: &Item, style: Style) -> String {
    let file = item.file.file_name().map(Path::new).unwrap_or(&item.file);
    style.dim(&format!("{}:{}", file.display(), item.line))
}

fn block(source: &str, margin: &str, paint: impl Fn(&str) -> String) -> String {
    let lines = source.lines();
    lines
        .map(|line| paint(format!("{margin}{line}").trim_end()) + "\n")
        .collect()
}

/// How much two versions have in common, and what to do to get from one to the
/// other.
fn diff<'a>(yours: &'a str, reference: &'a str) -> Diff<'a> {
    let (old, new): (Vec<&str>, Vec<&str>) = (yours.lines().collect(), reference.lines().collect());
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let mut same = 0;
    let mut rows = Vec::new();
    for op in ops {
        let (tag, left, right) = op.as_tag_tuple();
        let (left, right) = (&old[left], &new[right]);
        if tag == DiffTag::Equal {
            same += left.len();
            rows.extend(left.iter().map(|line| (Some(*line), Some(*line))));
        } else {
            for row in 0..left.len().max(right.len()) {
                rows.push((left.get(row).copied(), right.get(row).copied()));
            }
        }
    }
    let all = (old.len() + new.len()).max(1);
    Diff {
        rows,
        alike: 2.0 * same as f64 / all as f64,
    }
}

struct Diff<'a> {
    /// Lines of yours and of the reference, beside each other.
    rows: Vec<(Option<&'a str>, Option<&'a str>)>,
    /// From 0, nothing in common, to 1.
    alike: f64,
}

fn columns(yours: &Item, reference: &Item, style: Style) -> String {
    let width = (style.width - 7) / 2;
    let cell = |line: Option<&str>| {
        let line = line.unwrap_or_default();
        let cut: String = if line.chars().count() > width {
            line.chars().take(width - 1).chain(['…']).collect()
        } else {
            line.to_owned()
        };
        format!("{cut:width$}")
    };
    let mut text = String::new();
    for (left, right) in diff(&yours.source, &reference.source).rows {
        let (mut one, mut other) = (cell(left), cell(right).trim_end().to_owned());
        if left != right {
            (one, other) = (style.bad(&one), style.good(&other));
        }
        let line = format!("  {one} {} {other}", style.dim("│"));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn unified(yours: &Item, reference: &Item, style: Style) -> String {
    let difference = diff(&yours.source, &reference.source);
    if difference.alike < ALIKE {
        // Line by line they would only be shuffled.
        let minus = block(&yours.source, "  - ", |line| style.bad(line));
        let plus = block(&reference.source, "  + ", |line| style.good(line));
        return minus + &plus;
    }
    let mut text = String::new();
    let mut held = String::new();
    for (left, right) in difference.rows {
        if left == right {
            text.push_str(&std::mem::take(&mut held));
            text.push_str(&block(left.unwrap_or_default(), "    ", |line| {
                line.to_owned()
            }));
            if left == Some("") {
                text.push('\n');
            }
            continue;
        }
        if let Some(line) = left {
            text.push_str(&format!(
                "{}\n",
                style.bad(format!("  - {line}").trim_end())
            ));
        }
        if let Some(line) = right {
            held.push_str(&format!(
                "{}\n",
                style.good(format!("  + {line}").trim_end())
            ));
        }
    }
    text + &held
}
