//! What one server says to another while they compare.

use std::fmt::Display;
use std::io::Write as _;

use super::base64;
use super::held::Held;
use super::sketch::Sketch;
use super::span::Span;

/// What a `REPAIR` line says, behind the name of the server that says it.
///
/// Digests are 64 bits, big-endian, in base64 without padding; `-` stands for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `groups DIGESTS`: the digest of each of the 32 groups of ranges of the asker's.
    Groups(Vec<u64>),
    /// `ranges GROUP DIGESTS`: that group differs; the digests of its ranges at the answerer.
    Ranges {
        /// Which group, counted from 0.
        group: usize,
        /// A digest for each of its ranges.
        digests: Vec<u64>,
    },
    /// `end`: no other group differs.
    End,
    /// `sketch SPAN SKETCH`: what the asker keeps there.
    Sketch {
        /// Where.
        span: Span,
        /// Of the digests of its reports.
        sketch: Sketch,
    },
    /// `have SPAN LIST`: what the asker keeps there, report by report.
    Have {
        /// Where.
        span: Span,
        /// Each of its reports.
        list: Vec<Held>,
    },
    /// `all SPAN`: the asker has nothing there.
    All(Span),
    /// `more SPAN`: more differs there than the sketch could tell, or than one answer may be. Ask for its parts.
    More(Span),
    /// `want SPAN DIGESTS`: the answerer has sent what it has there; these reports it lacks.
    Want {
        /// Where.
        span: Span,
        /// Of reports that only the asker has.
        digests: Vec<u64>,
    },
    /// `lack SPAN KEYS`: the answerer has sent what it has there that is newer than what the asker listed; of these
    /// clients the asker has the newer.
    Lack {
        /// Where.
        span: Span,
        /// The keys of these clients in the span.
        keys: Vec<u32>,
    },
}

impl Step {
    /// How many groups of ranges there are, and how many ranges are in each.
    pub(crate) const GROUPS: usize = 1 << (Span::RANGE_BITS / 2);

    /// Reads the fields behind the server's name.
    pub(crate) fn parse(fields: &[&[u8]]) -> Option<Self> {
        let groups = |text| parse_digests(text).filter(|digests| digests.len() == Self::GROUPS);
        Some(match fields {
            [b"groups", digests] => Self::Groups(groups(digests)?),
            [b"ranges", group, digests] => {
                let group = core::str::from_utf8(group).ok()?.parse().ok().filter(|&group| group < Self::GROUPS)?;
                Self::Ranges { group, digests: groups(digests)? }
            }
            [b"end"] => Self::End,
            [b"sketch", span, sketch] => Self::Sketch { span: Span::parse(span)?, sketch: Sketch::parse(sketch)? },
            [b"have", span, list] => Self::Have { span: Span::parse(span)?, list: Held::parse(list)? },
            [b"lack", span, keys] => {
                Self::Lack { span: Span::parse(span)?, keys: base64::read(keys, u32::from_be_bytes)? }
            }
            [b"all", span] => Self::All(Span::parse(span)?),
            [b"more", span] => Self::More(Span::parse(span)?),
            [b"want", span, digests] => Self::Want { span: Span::parse(span)?, digests: parse_digests(digests)? },
            _ => return None,
        })
    }

    /// Appends the whole line of `server`, LF included.
    pub(crate) fn write(&self, server: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"REPAIR ");
        out.extend_from_slice(server);
        match self {
            Self::Groups(digests) => {
                push(out, "groups ");
                push_digests(out, digests);
            }
            Self::Ranges { group, digests } => {
                push(out, format_args!("ranges {group} "));
                push_digests(out, digests);
            }
            Self::End => push(out, "end"),
            Self::Sketch { span, sketch } => {
                push(out, format_args!("sketch {span} "));
                sketch.write(out);
            }
            Self::Have { span, list } => {
                push(out, format_args!("have {span} "));
                Held::write(list, out);
            }
            Self::All(span) => push(out, format_args!("all {span}")),
            Self::More(span) => push(out, format_args!("more {span}")),
            Self::Want { span, digests } => {
                push(out, format_args!("want {span} "));
                push_digests(out, digests);
            }
            Self::Lack { span, keys } => {
                push(out, format_args!("lack {span} "));
                base64::push(keys.iter().map(|key| key.to_be_bytes()), out);
            }
        }
        out.push(b'\n');
    }
}

fn push(out: &mut Vec<u8>, text: impl Display) {
    write!(out, " {text}").expect("a Vec takes every write");
}

fn push_digests(out: &mut Vec<u8>, digests: &[u64]) {
    base64::push(digests.iter().map(|digest| digest.to_be_bytes()), out);
}

fn parse_digests(text: &[u8]) -> Option<Vec<u64>> {
    base64::read(text, u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_each_step() {
        let digests: Vec<u64> = (0..Step::GROUPS as u64).map(|digest| digest * 0x0123_4567_89ab_cdef).collect();
        let span = Span::of_range(5);
        for step in [
            Step::Groups(digests.clone()),
            Step::Ranges { group: 31, digests: digests.clone() },
            Step::End,
            Step::Sketch { span, sketch: Sketch::of(digests.iter().copied(), 9) },
            Step::Have { span, list: vec![Held { key: 1 << 31 | 7, at: -5, digest: u32::MAX - 1 }; 3] },
            Step::Have { span, list: vec![Held { key: 0, at: i64::MIN, digest: 0 }] },
            Step::Have { span, list: Vec::new() },
            Step::Lack { span, keys: vec![1, u32::MAX] },
            Step::Lack { span, keys: Vec::new() },
            Step::All(span),
            Step::More(span),
            Step::Want { span, digests },
            Step::Want { span, digests: Vec::new() },
        ] {
            let mut line = Vec::new();
            step.write(b"kiwi", &mut line);
            let fields: Vec<&[u8]> = line.trim_ascii_end().split(|&byte| byte == b' ').collect();
            assert_eq!(fields[..2], [&b"REPAIR"[..], b"kiwi"]);
            assert_eq!(Step::parse(&fields[2..]), Some(step));
        }
    }

    #[test]
    fn what_is_no_step_is_refused() {
        for line in [
            "",
            "groups",
            "groups AAAAAAAAAAA",
            "ranges 32 AAAAAAAAAAA",
            "end now",
            "all 1",
            "Want 10/000 -",
            "have 10/000 AAAA",
            "lack 10/000 AAA",
            "lack 10/000",
        ] {
            let fields: Vec<&[u8]> = line.as_bytes().split(|&byte| byte == b' ').collect();
            assert_eq!(Step::parse(&fields), None, "{line}");
        }
    }
}
