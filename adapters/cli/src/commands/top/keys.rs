//! What keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::view::{Page, View};

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Quit,
}

/// The keys, for people.
pub(super) const KEYS: [(&str, &str); 8] = [
    ("up down, k j", "select a server; scroll its details"),
    ("PgUp PgDn Home End", "the same in larger steps"),
    ("Enter", "details of the selected server, and back"),
    ("left right, p n", "the server before, the next one, in its details"),
    ("s S", "sort by the next column, the one before"),
    ("r", "sort the other way round"),
    ("?", "this page, and back"),
    ("q Ctrl-C", "quit; Esc goes back"),
];

/// How far a large step goes.
const PAGE: isize = 10;

impl View {
    /// A key was pressed.
    pub(super) fn press(&mut self, key: KeyEvent) -> Flow {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if is_control => return Flow::Quit,
            KeyCode::Char('q') => return Flow::Quit,
            KeyCode::Char('?' | 'h') => self.show(if self.page == Page::Help { Page::Servers } else { Page::Help }),
            KeyCode::Esc => self.show(Page::Servers),
            KeyCode::Enter => self.show(if self.page == Page::Servers { Page::Details } else { Page::Servers }),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::PageUp => self.step(-PAGE),
            KeyCode::PageDown | KeyCode::Char(' ') => self.step(PAGE),
            KeyCode::Home => self.step(isize::MIN),
            KeyCode::End => self.step(isize::MAX),
            KeyCode::Left | KeyCode::Char('p') => self.select(-1),
            KeyCode::Right | KeyCode::Char('n') => self.select(1),
            KeyCode::Char('s') => self.sort_by_next(1),
            KeyCode::Char('S') => self.sort_by_next(-1),
            KeyCode::Char('r') => self.is_reversed = !self.is_reversed,
            _ => {}
        }
        Flow::On
    }
}
