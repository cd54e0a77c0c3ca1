//! What a server keeps of a client, as a line that is written and read again.

use herd::wire::{Departed, Sighted, Sighting, Written, is_white_space};
use herd::{Position, RecordKind, Timestamp};
use serde_json::{Value, json};

/// A client's report, or that it was forgotten, or is at home in another region: `AT ORIGIN SKEW client position time`,
/// `GONE ORIGIN SKEW client time` or `AWAY REGION SKEW client time`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    kind: RecordKind,
    /// The server that was told, or the region.
    pub(crate) origin: Vec<u8>,
    /// Its clock minus the time, as it wrote it.
    pub(crate) skew: Vec<u8>,
    pub(crate) client: Vec<u8>,
    /// As it is written.
    pub(crate) time: Vec<u8>,
    pub(crate) at: Timestamp,
    /// What its clock said.
    pub(crate) heard: Timestamp,
    /// The position, in a report.
    position: Option<Vec<u8>>,
    /// The line, with one space between two fields, and no LF.
    pub(crate) line: Vec<u8>,
}

impl Record {
    /// Reads such a line; `None` where it is something else.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let fields: Vec<&[u8]> = line.split(|byte| is_white_space(*byte)).filter(|field| !field.is_empty()).collect();
        let line = fields.join(&b' ');
        let written = Written::parse(&line).ok()?;
        let kind = written.kind();
        let (origin, skew, ahead, (client, time, at), position) = match written {
            Written::Report(Sighted { origin, skew, ahead, sighting }) => {
                let Sighting { client, position, time, at } = sighting;
                (origin, skew, ahead, (client, time, at), Some(position.to_vec()))
            }
            Written::Departed(Departed { origin, skew, ahead, covers, .. }) => {
                (origin, skew, ahead, (covers.client, covers.time, covers.at), None)
            }
        };
        let [origin, skew, client, time] = [origin, skew, client, time].map(<[u8]>::to_vec);
        Some(Self { kind, origin, skew, client, time, at, heard: at.after(ahead), position, line })
    }

    /// Whether it says that the client was forgotten.
    pub(crate) const fn is_gone(&self) -> bool {
        matches!(self.kind, RecordKind::Tombstone)
    }

    /// Whether it says that the client is at home in another region.
    pub(crate) const fn is_away(&self) -> bool {
        matches!(self.kind, RecordKind::Away)
    }

    /// Where the client was.
    pub(crate) fn place(&self) -> Option<Position> {
        self.position.as_deref().and_then(Position::parse)
    }

    /// Its fields by their names.
    pub(crate) fn to_json(&self) -> Value {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (kind, origin) = match self.kind {
            RecordKind::Report => ("report", "server"),
            RecordKind::Tombstone => ("forgotten", "server"),
            RecordKind::Away => ("away", "region"),
        };
        let mut record = json!({
            "kind": kind,
            origin: text(&self.origin),
            "skew": text(&self.skew),
            "client": text(&self.client),
            "time": text(&self.time),
        });
        if let Some(place) = self.place() {
            record["latitude"] = place.latitude().into();
            record["longitude"] = place.longitude().into();
        }
        record
    }

    /// The request of a client that says the same; none says that it is at home in another region.
    pub(crate) fn request(&self) -> Option<Vec<u8>> {
        match (self.kind, &self.position) {
            (RecordKind::Report, Some(position)) => {
                Some([b"IAMAT", &self.client[..], position, &self.time].join(&b' '))
            }
            (RecordKind::Tombstone, _) => Some(forget(&self.client, &self.time)),
            (RecordKind::Report | RecordKind::Away, _) => None,
        }
    }
}

/// The request to forget a client up to that time.
pub(crate) fn forget(client: &[u8], time: &[u8]) -> Vec<u8> {
    [b"FORGET", client, time].join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_the_request_that_says_the_same() {
        let at = Record::parse(b"AT Alford +0.25 kiwi +34.07-118.44 1479413884.392014450\r").expect("a report");
        assert_eq!(at.request(), Some(b"IAMAT kiwi +34.07-118.44 1479413884.392014450".to_vec()));
        assert_eq!(at.line, b"AT Alford +0.25 kiwi +34.07-118.44 1479413884.392014450");
        let gone = Record::parse(b"GONE  Alford +12 kiwi\t5").expect("a client that is gone");
        assert_eq!(gone.request(), Some(b"FORGET kiwi 5".to_vec()));
        assert_eq!((gone.line.as_slice(), gone.is_gone()), (&b"GONE Alford +12 kiwi 5"[..], true));
        let away = Record::parse(b"AWAY eu +12 kiwi 5").expect("a client that is away");
        assert_eq!((away.request(), away.is_gone()), (None, false));
        for line in ["", "kiwi", "IAMAT kiwi +1+1 1", "AT Alford +0.25 kiwi +91+1 1", "GONE Alford +0.25 kiwi +1+1 1"] {
            assert_eq!(Record::parse(line.as_bytes()), None, "{line}");
        }
    }
}
