//! The regions of servers, and the others that they hear of.

use std::collections::BTreeMap;

use ratatui::style::Style;
use ratatui::text::Line;

use super::super::numbers::short;
use super::super::theme::Theme;
use super::super::view::View;
use super::super::watched::Watched;
use super::in_lines;
use crate::health::{OtherRegion, Region, Report};
use herd_command::escaped;

/// What there is of each region that any of the servers is part of.
pub(super) fn lines(view: &View, width: u16) -> Vec<Line<'static>> {
    let mut regions = BTreeMap::<&str, Vec<&Watched>>::new();
    for server in &view.herd {
        if let Some(region) = region_of(server) {
            regions.entry(&region.name).or_default().push(server);
        }
    }
    regions.into_iter().flat_map(|(name, servers)| in_lines(&words(name, &servers), width, Style::new())).collect()
}

fn region_of(server: &Watched) -> Option<&Region> {
    server.shown()?.region.as_ref()
}

/// What its servers have in common.
fn words(name: &str, servers: &[&Watched]) -> Vec<String> {
    let bridge = servers.iter().find(|server| region_of(server).is_some_and(Region::is_bridge));
    let joined = servers.iter().filter(|server| region_of(server).is_some_and(Region::is_joined)).count();
    // The bridge tells and reads; its neighbours hear of the same arrivals by flood, as AWAY.
    let arrivals = bridge.and_then(|server| server.rate()).map(|rates| rates.arrivals);
    let words = [
        Some(format!("region {}", escaped(name))),
        Some(bridge.map_or_else(|| "no bridge".into(), |server| format!("bridge {}", escaped(&server.name)))),
        Some(format!("NATS {joined}/{}", servers.len())),
        bridge.and_then(|server| region_of(server)?.lag).map(|lag| format!("lag {lag}")),
        arrivals.map(|rate| format!("{} arrivals/s", short(rate))),
    ];
    let others = OtherRegion::of_all(servers.iter().filter_map(|server| server.shown()));
    let others = others.iter().map(|other| format!("{} {}", escaped(&other.name), other.describe()));
    words.into_iter().flatten().chain(others).collect()
}

/// All that one server says of regions, behind an empty line.
pub(super) fn of_server(report: &Report, view: &View, width: u16) -> Vec<Line<'static>> {
    let Some(region) = &report.shown.region else { return Vec::new() };
    let mut lines = vec![Line::default(), Line::styled("regions", Theme::HEAD)];
    let words = [
        Some(format!("{:<9}", escaped(&region.name))),
        region.is_bridge().then(|| "bridge".into()),
        Some(format!("NATS {}", region.nats())),
        region.lag.map(|lag| format!("lag {lag}")),
        Some(format!("{} messages sent", region.sent)),
        Some(format!("{} received", region.received)),
        Some(format!("{} dropped", region.dropped)),
        Some(format!("{} failed", region.failed)),
    ];
    let style = if region.is_joined() { Style::new() } else { view.theme.bad() };
    lines.extend(in_lines(&words.into_iter().flatten().collect::<Vec<_>>(), width, style));
    for other in &report.shown.regions {
        let style = if other.is_silent() { view.theme.bad() } else { Style::new() };
        lines.extend(in_lines(&[format!("{:<9}", escaped(&other.name)), other.describe()], width, style));
    }
    lines
}
