//! Somebody at the typed door who is not the program itself: what they may do, and how often.

use core::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::node::Node;
use crate::access::{Bucket, Grant, Granted, Rights};
use crate::values::{Instant, Pattern};
use crate::wire::{Need, Refusal};

/// Somebody who asks for something by way of a program that embeds a node, such as a client of its HTTP door.
///
/// The typed calls themselves ask nobody: whoever embeds a node may do everything. A door for others looks here first
/// whether [they may](Self::may), and [as often](Self::take_report).
#[derive(Clone)]
pub struct Caller {
    granted: Arc<Granted>,
    bucket: Option<Arc<Bucket>>,
    takes_reports: bool,
    /// Whether the server's own list of rights is where they come from.
    is_listed: bool,
}

impl Node {
    /// Who somebody is that shows this token, or none, and connects from there, encrypted or not.
    ///
    /// # Errors
    /// [`Refusal::NotEncrypted`] where clients have to encrypt; [`Refusal::WrongToken`] where it is not known.
    pub fn caller(
        &self,
        token: Option<&[u8]>,
        remote: IpAddr,
        is_encrypted: bool,
        now: Instant,
    ) -> Result<Caller, Refusal> {
        let identity = self.identity();
        let access = identity.herd.access();
        if access.is_encrypted_only() && !is_encrypted {
            return Err(Refusal::NotEncrypted);
        }
        let (granted, bucket) = match token {
            None => (access.anonymous(), self.bucket(&identity, Some(remote), now)),
            Some(token) => {
                let granted = access.of_token(token).ok_or(Refusal::WrongToken)?;
                (granted, granted.bucket.clone())
            }
        };
        Ok(Caller { granted: Arc::clone(granted), bucket, takes_reports: identity.takes_reports, is_listed: true })
    }

    /// Whether that caller may still do all that they could when they came: their rights may have been changed since.
    #[must_use]
    pub fn still_grants(&self, caller: &Caller) -> bool {
        if !caller.is_listed {
            return true;
        }
        let identity = self.identity();
        let granted = identity.herd.access().granted_to(caller.granted.token.as_ref());
        granted.is_some_and(|granted| granted.grant.rights.cover_all_of(caller.rights()))
    }
}

impl Caller {
    /// Whether a request may be made, about that client where it is about one.
    ///
    /// # Errors
    /// [`Refusal::NoRight`]; [`Refusal::NotKept`] while [no reports are taken](crate::Event::TakesReports).
    pub fn may(&self, need: Need, client: &[u8]) -> Result<(), Refusal> {
        match self.rights().allow(need, client) {
            true if need.brings() && !self.takes_reports => Err(Refusal::NotKept),
            true => Ok(()),
            false => Err(Refusal::NoRight(need)),
        }
    }

    /// Whether any client of that pattern may be asked for.
    #[must_use]
    pub fn may_ask(&self, pattern: &Pattern) -> bool {
        self.rights().ask().overlap(pattern)
    }

    /// Whether any client of that pattern may be watched.
    ///
    /// # Errors
    /// [`Refusal::NoRight`].
    pub fn may_watch(&self, pattern: &Pattern) -> Result<(), Refusal> {
        if self.rights().watch().overlap(pattern) { Ok(()) } else { Err(Refusal::NoRight(Need::Watch)) }
    }

    /// A report comes from them: it counts in how often they may.
    ///
    /// # Errors
    /// [`Refusal::TooOften`].
    pub fn take_report(&self, now: Instant) -> Result<(), Refusal> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        if bucket.room(now) == 0 {
            return Err(Refusal::TooOften);
        }
        bucket.take(1, now);
        Ok(())
    }

    /// What they may do.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        &self.granted.grant.rights
    }

    /// Whether they have shown no token.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.granted.token.is_none()
    }
}

/// Somebody with these rights, whom nothing but their holder can take them from, and no bound on how often.
impl From<Rights> for Caller {
    fn from(rights: Rights) -> Self {
        let grant = Grant { rights, ..Grant::default() };
        let granted = Arc::new(Granted { grant, token: None, bucket: None });
        Self { granted, bucket: None, takes_reports: true, is_listed: false }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("grant", &self.granted.grant).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
