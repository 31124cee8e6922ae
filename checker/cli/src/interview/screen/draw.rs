//! How the full screen looks: made for 80 columns and 24 lines.

use ansi_to_tui::IntoText;
use assessment::Session;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;

use super::{Asking, Page, Screen};
use crate::interview::desk::Time;
use crate::interview::{pages, time_in_words};

/// Less than this is left: the clock is shown in another colour.
const LATE_MS: u64 = 5 * 60_000;
/// The keys, most wanted first.
const KEYS: [(&str, &str); 12] = [
    ("a", "ask"),
    ("b", "begin"),
    ("c", "check"),
    ("e", "code"),
    ("N", "edit notes"),
    ("p", "prompt"),
    ("t", "talk"),
    ("r", "checks"),
    ("n", "notes"),
    ("h", "hint"),
    ("f", "finish"),
    ("q", "leave"),
];

pub fn draw(frame: &mut Frame<'_>, screen: &mut Screen<'_>) {
    let keys = key_lines(frame.area().width);
    let [head, rule, body, said, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(2),
        Constraint::Length(u16::try_from(keys.len()).unwrap_or(2)),
    ])
    .areas(frame.area());
    frame.render_widget(title(screen, head.width), head);
    frame.render_widget(Line::from("─".repeat(usize::from(rule.width))).dim(), rule);

    screen.style.width = usize::from(body.width).clamp(60, 120);
    let text = screen.text();
    let text = text.into_text().unwrap_or_else(|_| Text::from(text));
    let lines = u16::try_from(text.lines.len()).unwrap_or(u16::MAX);
    screen.extent = (lines, body.height);
    screen.scroll = screen.scroll.min(lines.saturating_sub(body.height));
    frame.render_widget(Paragraph::new(text).scroll((screen.scroll, 0)), body);

    frame.render_widget(
        Paragraph::new(line(screen)).wrap(ratatui::widgets::Wrap { trim: true }),
        said,
    );
    frame.render_widget(Paragraph::new(keys), foot);
}

/// `1-scheduler  race-fixed · coding · 4 of 25 to go              41:07 left`
fn title<'a>(screen: &Screen<'_>, width: u16) -> Line<'a> {
    let session = Session::of(&screen.journal);
    let time = screen.desk.time(&session, &screen.journal);
    let stage = session
        .current()
        .map_or("", |run| run.facts.name.as_str())
        .to_owned();
    let phase = pages::phase(&session).unwrap_or_default();
    let page = match screen.page {
        Page::Prompt => "prompt",
        Page::Talk => "talk",
        Page::Checks => "checks",
        Page::Notes => "notes",
    };
    let more = screen.extent.0.saturating_sub(screen.extent.1);
    let place = if more > 0 {
        format!(" {}%", 100 * u32::from(screen.scroll) / u32::from(more))
    } else {
        String::new()
    };
    let left = format!(
        " {stage} ({} of {}) · {phase} · {page}{place}",
        session.stages.len(),
        session.rounds.len()
    );
    let right = format!("{} ", time_in_words(time));
    let used = left.chars().count() + right.chars().count();
    let pad = usize::from(width).saturating_sub(used);
    let right = match time {
        Time::Left(ms) if ms > LATE_MS => Span::from(right).bold(),
        Time::Free => Span::from(right).dim(),
        _ => Span::from(right).bold().yellow(),
    };
    Line::from(vec![
        Span::from(left).bold(),
        Span::from(" ".repeat(pad)),
        right,
    ])
}

/// What is being typed, or was said last.
fn line<'a>(screen: &Screen<'_>) -> Line<'a> {
    match (screen.asking, &screen.checking) {
        (Some(Asking::Question), _) => Line::from(vec![
            Span::from("ask: ").cyan(),
            Span::from(screen.line.clone()),
            Span::from("▏"),
        ]),
        (Some(Asking::Finish), _) => Line::from("Finish the session? y/n").yellow(),
        (Some(Asking::LastHint), _) => {
            Line::from("The third hint caps this stage at Senior. Take it? y/n").yellow()
        }
        (None, Some(step)) => Line::from(step.clone()).cyan(),
        (None, None) => Line::from(screen.remark.clone()).yellow(),
    }
}

/// The keys in as many lines as they take.
fn key_lines<'a>(width: u16) -> Vec<Line<'a>> {
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for (key, what) in KEYS {
        let columns = key.len() + what.len() + 3;
        if used + columns > usize::from(width) {
            lines.push(Vec::new());
            used = 0;
        }
        used += columns;
        if let Some(line) = lines.last_mut() {
            line.push(Span::from(format!(" {key}")).bold());
            line.push(Span::from(format!(" {what} ")).dim());
        }
    }
    lines.into_iter().map(Line::from).collect()
}
