//! Drawing a swim-lane picture.

use maud::{Markup, PreEscaped, html};
use verdict::{Counterexample, Whose};

use crate::layout::{Arrow, BARS, CHARACTER, Column, HEADER, Kind, Layout, Line, ROW};

/// How much of an interleaving to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What makes the story; the rest is folded away.
    Short,
    /// Every step.
    Full,
}

/// About what a screen shows at once.
const SHORT: usize = 28;
/// Colours for threads and for locks come in so many kinds.
const HUES: usize = 6;

/// The interleaving as an SVG document of its own.
#[must_use]
pub fn svg(story: &Counterexample, extent: Extent) -> String {
    drawing(story, extent, true).into_string()
}

/// The same, to stand in a page that has the [`style`] already.
pub(crate) fn inline(story: &Counterexample, extent: Extent) -> Markup {
    drawing(story, extent, false)
}

fn drawing(story: &Counterexample, extent: Extent, alone: bool) -> Markup {
    let limit = match extent {
        Extent::Short => SHORT,
        Extent::Full => usize::MAX,
    };
    let layout = Layout::new(story, limit);
    let legend = if layout.objects.is_empty() {
        0.0
    } else {
        layout.objects.len() as f64 * 20.0 + 8.0
    };
    let (width, height) = (layout.width, layout.height + legend);
    let names: Vec<&str> = layout.columns.iter().map(|c| c.name.as_str()).collect();
    let title = format!(
        "The steps of {}, in the order in which they happened",
        names.join(", ")
    );
    html! {
        svg.swimlane xmlns="http://www.w3.org/2000/svg" role="img" width=(px(width)) height=(px(height))
            viewBox=(format!("0 0 {} {}", px(width), px(height))) aria-label=(title) {
            @if alone {
                style { (PreEscaped(style())) }
                rect.paper width=(px(width)) height=(px(height)) {}
            }
            (head(&layout))
            @for column in &layout.columns { (lifeline(column)) }
            @for wait in &layout.waits {
                @let x = px(line_x(&layout.columns[wait.column]));
                @let (from, to) = (px(Layout::y(wait.from)), px(layout.until(wait.to)));
                line.pause x1=(x) x2=(x) y1=(from) y2=(to) {}
                line class=(if wait.for_ever { "wait ever" } else { "wait" })
                    x1=(x) x2=(x) y1=(from) y2=(to) {}
            }
            @for bar in &layout.bars {
                @let x = layout.columns[bar.column].x + 10.0 + bar.depth as f64 * 5.0;
                rect class=(format!("held k{}", bar.object % HUES)) x=(px(x)) width="4" rx="2"
                    y=(px(Layout::y(bar.from))) height=(px(layout.until(bar.to) - Layout::y(bar.from))) {
                    title { "holds " (bar.what) }
                }
            }
            @for (row, line) in layout.lines.iter().enumerate() { (self::row(&layout, row, line)) }
            @for arrow in &layout.arrows { (self::arrow(&layout, arrow)) }
            @for (index, (letter, object)) in layout.objects.iter().enumerate() {
                @let y = layout.height + index as f64 * 20.0 + 12.0;
                rect class=(format!("held k{}", index % HUES)) x="16" y=(px(y - 9.0)) width="4" height="12" rx="2" {}
                text.name x="28" y=(px(y)) { (letter) }
                text.dim x="44" y=(px(y)) { (object) }
            }
        }
    }
}

fn head(layout: &Layout) -> Markup {
    html! {
        @for column in &layout.columns {
            text class=(format!("thread t{}", column.lane % HUES)) x=(px(column.x + BARS)) y="20" { (column.name) }
        }
        @if let Some(file) = &layout.file {
            text.dim x=(px(layout.text_x)) y="20" { (file) }
        }
        line.rule x1="8" x2=(px(layout.width - 8.0)) y1=(px(HEADER - 4.0)) y2=(px(HEADER - 4.0)) {}
    }
}

fn lifeline(column: &Column) -> Markup {
    let x = px(line_x(column));
    html! {
        line class=(format!("life t{}", column.lane % HUES)) x1=(x) x2=(x)
            y1=(px(Layout::y(column.from))) y2=(px(Layout::y(column.to))) {}
    }
}

/// The line of a thread's life stands left of its bars.
fn line_x(column: &Column) -> f64 {
    column.x + 4.0
}

fn row(layout: &Layout, row: usize, line: &Line) -> Markup {
    let y = Layout::y(row);
    let base = px(y + 4.5);
    match line.kind {
        Kind::Switch => html! {
            rect.switch x="8" width=(px(layout.width - 16.0)) y=(px(y - ROW / 2.0 + 2.0)) height=(px(ROW - 4.0)) rx="4" {}
            text.unsure x="16" y=(base) { "⇄ " (line.source) }
        },
        Kind::Folded => html! {
            text.dim x=(px(layout.text_x)) y=(base) { (line.source) }
        },
        Kind::Step { column, whose } => {
            let column = &layout.columns[column];
            let note_x = layout.text_x
                + line.source.chars().count() as f64 * CHARACTER
                + if line.source.is_empty() { 0.0 } else { 18.0 };
            let source = if whose == Whose::Check {
                "dim"
            } else {
                "source"
            };
            html! {
                circle class=(format!("step t{}", column.lane % HUES)) cx=(px(line_x(column))) cy=(px(y)) r="3.5" {}
                text class=(format!("cell t{}", column.lane % HUES)) x=(px(column.x + BARS)) y=(base) { (line.cell) }
                @if !line.label.is_empty() {
                    text.number x=(px(layout.text_x - 12.0)) y=(base) { (line.label) }
                }
                @if !line.source.is_empty() {
                    text class=(source) x=(px(layout.text_x)) y=(base) { (line.source) }
                }
                @if !line.note.is_empty() {
                    text.note x=(px(note_x)) y=(base) { "→ " (line.note) }
                }
            }
        }
    }
}

fn arrow(layout: &Layout, arrow: &Arrow) -> Markup {
    let point = |(column, row): (usize, usize)| (line_x(&layout.columns[column]), Layout::y(row));
    let ((x1, y1), (x2, y2)) = (point(arrow.from), point(arrow.to));
    let side = if x2 > x1 { -1.0 } else { 1.0 };
    let tip = x2 + side * 6.0;
    html! {
        path.arrow d=(format!(
            "M{} {} C{} {} {} {} {} {}",
            px(x1), px(y1), px(x1), px(y2), px(tip + side * 20.0), px(y2), px(tip), px(y2)
        )) {}
        path.tip d=(format!(
            "M{} {}l{} -4l0 8z",
            px(tip), px(y2), px(side * 7.0)
        )) {}
    }
}

/// A length, without the digits that nobody sees.
fn px(length: f64) -> String {
    let rounded = (length * 10.0).round() / 10.0;
    rounded.to_string()
}

/// The style of these pictures, for light and dark.
#[must_use]
pub const fn style() -> &'static str {
    include_str!("swimlane.css")
}
