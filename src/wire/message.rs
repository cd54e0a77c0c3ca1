//! From a line to a message.

use super::greeting::{HelloFields, integer};
use super::near::Near;
use super::proof::Proof;
use super::record_kind::RecordKind;
use super::refusal::Refusal;
use super::step::Step;
use super::stranger::Stranger;
use super::target::Target;
use crate::bytes::{blocks, is_white_space};
use crate::values::decimal::integer_up_to;
use crate::values::{MOST_RESULTS, Position, Radius, Skew, Timestamp};

/// What a line says. Fields are lent from the line, as they were received.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<'a> {
    /// `IAMAT client position time`: a client says where it is.
    Iamat(Sighting<'a>),
    /// `WHATSAT client radius bound`: where is that client, and what is near?
    Whatsat {
        /// Whom it asks for.
        client: &'a [u8],
        /// How far from the client to look.
        radius: Radius,
        /// The most places to tell.
        bound: u8,
    },
    /// `AT origin skew client position time sender`: a neighbour passes a report on.
    At {
        /// What it passes on.
        report: Sighted<'a>,
        /// The server that sends this copy.
        sender: &'a [u8],
    },
    /// `HELLO sender incarnation [name=value ...]`: a neighbour is there, and knows more than AT lines.
    Hello {
        /// The neighbour.
        sender: &'a [u8],
        /// A number that it has for as long as it runs, and not again after a restart.
        incarnation: u64,
        /// What else it says; `None` from a server of the first make.
        fields: Option<HelloFields>,
    },
    /// `PROOF sender proof`: a neighbour that was asked for a proof gives it.
    Proof {
        /// The neighbour.
        sender: &'a [u8],
        /// The proof.
        proof: Proof,
    },
    /// `AUTH token`: a client says who it is.
    Auth {
        /// The token.
        token: &'a [u8],
    },
    /// `REFUSED sender WORD`: that server does not take this one for a neighbour.
    Refused {
        /// The server that says so.
        sender: &'a [u8],
        /// Why not.
        why: Stranger,
    },
    /// `FORGET client time`: all that is known of a client up to that time is to be forgotten.
    Forget(Forget<'a>),
    /// `GONE origin skew client time sender`, or `AWAY region skew client time sender`: a neighbour passes on that a client
    /// was forgotten, or is at home in another region. With `FORGOT` and `MOVED` in their place: that, where a neighbour
    /// found it missing here. They differ from those as KEPT does from AT.
    Departed {
        /// What it tells.
        departed: Departed<'a>,
        /// Whether it is passed on, and was not found missing.
        floods: bool,
        /// The server that sends this copy.
        sender: &'a [u8],
    },
    /// `NEAR target radius bound [pattern] [HEARD seconds]`: who is near?
    Near(Near),
    /// `WHERE client`: in which region is that client at home, and where?
    Where {
        /// Whom it asks for.
        client: &'a [u8],
    },
    /// `WATCH target`: tell me of every report of these clients, or of those within a circle.
    Watch(Target),
    /// `FENCE position radius [pattern] [DWELL seconds]`: tell me who enters a circle and who leaves it.
    Fence(Target),
    /// `UNWATCH target`: tell me no more of that.
    Unwatch(Box<[u8]>),
    /// `STATUS`: how is this server?
    Status,
    /// `KEPT origin skew client position time sender`: a report that a neighbour found missing here. It
    /// differs from an AT line in that it is not passed on.
    Kept {
        /// What was missing.
        report: Sighted<'a>,
        /// The server that sends this copy.
        sender: &'a [u8],
    },
    /// `REPAIR sender ...`: two neighbours find out what differs in what they keep.
    Repair {
        /// The neighbour.
        sender: &'a [u8],
        /// What it says.
        step: Step,
    },
}

/// Where a client was, and when: the three fields that are copied verbatim wherever they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting<'a> {
    /// The client's ID: any bytes that are not white space.
    pub client: &'a [u8],
    /// Valid for [`Position::parse`].
    pub position: &'a [u8],
    /// Valid for [`Timestamp::parse`].
    pub time: &'a [u8],
    /// The value of `time`.
    pub at: Timestamp,
}

impl<'a> Message<'a> {
    /// Reads a line without its LF; `None` where it is white space alone.
    ///
    /// # Errors
    /// The [`Refusal`] of the first thing that is wrong, from left to right.
    pub fn parse(line: &'a [u8]) -> Result<Option<Self>, Refusal> {
        let fields = Fields::of(line);
        let message = match fields.as_slice() {
            [] => return Ok(None),
            [b"IAMAT", client, position, time] => Self::Iamat(Sighting::parse(client, position, time)?),
            [b"WHATSAT", client, radius, bound] => Self::whatsat(client, radius, bound)?,
            [b"AT", report @ .., sender] if report.len() == REPORT_FIELDS => {
                Self::At { report: Sighted::of(report)?, sender }
            }
            [b"KEPT", report @ .., sender] if report.len() == REPORT_FIELDS => {
                Self::Kept { report: Sighted::of(report)?, sender }
            }
            [b"FORGET", client, time] => Self::Forget(Forget::parse(client, time)?),
            [word @ (b"GONE" | b"FORGOT" | b"AWAY" | b"MOVED"), departed @ .., sender]
                if departed.len() == DEPARTED_FIELDS =>
            {
                let is_tombstone = matches!(*word, b"GONE" | b"FORGOT");
                let kind = if is_tombstone { RecordKind::Tombstone } else { RecordKind::Away };
                let floods = matches!(*word, b"GONE" | b"AWAY");
                Self::Departed { departed: Departed::of(kind, departed)?, floods, sender }
            }
            [b"REPAIR", sender, step @ ..] => Self::Repair { sender, step: Step::parse(step).ok_or(Refusal::Repair)? },
            [b"HELLO", sender, incarnation, ..] => {
                let incarnation = integer(incarnation).ok_or(Refusal::Incarnation)?;
                Self::Hello { sender, incarnation, fields: HelloFields::parse(line)? }
            }
            [b"NEAR", target, radius, bound, rest @ ..] => Self::Near(Near::parse(target, radius, bound, rest)?),
            [b"WHERE", client] => Self::Where { client },
            [b"WATCH", target @ ..] => Self::Watch(Target::watch(target)?),
            [b"FENCE", target @ ..] => Self::Fence(Target::fence(target)?),
            [b"UNWATCH", target @ ..] => Self::Unwatch(Target::name(target)?),
            [b"STATUS"] => Self::Status,
            [b"PROOF", sender, proof] => Self::Proof { sender, proof: Proof::parse(proof).ok_or(Refusal::Greeting)? },
            [b"AUTH", token] => Self::Auth { token },
            [b"REFUSED", sender, word] => Self::Refused { sender, why: Stranger::parse(word) },
            [
                b"IAMAT" | b"WHATSAT" | b"AT" | b"HELLO" | b"KEPT" | b"REPAIR" | b"REFUSED" | b"STATUS" | b"PROOF"
                | b"AUTH" | b"FORGET" | b"GONE" | b"FORGOT" | b"AWAY" | b"MOVED" | b"NEAR" | b"WHERE",
                ..,
            ] => {
                return Err(Refusal::FieldCount);
            }
            _ => return Err(Refusal::UnknownCommand),
        };
        Ok(Some(message))
    }

    /// As much of a line as may be shown: of one whose first field is AUTH, that alone.
    #[must_use]
    pub fn shown(line: &[u8]) -> &[u8] {
        const AUTH: &[u8] = b"AUTH";
        let start = line.iter().position(|&byte| !is_white_space(byte)).unwrap_or(line.len());
        match line[start..].strip_prefix(AUTH) {
            Some(rest) if rest.first().is_none_or(|&byte| is_white_space(byte)) => AUTH,
            _ => line,
        }
    }

    fn whatsat(client: &'a [u8], radius: &[u8], bound: &[u8]) -> Result<Self, Refusal> {
        let radius = Radius::parse_km(radius).ok_or(Refusal::Radius)?;
        let bound = integer_up_to(bound, MOST_RESULTS.into()).ok_or(Refusal::Bound)?;
        Ok(Self::Whatsat { client, radius, bound: u8::try_from(bound).map_err(|_| Refusal::Bound)? })
    }
}

/// How many fields a report has, and how many there are of a client that has departed: from origin to time.
const REPORT_FIELDS: usize = 5;
const DEPARTED_FIELDS: usize = 4;

/// Which client is to be forgotten, up to which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forget<'a> {
    /// The client's ID: any bytes that are not white space.
    pub client: &'a [u8],
    /// Valid for [`Timestamp::parse`].
    pub time: &'a [u8],
    /// The value of `time`.
    pub at: Timestamp,
}

impl<'a> Forget<'a> {
    /// By its two fields, each as it would stand in a FORGET.
    ///
    /// # Errors
    /// What is wrong with the first that is.
    pub fn new(client: &'a [u8], time: &'a [u8]) -> Result<Self, Refusal> {
        if !is_field(client) {
            return Err(Refusal::FieldCount);
        }
        Self::parse(client, time)
    }

    fn parse(client: &'a [u8], time: &'a [u8]) -> Result<Self, Refusal> {
        Ok(Self { client, time, at: Timestamp::parse(time).ok_or(Refusal::Time)? })
    }
}

/// That a client has departed, as it stands in a line: it was forgotten, or is at home in another region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Departed<'a> {
    /// Which of the two; never a report.
    pub kind: RecordKind,
    /// The server that was asked to forget it, or the region that it is at home in.
    pub origin: &'a [u8],
    /// The clock of that server, or of that region, minus the time, as it wrote it.
    pub skew: &'a [u8],
    /// The value of `skew`.
    pub ahead: Skew,
    /// Which client, and up to which time what was known of it is void.
    pub covers: Forget<'a>,
}

impl<'a> Departed<'a> {
    fn of(kind: RecordKind, fields: &[&'a [u8]]) -> Result<Self, Refusal> {
        let &[origin, skew, client, time] = fields else { return Err(Refusal::FieldCount) };
        let ahead = Skew::parse(skew).ok_or(Refusal::Skew)?;
        Ok(Self { kind, origin, skew, ahead, covers: Forget::parse(client, time)? })
    }

    /// A FORGET as the server of that name writes it down, whose clock is `ahead` of it; `skew` is that as text.
    pub(crate) const fn by_forget(forget: &Forget<'a>, origin: &'a [u8], (ahead, skew): (Skew, &'a [u8])) -> Self {
        Self { kind: RecordKind::Tombstone, origin, skew, ahead, covers: *forget }
    }

    /// What the clock of its origin said when it wrote this down.
    pub(crate) const fn origin_clock(&self) -> Timestamp {
        self.covers.at.after(self.ahead)
    }
}

/// A record as it stands in a file: a whole line but for its end and the name of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written<'a> {
    /// `AT origin skew client position time`.
    Report(Sighted<'a>),
    /// `GONE origin skew client time`, or `AWAY region skew client time`.
    Departed(Departed<'a>),
}

impl<'a> Written<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it; [`Refusal::UnknownCommand`] where it begins with none of the three words.
    pub fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        let departed = |kind, fields| Departed::of(kind, fields).map(Self::Departed);
        match Fields::of(line).as_slice() {
            [b"AT", report @ ..] => Sighted::of(report).map(Self::Report),
            [b"GONE", fields @ ..] => departed(RecordKind::Tombstone, fields),
            [b"AWAY", fields @ ..] => departed(RecordKind::Away, fields),
            _ => Err(Refusal::UnknownCommand),
        }
    }

    /// Which kind of record it is.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::Report(_) => RecordKind::Report,
            Self::Departed(departed) => departed.kind,
        }
    }

    /// The name of the server that wrote it down, or of the region.
    pub(crate) const fn origin(&self) -> &'a [u8] {
        match self {
            Self::Report(report) => report.origin,
            Self::Departed(departed) => departed.origin,
        }
    }
}

/// Whether that can be one field, such as a client's ID.
#[must_use]
pub fn is_field(text: &[u8]) -> bool {
    !text.is_empty() && !text.iter().any(|&byte| is_white_space(byte))
}

/// A report as it stands in a line: a sighting, and who wrote it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighted<'a> {
    /// The server that the client talked to.
    pub origin: &'a [u8],
    /// That server's clock minus the client's time, as it wrote it.
    pub skew: &'a [u8],
    /// The value of `skew`.
    pub ahead: Skew,
    /// What the client said.
    pub sighting: Sighting<'a>,
}

impl<'a> Sighted<'a> {
    fn of(fields: &[&'a [u8]]) -> Result<Self, Refusal> {
        let &[origin, skew, client, position, time] = fields else { return Err(Refusal::FieldCount) };
        let ahead = Skew::parse(skew).ok_or(Refusal::Skew)?;
        Ok(Self { origin, skew, ahead, sighting: Sighting::parse(client, position, time)? })
    }

    /// What the origin's clock said when it wrote the report down.
    pub(crate) const fn origin_clock(&self) -> Timestamp {
        self.sighting.at.after(self.ahead)
    }
}

impl<'a> Sighting<'a> {
    /// A sighting by its three fields, each as it would stand in an IAMAT.
    ///
    /// # Errors
    /// What is wrong with the first that is.
    pub fn new(client: &'a [u8], position: &'a [u8], time: &'a [u8]) -> Result<Self, Refusal> {
        if !is_field(client) {
            return Err(Refusal::FieldCount);
        }
        Self::parse(client, position, time)
    }

    fn parse(client: &'a [u8], position: &'a [u8], time: &'a [u8]) -> Result<Self, Refusal> {
        if !Position::is_valid(position) {
            return Err(Refusal::Position);
        }
        let at = Timestamp::parse(time).ok_or(Refusal::Time)?;
        Ok(Self { client, position, time, at })
    }
}

/// One more than the longest message has.
const MOST_FIELDS: usize = 8;

/// A line's fields, up to one more than the longest message has.
struct Fields<'a> {
    fields: [&'a [u8]; MOST_FIELDS],
    len: usize,
}

impl<'a> Fields<'a> {
    fn of(line: &'a [u8]) -> Self {
        let mut found = Self { fields: [&[]; MOST_FIELDS], len: 0 };
        let mut start = None;
        for (block, bytes) in line.chunks(16).enumerate() {
            // A bit for each byte that begins a field, or ends one: that is unlike the one before it.
            let fields = !blocks::white_space(bytes) & 0xffff;
            let mut edges = fields ^ (fields << 1 | u32::from(start.is_some())) & 0xffff;
            while edges != 0 {
                let at = block * 16 + edges.trailing_zeros() as usize;
                edges &= edges - 1;
                match start.take() {
                    None => start = Some(at),
                    Some(start) => {
                        found.fields[found.len] = &line[start..at];
                        found.len += 1;
                        if found.len == MOST_FIELDS {
                            return found;
                        }
                    }
                }
            }
        }
        if let Some(start) = start {
            found.fields[found.len] = &line[start..];
            found.len += 1;
        }
        found
    }

    fn as_slice(&self) -> &[&'a [u8]] {
        &self.fields[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_white_space_separates_fields() {
        let spaced = b" \tIAMAT\x0b\x0ckiwi  +34.068930-118.445127\t1.5 \r";
        let Ok(Some(Message::Iamat(sighting))) = Message::parse(spaced) else { panic!("an IAMAT") };
        assert_eq!(sighting.client, b"kiwi");
        assert_eq!(sighting.position, b"+34.068930-118.445127");
        assert_eq!(sighting.at, Timestamp::from_nanos(1_500_000_000));
        assert_eq!(Message::parse(b" \t\r\x0b\x0c"), Ok(None));
    }

    #[test]
    fn of_an_auth_line_nothing_else_is_shown() {
        for line in ["AUTH", "AUTH token", " \tAUTH\x0btoken more \r"] {
            assert_eq!(Message::shown(line.as_bytes()), b"AUTH", "{line}");
        }
        for line in ["", " ", "AUTHOR token", "auth token", "IAMAT AUTH +1+1 1"] {
            assert_eq!(Message::shown(line.as_bytes()), line.as_bytes());
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (line, refusal) in [
            ("iamat kiwi +1+1 1", Refusal::UnknownCommand),
            ("IAMATkiwi", Refusal::UnknownCommand),
            ("IAMAT kiwi +1+1", Refusal::FieldCount),
            ("IAMAT kiwi +1+1 1 1", Refusal::FieldCount),
            ("AT a +1.0 kiwi +1+1 1 b c d e f", Refusal::FieldCount),
            ("STATUS all", Refusal::FieldCount),
            ("FORGET kiwi", Refusal::FieldCount),
            ("FORGET kiwi 1 1", Refusal::FieldCount),
            ("FORGET kiwi noon", Refusal::Time),
            ("GONE a +1.0 kiwi +1+1 1 b", Refusal::FieldCount),
            ("GONE a 1.0 kiwi 1 b", Refusal::Skew),
            ("FORGOT a +1.0 kiwi 1e3 b", Refusal::Time),
            ("AWAY eu +1.0 kiwi +1+1 1 b", Refusal::FieldCount),
            ("AWAY eu +1.0 kiwi 1", Refusal::FieldCount),
            ("MOVED eu 1.0 kiwi 1 b", Refusal::Skew),
            ("AUTH", Refusal::FieldCount),
            ("AUTH one two", Refusal::FieldCount),
            ("PROOF a", Refusal::FieldCount),
            ("PROOF a 1", Refusal::Greeting),
            ("IAMAT kiwi 1+1 1", Refusal::Position),
            ("IAMAT kiwi +1+1 1e3", Refusal::Time),
            ("WHATSAT kiwi 51 5", Refusal::Radius),
            ("WHATSAT kiwi 50 21", Refusal::Bound),
            ("WHATSAT kiwi 50 5.0", Refusal::Bound),
            ("WHATSAT kiwi 50 +5", Refusal::Bound),
            ("AT a 1.0 kiwi +1+1 1 b", Refusal::Skew),
            ("AT a -99999999999999999999 kiwi +1+1 1 b", Refusal::Skew),
            ("KEPT a +18446744073709551616 kiwi +1+1 1 b", Refusal::Skew),
            ("HELLO a -1", Refusal::Incarnation),
            ("HELLO a 18446744073709551616", Refusal::Incarnation),
        ] {
            assert_eq!(Message::parse(line.as_bytes()), Err(refusal), "{line}");
        }
    }
}
