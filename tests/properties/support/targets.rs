//! What each fuzz target does with its input. The properties do the same with the committed corpus.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary as _, Unstructured};
use herd::values::MOST_RESULTS;
use herd::wire::{Departed, Forget, Message, RecordKind, Sighted, Sighting, Step as RepairStep, is_white_space};
use herd::{Limits, Places};
use serde_json::value::RawValue;

use super::conversation::{Conversation, Step};
use super::nonsense::Meeting;
use super::program::{self, Op};
use super::proving::Encounter;
use super::rights::Talk;
use super::settings;

/// A line is understood or not; if it is, its fields joined by single spaces mean the same.
pub(crate) fn line(line: &[u8]) {
    let message = Message::parse(line);
    let fields: Vec<&[u8]> = line.split(|&byte| is_white_space(byte)).filter(|field| !field.is_empty()).collect();
    let joined = fields.join(&b' ');
    assert_eq!(Message::parse(&joined), message, "white space means nothing");
    assert_eq!(message == Ok(None), fields.is_empty(), "only white space says nothing");
    if let Ok(Some(message)) = message {
        let says_more = matches!(
            message,
            Message::Hello { fields: Some(_), .. }
                | Message::Near(_)
                | Message::Watch(_)
                | Message::Fence(_)
                | Message::Unwatch(_)
        );
        assert!(words(&message).len() == fields.len() || (says_more && words(&message).len() < fields.len()));
        for (word, field) in words(&message).iter().zip(&fields) {
            assert!(word.is_none_or(|word| word == *field), "fields are lent as they are");
        }
    }
}

/// A message's fields; `None` for those that it keeps as a value only.
fn words<'a>(message: &Message<'a>) -> Vec<Option<&'a [u8]>> {
    match *message {
        Message::Status => vec![Some(b"STATUS")],
        // How many fields they have is theirs to say.
        Message::Near(_) => vec![Some(b"NEAR")],
        Message::Watch(_) => vec![Some(b"WATCH")],
        Message::Fence(_) => vec![Some(b"FENCE")],
        Message::Unwatch(_) => vec![Some(b"UNWATCH")],
        Message::Iamat(is) => vec![Some(b"IAMAT"), Some(is.client), Some(is.position), Some(is.time)],
        Message::Where { client } => vec![Some(b"WHERE"), Some(client)],
        Message::Whatsat { client, .. } => vec![Some(b"WHATSAT"), Some(client), None, None],
        Message::Hello { sender, .. } => vec![Some(b"HELLO"), Some(sender), None],
        Message::Proof { sender, .. } => vec![Some(b"PROOF"), Some(sender), None],
        Message::Auth { token } => vec![Some(b"AUTH"), Some(token)],
        Message::Refused { sender, .. } => vec![Some(b"REFUSED"), Some(sender), None],
        Message::At { report, sender } => sighted(b"AT", report, sender),
        Message::Kept { report, sender } => sighted(b"KEPT", report, sender),
        Message::Forget(is) => vec![Some(b"FORGET"), Some(is.client), Some(is.time)],
        Message::Departed { departed, floods, sender } => gone(departed, floods, sender),
        Message::Repair { sender, ref step } => {
            let more = match step {
                RepairStep::End => 1,
                RepairStep::Groups(_) | RepairStep::All(_) | RepairStep::More(_) => 2,
                RepairStep::Ranges { .. }
                | RepairStep::Sketch { .. }
                | RepairStep::Have { .. }
                | RepairStep::Want { .. }
                | RepairStep::Lack { .. } => 3,
            };
            [vec![Some(&b"REPAIR"[..]), Some(sender)], vec![None; more]].concat()
        }
    }
}

fn gone<'a>(departed: Departed<'a>, floods: bool, sender: &'a [u8]) -> Vec<Option<&'a [u8]>> {
    let Departed { kind, origin, skew, covers: Forget { client, time, .. }, .. } = departed;
    let word: &[u8] = match (kind, floods) {
        (RecordKind::Away, true) => b"AWAY",
        (RecordKind::Away, false) => b"MOVED",
        (_, true) => b"GONE",
        (_, false) => b"FORGOT",
    };
    [word, origin, skew, client, time, sender].map(Some).to_vec()
}

fn sighted<'a>(word: &'a [u8], report: Sighted<'a>, sender: &'a [u8]) -> Vec<Option<&'a [u8]>> {
    let Sighted { origin, skew, sighting: Sighting { client, position, time, .. }, .. } = report;
    [word, origin, skew, client, position, time, sender].map(Some).to_vec()
}

/// A script of a conversation: `|` cuts the client's bytes, `~` ends the oldest fetch, `^` the
/// second, `&` takes some of the replies; all else is what the client sends. However it is cut, the
/// client gets what it gets for the whole, under small limits too.
pub(crate) fn session(script: &[u8]) {
    // A memory that is quick to make: nothing here needs a large one.
    let usual = Limits { handled: 64, ..Limits::default() };
    let small = Limits { max_line: 40, max_unsent: 60, max_waiting: 2, ..usual.clone() };
    let long_lines = Limits { max_unsent: 1, max_waiting: 1, ..usual.clone() };
    let one_shot = Limits { one_shot: true, ..usual.clone() };
    for limits in [usual, small, long_lines, one_shot] {
        let whole: Vec<u8> = script.iter().copied().filter(|byte| !b"|~^&".contains(byte)).collect();
        let whole = Conversation::of(&Limits { max_waiting: 1 << 20, ..limits.clone() }, [Step::Bytes(whole)]);
        let cut = Conversation::of(&limits, steps(script));
        assert_eq!(cut.escape_ascii().to_string(), whole.escape_ascii().to_string(), "under {limits:?}");
    }
}

fn steps(script: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    for piece in script.split_inclusive(|byte| b"|~^&".contains(byte)) {
        let (bytes, mark) = match piece.split_last() {
            Some((mark, bytes)) if b"|~^&".contains(mark) => (bytes, Some(mark)),
            _ => (piece, None),
        };
        steps.push(Step::Bytes(bytes.to_vec()));
        match mark {
            Some(b'~') => steps.push(Step::Fetched(0)),
            Some(b'^') => steps.push(Step::Fetched(1)),
            Some(b'&') => steps.push(Step::Taken(50)),
            _ => {}
        }
    }
    steps
}

/// A program of operations on a node, decoded from bytes: nothing panics, limits hold, and the same
/// program gives the same outputs.
pub(crate) fn node(bytes: &[u8]) {
    let Ok(program) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let limits = program::small_limits();
    assert_eq!(program::run(&limits, &program), program::run(&limits, &program));
}

/// Two neighbours that compare while what they say is tampered with.
pub(crate) fn repair(bytes: &[u8]) {
    let Ok(meeting) = Meeting::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    meeting.hold();
}

/// Two neighbours that prove who they are while what they say is tampered with.
pub(crate) fn proving(bytes: &[u8]) {
    let Ok(encounter) = Encounter::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    encounter.hold();
}

/// A client with tokens, and rights that change.
pub(crate) fn rights(bytes: &[u8]) {
    let Ok(talk) = Talk::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    talk.hold();
}

/// A config file, and flags.
pub(crate) fn settings(input: &[u8]) {
    settings::hold(input);
}

/// A places reply cut to each bound is JSON still, with the first results and all else the same.
pub(crate) fn places(json: &[u8]) {
    let Ok(places) = Places::parse(json) else { return };
    let whole = written(&places, u8::MAX);
    let results = array(&whole["results"]);
    assert!(results.len() == places.len().min(u8::MAX.into()));
    for bound in 0..=MOST_RESULTS {
        let mut cut = written(&places, bound);
        assert_eq!(array(&cut["results"]), results[..results.len().min(bound.into())], "cut to {bound}");
        cut.insert("results".into(), whole["results"].clone());
        assert_eq!(cut, whole, "cut to {bound}");
    }
}

/// What a client gets, as the text of each member of the object that it is; no line of it
/// is empty. Numbers may be too large for any type: JSON does not mind, so they stay text.
fn written(places: &Places, bound: u8) -> BTreeMap<String, String> {
    let mut out = Vec::new();
    places.write(bound, &mut out);
    let is_empty = |line: &[u8]| line.trim_ascii().is_empty();
    assert!(!out.split(|&byte| byte == b'\n').any(is_empty), "{}", out.escape_ascii());
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(&out).expect("a cut of an object is one");
    members.into_iter().map(|(name, value)| (name, value.get().into())).collect()
}

/// The texts of an array's elements.
fn array(json: &str) -> Vec<String> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).expect("an array");
    elements.into_iter().map(|element| element.get().into()).collect()
}
