//! Whether servers may start where they are.
//!
//! On the loopback of a machine a herd is as simple as it always was. Beyond it, somebody has to have said who is believed
//! to be a server of the herd, and what clients may do.

use herd::{Certificates, ServerId};

use super::Settings;
use super::address::is_loopback;

/// Why servers do not start as they are: others can reach them, and nothing says whom they are to believe. Its text says
/// what there is to choose from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unguarded {
    /// Anybody who has a neighbour's address could speak as that neighbour.
    #[error(
        "{name} is at {address}, beyond this machine, and nothing proves who is a server of this herd: give all of them \
         a secret (secret-file in [herd], made with `herd secret`), or certificates ([tls], made with `herd certs`), or \
         set trust-addresses = true in [herd] where nobody else can have their addresses"
    )]
    Neighbours {
        /// The first server that is not on loopback.
        name: String,
        /// Where it listens or is reached.
        address: String,
    },
    /// Anybody could report for any client.
    #[error(
        "{name} listens on {listen}, beyond this machine, and nothing says what clients without a token may do: write \
         anonymous = [\"ask:*\"] in [access], or anonymous = [\"all\"] where everybody may do everything"
    )]
    Clients {
        /// The server.
        name: String,
        /// Where it listens.
        listen: String,
    },
}

impl Settings {
    /// Whether these servers of the herd may start: each server of the herd is on loopback, or proofs, or at least the
    /// belief in addresses, are asked for; and where one of them listens beyond loopback, rights are written down. A
    /// host name other than `localhost` counts as beyond. A herd of one server has no neighbours to be believed.
    ///
    /// # Errors
    /// What has to be said first.
    pub fn guard(&self, servers: &[ServerId]) -> Result<(), Unguarded> {
        let trust = self.herd.trust();
        let is_settled = !trust.secrets.is_empty() || trust.certificates == Certificates::Required || trust.addresses;
        if !is_settled && self.herd.members().len() > 1 {
            self.guard_neighbours()?;
        }
        if self.has_access {
            return Ok(());
        }
        for (index, &server) in servers.iter().enumerate() {
            let listens = [Some(self.listen(server)), self.http.listen(server, index == 0)];
            if let Some(listen) = listens.into_iter().flatten().find(|listen| !is_loopback(listen)) {
                return Err(Unguarded::Clients { name: self.herd.name(server).to_string(), listen: listen.to_owned() });
            }
        }
        Ok(())
    }

    fn guard_neighbours(&self) -> Result<(), Unguarded> {
        for server in self.herd.ids() {
            let member = self.herd.member(server);
            if let Some(address) = [self.listen(server), &member.address].into_iter().find(|text| !is_loopback(text)) {
                return Err(Unguarded::Neighbours { name: member.name.to_string(), address: address.to_owned() });
            }
        }
        Ok(())
    }
}
