use herd::Timestamp;

use super::*;
use crate::oracle::Verdict;

/// An oracle that knows two reports of one client, the second one newer.
fn two_reports() -> (Oracle, [ReportId; 2]) {
    let mut oracle = Oracle::new(1, 10);
    let ids = ["IAMAT kiwi +1+1 1", "IAMAT kiwi +2+2 2"].map(|line| {
        match oracle.judge_client(0, "a", Timestamp::from_nanos(0), line.as_bytes()) {
            Verdict::Report(id) => id,
            other => panic!("{other:?}"),
        }
    });
    (oracle, ids)
}

/// Nothing is over.
fn of(oracle: &Oracle) -> Context<'_> {
    Context { oracle, may_go: &|_| false, so_far: 0 }
}

const FIRST: &[u8] = b"AT a -1.000000000 kiwi +1+1 1\n";
const SECOND: &[u8] = b"AT a -2.000000000 kiwi +2+2 2\n";

#[test]
fn replies_may_come_in_any_pieces() {
    let (oracle, [first, second]) = two_reports();
    let mut talk = Talk::default();
    talk.says("IAMAT kiwi +1+1 1\n \nIAMAT kiwi");
    talk.says(" +2+2 2\nno\n");
    assert_eq!(talk.said, 3);
    talk.owe(Owed::Record(first));
    talk.owe(Owed::Record(second));
    talk.owe(Owed::Refusal(b"no".to_vec()));
    for byte in [FIRST, SECOND, b"? no\n"].concat() {
        assert!(!talk.is_settled());
        assert_eq!(talk.receives(&[byte], &of(&oracle)), Ok(()));
    }
    assert_eq!((talk.answered, talk.ends(&oracle)), (3, Ok(())));
}

#[test]
fn wrong_replies_are_caught() {
    let (oracle, [first, second]) = two_reports();
    let told = |owed: &[ReportId], bytes: &[u8]| {
        let mut talk = Talk::default();
        for &id in owed {
            talk.owe(Owed::Record(id));
        }
        talk.receives(bytes, &of(&oracle)).map_err(|(invariant, _)| invariant)
    };
    assert_eq!(told(&[first, second], &[FIRST, SECOND].concat()), Ok(()));
    assert_eq!(told(&[first, second], &[SECOND, FIRST].concat()), Err(Invariant::Answered), "in another order");
    assert_eq!(told(&[first], &[FIRST, FIRST].concat()), Err(Invariant::Answered), "twice");
    assert_eq!(told(&[first], b"AT a -1.000000001"), Err(Invariant::Answered), "another skew");
    assert_eq!(told(&[first], b"? IAMAT kiwi +1+1 1\n"), Err(Invariant::Answered), "refused");
    let mut silent = Talk::default();
    silent.owe(Owed::Record(first));
    assert!(silent.ends(&oracle).is_err(), "not at all");
}

#[test]
fn an_old_position_and_other_places_are_caught() {
    let (oracle, [first, second]) = two_reports();
    let told = |excused: bool, bytes: &[u8]| {
        let mut talk = Talk::new(excused);
        talk.owe(Owed::Places(second, 1));
        talk.receives(bytes, &of(&oracle)).map_err(|(invariant, _)| invariant)
    };
    let at = oracle.report(second).position.expect("it is a report");
    let mut json = Vec::new();
    places::made_up(at, 20).write(1, &mut json);
    assert_eq!(told(false, &[SECOND, &json, b"\n\n"].concat()), Ok(()));
    assert_eq!(told(false, FIRST), Err(Invariant::Newest));
    let mut failed = Vec::new();
    places::failure().to_places().write(1, &mut failed);
    let failed = [SECOND, &failed, b"\n\n"].concat();
    assert_eq!(told(true, &failed), Ok(()));
    assert_eq!(told(false, &failed), Err(Invariant::Answered), "the source was well");
    let mut elsewhere = Vec::new();
    places::made_up(oracle.report(first).position.expect("so is it"), 1).write(1, &mut elsewhere);
    assert_eq!(told(true, &[SECOND, &elsewhere, b"\n\n"].concat()), Err(Invariant::Answered));
}
