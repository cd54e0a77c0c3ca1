//! What everything is called in NATS.

use herd::{QuestionId, ReplyTo, ServerName, Subject};

/// The names of a server's subjects, and of what its region has in JetStream.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    /// `PREFIX.v1`, with which every subject begins.
    root: String,
    region: ServerName,
    /// `PREFIX.v1.reply.REGION.NONCE.`, before the number of a question.
    reply: String,
    /// The stream of arrivals.
    pub(crate) stream: String,
    /// The bucket of leases.
    pub(crate) leases: String,
}

impl Subjects {
    /// Those of a server of that region. The nonce tells it from the others and from itself before its last start.
    pub(crate) fn new(prefix: &str, region: &ServerName, nonce: u64) -> Self {
        let root = format!("{prefix}.v1");
        Self {
            reply: format!("{root}.reply.{region}.{nonce:016x}."),
            stream: format!("{prefix}-v1-arrivals"),
            leases: format!("{prefix}-v1-leases"),
            region: region.clone(),
            root,
        }
    }

    /// What it asks JetStream by.
    pub(crate) fn inbox(&self) -> String {
        format!("{}.inbox.{}", self.root, self.region)
    }

    /// The subjects of the stream of arrivals.
    pub(crate) fn arrivals(&self) -> String {
        format!("{}.arrivals.*", self.root)
    }

    /// Where its region is asked.
    pub(crate) fn asked(&self) -> String {
        format!("{}.ask.{}", self.root, self.region)
    }

    /// Where it is answered.
    pub(crate) fn answered(&self) -> String {
        format!("{}*", self.reply)
    }

    /// Where all regions tell everybody.
    pub(crate) fn everybody(&self) -> String {
        format!("{}.here.*", self.root)
    }

    /// Where a message goes.
    pub(crate) fn of(&self, to: &Subject) -> String {
        match to {
            Subject::Arrivals(part) => format!("{}.arrivals.{part}", self.root),
            Subject::Ask(region) => format!("{}.ask.{region}", self.root),
            Subject::Reply(ReplyTo(subject)) => subject.to_string(),
            Subject::Everybody => format!("{}.here.{}", self.root, self.region),
        }
    }

    /// Where answers to that question go.
    pub(crate) fn reply(&self, QuestionId(id): QuestionId) -> String {
        format!("{}{id}", self.reply)
    }

    /// Which question is answered by that subject.
    pub(crate) fn question(&self, subject: &str) -> Option<QuestionId> {
        subject.strip_prefix(&self.reply)?.parse().ok().map(QuestionId)
    }

    /// Whoever asked, if it is one that may be answered: a server must not be had to write elsewhere.
    pub(crate) fn asker(&self, reply: &str) -> Option<ReplyTo> {
        let rest = reply.strip_prefix(&self.root)?.strip_prefix(".reply.")?;
        let mut tokens = rest.split('.');
        let are_three = tokens.by_ref().take(3).filter(|token| crate::settings::is_token(token)).count() == 3;
        (are_three && tokens.next().is_none()).then(|| ReplyTo(reply.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_finds_its_question() {
        let name = |text| ServerName::new(text).expect("a name");
        let (us, eu) = (Subjects::new("herd", &name("us"), 7), Subjects::new("herd", &name("eu"), 8));
        let reply = us.reply(QuestionId(42));
        let to = Subject::Reply(eu.asker(&reply).expect("whoever asked"));
        assert_eq!((us.question(&eu.of(&to)), eu.question(&eu.of(&to))), (Some(QuestionId(42)), None));
        assert_eq!(us.of(&Subject::Ask(name("eu"))), eu.asked());
        assert_eq!(us.of(&Subject::Everybody), "herd.v1.here.us");
    }

    #[test]
    fn nobody_else_is_answered() {
        let subjects = Subjects::new("herd", &ServerName::new("us").expect("a name"), 7);
        let elsewhere = [
            "",
            "_INBOX.x",
            "$JS.API.STREAM.DELETE.herd-v1-arrivals",
            "herd.v1.reply",
            "herd.v1.reply.eu.1",
            "herd.v1.reply.eu.1.2.3",
            "herd.v1.reply.eu.*.2",
            "herd.v1.reply.eu.1.>",
            "herd.v1.reply.eu..2",
            "herd.v1.arrivals.1",
            "other.v1.reply.eu.1.2",
        ];
        assert!(elsewhere.iter().all(|reply| subjects.asker(reply).is_none()));
        assert_eq!(subjects.question("herd.v1.reply.us.0000000000000007.x"), None);
    }
}
