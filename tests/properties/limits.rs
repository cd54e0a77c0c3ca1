//! What happens at each limit.

use std::time::Duration;

use herd::{Action, Event, FetchId, Limits, Query};
use proptest::prelude::*;

use super::support::driver::Accepted;
use super::support::herds;
use super::support::server::Server;

/// The fetches that were asked for since they were last looked for.
fn fetches(server: &mut Server) -> Vec<(FetchId, Query)> {
    let is_fetch = |action: &mut Action| matches!(action, Action::Fetch { .. });
    let fetch = |action| match action {
        Action::Fetch { fetch, query } => Some((fetch, query)),
        _ => None,
    };
    server.driver.actions.extract_if(.., is_fetch).filter_map(fetch).collect()
}

/// Gives the sessions the answers that wait for them, each with what it then sends.
fn answers(server: &mut Server, sessions: &mut [Accepted]) -> Vec<String> {
    let mut out = vec![Vec::new(); sessions.len()];
    for action in server.driver.actions.drain(..) {
        if let Action::Answer { session, answer } = action {
            let index = sessions.iter().position(|known| known.id() == session).expect("one of them");
            sessions[index].answer(answer, &mut out[index]);
        }
    }
    out.into_iter().map(|out| String::from_utf8(out).expect("places are UTF-8")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_link_queue_keeps_the_newest_lines(lengths in prop::collection::vec(1_usize..200, 1..60), most in 300_usize..3000) {
        let limits = Limits { link_queue: most, ..Limits::default() };
        let mut server = Server::new(&limits);
        let mut lines = Vec::new();
        for (time, length) in lengths.into_iter().enumerate() {
            let (_, reply) = server.receive(format!("IAMAT {} +1+1 {time}\n", "c".repeat(length)).as_bytes());
            let reply = String::from_utf8(reply).expect("ASCII");
            lines.push(format!("{} s0\n", reply.trim_end()));
            prop_assert!(server.driver.node().links().iter().all(|link| link.queued <= most));
        }
        prop_assert!(server.connects(), "there is something to send");
        server.connected();
        server.takes();
        server.sent();
        server.answered(b"HELLO s1 1\n");
        let taken = server.takes();
        let dropped = server.driver.node().links()[0].dropped;
        let kept = &lines[usize::try_from(dropped).expect("few")..];
        prop_assert_eq!(taken, kept.concat());
        let one_more = kept.len() < lines.len() && lines[lines.len() - kept.len() - 1..].concat().len() <= most;
        prop_assert!(!one_more, "no line is dropped without need");
    }

    #[test]
    fn clients_past_the_limit_are_refused(clients in 1_usize..20, asked in 1_usize..30) {
        let mut server = Server::new(&Limits { clients, ..Limits::default() });
        for client in 0..asked {
            let line = format!("IAMAT c{client} +1+1 1\n");
            let (session, reply) = server.receive(line.as_bytes());
            prop_assert_eq!(reply.starts_with(b"AT "), client < clients);
            prop_assert_eq!(session.is_finished(), client >= clients);
            let refusal = format!("? {line}").into_bytes();
            prop_assert!(client < clients || reply == refusal);
        }
        let (_, reply) = server.receive(b"IAMAT c0 +2+2 2\n");
        prop_assert!(reply.starts_with(b"AT "), "a known client may still move");
        let (session, _) = server.receive(b"AT s1 +0.5 new +1+1 1 s1\n");
        prop_assert!(!session.is_finished(), "a neighbour is never refused for it");
        prop_assert!(server.driver.node().clients() <= clients);
    }

    #[test]
    fn while_nothing_can_be_kept_only_clients_reports_are_refused(lines in prop::collection::vec(0_u8..3, 1..8)) {
        let mut server = Server::new(&Limits::default());
        server.receive(b"IAMAT c +1+1 1\n");
        server.driver.handle(|| Event::TakesReports(false));
        for line in lines {
            match line {
                0 => {
                    let (session, reply) = server.receive(b"IAMAT c +2+2 2\nWHATSAT c 1 1\n");
                    prop_assert_eq!(reply, b"? IAMAT c +2+2 2\n");
                    prop_assert!(session.is_finished());
                }
                1 => prop_assert!(server.receive(b"WHATSAT c 1 1\n").0.is_waiting(), "a question is answered"),
                _ => prop_assert!(server.receive(b"AT s1 +0.5 new +1+1 1 s1\n").0.wants_input(), "what others know is taken"),
            }
        }
        let kept: Vec<_> = server.driver.node().records().filter(|kept| kept.record().client() == b"c").collect();
        prop_assert_eq!(kept[0].record().time(), b"1");
        server.driver.handle(|| Event::TakesReports(true));
        let (_, reply) = server.receive(b"IAMAT c +2+2 2\n");
        prop_assert!(reply.starts_with(b"AT "), "it is taken again");
    }

    #[test]
    fn fetches_past_the_limit_wait_and_past_the_queue_are_answered(
        most in 1_usize..5, queue in 0_usize..5, asked in 1_usize..16,
    ) {
        let limits = Limits { fetches: most, fetch_queue: queue, ..Limits::default() };
        let mut server = Server::new(&limits);
        server.receive(b"IAMAT c +1+1 1\n");
        let mut sessions: Vec<Accepted> = (1..=asked)
            .map(|radius| server.receive(format!("WHATSAT c {radius} 1\n").as_bytes()).0)
            .collect();
        let mut under_way = fetches(&mut server);
        prop_assert_eq!(under_way.len(), asked.min(most));
        prop_assert_eq!(server.driver.node().fetches(), asked.min(most + queue));
        for (index, answer) in answers(&mut server, &mut sessions).iter().enumerate() {
            prop_assert_eq!(answer.contains("\"OVER_QUERY_LIMIT\""), index >= most + queue, "{}: {}", index, answer);
        }
        let mut done = 0;
        while let Some((fetch, query)) = under_way.pop() {
            server.driver.handle(|| Event::Fetched { fetch, outcome: Ok(herds::places(&query)) });
            under_way.extend(fetches(&mut server));
            prop_assert!(under_way.len() <= most);
            done += answers(&mut server, &mut sessions).iter().filter(|answer| answer.contains("\"OK\"")).count();
        }
        prop_assert_eq!(done, asked.min(most + queue));
        prop_assert!(sessions.iter().all(|session| !session.is_waiting()));
    }

    #[test]
    fn places_that_take_too_long_are_answered_in_time(timeout in 1_u64..5_000, asked in 1_usize..8) {
        let limits = Limits { fetches: 2, places_timeout: Duration::from_millis(timeout), ..Limits::default() };
        let mut server = Server::new(&limits);
        server.receive(b"IAMAT c +1+1 1\n");
        let mut sessions: Vec<Accepted> = (1..=asked)
            .map(|radius| server.receive(format!("WHATSAT c {radius} 1\nIAMAT c +1+1 1\n").as_bytes()).0)
            .collect();
        server.wait(Duration::from_nanos(timeout * herds::MILLI - 1));
        prop_assert!(answers(&mut server, &mut sessions[..0]).is_empty());
        server.wait(Duration::from_nanos(1));
        let mut late = server.driver.actions.iter().filter(|action| matches!(action, Action::Answer { .. })).count();
        for answer in answers(&mut server, &mut sessions) {
            prop_assert!(answer.contains("\"UNKNOWN_ERROR\"") && answer.contains("\n}\n\nAT s0 "), "{}", answer);
            late -= 1;
        }
        prop_assert_eq!(late, 0);
        prop_assert!(sessions.iter().all(|session| session.deadline().is_some()));
    }
}
