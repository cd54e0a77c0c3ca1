//! What is measured of a system under a load.

use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Measure {
    /// Replies a second.
    Rate,
    /// Half of the requests took no longer.
    P50,
    /// 99 of 100 requests took no longer.
    P99,
    /// 999 of 1000 requests took no longer.
    P999,
    /// The server's CPU time for a request.
    ServerCpu,
    /// The load's CPU time for a request.
    LoadCpu,
    /// Resident memory that a client takes.
    ClientMemory,
    /// Resident memory that a connection takes.
    ConnectionMemory,
    /// Resident memory of the server.
    Memory,
    /// Until the first client was known to have moved, from when the server went on.
    First,
    /// Until all were.
    Level,
    /// What went over the link, of the AT lines that had to.
    LinkShare,
    /// Until all clients were known again, from when the server was started that had been killed.
    Restart,
    /// Bytes on disk, of the lines that are kept.
    DiskShare,
    /// 99 of 100 requests took no longer without what the row is about: a snapshot, or another load.
    WithoutP99,
    /// With it.
    BesideP99,
    /// How much longer that was.
    BesideShare,
    /// How long half of the questions to another region took at most, of what a request to NATS takes.
    NatsShare,
    /// Bytes that went into NATS for a client that moved to another region.
    ArrivalBytes,
    /// Until all knew of all who moved while NATS was down, from when it was started again.
    MadeUp,
    /// Lines of code, blank ones, comments and tests not counted.
    Lines,
}

impl Measure {
    /// Every one, in the order in which they are shown.
    pub(crate) const ALL: [Self; 21] = [
        Self::Rate,
        Self::P50,
        Self::P99,
        Self::P999,
        Self::ServerCpu,
        Self::LoadCpu,
        Self::ClientMemory,
        Self::ConnectionMemory,
        Self::Memory,
        Self::First,
        Self::Level,
        Self::LinkShare,
        Self::Restart,
        Self::DiskShare,
        Self::WithoutP99,
        Self::BesideP99,
        Self::BesideShare,
        Self::NatsShare,
        Self::ArrivalBytes,
        Self::MadeUp,
        Self::Lines,
    ];

    /// What it is called, with its unit.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rate => "a second",
            Self::P50 => "p50 µs",
            Self::P99 => "p99 µs",
            Self::P999 => "p99.9 µs",
            Self::ServerCpu => "CPU µs",
            Self::LoadCpu => "load's µs",
            Self::ClientMemory => "B/client",
            Self::ConnectionMemory => "B/connection",
            Self::Memory => "MiB",
            Self::First => "first after s",
            Self::Level => "level after s",
            Self::LinkShare => "of what differs",
            Self::Restart => "restart s",
            Self::DiskShare => "disk, of what is kept",
            Self::WithoutP99 => "p99 µs without",
            Self::BesideP99 => "beside",
            Self::BesideShare => "of that without",
            Self::NatsShare => "of NATS's p50",
            Self::ArrivalBytes => "B/arrival",
            Self::MadeUp => "made up after s",
            Self::Lines => "lines",
        }
    }
}
