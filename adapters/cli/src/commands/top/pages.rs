//! One module a page, and what they have in common.

pub(super) mod details;
pub(super) mod help;
mod regions;
pub(super) mod servers;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::watched::Rates;
use crate::terminal::wrapped;
use herd_command::escaped;

/// The bar at the bottom, which says what keys do.
fn render_keys(keys: &[String], style: Style, area: Rect, buffer: &mut Buffer) {
    Line::styled(fitting(keys, area.width), style).render(area, buffer);
}

/// As many of these words as have room in a line, the first ones first.
fn fitting(words: &[String], width: u16) -> String {
    let mut line = String::new();
    for word in words {
        let gap = if line.is_empty() { "" } else { "  " };
        if Span::raw(&line).width() + gap.len() + Span::raw(word).width() > width.into() {
            break;
        }
        line.push_str(gap);
        line.push_str(word);
    }
    line
}

/// Lines that may be more than there is room for, from the one that is scrolled to on; where that is at last.
fn render_scrolled(lines: Vec<Line<'_>>, scroll: u16, area: Rect, buffer: &mut Buffer) -> u16 {
    let most = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(area.height);
    let scroll = scroll.min(most);
    Paragraph::new(lines).scroll((scroll, 0)).render(area, buffer);
    scroll
}

/// Words in lines of that width, further lines set in.
fn in_lines(words: &[String], width: u16, style: Style) -> Vec<Line<'static>> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = wrapped(&words, Some(width.into()));
    text.lines().map(|line| Line::styled(line.to_owned(), style)).collect()
}

/// A sentence in lines of that width, further lines set in by four columns.
fn sentence(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    let (mut lines, mut line) = (Vec::new(), String::from("  "));
    let mut is_begun = false;
    for word in escaped(text).split(' ') {
        let more = if is_begun { format!(" {word}") } else { word.to_owned() };
        if is_begun && Span::raw(&line).width() + Span::raw(&more).width() > width.into() {
            lines.push(Line::styled(std::mem::take(&mut line), style));
            line = format!("    {word}");
        } else {
            line.push_str(&more);
        }
        is_begun = true;
    }
    lines.push(Line::styled(line, style));
    lines
}

/// The newest rates as a row of bars, the largest of them eight eighths high.
fn bars<'a>(rates: impl DoubleEndedIterator<Item = &'a Rates>, of: fn(&Rates) -> f64, width: usize) -> String {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut newest: Vec<f64> = rates.rev().take(width).map(of).collect();
    newest.reverse();
    let most = newest.iter().copied().fold(0.0, f64::max);
    let bar = |rate: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 8")]
        let height = if most > 0.0 { (rate / most * 8.0).ceil() as usize } else { 0 };
        BARS[height.min(BARS.len() - 1)]
    };
    newest.into_iter().map(bar).collect()
}
