//! `HELLO`, with which two servers meet.

use std::collections::BTreeSet;

use super::hexadecimal::hexadecimal;
use super::proof::{Nonce, Proof};
use super::refusal::Refusal;
use crate::bytes::is_white_space;
use crate::values::Timestamp;

/// The words that this release knows.
const VERSION: u32 = 3;

/// What a greeting may say behind the incarnation, as `name=value`. What is not known is passed over, so that later
/// releases can say more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HelloFields {
    /// `v`: which words the sender knows; 1 where it does not say.
    pub version: u32,
    /// `clock`: the sender's wall clock.
    pub clock: Option<Timestamp>,
    /// `same`: a number for what should be equal everywhere.
    pub same: Option<u64>,
    /// `hash`: which hash key the sender has, if any.
    pub hash: Option<u64>,
    /// `nonce`: the sender asks for a proof that this is in.
    pub nonce: Option<Nonce>,
    /// `proof`: the sender's, where it was asked for one.
    pub proof: Option<Proof>,
}

impl HelloFields {
    /// Reads what stands behind the incarnation of a greeting; `None` for nothing, as in a greeting of the first make.
    pub(super) fn parse(line: &[u8]) -> Result<Option<Self>, Refusal> {
        let fields = line.split(|&byte| is_white_space(byte)).filter(|field| !field.is_empty()).skip(3);
        let (mut read, mut names) = (Self { version: 1, ..Self::default() }, BTreeSet::new());
        for field in fields {
            let equals = memchr::memchr(b'=', field).filter(|&at| at > 0).ok_or(Refusal::Greeting)?;
            let (name, value) = (&field[..equals], &field[equals + 1..]);
            if !names.insert(name) {
                return Err(Refusal::Greeting);
            }
            match name {
                b"v" => read.version = integer(value).ok_or(Refusal::Greeting)?,
                b"clock" => read.clock = Some(Timestamp::parse(value).ok_or(Refusal::Greeting)?),
                b"same" => read.same = Some(sixteen_digits(value).ok_or(Refusal::Greeting)?),
                b"hash" => read.hash = Some(sixteen_digits(value).ok_or(Refusal::Greeting)?),
                b"nonce" => read.nonce = Some(Nonce::parse(value).ok_or(Refusal::Greeting)?),
                b"proof" => read.proof = Some(Proof::parse(value).ok_or(Refusal::Greeting)?),
                _ => {}
            }
        }
        Ok((!names.is_empty()).then_some(read))
    }
}

/// What a server says of itself when it greets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Greeting {
    pub(crate) incarnation: u64,
    pub(crate) wall: Timestamp,
    pub(crate) same: u64,
    pub(crate) hash: Option<u64>,
    pub(crate) nonce: Option<Nonce>,
    pub(crate) proof: Option<Proof>,
}

impl Greeting {
    /// The line of a server of that name, LF included; one of the first make has no fields.
    pub(crate) fn write(self, name: &[u8], with_fields: bool) -> Vec<u8> {
        let Self { incarnation, wall, same, hash, nonce, proof } = self;
        let mut line = b"HELLO ".to_vec();
        line.extend_from_slice(name);
        line.extend_from_slice(format!(" {incarnation}").as_bytes());
        if with_fields {
            line.extend_from_slice(format!(" v={VERSION} clock={wall} same={same:016x}").as_bytes());
            if let Some(hash) = hash {
                line.extend_from_slice(format!(" hash={hash:016x}").as_bytes());
            }
            if let Some(nonce) = nonce {
                line.extend_from_slice(format!(" nonce={nonce}").as_bytes());
            }
            if let Some(proof) = proof {
                line.extend_from_slice(format!(" proof={proof}").as_bytes());
            }
        }
        line.push(b'\n');
        line
    }
}

/// An integer in digits alone.
pub(super) fn integer<T: core::str::FromStr>(text: &[u8]) -> Option<T> {
    let digits = text.iter().all(u8::is_ascii_digit);
    core::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

fn sixteen_digits(text: &[u8]) -> Option<u64> {
    u64::try_from(hexadecimal(text, 16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Message;

    #[test]
    fn what_is_written_is_what_is_read() {
        let wall = Timestamp::parse(b"1479413884.25").expect("a time");
        let greeting = Greeting { incarnation: 7, wall, same: 0x9f3c, hash: None, nonce: None, proof: None };
        assert_eq!(greeting.write(b"Ball", false), b"HELLO Ball 7\n");
        let line = greeting.write(b"Ball", true);
        assert_eq!(line, b"HELLO Ball 7 v=3 clock=1479413884.250000000 same=0000000000009f3c\n");
        let fields = HelloFields { version: 3, clock: Some(wall), same: Some(0x9f3c), ..HelloFields::default() };
        let said = Message::Hello { sender: b"Ball", incarnation: 7, fields: Some(fields) };
        assert_eq!(Message::parse(&line), Ok(Some(said)));
        let (nonce, proof) = (Some(Nonce([5; 16])), Some(Proof { secret: 7, mac: [9; 32] }));
        let line = Greeting { hash: Some(0xe5), nonce, proof, ..greeting }.write(b"Ball", true);
        let Ok(Some(Message::Hello { fields: Some(fields), .. })) = Message::parse(&line) else { panic!("a greeting") };
        assert_eq!((fields.hash, fields.nonce, fields.proof), (Some(0xe5), nonce, proof));
    }

    #[test]
    fn unknown_fields_are_passed_over_and_one_twice_is_invalid() {
        let parse = |fields: &str| HelloFields::parse(format!("HELLO Ball 7 {fields}").as_bytes());
        assert_eq!(parse(" \t"), Ok(None));
        let version = |version| Ok(Some(HelloFields { version, ..HelloFields::default() }));
        assert_eq!(parse("a=1 b= c=d=e x=é v=3 e=1 f=1 g=1 h=1 i=1"), version(3));
        assert_eq!(parse("nonces=1"), version(1));
        for bad in [
            "v=2 v=2",
            "x=1 x=2",
            "v",
            "=2",
            "v=",
            "v=-1",
            "v=4294967296",
            "clock=noon",
            "same=9f3c",
            "v=2 same",
            "hash=e5",
            "nonce=1",
            "proof=1",
        ] {
            assert_eq!(parse(bad), Err(Refusal::Greeting), "{bad}");
        }
    }
}
