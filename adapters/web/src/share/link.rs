//! One link: whom it shows, and until when.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use herd::values::Pattern;
use herd::{Right, Rights, Timestamp};

use super::keys::ShareKeys;

/// What a link that is signed says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link {
    client: Vec<u8>,
    until: u64,
}

/// Why a text is no link, or none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoLink {
    /// Nobody with one of the keys made it.
    Unknown,
    /// Its time is over.
    Over,
}

impl Link {
    /// The first byte of this form of link: a version, the end as POSIX seconds in eight bytes, the client's ID, and 32 bytes
    /// of HMAC-SHA256.
    const VERSION: u8 = 1;
    const END: usize = 1 + 8;
    const SIGNATURE: usize = 32;

    /// A link to a client until then, in POSIX seconds.
    pub(crate) fn new(client: &[u8], until: u64) -> Self {
        Self { client: client.to_vec(), until }
    }

    /// Whom it shows.
    pub(crate) fn client(&self) -> &[u8] {
        &self.client
    }

    /// Until when, in POSIX seconds.
    pub(crate) const fn until(&self) -> u64 {
        self.until
    }

    /// When it ends.
    pub(crate) fn end(&self) -> Timestamp {
        Timestamp::from_nanos(i128::from(self.until) * 1_000_000_000)
    }

    /// What who has it may do: ask for that client and watch it, and no other, whatever bytes its ID has.
    pub(crate) fn rights(&self) -> Rights {
        let only = Pattern::exactly(&self.client);
        [Right::Ask(only.clone()), Right::Watch(only)].into_iter().collect()
    }

    /// As it stands in a URL; `None` without a key.
    pub(crate) fn sign(&self, keys: &ShareKeys) -> Option<String> {
        let mut bytes = vec![Self::VERSION];
        bytes.extend_from_slice(&self.until.to_be_bytes());
        bytes.extend_from_slice(&self.client);
        bytes.extend_from_slice(&keys.sign(&bytes)?);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a link that was signed with one of the keys and has not ended.
    pub(crate) fn verify(text: &str, keys: &ShareKeys, now: Timestamp) -> Result<Self, NoLink> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoLink::Unknown)?;
        let (signed, signature) = bytes.split_last_chunk::<{ Self::SIGNATURE }>().ok_or(NoLink::Unknown)?;
        if !keys.verify(signed, signature) {
            return Err(NoLink::Unknown);
        }
        let link = Self::read(signed).ok_or(NoLink::Unknown)?;
        if now >= link.end() { Err(NoLink::Over) } else { Ok(link) }
    }

    fn read(signed: &[u8]) -> Option<Self> {
        let (head, client) = signed.split_at_checked(Self::END)?;
        let (&Self::VERSION, until) = head.split_first()? else { return None };
        Some(Self::new(client, u64::from_be_bytes(until.try_into().ok()?)))
    }
}

/// Who sees it could not make a link of it, but whom somebody shares is nothing for logs.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("until", &self.until).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use herd::wire::Need;
    use proptest::prelude::*;

    use super::super::keys::ShareKey;
    use super::*;

    fn keys(bytes: &[u8]) -> ShareKeys {
        ShareKeys::new(bytes.iter().map(|&byte| ShareKey::new([byte; 32])).collect())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(i128::from(seconds) * 1_000_000_000)
    }

    #[test]
    fn it_is_what_others_would_compute() {
        // Python: hmac.new(bytes([1]) * 32, b"herd link" + signed, "sha256") over bytes([1]) + (1790000000).to_bytes(8) + b"kiwi"
        let link = Link::new(b"kiwi", 1_790_000_000);
        assert_eq!(
            link.sign(&keys(&[1])).as_deref(),
            Some("AQAAAABqsTuAa2l3aVvu-uT9tJO8iKL3F-8El_4zwx-4JlPdIDU8Wr8w8m7H")
        );
        assert_eq!(format!("{link:?} {:?}", ShareKey::new([1; 32])), "Link { until: 1790000000, .. } ShareKey");
    }

    #[test]
    fn the_first_key_signs_all_are_accepted_and_a_new_one_ends_it() {
        let link = Link::new(b"kiwi", 100);
        let text = link.sign(&keys(&[1, 2])).expect("there is a key");
        assert_eq!(Link::verify(&text, &keys(&[3, 1]), at(99)), Ok(link.clone()));
        for other in [&[2, 3][..], &[]] {
            assert_eq!(Link::verify(&text, &keys(other), at(99)), Err(NoLink::Unknown));
        }
        assert_eq!(Link::verify(&text, &keys(&[1]), at(100)), Err(NoLink::Over));
        assert_eq!(link.sign(&keys(&[])), None);
    }

    #[test]
    fn it_is_about_one_client_also_where_its_id_looks_like_a_pattern() {
        for (client, other) in [(&b"kiwi"[..], &b"kiwi2"[..]), (b"kiwi*", b"kiwi"), (b"*", b"kiwi")] {
            let rights = Link::new(client, 1).rights();
            assert!(rights.allow(Need::Ask, client) && rights.allow(Need::Watch, client));
            assert!(!rights.allow(Need::Ask, other) && !rights.allow(Need::Watch, other));
            let more = [Need::Report, Need::Forget, Need::Near, Need::Share, Need::Status];
            assert!(more.iter().all(|&need| !rights.allow(need, client)));
        }
    }

    proptest! {
        #[test]
        fn what_was_signed_is_read_and_nothing_else(
            client in proptest::collection::vec(33_u8.., 1..40),
            until in 1_u64..1 << 40,
            place: prop::sample::Index,
            byte: u8,
        ) {
            let (link, keys) = (Link::new(&client, until), keys(&[1, 2]));
            let text = link.sign(&keys).expect("there is a key");
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(Link::verify(&text, &keys, at(until - 1)), Ok(link));
            let mut changed = text.clone().into_bytes();
            *place.get_mut(&mut changed) = byte;
            if let Ok(changed) = String::from_utf8(changed) && changed != text {
                prop_assert_eq!(Link::verify(&changed, &keys, at(until - 1)), Err(NoLink::Unknown));
            }
            let shorter = &text[..place.index(text.len())];
            prop_assert_eq!(Link::verify(shorter, &keys, at(0)), Err(NoLink::Unknown));
            for longer in [format!("{text}="), format!("{text}A"), format!("{text}AA"), format!("{text} ")] {
                prop_assert_eq!(Link::verify(&longer, &keys, at(0)), Err(NoLink::Unknown));
            }
        }
    }
}
