//! Whoever watches is told: WATCH, UNWATCH and FENCE, over the wire.

mod ends;
mod slow;

use herd_tests::client::Client;
use herd_tests::graphs::pair;
use herd_tests::herd::{Herd, Plan};

use crate::{binaries, start};

/// A connection that watches that; what it is told at first, up to `WATCHING`.
fn watch(herd: &Herd, server: &str, request: &str) -> (Client, Vec<String>) {
    let mut client = herd.client(server);
    client.send(format!("{request}\n"));
    let target = request.split_once(' ').expect("a target").1;
    let told = client.until(&format!("WATCHING {target}"));
    (client, told)
}

/// A connection by which clients say where they are; its clock is the test's.
struct Reporter(Client);

impl Reporter {
    fn of(herd: &Herd) -> Self {
        Self(herd.client("A"))
    }

    /// Says where a client is: the fields of the record, as they stand in a line of a watch.
    fn at(&mut self, client: &str, position: &str, time: u32) -> String {
        let reply = self.0.ask(format!("IAMAT {client} {position} {time}"));
        reply.strip_prefix("AT ").expect("an AT line").to_owned()
    }

    /// Has a client forgotten: the fields of the tombstone.
    fn forget(&mut self, client: &str, time: u32) -> String {
        let reply = self.0.ask(format!("FORGET {client} {time}"));
        reply.strip_prefix("GONE ").expect("a GONE line").to_owned()
    }
}

/// By an ID, a beginning and a star, a star: who is there comes first, each change then.
#[test]
fn by_patterns() {
    let herd = start();
    let mut reporter = Reporter::of(&herd);
    let (seven, car) = (reporter.at("truck-7", "+1+1", 5), reporter.at("car", "+1+1", 5));
    let (mut one, told) = watch(&herd, "A", "WATCH truck-7");
    assert_eq!(told, [format!("SEEN {seven} truck-7")]);
    let (mut some, told) = watch(&herd, "A", "WATCH truck-*");
    assert_eq!(told, [format!("SEEN {seven} truck-*")]);
    let (mut all, mut told) = watch(&herd, "A", "WATCH *");
    told.sort();
    let mut both = [format!("SEEN {seven} *"), format!("SEEN {car} *")];
    both.sort();
    assert_eq!(told, both);
    let (mut nobody, told) = watch(&herd, "A", "WATCH truck");
    assert_eq!(told, Vec::<String>::new());

    let eight = reporter.at("truck-8", "+2+2", 5);
    // What is not newer changes nothing.
    reporter.at("truck-7", "+3+3", 4);
    let seven = reporter.at("truck-7", "+2+2", 6);
    assert_eq!(one.line(), format!("SEEN {seven} truck-7"));
    assert_eq!([some.line(), some.line()], [format!("SEEN {eight} truck-*"), format!("SEEN {seven} truck-*")]);
    assert_eq!([all.line(), all.line()], [format!("SEEN {eight} *"), format!("SEEN {seven} *")]);
    let gone = reporter.forget("truck-7", 7);
    assert_eq!(one.line(), format!("FORGOTTEN {gone} truck-7"));
    assert_eq!(some.line(), format!("FORGOTTEN {gone} truck-*"));
    let truck = reporter.at("truck", "+2+2", 5);
    assert_eq!(nobody.line(), format!("SEEN {truck} truck"), "nothing came before");
}

/// Of a circle it is told who is inside, each report there, and once who has left.
#[test]
fn by_circles() {
    let herd = start();
    let mut reporter = Reporter::of(&herd);
    let (inside, _outside) = (reporter.at("truck-1", "+0.01+0", 5), reporter.at("truck-2", "+1+0", 5));
    let (mut client, told) = watch(&herd, "A", "WATCH +0+0 10 truck-*");
    let target = "+0+0 10 truck-*";
    assert_eq!(told, [format!("SEEN {inside} {target}")]);
    reporter.at("car", "+0+0", 5);
    let moved = reporter.at("truck-1", "+0.02+0", 6);
    assert_eq!(client.line(), format!("SEEN {moved} {target}"));
    let came = reporter.at("truck-2", "+0.03+0", 6);
    assert_eq!(client.line(), format!("SEEN {came} {target}"));
    let left = reporter.at("truck-1", "+1+0", 7);
    assert_eq!(client.line(), format!("LEFT {left} {target}"));
    reporter.at("truck-1", "+2+0", 8);
    reporter.forget("truck-1", 9);
    let gone = reporter.forget("truck-2", 9);
    assert_eq!(client.line(), format!("FORGOTTEN {gone} {target}"), "nobody else was there");
}

/// A fence tells who enters and who leaves, and with DWELL only those who stay.
#[test]
fn fences() {
    let herd = start();
    let mut reporter = Reporter::of(&herd);
    let start = reporter.at("truck-1", "+0.01+0", 100);
    let (mut plain, told) = watch(&herd, "A", "FENCE +0+0 10");
    assert_eq!(told, [format!("ENTER {start} +0+0 10")]);
    let (mut slow, told) = watch(&herd, "A", "FENCE +0+0 10 truck-* DWELL 30");
    assert_eq!(told, [format!("ENTER {start} +0+0 10 truck-* DWELL 30")]);

    let out = reporter.at("truck-1", "+1+0", 110);
    let back = reporter.at("truck-1", "+0+0", 120);
    let out_again = reporter.at("truck-1", "+1+0", 130);
    reporter.at("truck-1", "+1+0", 159);
    let still_out = reporter.at("truck-1", "+1+0", 160);
    let back_again = reporter.at("truck-1", "+0+0", 170);
    let still_back = reporter.at("truck-1", "+0+0", 200);
    let gone = reporter.forget("truck-1", 300);
    let lines: Vec<String> = (0..5).map(|_| plain.line()).collect();
    let expected = [("LEAVE", &out), ("ENTER", &back), ("LEAVE", &out_again), ("ENTER", &back_again)];
    let expected: Vec<String> = expected.map(|(word, record)| format!("{word} {record} +0+0 10")).to_vec();
    assert_eq!(lines[..4], expected);
    assert_eq!(lines[4], format!("LEAVE {still_back} +0+0 10"), "{gone}");
    for (word, record) in [("LEAVE", &still_out), ("ENTER", &still_back), ("LEAVE", &still_back)] {
        assert_eq!(slow.line(), format!("{word} {record} +0+0 10 truck-* DWELL 30"));
    }
}

/// The fields of a target stand at the end of its lines, one space between two; several watches are told each.
#[test]
fn several_watches_of_one_connection() {
    let herd = start();
    let mut reporter = Reporter::of(&herd);
    let (mut client, _) = watch(&herd, "A", "WATCH kiwi");
    client.send(" WATCH \t +1+1\t10   k*  \r\n");
    assert_eq!(client.line(), "WATCHING +1+1 10 k*");
    let at = reporter.at("kiwi", "+1+1", 5);
    let mut told = [client.line(), client.line()];
    told.sort();
    assert_eq!(told, [format!("SEEN {at} +1+1 10 k*"), format!("SEEN {at} kiwi")]);
    // The same again begins anew; another target is another watch, also where it means the same.
    client.send("WATCH +1+1 10 k*\n");
    assert_eq!([client.line(), client.line()], [format!("SEEN {at} +1+1 10 k*"), "WATCHING +1+1 10 k*".into()]);
    let status = herd.status("A");
    assert_eq!((&status["watchers"], &status["watches"]), (&1.into(), &2.into()));
    client.send("UNWATCH +1.0+1 10 k*\nUNWATCH kiwi\nIAMAT emu +9+9 1\n");
    assert_eq!([client.line(), client.line()], ["UNWATCHED +1.0+1 10 k*", "UNWATCHED kiwi"]);
    assert!(client.line().starts_with("AT A "));
    let at = reporter.at("kiwi", "+1+1", 6);
    assert_eq!(client.line(), format!("SEEN {at} +1+1 10 k*"));
    reporter.at("kiwi", "+1+1", 7);
    client.send("UNWATCH +1+1 10 k*\nSTATUS\n");
    while client.line() != "UNWATCHED +1+1 10 k*" {}
    reporter.at("kiwi", "+1+1", 8);
    assert!(client.line().starts_with('{'), "nothing more of it comes");
}

/// Lines of watches come between replies, never within one, while the connection is used for all there is.
#[test]
fn lines_come_between_replies() {
    let herd = start();
    let mut reporter = Reporter::of(&herd);
    let (mut client, _) = watch(&herd, "A", "WATCH *");
    reporter.at("kiwi", "+1+1", 0);
    for time in 1..200 {
        reporter.0.send(format!("IAMAT kiwi +1+1 {time}\nIAMAT emu +1+1 {time}\n"));
        client.send("NEAR +1+1 1 9\nWHATSAT kiwi 1 1\n");
        for _ in 0..2 {
            let mut line = client.line();
            while line.starts_with("SEEN ") {
                assert!(line.ends_with(" *"), "{line}");
                line = client.line();
            }
            assert!(line.starts_with("AT A "), "{line}");
            while !line.is_empty() {
                line = client.line();
                assert!(!line.starts_with("SEEN "), "{line}");
            }
        }
    }
}

/// The herd's other server tells of what its neighbour heard, and what that was told to forget.
#[test]
fn what_others_heard_is_told() {
    let herd = Plan::new(&binaries(), &pair()).start();
    let mut reporter = Reporter::of(&herd);
    let at = reporter.at("kiwi", "+1+1", 5);
    herd.wait_until_known("B", "kiwi", &format!("AT {at}"));
    let (mut client, told) = watch(&herd, "B", "WATCH kiwi");
    assert_eq!(told, [format!("SEEN {at} kiwi")]);
    let (mut fence, told) = watch(&herd, "B", "FENCE +1+1 1");
    assert_eq!(told, [format!("ENTER {at} +1+1 1")]);
    let at = reporter.at("kiwi", "+2+2", 6);
    assert_eq!((client.line(), fence.line()), (format!("SEEN {at} kiwi"), format!("LEAVE {at} +1+1 1")));
    let gone = reporter.forget("kiwi", 7);
    assert_eq!(client.line(), format!("FORGOTTEN {gone} kiwi"));
}
