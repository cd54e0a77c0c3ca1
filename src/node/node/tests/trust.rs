//! Two servers that have to prove to each other who they are.

use core::time::Duration;

use super::*;
use crate::access::{Certificate, Certificates, Secret, Trust};
use crate::pass::{Trouble, Wrong};
use crate::peers::Parting;
use crate::wire::Stranger;

fn secret(number: u8) -> Secret {
    Secret::new(&[number; 32])
}

fn secrets(numbers: &[u8]) -> Trust {
    Trust { secrets: numbers.iter().map(|&number| secret(number)).collect(), ..Trust::default() }
}

fn name(name: &str) -> ServerName {
    ServerName::new(name).expect(name)
}

fn herd(trust: Trust) -> Arc<Herd> {
    let member = |of: &str| Member { name: name(of), address: of.into(), links: vec![] };
    let members = vec![Member { links: vec!["b".into()], ..member("a") }, member("b")];
    Arc::new(Herd::new(members).expect("connected").with_trust(trust))
}

/// `a`, which connects to `b`.
struct Pair {
    a: Node,
    b: Node,
    /// At `b`, of the connection that there is.
    session: Option<Session>,
    /// What people were told at each to be wrong.
    told: [Vec<Notice>; 2],
}

impl Pair {
    fn new(of_a: Trust, of_b: Trust) -> Self {
        let node = |trust, me: &str, other: &str, seed: u64| {
            let herd = herd(trust);
            let id = |name: &str| herd.find(name.as_bytes()).expect("a member");
            let node = Node::new(Arc::clone(&herd), id(me), Limits::default(), seed);
            node.handle(&mut Turn::at(now()), Event::Resolved { peer: id(other), addresses: &[LOOPBACK] });
            node
        };
        Self { a: node(of_a, "a", "b", 1), b: node(of_b, "b", "a", 2), session: None, told: [vec![], vec![]] }
    }

    /// Does what `a` wants done about its link until it waits; why it closed a connection, if it did.
    fn pull(&mut self, proven: bool) -> Option<Parting> {
        let peer = self.a.server(b"b").expect("a member");
        let (mut turn, mut parted) = (Turn::at(now()), None);
        loop {
            match self.a.poll_link(&mut turn, peer) {
                LinkStep::Connect => {
                    self.session = Some(self.b.session(SessionId(0), Some(LOOPBACK), now().instant));
                    self.a.handle(&mut turn, Event::Connected { peer, proven });
                }
                LinkStep::Send(bytes) => {
                    let answer = self.answer(&bytes);
                    self.a.handle(&mut turn, Event::Sent { peer });
                    self.a.handle(&mut turn, Event::Received { peer, bytes: &answer });
                }
                LinkStep::Close(why) => (self.session, parted) = (None, Some(why)),
                LinkStep::Wait(_) | LinkStep::End => break,
            }
        }
        self.told[0].extend(turn.notices.into_iter().filter(is_wrong));
        parted
    }

    fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (mut turn, mut out) = (Turn::at(now()), Vec::new());
        let session = self.session.as_mut().expect("there is a connection");
        session.receive(&self.b, &mut turn, bytes).serve().reply(&mut out);
        while session.can_resume() {
            session.receive(&self.b, &mut turn, b"").serve().reply(&mut out);
        }
        self.told[1].extend(turn.notices.into_iter().filter(is_wrong));
        out
    }

    /// A client tells `a` something; whether `b` comes to know it.
    fn passes_on(&mut self) -> bool {
        say(&self.a, None, "IAMAT kiwi +1+1 1\n");
        self.pull(false);
        self.b.record(b"kiwi").is_some()
    }

    fn change(&mut self, trust: Trust) {
        let mut turn = Turn::at(now());
        self.a.handle(&mut turn, Event::Herd(herd(trust)));
    }
}

fn is_wrong(notice: &Notice) -> bool {
    matches!(notice, Notice::Wrong(_))
}

fn wrong(with: &str, what: Wrong) -> Notice {
    Notice::Wrong(Trouble { with: name(with), what })
}

#[test]
fn servers_that_know_a_secret_of_each_other_meet() {
    for (of_a, of_b) in [(&[1][..], &[1][..]), (&[1, 2], &[2, 1]), (&[2, 1], &[1, 2])] {
        let mut pair = Pair::new(secrets(of_a), secrets(of_b));
        assert!(pair.passes_on() && pair.a.links()[0].is_up);
        assert_eq!(pair.told, [vec![], vec![]]);
    }
}

#[test]
fn who_knows_none_is_told_at_both_ends() {
    // The first to prove is the one that is connected to.
    let mut pair = Pair::new(secrets(&[1]), secrets(&[2]));
    say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
    assert_eq!(pair.pull(false), Some(Parting::NotBelieved));
    assert_eq!(pair.told[0][0], wrong("b", Wrong::Secret { proved: Some(secret(2).id()) }));
    // The other one believes it, and is not believed.
    let mut pair = Pair::new(secrets(&[1, 2]), secrets(&[2]));
    say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
    assert_eq!(pair.pull(false), Some(Parting::Refused));
    assert_eq!(pair.told[0][0], wrong("b", Wrong::Refused(Stranger::Secret)));
    assert_eq!(pair.told[1][0], wrong("a", Wrong::Secret { proved: Some(secret(1).id()) }));
    // One proves nothing.
    let mut pair = Pair::new(secrets(&[]), secrets(&[1]));
    say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
    assert_eq!(pair.pull(false), Some(Parting::Refused));
    assert_eq!(pair.told[1][0], wrong("a", Wrong::Secret { proved: None }));
    let mut pair = Pair::new(secrets(&[1]), secrets(&[]));
    say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
    assert_eq!(pair.pull(false), Some(Parting::NotBelieved));
    assert_eq!(pair.told[0][0], wrong("b", Wrong::Secret { proved: None }));
    assert!(pair.b.record(b"kiwi").is_none());
}

#[test]
fn while_a_herd_changes_over_addresses_do_and_people_are_told() {
    let changing = Trust { addresses: true, ..secrets(&[1]) };
    let mut pair = Pair::new(changing.clone(), secrets(&[]));
    assert!(pair.passes_on());
    assert_eq!(pair.told, [vec![wrong("b", Wrong::Unproven)], vec![]]);
    let mut pair = Pair::new(secrets(&[]), changing.clone());
    assert!(pair.passes_on());
    assert_eq!(pair.told, [vec![], vec![wrong("a", Wrong::Unproven)]]);
    // A wrong proof is worse than none.
    let mut pair = Pair::new(secrets(&[2]), changing);
    assert!(!pair.passes_on());
}

#[test]
fn a_certificate_is_enough_and_where_it_is_required_nothing_else_is() {
    let optional = Trust { certificates: Certificates::Optional, ..secrets(&[1]) };
    let mut pair = Pair::new(optional, secrets(&[2]));
    say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
    // `a` believes; what `b` makes of it is up to what `a` shows there.
    assert_eq!(pair.pull(true), Some(Parting::Refused));
    assert_eq!(pair.told[0], [wrong("b", Wrong::Refused(Stranger::Secret))]);
    let required = Trust { certificates: Certificates::Required, ..secrets(&[1]) };
    let mut pair = Pair::new(required, secrets(&[1]));
    say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
    assert_eq!(pair.pull(false), Some(Parting::NotBelieved));
    assert_eq!(pair.told[0][0], wrong("b", Wrong::Certificate { why: None }));
}

#[test]
fn what_is_revoked_ends() {
    let mut pair = Pair::new(secrets(&[1, 2]), secrets(&[2, 1]));
    assert!(pair.passes_on());
    pair.change(secrets(&[1]));
    assert_eq!(pair.pull(false), Some(Parting::NotBelieved), "it connects anew, and has to prove more");
    // Its session at the other end is over when the other one changes too: closed, and not refused, since it may prove more
    // on another connection.
    let mut pair = Pair::new(secrets(&[1]), secrets(&[1, 2]));
    assert!(pair.passes_on());
    pair.b.handle(&mut Turn::at(now()), Event::Herd(herd(secrets(&[2]))));
    assert_eq!(pair.answer(b"AT a +0.5 emu +1+1 1 a\n"), b"", "what it says meanwhile is not refused, and not taken");
    assert!(pair.session.as_ref().is_some_and(Session::is_finished) && pair.b.record(b"emu").is_none());
}

/// A neighbour may be far away, and no other line of its stands for a proof.
#[test]
fn a_proof_is_waited_for_as_long_as_any_answer() {
    let patience = |trust: Trust| {
        let pair = Pair::new(trust, secrets(&[1]));
        let (mut turn, peer) = (Turn::at(now()), pair.a.server(b"b").expect("a member"));
        say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
        assert_eq!(pair.a.poll_link(&mut turn, peer), LinkStep::Connect);
        pair.a.handle(&mut turn, Event::Connected { peer, proven: false });
        assert!(matches!(pair.a.poll_link(&mut turn, peer), LinkStep::Send(_)));
        pair.a.handle(&mut turn, Event::Sent { peer });
        pair.a.poll_link(&mut turn, peer)
    };
    let until = |time: Duration| LinkStep::Wait(Some(now().instant + time));
    assert_eq!(patience(secrets(&[1])), until(Limits::default().link_timeout));
    assert_eq!(patience(secrets(&[])), until(Duration::from_secs(1)));
    assert_eq!(patience(Trust { plain: vec![name("b")], ..secrets(&[1]) }), until(Duration::from_secs(1)));
}

/// A greeting without fields asks for no proof and gives none, so nobody is brought to say one who has a secret.
#[test]
fn who_has_to_prove_something_is_not_greeted_bare() {
    let pair = Pair::new(secrets(&[1]), secrets(&[1]));
    let (mut turn, peer) = (Turn::at(now()), pair.a.server(b"b").expect("a member"));
    say(&pair.a, None, "IAMAT kiwi +1+1 1\n");
    assert_eq!(pair.a.poll_link(&mut turn, peer), LinkStep::Connect);
    pair.a.handle(&mut turn, Event::Connected { peer, proven: false });
    let LinkStep::Send(greeting) = pair.a.poll_link(&mut turn, peer) else { panic!("it greets") };
    pair.a.handle(&mut turn, Event::Received { peer, bytes: &[b"? ", &greeting[..]].concat() });
    assert_eq!(pair.a.poll_link(&mut turn, peer), LinkStep::Close(Parting::NotBelieved));
}

#[test]
fn without_a_proof_no_word_between_servers_is_taken() {
    let node = Pair::new(secrets(&[1]), secrets(&[1])).b;
    for line in ["AT a +0.5 kiwi +1+1 1 a\n", "KEPT a +0.5 kiwi +1+1 1 a\n", "REPAIR a end\n"] {
        assert_eq!(say(&node, Some(LOOPBACK), line), format!("? {line}"));
    }
    assert_eq!(say(&node, Some(LOOPBACK), "HELLO a 7 v=2\n"), "REFUSED b secret\n");
    assert_eq!(say(&node, Some(LOOPBACK), "HELLO a 7\n"), "? HELLO a 7\n");
    let proof = format!("PROOF a 00000000:{}\n", "A".repeat(43));
    assert_eq!(say(&node, Some(LOOPBACK), &proof), format!("? {proof}"));
    let nonce = "0".repeat(32);
    let greeting = format!("HELLO a 7 v=2 nonce={nonce}\n{proof}AT a +0.5 kiwi +1+1 1 a\n");
    let answer = say(&node, Some(LOOPBACK), &greeting);
    assert!(answer.starts_with("HELLO b ") && answer.ends_with("\nREFUSED b secret\n"), "{answer}");
    assert!(node.record(b"kiwi").is_none());
}

#[test]
fn a_certificate_that_counts_for_nothing_any_more_ends_its_session() {
    let trust = Trust { certificates: Certificates::Required, ..Trust::default() };
    let pair = Pair::new(trust.clone(), trust);
    let mut session = pair.b.session(SessionId(7), Some(LOOPBACK), now().instant);
    let of_a = || Certificate::Of(vec![name("a")]);
    session.encrypted(of_a());
    let say = |session: &mut Session, line: &str| {
        let mut out = Vec::new();
        session.receive(&pair.b, &mut Turn::at(now()), line.as_bytes()).serve().reply(&mut out);
    };
    say(&mut session, "HELLO a 1 v=2\nAT c +0.5 kiwi +1+1 1 a\n");
    assert!(pair.b.record(b"kiwi").is_some());
    say(&mut session, "");
    session.encrypted(of_a());
    assert!(!session.is_behind(&pair.b), "it counts for the same");
    session.encrypted(Certificate::Invalid);
    assert!(session.is_behind(&pair.b));
    say(&mut session, "AT c +0.5 emu +1+1 1 a\n");
    assert!(pair.b.record(b"emu").is_none());
    assert!(session.is_finished(), "a neighbour may show another one on another connection");
}
