//! All servers in a table, and what is wrong below it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, Paragraph, Row, StatefulWidget, Table, TableState, Widget};

use super::super::columns::{Column, LEAST_NAME};
use super::super::numbers::{bytes, count, short};
use super::super::theme::Theme;
use super::super::view::View;
use super::super::watched::{Condition, Rates, Watched};
use super::{fitting, regions, render_keys, sentence};

/// The lines above the table: two of sums, what there is of regions, an empty one.
fn above(view: &View, width: u16) -> Vec<Line<'static>> {
    let mut lines = vec![conditions(view), Line::from(fitting(&sums(view), width))];
    lines.extend(regions::lines(view, width));
    lines.push(Line::default());
    lines
}

fn height_of(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

/// The fewest lines that the table keeps where much is wrong: its head and three servers.
const LEAST_TABLE: u16 = 4;

/// Draws it for a screen, with a bar of keys.
pub(in super::super) fn render(view: &View, area: Rect, buffer: &mut Buffer) {
    let (top, wrong) = (above(view, area.width), wrong(view, area.width));
    let table = u16::try_from(view.herd.len() + 1).unwrap_or(u16::MAX);
    let room = area.height.saturating_sub(height_of(&top) + 1);
    // The table gives way to what is wrong, until it is as short as can be.
    let for_wrong = height_of(&wrong).min(room.saturating_sub(table.min(LEAST_TABLE)));
    let table = table.min(room - for_wrong);
    let parts = [height_of(&top), table, for_wrong].map(Constraint::Length);
    let [above, middle, below, keys] = Layout::vertical(parts.into_iter().chain([Constraint::Length(1)]))
        .flex(ratatui::layout::Flex::Start)
        .areas(area);
    Paragraph::new(top).render(above, buffer);
    render_table(view, Some(Theme::SELECTED), middle, buffer);
    render_wrong(wrong, below, buffer);
    let keys = Rect { y: area.bottom().saturating_sub(1).max(keys.y.min(area.bottom())), height: keys.height, ..keys };
    let turned = if view.is_reversed { ", reversed" } else { "" };
    let sort = format!("s sort: {}{turned}", view.sorted_by.map_or("herd", Column::title));
    let words = ["q quit".into(), "? help".into(), "Enter details".into(), sort];
    render_keys(&words, view.theme.aside(), keys.intersection(area), buffer);
}

/// How many lines all of it takes.
pub(in super::super) fn height(view: &View, width: u16) -> u16 {
    let lines = [above(view, width), wrong(view, width)];
    u16::try_from(view.herd.len() + 1).unwrap_or(u16::MAX).saturating_add(height_of(&lines.concat()))
}

/// Draws all of it, for an area that is high enough.
pub(in super::super) fn render_whole(view: &View, area: Rect, buffer: &mut Buffer) {
    let top = above(view, area.width);
    let table = u16::try_from(view.herd.len() + 1).unwrap_or(u16::MAX);
    let parts = [Constraint::Length(height_of(&top)), Constraint::Length(table), Constraint::Fill(1)];
    let [above, middle, below] = Layout::vertical(parts).areas(area);
    Paragraph::new(top).render(above, buffer);
    render_table(view, None, middle, buffer);
    render_wrong(wrong(view, area.width), below, buffer);
}

/// How many servers there are, and how many of them are not well.
fn conditions(view: &View) -> Line<'static> {
    let conditions: Vec<Condition> = view.herd.iter().map(|server| server.condition(view.now)).collect();
    let unheard =
        |condition: &&Condition| matches!(condition, Condition::Down | Condition::Late(_) | Condition::Untold);
    let down = conditions.iter().filter(unheard).count();
    let ailing = conditions.iter().filter(|condition| matches!(condition, Condition::Wrong(_))).count();
    let (theme, plural) = (view.theme, if view.herd.len() == 1 { "" } else { "s" });
    let mut words = vec![Span::styled(format!("{} server{plural}", view.herd.len()), Theme::HEAD)];
    if down > 0 {
        words.push(Span::styled(format!("  {down} silent"), theme.bad()));
    }
    if ailing > 0 {
        words.push(Span::styled(format!("  {ailing} with problems"), theme.warning()));
    }
    if conditions.iter().all(|condition| *condition == Condition::Well) {
        words.push(Span::styled("  nothing is wrong", theme.good()));
    }
    Line::from(words)
}

/// What all servers do together. Each of them has all clients and takes in all reports, so those are not added.
fn sums(view: &View) -> [String; 5] {
    let of_all = |rate: fn(&Rates) -> f64| view.herd.iter().filter_map(Watched::rate).map(rate);
    let sum = |rate| short(of_all(rate).fold(0.0, |sum, rate| sum + rate));
    let told = || view.herd.iter().filter_map(Watched::shown);
    let clients = told().map(|shown| shown.clients).max().unwrap_or_default();
    let reports = of_all(|rates| rates.reports).fold(0.0, f64::max);
    let records: u64 = told().map(|shown| shown.bytes).sum();
    [
        format!("{} client{}", short(count(clients)), if clients == 1 { "" } else { "s" }),
        format!("{} reports/s", short(reports)),
        format!("{} asked/s", sum(|rates| rates.requests)),
        format!("{} floods/s", sum(|rates| rates.floods)),
        format!("{} of records", bytes(records)),
    ]
}

fn render_table(view: &View, selected: Option<Style>, area: Rect, buffer: &mut Buffer) {
    let columns = Column::fitting(area.width);
    let order = view.order();
    let head = columns.iter().map(|&column| Cell::from(aligned(column, column.title().to_owned())));
    let rows = order.iter().map(|&server| row(&view.herd[server], &columns, view));
    let table = Table::new(rows, widths(view, &columns, area.width))
        .column_spacing(1)
        .header(Row::new(head).style(Theme::HEAD))
        .row_highlight_style(selected.unwrap_or_default());
    let position = selected.map(|_| view.position(&order));
    StatefulWidget::render(table, area, buffer, &mut TableState::new().with_selected(position));
}

fn row<'a>(server: &Watched, columns: &[Column], view: &View) -> Row<'a> {
    let style = condition_style(&server.condition(view.now), view.theme);
    let cells = columns.iter().map(|&column| {
        let cell = Cell::from(aligned(column, column.cell(server, view.now)));
        if column == Column::State { cell.style(style) } else { cell }
    });
    Row::new(cells.collect::<Vec<_>>())
}

fn aligned(column: Column, text: String) -> Text<'static> {
    if column.is_text() { Text::from(text) } else { Text::from(text).right_aligned() }
}

/// Names have what the others leave, and no more than they need.
fn widths(view: &View, columns: &[Column], width: u16) -> Vec<Constraint> {
    let others: u16 = columns.iter().skip(1).map(|column| column.width() + 1).sum();
    let longest = view.herd.iter().map(|server| Span::raw(Column::Server.cell(server, view.now)).width()).max();
    let longest = u16::try_from(longest.unwrap_or_default()).unwrap_or(u16::MAX);
    let name = longest.min(width.saturating_sub(others)).max(LEAST_NAME);
    let width = |column: &Column| if *column == Column::Server { name } else { column.width() };
    columns.iter().map(|column| Constraint::Length(width(column))).collect()
}

/// How a condition is set off.
pub(super) const fn condition_style(condition: &Condition, theme: Theme) -> Style {
    match condition {
        Condition::Down | Condition::Late(_) | Condition::Untold => theme.bad(),
        Condition::Wrong(_) => theme.warning(),
        Condition::Unasked => theme.aside(),
        Condition::Well => theme.good(),
    }
}

/// What is wrong with each, behind an empty line.
fn wrong(view: &View, width: u16) -> Vec<Line<'static>> {
    let of_server = |&server: &usize| {
        let server = &view.herd[server];
        let style = match server.condition(view.now) {
            Condition::Wrong(_) => Style::new(),
            _ => view.theme.bad(),
        };
        let sentences = server.wrong(view.now).into_iter().map(|what| format!("{}: {what}", server.name));
        sentences.flat_map(|what| sentence(&what, width, style)).collect::<Vec<_>>()
    };
    let mut lines: Vec<Line<'static>> = view.order().iter().flat_map(of_server).collect();
    if !lines.is_empty() {
        lines.insert(0, Line::default());
    }
    lines
}

/// As many as there is room for, and how many more there are.
fn render_wrong(mut lines: Vec<Line<'static>>, area: Rect, buffer: &mut Buffer) {
    let room = usize::from(area.height);
    if lines.len() > room && room > 0 {
        let hidden = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines.push(Line::from(format!("  {hidden} more lines: Enter shows those of one server")));
    }
    Paragraph::new(lines).render(area, buffer);
}
