//! Whom a server believes to be its neighbours.

use herd::{Secret, ServerName, Trust};
use serde::{Deserialize, Serialize};

/// The secrets that a server has, and whether it believes addresses beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trusting {
    /// The numbers of its secrets: the first proves, all are accepted. A server without any believes addresses.
    pub secrets: Vec<usize>,
    /// Whether a neighbour that proves nothing is believed by its address all the same.
    #[serde(rename = "trust-addresses")]
    pub addresses: bool,
}

impl Trusting {
    /// It has these secrets, and asks for a proof.
    #[must_use]
    pub fn secrets(secrets: &[usize]) -> Self {
        Self { secrets: secrets.to_vec(), addresses: false }
    }

    /// It believes addresses too.
    #[must_use]
    pub fn or_addresses(self) -> Self {
        Self { addresses: true, ..self }
    }

    /// Whether a neighbour that proves nothing is a stranger to it.
    #[must_use]
    pub const fn asks_for_proof(&self) -> bool {
        !self.secrets.is_empty() && !self.addresses
    }

    /// Whether it believes a neighbour at its address that shows what it can.
    #[must_use]
    pub fn believes(&self, other: &Self) -> bool {
        match other.secrets.first() {
            _ if self.secrets.is_empty() => true,
            Some(proves) => self.secrets.contains(proves),
            None => self.addresses,
        }
    }

    /// It for a server's herd, where those servers can prove nothing.
    pub(crate) fn trust(&self, plain: Vec<ServerName>) -> Trust {
        let secrets = self.secrets.iter().map(|&number| secret(number)).collect();
        Trust { secrets, addresses: self.addresses, plain, ..Trust::default() }
    }
}

/// The secret of that number.
fn secret(number: usize) -> Secret {
    let mut key = [0x5e; Secret::BYTES];
    key[..size_of::<usize>()].copy_from_slice(&number.to_be_bytes());
    Secret::new(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_of_a_change_is_believed_by_the_one_before() {
        let secrets = Trusting::secrets;
        let to_a_secret = [Trusting::default(), secrets(&[1]).or_addresses(), secrets(&[1])];
        let to_another = [secrets(&[1]), secrets(&[1, 2]), secrets(&[2, 1]), secrets(&[2])];
        for steps in [&to_a_secret[..], &to_another[..]] {
            for (before, after) in steps.iter().zip(&steps[1..]) {
                assert!(before.believes(after) && after.believes(before), "{before:?} {after:?}");
            }
            let (first, last) = (&steps[0], &steps[steps.len() - 1]);
            assert!(!(first.believes(last) && last.believes(first)));
        }
    }
}
