//! Somebody who knows no secret, and says what a neighbour would.

use crate::connection::{ConnectionId, Way};
use crate::overheard::{Overheard, field};
use crate::scenario::Ruse;
use crate::seed::Seed;

/// At one end of a connection, in the place of a server.
#[derive(Debug)]
pub(crate) struct Stranger {
    pub(crate) ruse: Ruse,
    /// What it calls itself.
    pub(crate) name: String,
    /// Whether it is at that server's address.
    pub(crate) is_there: bool,
    /// What it has heard and not answered: part of a line.
    pub(crate) heard: Vec<u8>,
    /// Where it gives the proof that it asks for here.
    pub(crate) proves_on: Option<ConnectionId>,
}

/// What it goes by: chance, and what it has heard.
pub(crate) struct Wits<'a> {
    pub(crate) chance: &'a mut Seed,
    pub(crate) overheard: &'a Overheard,
}

impl Stranger {
    pub(crate) const fn new(ruse: Ruse, name: String, is_there: bool) -> Self {
        Self { ruse, name, is_there, heard: Vec::new(), proves_on: None }
    }

    /// The whole lines among what it has heard and these bytes.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.heard.extend_from_slice(bytes);
        let whole = memchr::memrchr(b'\n', &self.heard).map_or(0, |end| end + 1);
        let rest = self.heard.split_off(whole);
        let lines = std::mem::replace(&mut self.heard, rest);
        lines.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// What it says first to a server that it has connected to.
    pub(crate) fn opens(&self, wits: &mut Wits<'_>) -> Vec<u8> {
        match self.ruse {
            Ruse::Forge => {
                let mut lines = self.reports(wits);
                for _ in 0..wits.chance.below(3) {
                    let (greeting, proof) = (self.greeting(wits), self.proof(&wits.proof()));
                    let line = if wits.chance.percent(70) { greeting } else { proof };
                    lines.insert(wits.chance.index(lines.len() + 1), line);
                }
                lines.concat()
            }
            Ruse::Replay => {
                let mut lines = wits.overheard.conversation(wits.chance);
                match wits.chance.below(3) {
                    0 => lines.truncate(1 + wits.chance.index(lines.len() + 1)),
                    1 => (1..lines.len()).rev().for_each(|at| lines.swap(at, wits.chance.index(at + 1))),
                    _ => {}
                }
                lines.extend(self.reports(wits));
                lines.concat()
            }
            Ruse::Weave | Ruse::Reflect | Ruse::Relay => self.asking(&wits.nonce(), wits),
        }
    }

    /// A greeting that asks for a proof of that nonce.
    pub(crate) fn asking(&self, nonce: &str, wits: &mut Wits<'_>) -> Vec<u8> {
        format!("HELLO {} {} v=2 nonce={nonce}\n", self.name, wits.incarnation()).into_bytes()
    }

    /// What it says when the server to which it has connected greets.
    pub(crate) fn answers(&self, greeting: &[u8], wits: &mut Wits<'_>) -> Vec<u8> {
        let own = field(greeting, b"proof").filter(|_| self.ruse == Ruse::Reflect);
        let proof = own.unwrap_or_else(|| wits.proof());
        [self.proof(&proof), self.reports(wits).concat()].concat()
    }

    /// What it says to a server that has connected to it and greets.
    pub(crate) fn is_greeted(&self, greeting: &[u8], wits: &mut Wits<'_>) -> Vec<u8> {
        let mut said = match wits.chance.below(7) {
            0 => [b"? ", greeting].concat(),
            1 => format!("REFUSED {} {}\n", self.name, wits.chance.pick(&["secret", "unknown", "else"])).into_bytes(),
            2 => self.greeting(wits),
            3 => {
                let begins = format!("HELLO {} ", self.name);
                let heard = wits.overheard.line(Way::Back, begins.as_bytes(), wits.chance);
                heard.map_or_else(Vec::new, <[u8]>::to_vec)
            }
            4 | 5 => {
                let nonce =
                    field(greeting, b"nonce").filter(|_| wits.chance.percent(50)).unwrap_or_else(|| wits.nonce());
                let (incarnation, proof) = (wits.incarnation(), wits.proof());
                format!("HELLO {} {incarnation} v=2 nonce={nonce} proof={proof}\n", self.name).into_bytes()
            }
            _ => Vec::new(),
        };
        said.extend(self.reports(wits).concat());
        said
    }

    /// A greeting with some fields or none.
    fn greeting(&self, wits: &mut Wits<'_>) -> Vec<u8> {
        let mut line = format!("HELLO {} {}", self.name, wits.incarnation());
        if wits.chance.percent(70) {
            line += " v=2";
            if wits.chance.percent(50) {
                line = format!("{line} nonce={}", wits.nonce());
            }
            if wits.chance.percent(30) {
                line = format!("{line} proof={}", wits.proof());
            }
        }
        (line + "\n").into_bytes()
    }

    fn proof(&self, proof: &str) -> Vec<u8> {
        format!("PROOF {} {proof}\n", self.name).into_bytes()
    }

    /// Reports of clients that there are not, and a question, in some order; all in the name that it uses.
    fn reports(&self, wits: &mut Wits<'_>) -> Vec<Vec<u8>> {
        let (name, number) = (&self.name, wits.chance.below(1000));
        let heard = wits.overheard.line(Way::There, format!("REPAIR {name} ").as_bytes(), wits.chance);
        let asks = heard.map_or_else(|| format!("REPAIR {name} end\n").into_bytes(), <[u8]>::to_vec);
        let report = format!("{name} +0.5 stranger{number} +1-1 1479413884.5 {name}\n");
        let mut lines = vec![format!("AT {report}").into_bytes(), format!("KEPT {report}").into_bytes(), asks];
        let first = wits.chance.index(lines.len());
        lines.rotate_left(first);
        lines
    }
}

impl Wits<'_> {
    /// A nonce, heard or made up.
    fn nonce(&mut self) -> String {
        let heard = self.overheard.field(b"nonce", self.chance).filter(|_| self.chance.percent(60));
        heard.unwrap_or_else(|| format!("{:016x}{:016x}", self.chance.number(), self.chance.number()))
    }

    /// A proof, heard or made up.
    fn proof(&mut self) -> String {
        let said = self.overheard.line(Way::There, b"PROOF ", self.chance);
        let said = said.and_then(|line| line.trim_ascii_end().rsplit(|&byte| byte == b' ').next());
        let said = said.map(|proof| String::from_utf8_lossy(proof).into_owned());
        let greeted = self.overheard.field(b"proof", self.chance);
        let heard = if self.chance.percent(50) { said.or(greeted) } else { greeted.or(said) };
        heard.filter(|_| self.chance.percent(80)).unwrap_or_else(|| {
            let letters = (0..42).map(|_| char::from(*self.chance.pick(b"ABCDEFabcdef0189-_")));
            format!("{:08x}:{}A", 7, letters.collect::<String>())
        })
    }

    /// The number of a run, heard or made up.
    fn incarnation(&mut self) -> u64 {
        let heard = self.overheard.line(Way::There, b"HELLO ", self.chance);
        let third = heard.and_then(|line| line.split(|&byte| byte == b' ' || byte == b'\n').nth(2));
        let number = third.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok());
        number.filter(|_| self.chance.percent(50)).unwrap_or_else(|| self.chance.number())
    }
}
