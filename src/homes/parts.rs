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
    pub(super) fn add(&mut self, lines: &[u8], posts: &mut Vec<Post>) {
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
    pub(super) fn end(mut self) -> Post {
        self.post("LAST")
    }

    fn post(&mut self, word: &str) -> Post {
        let mut payload = self.heading.clone();
        payload.extend_from_slice(format!("{word} {}\n", self.next).as_bytes());
        payload.append(&mut self.lines);
        self.next += 1;
        Post { to: Subject::Reply(self.to.clone()), payload: payload.into(), question: None }
    }

    /// Whether those lines of an answer are the last ones.
    pub(crate) fn is_last(answer: &[u8]) -> bool {
        answer.starts_with(b"LAST ")
    }

    /// The number of a message, and its lines.
    pub(super) fn split(answer: &[u8]) -> Option<(u32, &[u8])> {
        let end = memchr::memchr(b'\n', answer)?;
        let head = &answer[..end];
        let number = head.strip_prefix(b"PART ").or_else(|| head.strip_prefix(b"LAST "))?;
        Some((core::str::from_utf8(number).ok()?.parse().ok()?, &answer[end + 1..]))
    }
}
