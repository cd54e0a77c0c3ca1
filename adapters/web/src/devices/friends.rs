//! What OwnTracks shows beside its own place: others, in the answer to a report.
//!
//! The app takes friends from nowhere else in its HTTP mode. It knows a friend by its `tid` alone, and does not look at one
//! without a `tst`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::geojson::coordinates;

use super::time::{Milliseconds, Time};

/// How many there are at most in an answer.
pub(crate) const MOST: usize = 50;

/// Where one of them was: the fields of its record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Friend<'a> {
    pub(crate) client: &'a [u8],
    /// As it stands in an IAMAT.
    pub(crate) position: &'a [u8],
    pub(crate) time: &'a [u8],
}

/// A message of the type `location`.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    tid: String,
    topic: String,
    lat: Cow<'a, RawValue>,
    lon: Cow<'a, RawValue>,
    tst: i64,
}

/// An answer with these friends.
pub(crate) fn answer(friends: &[Friend<'_>]) -> String {
    let mut taken = BTreeSet::new();
    let messages: Vec<Message<'_>> =
        friends.iter().take(MOST).filter_map(|friend| message(friend, &mut taken)).collect();
    serde_json::to_string(&messages).expect("texts and numbers are JSON")
}

fn message<'a>(friend: &Friend<'a>, taken: &mut BTreeSet<String>) -> Option<Message<'a>> {
    let [lon, lat] = coordinates(friend.position)?;
    let time = Time::parse(core::str::from_utf8(friend.time).ok()?, Milliseconds::Never)?;
    let name = String::from_utf8_lossy(friend.client);
    let tid = tracker_id(&name, taken);
    taken.insert(tid.clone());
    let topic = if name.contains('/') { format!("owntracks/{name}") } else { format!("owntracks/herd/{name}") };
    let tst = i64::try_from(time.at.as_nanos().div_euclid(1_000_000_000)).ok()?;
    Some(Message { kind: "location", tid, topic, lat, lon, tst })
}

/// Two characters that no other friend in the answer has: the last two letters or digits of the ID, as the app does it
/// itself; where those are taken some that hang on the whole ID, so that they stay the same when others come and go.
fn tracker_id(name: &str, taken: &BTreeSet<String>) -> String {
    let letters: Vec<char> = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let last: String = letters[letters.len().saturating_sub(2)..].iter().collect();
    if last.len() == 2 && !taken.contains(&last) {
        return last;
    }
    let hash = name.bytes().fold(0xcbf2_9ce4_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let of = |number: u32| [number / 36 % 36, number % 36].map(|digit| char::from_digit(digit, 36).expect("below 36"));
    let tries = (0..36 * 36).map(|step| String::from_iter(of(hash.wrapping_add(step))));
    tries.into_iter().find(|tid| !taken.contains(tid)).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn friend(client: &str) -> Friend<'_> {
        Friend { client: client.as_bytes(), position: b"+034.068930-118.445127", time: b"1479413884.392014450" }
    }

    /// <https://github.com/owntracks/android/issues/458>: without a `tst` a friend is not updated.
    #[test]
    fn a_friend_has_all_that_the_app_looks_at() {
        assert_eq!(
            answer(&[friend("jane/phone"), friend("kiwi <b>\"")]),
            concat!(
                r#"[{"_type":"location","tid":"ne","topic":"owntracks/jane/phone","lat":34.068930,"lon":-118.445127,"#,
                r#""tst":1479413884},{"_type":"location","tid":"ib","topic":"owntracks/herd/kiwi <b>\"","lat":34.068930,"#,
                r#""lon":-118.445127,"tst":1479413884}]"#
            )
        );
        assert_eq!(answer(&[]), "[]");
    }

    proptest! {
        /// However IDs look, as many friends have as many tracker IDs, of two characters.
        #[test]
        fn each_has_a_tracker_id_of_its_own(names in proptest::collection::btree_set("([a-b]{0,3}|\\PC{0,4})/phone", 0..80)) {
            let friends: Vec<Friend<'_>> = names.iter().map(|name| friend(name)).collect();
            let messages: Vec<serde_json::Value> = serde_json::from_str(&answer(&friends)).expect("JSON");
            let ids: BTreeSet<&str> = messages.iter().filter_map(|message| message["tid"].as_str()).collect();
            prop_assert_eq!((ids.len(), messages.len()), (names.len().min(MOST), names.len().min(MOST)));
            prop_assert!(ids.iter().all(|tid| tid.len() == 2));
        }
    }
}
