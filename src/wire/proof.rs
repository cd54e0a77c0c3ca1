//! Nonces and proofs, as greetings and `PROOF` have them.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::hexadecimal::hexadecimal;

/// A number that one end of a connection has made for it, and for no other: 16 bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce(pub(crate) [u8; 16]);

/// Shows that its maker knows a secret: HMAC-SHA256 of who meets whom, written as the secret's id in eight hexadecimal
/// digits, a colon, and 43 characters of base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Which secret it was made with.
    pub secret: u32,
    pub(crate) mac: [u8; 32],
}

impl Nonce {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        Some(Self(hexadecimal(text, 32)?.to_be_bytes()))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Proof {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (secret, mac) = text.split_at_checked(8)?;
        let secret = u32::try_from(hexadecimal(secret, 8)?).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac.strip_prefix(b":")?).ok()?;
        Some(Self { secret, mac: mac.try_into().ok()? })
    }

    /// The line that says it, LF included.
    pub(crate) fn line(&self, sender: &[u8]) -> Vec<u8> {
        [b"PROOF ", sender, b" ", self.to_string().as_bytes(), b"\n"].concat()
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}:{}", self.secret, URL_SAFE_NO_PAD.encode(self.mac))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let nonce = Nonce([0x0f; 16]);
        assert_eq!(Nonce::parse(nonce.to_string().as_bytes()), Some(nonce));
        let proof = Proof { secret: 0x1f_2e3d, mac: [7; 32] };
        assert!(proof.to_string().starts_with("001f2e3d:"));
        assert_eq!(Proof::parse(proof.to_string().as_bytes()), Some(proof));
    }

    #[test]
    fn other_forms_are_invalid() {
        let nonce = "0".repeat(32);
        for bad in ["", &nonce[1..], &format!("{nonce}0"), &format!("+{}", &nonce[1..]), &format!("{}g", &nonce[1..])] {
            assert_eq!(Nonce::parse(bad.as_bytes()), None, "{bad}");
        }
        let mac = "A".repeat(43);
        assert!(Proof::parse(format!("0011aaFF:{mac}").as_bytes()).is_some());
        for bad in ["", "0011aaff", &format!("0011aaff{mac}"), &format!("+011aaff:{mac}"), &format!("11aaff:{mac}")] {
            assert_eq!(Proof::parse(bad.as_bytes()), None, "{bad}");
        }
        for mac in [&mac[1..], &format!("{mac}A"), &format!("{mac}="), &format!("{}+", &mac[1..])] {
            assert_eq!(Proof::parse(format!("0011aaff:{mac}").as_bytes()), None, "{mac}");
        }
    }
}
