//! One server: what it is, its rates, its links, what is wrong, its counters.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::numbers::{bytes, count, latency, short};
use super::super::theme::Theme;
use super::super::view::View;
use super::super::watched::{Rates, Watched};
use super::servers::condition_style;
use super::{bars, in_lines, regions, render_keys, render_scrolled, sentence};
use crate::health::{Neighbour, Report};
use crate::shown::{offset, span};
use herd_command::escaped;

pub(in super::super) fn render(view: &mut View, area: Rect, buffer: &mut Buffer) {
    let [body, keys] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    let lines = lines(view, area.width);
    view.scroll = render_scrolled(lines, view.scroll, body, buffer);
    let words = ["q quit", "? help", "Enter back", "up down scroll", "left right server"].map(String::from);
    render_keys(&words, view.theme.aside(), keys, buffer);
}

fn lines(view: &View, width: u16) -> Vec<Line<'static>> {
    let (server, theme) = (view.selected(), view.theme);
    let condition = server.condition(view.now);
    let mut lines = vec![Line::from(vec![
        Span::styled(escaped(&server.name), Theme::HEAD),
        Span::raw(format!("  {}  ", escaped(&server.address))),
        Span::styled(condition.word(), condition_style(&condition, theme)),
    ])];
    for what in server.wrong(view.now) {
        lines.extend(sentence(&what, width, condition_style(&condition, theme)));
    }
    let Some(report) = server.last.as_ref().filter(|_| server.silence.is_none()) else { return lines };
    lines.extend(in_lines(&about(report), width, Style::new()));
    lines.push(Line::default());
    lines.extend(graphs(server, view, width));
    lines.extend(links(report, view, width));
    lines.extend(regions::of_server(report, view, width));
    lines.extend(counters(server, report));
    lines
}

/// What it is and has.
fn about(report: &Report) -> Vec<String> {
    let shown = &report.shown;
    let mut words = vec![
        format!("release {} on {}", escaped(&shown.version), escaped(&shown.runtime)),
        format!("up {}", span(shown.uptime)),
        format!("clock {}", offset(report.clock)),
        format!("answers in {}", latency(report.took.as_secs_f64())),
        format!("{} clients", shown.clients),
        format!("{} tombstones", shown.tombstones),
        format!("{} away", shown.away),
        format!("records {}", bytes(shown.bytes)),
        format!("memory {}", shown.memory.map_or_else(|| "-".into(), bytes)),
        format!("{} connections", shown.connections),
        format!("{} watches by {} watchers", shown.watches, shown.watchers),
        format!("places {}, {} fetches", escaped(&shown.places.source), shown.places.fetches),
    ];
    if let Some(data) = &shown.data {
        words.push(format!("disk {} in {}", bytes(data.bytes), escaped(&data.dir)));
        words.push(format!("{} to sync, synced {} ago", bytes(data.waiting), span(data.synced)));
    }
    words
}

/// How its rates went.
fn graphs(server: &Watched, view: &View, width: u16) -> Vec<Line<'static>> {
    let graph = |title: &str, of: fn(&Rates) -> f64| {
        let newest = server.rate().map_or_else(|| "-".into(), |rates| short(of(rates)));
        let head = format!("{title:<9} {newest:>6} ");
        let room = usize::from(width).saturating_sub(head.len());
        Line::from(vec![Span::raw(head), Span::styled(bars(server.rates.iter(), of, room), view.theme.graph())])
    };
    vec![
        graph("reports/s", |rates| rates.reports),
        graph("asked/s", |rates| rates.requests),
        graph("floods/s", |rates| rates.floods),
    ]
}

/// How it sees its neighbours.
fn links(report: &Report, view: &View, width: u16) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default(), Line::styled("links", Theme::HEAD)];
    for neighbour in &report.shown.neighbours {
        let style = if neighbour.is_up() { Style::new() } else { view.theme.bad() };
        lines.extend(in_lines(&link(neighbour), width, style));
    }
    lines
}

fn link(neighbour: &Neighbour) -> Vec<String> {
    let since = neighbour.since.map(|seconds| format!(" {}", span(seconds))).unwrap_or_default();
    let words = [
        Some(format!("{:<9}", escaped(&neighbour.name))),
        Some(format!("{}{since}", escaped(&neighbour.state))),
        Some(format!("queue {}", bytes(neighbour.queue))),
        neighbour.compared.map(|seconds| format!("compared {} ago", span(seconds))),
        Some(format!("repaired {} out, {} in", short(count(neighbour.sent)), short(count(neighbour.received)))),
        neighbour.clock.map(|seconds| format!("clock {}", offset(seconds))),
        neighbour.proven.as_ref().map(|proven| format!("proven by {}", escaped(proven))),
    ];
    words.into_iter().flatten().collect()
}

/// All that it counts, but for what never happened.
fn counters(server: &Watched, report: &Report) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    lines.push(Line::styled(format!("{:<24} {:>12} {:>8}", "counter", "total", "a second"), Theme::HEAD));
    for (name, total) in report.shown.counters.iter().filter(|&(_, &total)| total > 0) {
        let rate = server.rate().and_then(|rates| rates.counters.get(name)).map(|&rate| short(rate));
        let rate = rate.unwrap_or_else(|| "-".into());
        lines.push(Line::from(format!("{:<24} {total:>12} {rate:>8}", escaped(name))));
    }
    lines
}
