//! An answer in as many messages as it takes.

use super::bus::{Post, ReplyTo, Subject};

/// `PART number` and lines, message by message, from zero on; the last one says `LAST number`.
#[derive(Debug)]
pub(crate) struct Parts {
    to: ReplyTo,
    heading: Vec<u8>,
    lines: Vec<u8>,
    next: u32,
}

impl Parts {
    /// An answer to that question, whose messages begin with that heading.
    pub(crate) const fn new(to: ReplyTo, heading: Vec<u8>) -> Self {
        Self { to, heading, lines: Vec::new(), next: 0 }
    }

    /// Adds whole lines; messages that are full go to `posts`.
    pub(crate) fn add(&mut self, lines: &[u8], posts: &mut Vec<Post>) {
        // Room for the number, too.
        let most = Post::MOST - self.heading.len() - 32;
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            if !self.lines.is_empty() && self.lines.len() + line.len() > most {
                posts.push(self.post("PART"));
            }
            self.lines.extend_from_slice(line);
        }
    }

    /// The last message.
    pub(crate) fn end(mut self) -> Post {
        self.post("LAST")
    }

    fn post(&mut self, word: &str) -> Post {
        let mut payload = self.heading.clone();
        payload.extend_from_slice(format!("{word} {}\n", self.next).as_bytes());
        payload.append(&mut self.lines);
        self.next += 1;
        Post { to: Subject::Reply(self.to.clone()), payload: payload.into(), question: None }
    }
}

/// One message of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    number: u32,
    pub(crate) lines: &'a [u8],
    pub(crate) is_last: bool,
}

impl<'a> Part<'a> {
    fn parse(answer: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b'\n', answer)?;
        let (head, lines) = (&answer[..end], &answer[end + 1..]);
        let last = head.strip_prefix(b"LAST ");
        let number = core::str::from_utf8(last.or_else(|| head.strip_prefix(b"PART "))?).ok()?.parse().ok()?;
        Some(Self { number, lines, is_last: last.is_some() })
    }
}

/// A message of the answer is missing.
#[derive(Debug)]
pub(crate) struct Gap;

/// How many messages of an answer came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard(u32);

impl Heard {
    /// Takes a message; none if it has come before.
    ///
    /// # Errors
    /// Where one before it is missing: nothing more is of use.
    pub(super) fn take<'a>(&mut self, answer: &'a [u8]) -> Result<Option<Part<'a>>, Gap> {
        let part = Part::parse(answer).filter(|part| part.number <= self.0).ok_or(Gap)?;
        if part.number < self.0 {
            return Ok(None);
        }
        self.0 += 1;
        Ok(Some(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_parts_is_whole_or_known_not_to_be() {
        let (mut parts, mut posts) = (Parts::new(ReplyTo("there".into()), b"FROM eu a 0\n".to_vec()), Vec::new());
        let line = [&[b'x'; 999][..], b"\n"].concat();
        (0..150).for_each(|_| parts.add(&line, &mut posts));
        posts.push(parts.end());
        assert!(posts.len() > 2 && posts.iter().all(|post| post.payload.len() <= Post::MOST));
        let answers: Vec<&[u8]> = posts.iter().map(|post| &post.payload[b"FROM eu a 0\n".len()..]).collect();
        let (mut heard, mut lines) = (Heard::default(), 0);
        for (index, answer) in answers.iter().enumerate() {
            let part = heard.take(answer).expect("none is missing").expect("it is new");
            lines += part.lines.len() / line.len();
            assert_eq!(part.is_last, index + 1 == answers.len());
            assert!(heard.take(answer).expect("none is missing").is_none(), "it comes a second time");
        }
        assert_eq!(lines, 150);
        let mut heard = Heard::default();
        assert!(heard.take(answers[1]).is_err() && heard.take(b"FROM\n").is_err() && heard.take(b"").is_err());
    }
}
