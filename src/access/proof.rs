//! How the two ends of a connection prove to each other that they know a secret of their herd.
//!
//! ```text
//! who opened it                              who accepted it
//! HELLO Alford 7 v=2 ... nonce=A    ──────>
//!                                   <──────  HELLO Ball 9 v=2 ... nonce=B proof=ID:MAC
//! PROOF Alford ID:MAC               ──────>
//! ```
//!
//! Each proof is HMAC-SHA256, with the secret for a key, of one line that says all that makes the connection this one:
//! what is proved by whom, and each end's name, incarnation and nonce. So no proof is of any use on another connection,
//! nor for the other end of the same one.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::Secret;
use crate::wire::{Nonce, Proof};

/// One end of a connection, as it calls itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) incarnation: u64,
    pub(crate) nonce: Nonce,
}

/// A connection that is being greeted on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meeting<'a> {
    pub(crate) opener: End<'a>,
    pub(crate) acceptor: End<'a>,
}

/// Which end proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Opener,
    Acceptor,
}

impl Meeting<'_> {
    /// What that end says.
    pub(crate) fn prove(&self, role: Role, secret: &Secret) -> Proof {
        Proof { secret: secret.id(), mac: self.mac(role, secret).finalize().into_bytes().into() }
    }

    /// Whether that end has shown that it knows one of these secrets: the id of the one.
    pub(crate) fn verify(&self, role: Role, proof: &Proof, secrets: &[Secret]) -> Option<u32> {
        // Ids are short, and two secrets may have the same.
        let mut alike = secrets.iter().filter(|secret| secret.id() == proof.secret);
        // The comparison takes as long wherever the two differ.
        let is_right = |secret: &Secret| self.mac(role, secret).verify_slice(&proof.mac).is_ok();
        alike.any(is_right).then_some(proof.secret)
    }

    fn mac(&self, role: Role, secret: &Secret) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(secret.key()).expect("it takes keys of any length");
        mac.update(match role {
            Role::Opener => b"herd proof 2 of opener",
            Role::Acceptor => b"herd proof 2 of acceptor",
        });
        // Names are fields and hold no space, so no two meetings make one line.
        for End { name, incarnation, nonce } in [&self.opener, &self.acceptor] {
            mac.update(b" ");
            mac.update(name);
            mac.update(format!(" {incarnation} {nonce}").as_bytes());
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::TokenHash;

    const OPENER: End<'_> = End { name: b"Alford", incarnation: 7, nonce: Nonce([1; 16]) };
    const ACCEPTOR: End<'_> = End { name: b"Ball", incarnation: 9, nonce: Nonce([2; 16]) };

    #[test]
    fn a_proof_is_of_one_end_of_one_meeting_and_of_one_secret() {
        let (ours, other) = (Secret::new(&[1; 32]), Secret::new(&[2; 32]));
        let meeting = Meeting { opener: OPENER, acceptor: ACCEPTOR };
        for (role, of_the_other) in [(Role::Opener, Role::Acceptor), (Role::Acceptor, Role::Opener)] {
            let proof = meeting.prove(role, &ours);
            assert_eq!(meeting.verify(role, &proof, &[other.clone(), ours.clone()]), Some(ours.id()));
            assert_eq!(meeting.verify(role, &proof, core::slice::from_ref(&other)), None);
            assert_eq!(
                meeting.verify(role, &Proof { secret: other.id(), ..proof }, &[other.clone(), ours.clone()]),
                None
            );
            assert_eq!(meeting.verify(of_the_other, &proof, core::slice::from_ref(&ours)), None);
            let swapped = Meeting { opener: ACCEPTOR, acceptor: OPENER };
            for role in [role, of_the_other] {
                assert_eq!(swapped.verify(role, &proof, core::slice::from_ref(&ours)), None);
            }
            for end in [
                End { name: b"Alfor", ..OPENER },
                End { incarnation: 8, ..OPENER },
                End { nonce: Nonce([3; 16]), ..OPENER },
            ] {
                let elsewhere = Meeting { opener: end, ..meeting };
                assert_eq!(elsewhere.verify(role, &proof, core::slice::from_ref(&ours)), None);
            }
        }
    }

    #[test]
    fn it_is_what_others_would_compute() {
        // Python: hmac.new(bytes([1]) * 32, b"herd proof 2 of opener Alford 7 " + b"01" * 16 + b" Ball 9 " + b"02" * 16,
        // "sha256").hexdigest()
        let proof = Meeting { opener: OPENER, acceptor: ACCEPTOR }.prove(Role::Opener, &Secret::new(&[1; 32]));
        assert_eq!(
            TokenHash(proof.mac).to_string(),
            "272318cceb20c712ab52e8c03a00ac12e8a0c51fc0b8f2d133a538b2a9740349"
        );
    }
}
