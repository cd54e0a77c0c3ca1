//! Any server of any region answers for a client, and knows where it is at home.

use herd_tests::description::Description;
use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::nats::NatsPlan;
use herd_tests::patience::wait_for;

use crate::support::{binaries, start, table, wait_until_joined};

#[test]
fn a_client_is_found_from_everywhere_and_moves() {
    let nats = NatsPlan::default().start();
    let [us, eu] = ["us", "eu"].map(|region| start(region, &nats));
    let time = |seconds: u32| format!("{}.000000000", 1_479_413_884 + seconds);
    for (number, (home, other)) in [(&us, &eu), (&eu, &us), (&us, &eu)].into_iter().enumerate() {
        let at = home.report("A", "kiwi", &time(u32::try_from(number).expect("a few")));
        assert!(at.starts_with("AT A "), "{at}");
        for (herd, server) in [(home, "C"), (other, "A"), (other, "C")] {
            herd.wait_until_known(server, "kiwi", &at);
        }
        let names = |herd: &Herd, server: &str| {
            let replies = herd.converse(server, "WHERE kiwi\nNEAR kiwi 1 1\n");
            String::from_utf8(replies).expect("ASCII")
        };
        let expected = format!("HOME {} {}\n\n", ["us", "eu", "us"][number], at.trim_end().trim_start_matches("AT "));
        assert_eq!(names(home, "B"), expected);
        assert_eq!(names(other, "B"), expected);
        // The region that it has left knows that it has.
        wait_for("the other region to know where it is at home", || {
            (other.status("B")["away"].as_u64() == Some(1)).then_some(())
        });
    }
}

/// What the HTTP door says of a client whose region does not answer is as its description has it.
#[test]
fn answers_without_a_region_are_described() {
    let mut nats = NatsPlan::default().start();
    let eu = start("eu", &nats);
    let us = Plan::new(&binaries(), &single()).with_http().with_config(&table("us", &nats)).start();
    wait_until_joined(&us);
    let at = eu.report("A", "kiwi", "1479413884.000000000");
    us.wait_until_known("A", "kiwi", &at);
    wait_for("it to be known where it is at home", || (us.status("A")["away"].as_u64() == Some(1)).then_some(()));
    nats.kill();
    let mut http = us.http("A");
    let mut description = Description::new(http.ask("GET", "/v1/openapi.json", &[], "").json());
    for (path, target) in [
        ("/v1/clients/{id}", "/v1/clients/kiwi"),
        ("/v1/clients/{id}/places", "/v1/clients/kiwi/places?radius=1"),
        ("/v1/near", "/v1/near?client=kiwi&radius=1"),
    ] {
        let answer = wait_for("nobody to answer", || {
            Some(http.ask("GET", target, &[], "")).filter(|answer| answer.status == 504)
        });
        description.expect("GET", path, &answer);
        assert_eq!((&answer.json()["region"], &answer.json()["since"]), (&"eu".into(), &"1479413884.000000000".into()));
    }
    assert!(!description.not_met().iter().any(|(_, _, status)| status == "504"), "{:?}", description.not_met());
}

#[test]
fn a_region_serves_its_own_while_nats_is_down() {
    let mut nats = NatsPlan::default().start();
    let [us, eu] = ["us", "eu"].map(|region| start(region, &nats));
    nats.kill();
    let at = us.report("A", "kiwi", "1479413884.000000000");
    us.wait_until_all_know("kiwi", &at);
    let not_there = |herd: &Herd| herd.wrong("A").into_iter().find(|wrong| wrong.contains("NATS cannot be reached"));
    let wrong = wait_for("A to say what is wrong", || not_there(&us));
    assert!(wrong.contains(&nats.address().to_string()), "{wrong}");
    let log = us.log("A");
    let told = log.iter().find(|line| line["message"] == "NATS cannot be reached").expect("it is logged");
    let reason = told["reason"].as_str().expect("a reason");
    assert!(!reason.contains("cannot be reached") && wrong.ends_with(reason), "{told} {wrong}");
    nats.start();
    wait_until_joined(&us);
    let at = us.report("A", "emu", "1479413885.000000000");
    eu.wait_until_known("C", "emu", &at);
    wait_for("nothing to be wrong", || us.wrong("A").is_empty().then_some(()));
}
