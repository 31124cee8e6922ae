//! What the keys do. The help page and the last line of the screen are made from
//! the same table.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a learner may want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Brief,
    Hint,
    Explain,
    Compare,
    Open,
    Deep,
    Again,
    Next,
    Previous,
    List,
    Help,
    Back,
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Filter,
    Search,
    Choose,
}

/// A key, what it does, and in which words.
pub struct Binding {
    pub key: &'static str,
    pub action: Action,
    /// For the last line of the screen; empty where it has no place there.
    pub short: &'static str,
    pub long: &'static str,
}

/// The keys that work everywhere, in the order in which to show them.
pub const BINDINGS: [Binding; 14] = [
    Binding {
        key: "b",
        action: Action::Brief,
        short: "brief",
        long: "read what the stage asks for",
    },
    Binding {
        key: "h",
        action: Action::Hint,
        short: "hint",
        long: "one more hint; each press is noted",
    },
    Binding {
        key: "e",
        action: Action::Explain,
        short: "explain",
        long: "the defect of the check that is shown",
    },
    Binding {
        key: "c",
        action: Action::Compare,
        short: "compare",
        long: "your code beside the reference",
    },
    Binding {
        key: "o",
        action: Action::Open,
        short: "open",
        long: "edit the file in $VISUAL or $EDITOR",
    },
    Binding {
        key: "d",
        action: Action::Deep,
        short: "deep",
        long: "check again, one preemption further",
    },
    Binding {
        key: "r",
        action: Action::Again,
        short: "",
        long: "check again",
    },
    Binding {
        key: "n",
        action: Action::Next,
        short: "next",
        long: "the next stage",
    },
    Binding {
        key: "p",
        action: Action::Previous,
        short: "",
        long: "the previous stage",
    },
    Binding {
        key: "l",
        action: Action::List,
        short: "list",
        long: "all stages: / searches, f filters, Enter takes one",
    },
    Binding {
        key: "?",
        action: Action::Help,
        short: "help",
        long: "this page",
    },
    Binding {
        key: "Esc",
        action: Action::Back,
        short: "",
        long: "back to the checks",
    },
    Binding {
        key: "q",
        action: Action::Quit,
        short: "quit",
        long: "leave; so does Ctrl-C",
    },
    Binding {
        key: "↑ ↓",
        action: Action::Up,
        short: "",
        long: "another check, or scroll; PgUp, PgDn and space scroll a page",
    },
];

/// What a key press means, where nothing is being typed.
pub fn action(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Action::Quit);
    }
    let action = match key.code {
        KeyCode::Up | KeyCode::Char('k') => Action::Up,
        KeyCode::Down | KeyCode::Char('j') => Action::Down,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown | KeyCode::Char(' ') => Action::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Action::Top,
        KeyCode::Enter => Action::Choose,
        KeyCode::Esc => Action::Back,
        KeyCode::Char('f') => Action::Filter,
        KeyCode::Char('/') => Action::Search,
        KeyCode::Char(typed) => {
            let mut bindings = BINDINGS.iter();
            let bound = bindings.find(|binding| binding.key.chars().eq([typed]));
            return bound.map(|binding| binding.action);
        }
        _ => return None,
    };
    Some(action)
}
