//! What is shown: the servers in some order, one of them selected, and a page.

use std::time::Instant;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::columns::{COLUMNS, Column};
use super::pages::{details, help, servers};
use super::polling::Poll;
use super::theme::Theme;
use super::watched::{Condition, Watched};
use crate::server::Server;

/// One of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Servers,
    Details,
    Help,
}

/// All that the screen shows. What keys do to it is in `keys.rs`.
pub(super) struct View {
    /// As the herd lists them.
    pub(super) herd: Vec<Watched>,
    pub(super) theme: Theme,
    pub(super) page: Page,
    /// By what they are sorted; nothing for the herd's own order.
    pub(super) sorted_by: Option<Column>,
    pub(super) is_reversed: bool,
    /// Which one, by its place in the herd's own order, so that it stays selected wherever it moves.
    selected: usize,
    /// The first line of the details that is shown.
    pub(super) scroll: u16,
    /// When it is shown.
    pub(super) now: Instant,
}

impl View {
    pub(super) fn new(servers: &[Server], theme: Theme) -> Self {
        let now = Instant::now();
        let watched = |server: &Server| Watched::new(server.name.clone(), server.address().into(), now);
        Self::of(servers.iter().map(watched).collect(), theme, now)
    }

    /// Of these, of which there is at least one.
    pub(super) const fn of(herd: Vec<Watched>, theme: Theme, now: Instant) -> Self {
        Self { herd, theme, page: Page::Servers, sorted_by: None, is_reversed: false, selected: 0, scroll: 0, now }
    }

    /// A server was asked.
    pub(super) fn take(&mut self, poll: Poll, now: Instant) {
        if let Some(server) = self.herd.get_mut(poll.server) {
            server.take(poll.report, now);
        }
        self.now = now;
    }

    /// Whether each server was asked often enough to know how fast it is.
    pub(super) fn has_rates(&self) -> bool {
        self.herd.iter().all(Watched::has_rates)
    }

    /// Whether all are there and nothing is wrong.
    pub(super) fn is_well(&self) -> bool {
        self.herd.iter().all(|server| server.condition(self.now) == Condition::Well)
    }

    pub(super) fn selected(&self) -> &Watched {
        &self.herd[self.selected]
    }

    /// The servers' places in the herd's own order, as they are sorted.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.herd.len()).collect();
        if let Some(column) = self.sorted_by {
            order.sort_by(|&one, &other| column.order(&self.herd[one], &self.herd[other], self.now));
        }
        if self.is_reversed {
            order.reverse();
        }
        order
    }

    /// Where the selected one stands.
    pub(super) fn position(&self, order: &[usize]) -> usize {
        order.iter().position(|&server| server == self.selected).unwrap_or_default()
    }

    pub(super) fn show(&mut self, page: Page) {
        self.page = page;
        self.scroll = 0;
    }

    /// Goes so many lines down, or up.
    pub(super) fn step(&mut self, by: isize) {
        match self.page {
            Page::Servers => self.select(by),
            Page::Details | Page::Help => {
                let scroll = isize::from(i16::try_from(self.scroll).unwrap_or(i16::MAX)).saturating_add(by);
                self.scroll = u16::try_from(scroll.clamp(0, i16::MAX.into())).unwrap_or(u16::MAX);
            }
        }
    }

    /// Selects the one that is so many places further down.
    pub(super) fn select(&mut self, by: isize) {
        let order = self.order();
        let last = isize::try_from(order.len() - 1).unwrap_or(isize::MAX);
        let here = isize::try_from(self.position(&order)).unwrap_or(isize::MAX);
        let there = here.saturating_add(by).clamp(0, last);
        self.selected = order[usize::try_from(there).unwrap_or_default()];
    }

    /// Sorts by the column that is so many further to the right; before the first is the herd's own order.
    pub(super) fn sort_by_next(&mut self, by: isize) {
        let choices = isize::try_from(COLUMNS.len() + 1).unwrap_or(isize::MAX);
        let now = self.sorted_by.and_then(|sorted| COLUMNS.iter().position(|&column| column == sorted));
        let now = now.map_or(0, |column| isize::try_from(column + 1).unwrap_or(isize::MAX));
        let next = usize::try_from((now + by).rem_euclid(choices)).unwrap_or_default();
        self.sorted_by = next.checked_sub(1).map(|column| COLUMNS[column]);
    }

    /// Draws the page.
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, now: Instant) {
        self.now = now;
        self.render(frame.area(), frame.buffer_mut());
    }

    fn render(&mut self, area: Rect, buffer: &mut Buffer) {
        match self.page {
            Page::Servers => servers::render(self, area, buffer),
            Page::Details => details::render(self, area, buffer),
            Page::Help => help::render(self, area, buffer),
        }
    }

    /// The servers as text, as high as it needs to be.
    pub(super) fn to_text(&self, width: u16) -> String {
        let area = Rect::new(0, 0, width, servers::height(self, width));
        let mut buffer = Buffer::empty(area);
        servers::render_whole(self, area, &mut buffer);
        text(&buffer)
    }
}

/// What a buffer shows, without what stands behind the last word of each line.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.rows() {
        let mut line = String::new();
        let mut rest = 0_usize;
        for x in y.columns() {
            // A wide character covers the cells behind it.
            if rest > 0 {
                rest -= 1;
                continue;
            }
            let symbol = buffer[(x.x, x.y)].symbol();
            rest = ratatui::text::Span::raw(symbol).width().saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
