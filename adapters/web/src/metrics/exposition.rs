//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write};

use herd::{Seconds, Timestamp};

use super::histogram::Histogram;

/// Metrics, written one family after the other.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// What kind of number a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows.
    Counter,
    Gauge,
    Histogram,
}

/// Where the samples of one family go.
pub(super) struct Family<'a> {
    out: &'a mut String,
    name: &'a str,
}

impl Exposition {
    /// Begins a family; its samples follow at once.
    pub(super) fn family<'a>(&'a mut self, name: &'a str, kind: Kind, help: &str) -> Family<'a> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        put(&mut self.0, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        Family { out: &mut self.0, name }
    }

    /// A family of one gauge.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, Kind::Gauge, help).sample(&[], value);
    }

    /// A family of one counter.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, Kind::Counter, help).sample(&[], value);
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, None, &value);
    }

    /// All lines of a histogram.
    pub(super) fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let read = histogram.read();
        for (bound, count) in &read.buckets {
            self.line("_bucket", labels, Some(bound), count);
        }
        self.line("_bucket", labels, Some("+Inf"), &read.count);
        self.line("_sum", labels, None, &decimal(Seconds(read.nanos.into())));
        self.line("_count", labels, None, &read.count);
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], bound: Option<&str>, value: &dyn Display) {
        put(self.out, format_args!("{}{suffix}", self.name));
        let all = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        let mut before = '{';
        for (name, value) in all {
            put(self.out, format_args!("{before}{name}=\"{}\"", escaped(value)));
            before = ',';
        }
        put(self.out, format_args!("{} {value}\n", if before == '{' { "" } else { "}" }));
    }
}

/// A time, to the nanosecond.
pub(super) fn decimal(seconds: Seconds) -> String {
    Timestamp::from_nanos(seconds.0).to_string()
}

/// Yes and no, as numbers.
pub(super) const fn flag(is_so: bool) -> u8 {
    if is_so { 1 } else { 0 }
}

fn escaped(label: &str) -> String {
    label.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes every write");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn families_are_written_as_prometheus_reads_them() {
        let mut out = Exposition::default();
        out.counter("herd_iamat_total", "IAMATs of clients.", 7);
        out.family("herd_neighbour_up", Kind::Gauge, "Back\\slash\nand line.").sample(&[("neighbour", "a\"\\\nb")], 1);
        let histogram = Histogram::default();
        histogram.observe(Duration::from_micros(100));
        histogram.observe(Duration::from_mins(1));
        out.family("herd_x_seconds", Kind::Histogram, "Times.").histogram(&[("route", "/")], &histogram);
        let text = out.into_text();
        let (plain, times) = text.split_at(text.find("# HELP herd_x").expect("the last"));
        let expected = "\
# HELP herd_iamat_total IAMATs of clients.
# TYPE herd_iamat_total counter
herd_iamat_total 7
# HELP herd_neighbour_up Back\\\\slash\\nand line.
# TYPE herd_neighbour_up gauge
herd_neighbour_up{neighbour=\"a\\\"\\\\\\nb\"} 1
";
        assert_eq!(plain, expected);
        let lines: Vec<&str> = times.lines().skip(2).collect();
        assert_eq!(lines[0], r#"herd_x_seconds_bucket{route="/",le="0.0001"} 1"#);
        let last = [
            r#"herd_x_seconds_bucket{route="/",le="10"} 1"#,
            r#"herd_x_seconds_bucket{route="/",le="+Inf"} 2"#,
            r#"herd_x_seconds_sum{route="/"} 60.000100000"#,
            r#"herd_x_seconds_count{route="/"} 2"#,
        ];
        assert_eq!(lines[lines.len() - 4..], last);
    }
}
