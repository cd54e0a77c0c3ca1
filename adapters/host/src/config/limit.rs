//! Each field of [`Limits`] by its name: one table for flags, environment, file and help.

use core::time::Duration;

use bytesize::ByteSize;
use herd::Limits;
use herd_command::{TIME, parse_time};

use super::ConfigError;
use super::layers::Layers;

/// One limit: what it is called, what it means, how it is read.
#[derive(Debug)]
pub struct Limit {
    /// Its name in a file's `[limits]`; the flag is this behind two dashes.
    pub name: &'static str,
    /// What it bounds, as a line of help.
    pub help: &'static str,
    kind: Kind,
}

type Field<T> = fn(&mut Limits) -> &mut T;

#[derive(Debug)]
enum Kind {
    /// At most so many.
    Bytes(Field<usize>, usize),
    Count(Field<usize>),
    CountOrZero(Field<usize>),
    Time(Field<Duration>),
    TimeOrZero(Field<Duration>),
    /// At least so long, where it is not off.
    TimeOrOff(Field<Option<Duration>>, Duration),
    Switch(Field<bool>),
}

use Kind::{Bytes, Count, CountOrZero, Switch, Time, TimeOrOff, TimeOrZero};

const fn limit(name: &'static str, kind: Kind, help: &'static str) -> Limit {
    Limit { name, help, kind }
}

/// Every limit of `[limits]`, in the order of the help.
pub static LIMITS: [Limit; 25] = [
    limit(
        "max-line",
        Bytes(|l| &mut l.max_line, OF_BUFFERS),
        "The longest line, without its line end; a longer one is refused",
    ),
    limit(
        "idle-timeout",
        Time(|l| &mut l.idle_timeout),
        "How long a client's connection may be idle before it is closed",
    ),
    limit("line-timeout", Time(|l| &mut l.line_timeout), "How long a line may take from its first byte to its last"),
    limit("one-shot", Switch(|l| &mut l.one_shot), "Close a client's connection after its first reply"),
    limit(
        "max-unsent",
        Bytes(|l| &mut l.max_unsent, OF_BUFFERS),
        "Unsent replies of a connection; beyond this nothing more is read from it",
    ),
    limit(
        "buffers",
        Bytes(|l| &mut l.buffers, OF_BUFFERS),
        "All buffers together; beyond this the connections that use most are closed",
    ),
    limit("max-waiting", Count(|l| &mut l.max_waiting), "WHATSATs of one connection that may wait for their places"),
    limit("connections", Count(|l| &mut l.connections), "Connections at a time; further ones are closed immediately"),
    limit(
        "connections-per-address",
        Count(|l| &mut l.connections_per_address),
        "Connections from one IP address; raise it behind a load balancer",
    ),
    limit("clients", Count(|l| &mut l.clients), "Clients whose positions are kept; further ones are refused"),
    limit(
        "client-bytes",
        Bytes(|l| &mut l.client_bytes, 1 << 40),
        "Memory for all records; beyond this further clients are refused",
    ),
    limit(
        "keep-for",
        TimeOrOff(|l| &mut l.keep_for, Duration::from_secs(1)),
        "How long a client is kept after its last report, or off",
    ),
    limit("gone-for", Time(|l| &mut l.gone_for), "How long, at least, it is remembered that a client was forgotten"),
    limit("handled", Count(|l| &mut l.handled), "How many superseded updates are remembered, so that their floods end"),
    limit(
        "max-ahead",
        TimeOrOff(|l| &mut l.max_ahead, Duration::from_nanos(1)),
        "How far a report's time may be ahead of the server's clock, or off; others are refused",
    ),
    limit(
        "link-idle",
        TimeOrZero(|l| &mut l.link_idle),
        "How long a link may be idle; 0 closes it as soon as everything is sent",
    ),
    limit("link-retry", Time(|l| &mut l.link_retry), "The longest pause between attempts to reach a lost neighbour"),
    limit("link-timeout", Time(|l| &mut l.link_timeout), "How long a neighbour may take to accept, read or answer"),
    limit(
        "link-queue",
        Bytes(|l| &mut l.link_queue, OF_BUFFERS),
        "What may be queued for a neighbour; beyond this it is dropped, and repaired later",
    ),
    limit(
        "repair-interval",
        Time(|l| &mut l.repair_interval),
        "How often the two ends of a link compare what they keep",
    ),
    limit("watches", Count(|l| &mut l.watches), "Watches and fences on one connection; further ones are refused"),
    limit(
        "watch-queue",
        Count(|l| &mut l.watch_queue),
        "Clients with news that a slow watcher has not read; beyond this it starts over",
    ),
    limit("fetches", Count(|l| &mut l.fetches), "Fetches of places at a time; further ones wait"),
    limit(
        "fetch-queue",
        Count(|l| &mut l.fetch_queue),
        "Fetches that may wait; beyond this the answer is OVER_QUERY_LIMIT",
    ),
    limit("drain", Time(|l| &mut l.drain), "How long a stop may take to send pending replies and queues"),
];

/// The limits that a file has in `[places]`, where their names do without `places-`.
pub static PLACES_LIMITS: [Limit; 3] = [
    limit("places-timeout", Time(|l| &mut l.places_timeout), "How long a WHATSAT may wait for its places"),
    limit(
        "places-cache",
        CountOrZero(|l| &mut l.places_cache),
        "How many replies of the source are kept; 0 keeps none",
    ),
    limit("places-cache-time", Time(|l| &mut l.places_cache_time), "How long such a reply is kept"),
];

/// The limits that a file has in `[region]`, where their names do without `region-`.
pub static REGION_LIMITS: [Limit; 2] = [
    limit("region-timeout", Time(|l| &mut l.region_timeout), "How long another region may take to answer"),
    limit(
        "region-guests",
        Bytes(|l| &mut l.region_guests, OF_BUFFERS),
        "Memory for watched clients of other regions; further ones are not shown",
    ),
];

/// All of them.
pub fn every_limit() -> impl Iterator<Item = &'static Limit> {
    LIMITS.iter().chain(&PLACES_LIMITS).chain(&REGION_LIMITS)
}

/// Far beyond any use, and far from where sums of them overflow.
const OF_BUFFERS: usize = 1 << 30;
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);

impl Limit {
    /// Whether it is on or off, rather than an amount.
    #[must_use]
    pub const fn is_switch(&self) -> bool {
        matches!(self.kind, Switch(_))
    }

    /// What stands for its value in help: its unit.
    #[must_use]
    pub const fn unit(&self) -> &'static str {
        match self.kind {
            Bytes(..) => "BYTES",
            Count(_) | CountOrZero(_) => "COUNT",
            Time(_) | TimeOrZero(_) => "TIME",
            TimeOrOff(..) => "TIME|off",
            Switch(_) => "true|false",
        }
    }

    /// Its value in these limits, as it would be written.
    #[must_use]
    pub fn show(&self, limits: &Limits) -> String {
        let mut limits = limits.clone();
        match self.kind {
            Bytes(field, _) => show_bytes(*field(&mut limits)),
            Count(field) | CountOrZero(field) => field(&mut limits).to_string(),
            Time(field) | TimeOrZero(field) => humantime::format_duration(*field(&mut limits)).to_string(),
            TimeOrOff(field, _) => {
                field(&mut limits).map_or_else(|| "off".into(), |time| humantime::format_duration(time).to_string())
            }
            Switch(field) => field(&mut limits).to_string(),
        }
    }

    /// Reads a value into these limits.
    ///
    /// # Errors
    /// What is wrong with the text, as the end of a message. The limits are as they were.
    pub fn read(&self, text: &str, limits: &mut Limits) -> Result<(), String> {
        match self.kind {
            Bytes(field, most) => *field(limits) = self.more_than_zero(self.bytes(text, most)?)?,
            Count(field) => *field(limits) = self.more_than_zero(self.count(text)?)?,
            CountOrZero(field) => *field(limits) = self.count(text)?,
            Time(field) => *field(limits) = self.more_than_zero(self.time(text)?)?,
            TimeOrZero(field) => *field(limits) = self.time(text)?,
            TimeOrOff(field, _) if text == "off" => *field(limits) = None,
            TimeOrOff(field, least) => {
                let time = self.more_than_zero(self.time(text)?)?;
                if time < least {
                    return Err(self.wants(&format!("must be at least {}", humantime::format_duration(least))));
                }
                *field(limits) = Some(time);
            }
            Switch(field) => *field(limits) = self.switch(text)?,
        }
        Ok(())
    }

    fn more_than_zero<T: Default + PartialEq>(&self, value: T) -> Result<T, String> {
        if value == T::default() { Err(self.wants("must be more than 0")) } else { Ok(value) }
    }

    fn bytes(&self, text: &str, most: usize) -> Result<usize, String> {
        let size = match text.parse::<ByteSize>() {
            Ok(size) => Some(size.as_u64()),
            Err(_) if begins_too_large(text) => None,
            Err(_) => return Err(self.refuse(text, "a size in bytes or with a unit, as in 4096 or 16MiB")),
        };
        let fits = size.and_then(|size| usize::try_from(size).ok()).filter(|&size| size <= most);
        fits.ok_or_else(|| self.wants(&format!("must be at most {}", show_bytes(most))))
    }

    fn count(&self, text: &str) -> Result<usize, String> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.refuse(text, "a whole number"));
        }
        let count = text.parse::<u32>().ok().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| self.wants("must be at most 4294967295"))
    }

    fn time(&self, text: &str) -> Result<Duration, String> {
        let time = parse_time(text).or_else(|| begins_too_large(text).then_some(Duration::MAX));
        let time = time.ok_or_else(|| self.refuse(text, TIME))?;
        if time > LONGEST { Err(self.wants("must be at most 100 years")) } else { Ok(time) }
    }

    fn switch(&self, text: &str) -> Result<bool, String> {
        text.parse().map_err(|_| self.refuse(text, "true or false"))
    }

    fn refuse(&self, text: &str, expected: &str) -> String {
        format!("{}: expected {expected}, found {text:?} (default: {})", self.name, self.show(&Limits::default()))
    }

    fn wants(&self, what: &str) -> String {
        format!("{} {what} (default: {})", self.name, self.show(&Limits::default()))
    }
}

/// Whether a number is written there that no type holds.
fn begins_too_large(text: &str) -> bool {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    !digits.is_empty() && digits.parse::<u64>().is_err()
}

fn show_bytes(bytes: usize) -> String {
    match bytes {
        0 => "0".into(),
        _ if bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ if bytes > 1 << 14 && bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        _ => bytes.to_string(),
    }
}

/// Every limit, from the first layer that has it.
pub(super) fn find(layers: &Layers<'_>) -> Result<Limits, ConfigError> {
    let mut limits = Limits::default();
    for limit in every_limit() {
        if let Some(given) = layers.given(limit.name) {
            limit.read(given.as_text()?, &mut limits).map_err(|what| given.fault(what))?;
        }
    }
    Ok(limits)
}
