//! What keys do, and what columns mean.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

use super::super::columns::COLUMNS;
use super::super::keys::KEYS;
use super::super::theme::Theme;
use super::super::view::View;
use super::{in_lines, render_keys, render_scrolled};

pub(in super::super) fn render(view: &mut View, area: Rect, buffer: &mut Buffer) {
    let [body, keys] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    let mut lines = vec![Line::styled("keys", Theme::HEAD)];
    for (keys, what) in KEYS {
        lines.extend(in_lines(&[format!("{keys:<18}"), what.into()], area.width, Style::new()));
    }
    lines.extend([Line::default(), Line::styled("columns", Theme::HEAD)]);
    for column in COLUMNS {
        lines.extend(in_lines(&[format!("{:<18}", column.title()), column.help().into()], area.width, Style::new()));
    }
    view.scroll = render_scrolled(lines, view.scroll, body, buffer);
    let words = ["q quit", "? back", "up down scroll"].map(String::from);
    render_keys(&words, view.theme.aside(), keys, buffer);
}
