//! Who may do what at the typed door.

use std::net::Ipv4Addr;

use super::*;
use crate::access::{Access, Right, Token};
use crate::herd::{Herd, Limits};
use crate::node::Event;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn rights(of: &[&str]) -> Rights {
    of.iter().map(|right| right.parse::<Right>().expect("a right")).collect()
}

fn herd(token: &Token, may: &[&str], encrypted_only: bool) -> Arc<Herd> {
    let grant = |may: &[&str]| Grant {
        name: "trucks".into(),
        rights: rights(may),
        reports_per_second: core::num::NonZeroU32::new(1),
    };
    let access = Access::new(grant(&["ask:*"]), [(token.hash(), grant(may))], encrypted_only).expect("one token");
    Arc::new(Herd::classic().with_access(access))
}

#[test]
fn a_token_has_its_rights_and_its_rate_until_they_are_taken_away() {
    let (token, now) = (Token::new(&[1; 32]), Instant::default());
    let trucks = herd(&token, &["report:truck-*"], false);
    let me = trucks.find(b"Alford").expect("it is in the built-in herd");
    let node = Node::new(trucks, me, Limits::default(), 1);
    let anybody = node.caller(None, HOME, false, now).expect("nobody has to encrypt");
    assert_eq!((anybody.may(Need::Ask, b"kiwi"), anybody.is_anonymous()), (Ok(()), true));
    assert_eq!(anybody.may(Need::Report, b"truck-1"), Err(Refusal::NoRight(Need::Report)));
    assert_eq!(node.caller(Some(b"truck"), HOME, false, now).map(drop), Err(Refusal::WrongToken));
    let truck = node.caller(Some(token.as_str().as_bytes()), HOME, false, now).expect("it is known");
    assert_eq!(truck.may(Need::Report, b"truck-1"), Ok(()));
    assert_eq!(truck.may(Need::Report, b"kiwi"), Err(Refusal::NoRight(Need::Report)));
    let reports = (0..11).filter(|_| truck.take_report(now).is_ok()).count();
    assert_eq!((reports, truck.take_report(now)), (10, Err(Refusal::TooOften)));
    assert!(node.still_grants(&truck) && node.still_grants(&anybody));
    node.handle(&mut crate::Turn::default(), Event::Herd(herd(&token, &["report:truck-2"], true)));
    assert!(!node.still_grants(&truck) && node.still_grants(&anybody));
    assert_eq!(node.caller(None, HOME, false, now).map(drop), Err(Refusal::NotEncrypted));
    assert!(node.caller(None, HOME, true, now).is_ok());
    node.handle(&mut crate::Turn::default(), Event::TakesReports(false));
    let truck = node.caller(Some(token.as_str().as_bytes()), HOME, true, now).expect("it is known");
    assert_eq!(truck.may(Need::Report, b"truck-2"), Err(Refusal::NotKept));
}

#[test]
fn whoever_has_a_link_has_its_rights_alone() {
    let star = Pattern::exactly(b"truck-*");
    let guest = Caller::from([Right::Ask(star.clone()), Right::Watch(star)].into_iter().collect::<Rights>());
    assert_eq!(guest.may(Need::Ask, b"truck-*"), Ok(()));
    assert_eq!(guest.may(Need::Ask, b"truck-1"), Err(Refusal::NoRight(Need::Ask)));
    assert_eq!(guest.may_watch(&Pattern::exactly(b"truck-1")), Err(Refusal::NoRight(Need::Watch)));
    assert_eq!(guest.may_watch(&Pattern::exactly(b"truck-*")), Ok(()));
    let herd = Arc::new(Herd::classic().with_access(Access::new(Grant::default(), [], false).expect("no token")));
    let me = herd.find(b"Alford").expect("it is in the built-in herd");
    assert!(Node::new(herd, me, Limits::default(), 1).still_grants(&guest), "no list has them");
}
