//! Two neighbours that meet and prove to each other who they are, while what they say is cut and tampered with.

use std::sync::Arc;

use arbitrary::Arbitrary;
use herd::wire::{HelloFields, Message};
use herd::{Event, Herd, Limits, LinkStep, Secret, SessionId, Trust};

use super::driver::Driver;
use super::herds;

/// Lines that are said before one end has nothing more to say, at the most.
const MOST_TURNS: usize = 20;

/// Whom the two believe, and what happens to what they say.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Encounter {
    pub(crate) opener: Believes,
    pub(crate) acceptor: Believes,
    /// To each greeting and each proof, as they come.
    pub(crate) tampering: Vec<Tamper>,
    /// How long pieces are.
    pub(crate) cuts: Vec<u8>,
}

/// Whom one of them believes.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Believes {
    /// The numbers of its secrets, of which there are few.
    pub(crate) secrets: Vec<u8>,
    pub(crate) addresses: bool,
}

/// What happens to a line.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Tamper {
    Nothing,
    /// A byte of it is another one.
    Byte(u16, u8),
    /// A field of it is another one.
    Field(u8, Other),
    /// It comes twice.
    Twice,
    /// It does not come.
    Dropped,
    /// What neighbours say is said before it.
    Says(u8),
    /// The line that was tampered with before comes in its place.
    Former,
}

/// What stands in the place of a field.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Other {
    Number(u64),
    Name(u8),
    Nonce(u64),
    Proof(u32, u8),
    Nothing,
}

/// How it ended.
#[derive(Debug, Default)]
struct Outcome {
    /// Whether something of a greeting, or of the proof, came otherwise than it was said.
    greetings_differ: bool,
    proof_differs: bool,
    /// Whether anything was done to any line.
    is_disturbed: bool,
}

impl Believes {
    fn secrets(&self) -> Vec<u8> {
        self.secrets.iter().take(3).map(|secret| secret % 3).collect()
    }

    fn trust(&self) -> Trust {
        let secrets = self.secrets().into_iter().map(|number| Secret::new(&[number; Secret::BYTES])).collect();
        Trust { secrets, addresses: self.addresses, ..Trust::default() }
    }

    fn asks_for_proof(&self) -> bool {
        !self.secrets.is_empty() && !self.addresses
    }

    /// Whether it believes the other one, which is at its address.
    fn believes(&self, other: &Self) -> bool {
        let (own, theirs) = (self.secrets(), other.secrets());
        own.is_empty() || theirs.first().map_or(self.addresses, |proves| own.contains(proves))
    }
}

impl Encounter {
    /// Neither takes a report from one that has not shown what it asks for, and where nobody tampers both agree on whether
    /// they believe each other.
    pub(crate) fn hold(&self) {
        let limits = Limits { handled: 64, ..Limits::default() };
        let driver = |believes: &Believes, me| {
            let herd = Herd::clone(&herds::herd(2, &[(0, 1)])).with_trust(believes.trust());
            Driver::new(&Arc::new(herd), me, &limits, me as u64 + 5)
        };
        let (mut opener, mut acceptor) = (driver(&self.opener, 0), driver(&self.acceptor, 1));
        let mut client = opener.accept(SessionId(9), None);
        opener.receive(&mut client, b"IAMAT kiwi +1+1 1\n");
        let outcome = self.meet(&mut opener, &mut acceptor);
        let peer = opener.peers()[0];
        let is_up = opener.node().links()[0].is_up;
        opener.handle(|| Event::Received { peer, bytes: b"KEPT s1 +0.5 emu +1+1 1 s1\n" });
        let takes = |driver: &Driver, client: &str| driver.node().record(client.as_bytes()).is_some();
        let (takes_kiwi, takes_emu) = (takes(&acceptor, "kiwi"), takes(&opener, "emu"));
        let strange = (takes(&acceptor, "stranger"), takes(&opener, "stranger"));
        let believed = (self.acceptor.believes(&self.opener), self.opener.believes(&self.acceptor));
        // Who trusts addresses may be shown nothing where there was something to show.
        let may = |own: &Believes, is_believed| is_believed || outcome.is_disturbed && own.addresses;
        let may = (may(&self.acceptor, believed.0), may(&self.opener, believed.1));
        assert!(may.0 || !(takes_kiwi || strange.0), "the acceptor takes what it has no reason to");
        assert!(may.1 || !(takes_emu || strange.1), "the opener takes what it has no reason to");
        if self.acceptor.asks_for_proof() && (outcome.greetings_differ || outcome.proof_differs) {
            assert!(!takes_kiwi && !strange.0, "the acceptor believes although something was changed");
        }
        if self.opener.asks_for_proof() && outcome.greetings_differ {
            assert!(!takes_emu && !strange.1, "the opener believes although something was changed");
        }
        if !outcome.is_disturbed {
            let both = believed.0 && believed.1;
            assert_eq!((is_up, takes_kiwi, takes_emu), (both, both, both), "both agree");
        }
    }

    /// The opener connects, and they say what they have to say.
    fn meet(&self, opener: &mut Driver, acceptor: &mut Driver) -> Outcome {
        let (peer, mut outcome) = (opener.peers()[0], Outcome::default());
        let mut session = acceptor.accept(SessionId(0), Some(herds::LOOPBACK));
        let (mut tampering, mut former) = (self.tampering.iter(), Vec::new());
        opener.handle(|| Event::Started);
        assert_eq!(opener.poll_link(peer), LinkStep::Connect);
        opener.handle(|| Event::Connected { peer, proven: false });
        let mut tamper = |said: &[u8]| -> Vec<u8> {
            let lines = said.split_inclusive(|&byte| byte == b'\n');
            lines.flat_map(|line| outcome.pass(line, &mut tampering, &mut former)).collect()
        };
        for _ in 0..MOST_TURNS {
            let LinkStep::Send(bytes) = opener.poll_link(peer) else { break };
            opener.handle(|| Event::Sent { peer });
            let mut answers = Vec::new();
            for piece in self.pieces(&tamper(&bytes)) {
                answers.extend(acceptor.receive(&mut session, piece));
                while session.can_resume() {
                    answers.extend(acceptor.receive(&mut session, &[]));
                }
            }
            for piece in self.pieces(&tamper(&answers)) {
                opener.handle(|| Event::Received { peer, bytes: piece });
            }
        }
        outcome
    }

    /// Bytes in pieces, each as long as the cuts say in turn.
    fn pieces<'a>(&self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let (mut pieces, mut cuts) = (Vec::new(), self.cuts.iter().cycle());
        while !bytes.is_empty() {
            let most = cuts.next().map_or(bytes.len(), |&cut| usize::from(cut) + 1).min(bytes.len());
            let (piece, rest) = bytes.split_at(most);
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

impl Outcome {
    /// What comes of a line.
    fn pass<'a>(
        &mut self,
        line: &[u8],
        tampering: &mut impl Iterator<Item = &'a Tamper>,
        former: &mut Vec<u8>,
    ) -> Vec<u8> {
        let is_proof = line.starts_with(b"PROOF ");
        if !is_proof && !line.starts_with(b"HELLO ") {
            return line.to_vec();
        }
        let (before, other) = match tampering.next().unwrap_or(&Tamper::Nothing) {
            Tamper::Nothing => return line.to_vec(),
            Tamper::Byte(at, byte) => (Vec::new(), replaced(line, *at, *byte)),
            Tamper::Field(which, other) => (Vec::new(), with_field(line, *which, other)),
            Tamper::Twice => (line.to_vec(), line.to_vec()),
            Tamper::Dropped => (Vec::new(), Vec::new()),
            Tamper::Says(which) => (said(*which), line.to_vec()),
            Tamper::Former => (Vec::new(), former.clone()),
        };
        self.is_disturbed = true;
        let differs = !other.is_empty() && proved(&other) != proved(line);
        self.proof_differs |= is_proof && differs;
        self.greetings_differ |= !is_proof && differs;
        *former = line.to_vec();
        [before, other].concat()
    }
}

/// What of a line is proved, or proves: its command, its sender, and what else goes into a proof or is one.
fn proved(line: &[u8]) -> Option<(Vec<u8>, u64, String)> {
    match Message::parse(line.strip_suffix(b"\n").unwrap_or(line)) {
        Ok(Some(Message::Hello { sender, incarnation, fields })) => {
            let HelloFields { nonce, proof, .. } = fields.unwrap_or_default();
            Some((sender.to_vec(), incarnation, format!("{nonce:?} {proof:?}")))
        }
        Ok(Some(Message::Proof { sender, proof })) => Some((sender.to_vec(), 0, format!("{proof:?}"))),
        _ => None,
    }
}

/// The line with another byte; its end stays.
fn replaced(line: &[u8], at: u16, byte: u8) -> Vec<u8> {
    let mut other = line.to_vec();
    let at = usize::from(at) % (other.len() - 1);
    other[at] = byte;
    other
}

/// The line with another field in the place of one of its own, behind the command.
fn with_field(line: &[u8], which: u8, other: &Other) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    let mut fields: Vec<String> = text.split_whitespace().map(Into::into).collect();
    let at = 1 + usize::from(which) % (fields.len() - 1);
    let name = fields[at].split_once('=').map_or(String::new(), |(name, _)| format!("{name}="));
    let value = match other {
        Other::Number(number) => number.to_string(),
        Other::Name(number) => format!("s{}", number % 3),
        Other::Nonce(number) => format!("{number:032x}"),
        Other::Proof(secret, letter) => {
            format!("{secret:08x}:{}A", char::from(b'A' + letter % 26).to_string().repeat(42))
        }
        Other::Nothing => String::new(),
    };
    fields[at] = if value.is_empty() { value } else { name + &value };
    (fields.join(" ") + "\n").into_bytes()
}

/// What a neighbour may say once it is believed.
fn said(which: u8) -> Vec<u8> {
    let sender = which % 2;
    let report = format!("s{sender} +0.5 stranger +1+1 1 s{sender}");
    match which / 2 % 5 {
        0 => format!("AT {report}\n"),
        1 => format!("KEPT {report}\n"),
        2 => format!("REPAIR s{sender} end\n"),
        3 => format!("HELLO s{sender} 7 v=2 nonce={which:032x}\n"),
        _ => format!("HELLO s{sender} 7\nREFUSED s{sender} secret\n"),
    }
    .into_bytes()
}
