//! Who is near: what a NEAR asks.

use core::time::Duration;

use super::refusal::Refusal;
use super::target::seconds;
use crate::values::decimal::integer_up_to;
use crate::values::{Pattern, Position, Radius};

/// `NEAR target radius bound [pattern] [HEARD seconds]`: who is near?
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// Around what.
    pub around: Around,
    /// How far from it.
    pub radius: Radius,
    /// The most clients to tell, 0 to 1000.
    pub bound: u16,
    /// Which clients count.
    pub pattern: Pattern,
    /// How long ago they may have been heard; any time without it.
    pub heard: Option<Duration>,
}

/// What a NEAR looks around.
#[derive(Clone, Debug, PartialEq)]
pub enum Around {
    /// A position.
    Position(Position),
    /// Where that client is, who is not among the results. What has the form of a position is none.
    Client(Box<[u8]>),
}

impl Near {
    /// The most clients that one asks for.
    pub const MOST: u16 = 1000;

    /// The longest time that HEARD may say.
    const MOST_HEARD: u32 = u32::MAX;

    /// Appends its line, around a position.
    pub(crate) fn write(&self, center: Position, out: &mut Vec<u8>) {
        let Self { radius, bound, pattern, heard, .. } = self;
        out.extend_from_slice(format!("NEAR {center} {radius} {bound} ").as_bytes());
        pattern.write(out);
        if let Some(heard) = heard {
            out.extend_from_slice(format!(" HEARD {}", heard.as_secs()).as_bytes());
        }
        out.push(b'\n');
    }

    /// By the fields behind the command.
    pub(super) fn parse(target: &[u8], radius: &[u8], bound: &[u8], rest: &[&[u8]]) -> Result<Self, Refusal> {
        let (pattern, heard) = match *rest {
            [] => (None, None),
            [pattern] => (Some(pattern), None),
            [b"HEARD", heard] => (None, Some(heard)),
            [pattern, b"HEARD", heard] => (Some(pattern), Some(heard)),
            _ => return Err(Refusal::FieldCount),
        };
        let around = Position::parse(target).map_or_else(|| Around::Client(target.into()), Around::Position);
        let radius = Radius::parse_km_up_to(radius, Radius::MOST_NEAR_KM).ok_or(Refusal::Radius)?;
        let bound = integer_up_to(bound, Self::MOST.into()).and_then(|bound| u16::try_from(bound).ok());
        let bound = bound.ok_or(Refusal::Bound)?;
        let pattern = pattern.map_or(Some(Pattern::any()), Pattern::parse).ok_or(Refusal::Pattern)?;
        let heard = heard.map(|text| seconds(text, Self::MOST_HEARD)).transpose()?;
        Ok(Self { around, radius, bound, pattern, heard })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Message;

    fn near(line: &str) -> Result<Near, Refusal> {
        match Message::parse(line.as_bytes())? {
            Some(Message::Near(near)) => Ok(near),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_form_of_a_near() {
        let around = near("NEAR +34.068930-118.445127 10 3").expect("around a position");
        assert_eq!((around.bound, around.radius.metres(), around.heard), (3, 10_000.0, None));
        assert!(matches!(around.around, Around::Position(_)) && around.pattern.is_any());
        let around = near("NEAR kiwi 20016 1000 truck-* HEARD 4294967295").expect("around a client");
        assert_eq!(around.around, Around::Client(b"kiwi"[..].into()));
        assert_eq!(around.heard, Some(Duration::from_secs(4_294_967_295)));
        assert_eq!(around.pattern.to_string(), "truck-*");
        assert_eq!(near("NEAR kiwi 1.5 3 HEARD 60").expect("heard").heard, Some(Duration::from_mins(1)));
        assert_eq!(near("NEAR kiwi 0 0 HEARD").expect("a client of that name").pattern.to_string(), "HEARD");
    }

    #[test]
    fn a_near_that_is_written_is_the_same_when_it_is_read() {
        for line in
            ["NEAR +34.068930-118.445127 10 3", "NEAR -0.5+180 0.25 1000 truck-* HEARD 60", "NEAR +1-1 1 0 kiwi"]
        {
            let asked = near(line).expect("valid");
            let Around::Position(center) = asked.around else { panic!("{line}") };
            let mut written = Vec::new();
            asked.write(center, &mut written);
            let written = String::from_utf8(written).expect("ASCII");
            assert_eq!(near(written.trim_end()), Ok(asked), "{written}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_near_is_told() {
        for (line, why) in [
            ("NEAR", Refusal::FieldCount),
            ("NEAR kiwi 10", Refusal::FieldCount),
            ("NEAR kiwi 10 3 a* b*", Refusal::FieldCount),
            ("NEAR kiwi 10 3 a* HEARD", Refusal::FieldCount),
            ("NEAR kiwi 10 3 a* HEARD 5 5", Refusal::FieldCount),
            ("NEAR kiwi 20016.1 3", Refusal::Radius),
            ("NEAR kiwi -1 3", Refusal::Radius),
            ("NEAR kiwi 10 1001", Refusal::Bound),
            ("NEAR kiwi 10 1.0", Refusal::Bound),
            ("NEAR kiwi 10 3 a*b", Refusal::Pattern),
            ("NEAR kiwi 10 3 HEARD 0", Refusal::Seconds),
            ("NEAR kiwi 10 3 HEARD 1.5", Refusal::Seconds),
            ("NEAR kiwi 10 3 a HEARD 4294967296", Refusal::Seconds),
        ] {
            assert_eq!(near(line), Err(why), "{line}");
        }
    }
}
