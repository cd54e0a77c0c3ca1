//! What is watched: the target of a WATCH, a FENCE or an UNWATCH.

use core::fmt;
use core::time::Duration;

use super::refusal::Refusal;
use crate::values::decimal::integer_up_to;
use crate::values::{Pattern, Position, Radius};

/// What is watched, and what that watch is called.
#[derive(Clone, PartialEq)]
pub struct Target {
    /// The fields behind the command, one space between them: what every line of the watch ends with.
    pub text: Box<[u8]>,
    /// Which clients it is about.
    pub pattern: Pattern,
    /// Where; anywhere without it.
    pub circle: Option<(Position, Radius)>,
    /// What is told of them.
    pub tells: Tells,
}

/// What a watch tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// Every report: a WATCH.
    Reports,
    /// Who enters and who leaves: a FENCE.
    Crossings {
        /// How long a client has to be on the other side, by the times of its reports.
        dwell: Option<Duration>,
    },
}

impl Tells {
    /// Whether it waits before it says that somebody has crossed.
    pub(crate) const fn waits(self) -> bool {
        matches!(self, Self::Crossings { dwell: Some(_) })
    }

    /// Whether it is the same kind of watch.
    pub(crate) const fn is_like(self, other: Self) -> bool {
        matches!(self, Self::Reports) == matches!(other, Self::Reports)
    }
}

impl Target {
    /// The longest time that DWELL may say, in seconds.
    const MOST_DWELL: u32 = 86_400;

    /// By the fields behind a WATCH: `ID`, `PREFIX*`, `*`, or `position radius [pattern]`.
    ///
    /// # Errors
    /// What is wrong with the first field that is.
    pub fn watch(fields: &[&[u8]]) -> Result<Self, Refusal> {
        let (pattern, circle) = match *fields {
            [pattern] => (pattern, None),
            [position, radius] => (&b"*"[..], Some(circle(position, radius)?)),
            [position, radius, pattern] => (pattern, Some(circle(position, radius)?)),
            _ => return Err(Refusal::FieldCount),
        };
        Self::new(fields, pattern, circle, Tells::Reports)
    }

    /// By the fields behind a FENCE: `position radius [pattern] [DWELL seconds]`.
    ///
    /// # Errors
    /// What is wrong with the first field that is.
    pub fn fence(fields: &[&[u8]]) -> Result<Self, Refusal> {
        let (position, radius, pattern, dwell) = match *fields {
            [position, radius] => (position, radius, &b"*"[..], None),
            [position, radius, pattern] => (position, radius, pattern, None),
            [position, radius, b"DWELL", dwell] => (position, radius, &b"*"[..], Some(dwell)),
            [position, radius, pattern, b"DWELL", dwell] => (position, radius, pattern, Some(dwell)),
            _ => return Err(Refusal::FieldCount),
        };
        let circle = circle(position, radius)?;
        let dwell = dwell.map(|text| seconds(text, Self::MOST_DWELL)).transpose();
        Self::new(fields, pattern, Some(circle), Tells::Crossings { dwell: dwell? })
    }

    fn new(
        fields: &[&[u8]],
        pattern: &[u8],
        circle: Option<(Position, Radius)>,
        tells: Tells,
    ) -> Result<Self, Refusal> {
        let pattern = Pattern::parse(pattern).ok_or(Refusal::Pattern)?;
        Ok(Self { text: fields.join(&b' ').into(), pattern, circle, tells })
    }

    /// The name of a watch that there may be: what an UNWATCH says.
    ///
    /// # Errors
    /// What is wrong with it as the target of a WATCH, where it is the target of neither a WATCH nor a FENCE.
    pub(super) fn name(fields: &[&[u8]]) -> Result<Box<[u8]>, Refusal> {
        Self::watch(fields).or_else(|why| Self::fence(fields).map_err(|_| why)).map(|target| target.text)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.tells, String::from_utf8_lossy(&self.text))
    }
}

/// A circle by its centre and its radius in kilometres.
fn circle(position: &[u8], radius: &[u8]) -> Result<(Position, Radius), Refusal> {
    let position = Position::parse(position).ok_or(Refusal::Position)?;
    let radius = Radius::parse_km_up_to(radius, Radius::MOST_NEAR_KM).ok_or(Refusal::Radius)?;
    Ok((position, radius))
}

/// Whole seconds, 1 to `most`.
pub(super) fn seconds(text: &[u8], most: u32) -> Result<Duration, Refusal> {
    let seconds = integer_up_to(text, most).filter(|&seconds| seconds > 0).ok_or(Refusal::Seconds)?;
    Ok(Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Message;

    fn target(line: &str) -> Result<Target, Refusal> {
        match Message::parse(line.as_bytes())? {
            Some(Message::Watch(target) | Message::Fence(target)) => Ok(target),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_form_of_a_target() {
        for (line, text, pattern, in_circle) in [
            ("WATCH kiwi", "kiwi", "kiwi", false),
            ("WATCH \t truck-* ", "truck-*", "truck-*", false),
            ("WATCH *", "*", "*", false),
            ("WATCH +1+1", "+1+1", "+1+1", false),
            ("WATCH +34.06-118.44  5", "+34.06-118.44 5", "*", true),
            ("WATCH +34.06-118.44 0.5 truck-*", "+34.06-118.44 0.5 truck-*", "truck-*", true),
            ("FENCE +34.06-118.44 20016", "+34.06-118.44 20016", "*", true),
            ("FENCE +34.06-118.44 5 DWELL", "+34.06-118.44 5 DWELL", "DWELL", true),
            ("FENCE +1+1 5 DWELL 30", "+1+1 5 DWELL 30", "*", true),
            ("FENCE +1+1 5 DWELL DWELL 86400", "+1+1 5 DWELL DWELL 86400", "DWELL", true),
        ] {
            let target = target(line).expect(line);
            assert_eq!((&*target.text, target.circle.is_some()), (text.as_bytes(), in_circle), "{line}");
            assert_eq!(target.pattern.to_string(), pattern, "{line}");
            let name = Message::parse(format!("UNWATCH {text}").as_bytes()).map(|message| format!("{message:?}"));
            assert_eq!(name, Ok(format!("{:?}", Some(Message::Unwatch(target.text.clone())))), "{line}");
        }
        let dwell = Tells::Crossings { dwell: Some(Duration::from_secs(30)) };
        assert_eq!(target("FENCE +1+1 5 DWELL 30").expect("a fence").tells, dwell);
    }

    #[test]
    fn what_is_wrong_with_a_target_is_told() {
        for (line, why) in [
            ("WATCH", Refusal::FieldCount),
            ("UNWATCH", Refusal::FieldCount),
            ("FENCE kiwi", Refusal::FieldCount),
            ("WATCH +1+1 5 a b", Refusal::FieldCount),
            ("WATCH a*b", Refusal::Pattern),
            ("WATCH **", Refusal::Pattern),
            ("WATCH kiwi 5", Refusal::Position),
            ("WATCH +1+1 20017", Refusal::Radius),
            ("WATCH +1+1 5 a*b", Refusal::Pattern),
            ("FENCE +91+1 5", Refusal::Position),
            ("FENCE +1+1 5 a*b", Refusal::Pattern),
            ("FENCE +1+1 5 a b", Refusal::FieldCount),
            ("FENCE +1+1 5 a DWELL", Refusal::FieldCount),
            ("FENCE +1+1 5 DWELL 0", Refusal::Seconds),
            ("FENCE +1+1 5 DWELL 86401", Refusal::Seconds),
            ("FENCE +1+1 5 a DWELL 1.5", Refusal::Seconds),
            ("FENCE +1+1 5 a DWELL 5 5", Refusal::FieldCount),
            ("UNWATCH a*b", Refusal::Pattern),
            ("UNWATCH +1+1 5 a b c d", Refusal::FieldCount),
        ] {
            assert_eq!(Message::parse(line.as_bytes()), Err(why), "{line}");
        }
    }
}
