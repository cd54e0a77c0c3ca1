//! What a client may do on this connection, and how often.

use std::sync::Arc;

use super::session::Session;
use crate::access::{Access, Bucket, Rights};
use crate::pass::{Batch, Request};
use crate::values::Instant;
use crate::wire::{Need, Refusal, WatchWord};

impl Session {
    /// A client says who it is, and has the rights of its token from here on in place of those it had.
    // Not inlined, so that what all other lines go through is as short as without it.
    #[inline(never)]
    pub(super) fn authenticate(&mut self, token: &[u8], batch: &mut Batch) -> Result<Request, Refusal> {
        if !self.is_served() {
            return Err(Refusal::NotEncrypted);
        }
        let granted = self.identity.herd.access().of_token(token).ok_or(Refusal::WrongToken)?;
        (self.granted, self.bucket) = (Arc::clone(granted), granted.bucket.clone());
        if let Some(watcher) = self.watcher.take() {
            for target in watcher.targets() {
                WatchWord::Unwatched.write_alone(target, &mut batch.replies);
            }
        }
        batch.replies.push(b"OK\n");
        Ok(Request::Answered)
    }

    /// Whether clients are served on this connection at all.
    pub(super) fn is_served(&self) -> bool {
        !self.identity.herd.access().is_encrypted_only() || self.shown.certificate.is_some()
    }

    /// Whether a request may be made, about that client where it is about one.
    pub(crate) fn may(&self, need: Need, client: &[u8]) -> Result<(), Refusal> {
        if !self.is_served() {
            return Err(Refusal::NotEncrypted);
        }
        match self.granted.grant.rights.allow(need, client) {
            true if need.brings() && !self.identity.takes_reports => Err(Refusal::NotKept),
            true => Ok(()),
            false => Err(Refusal::NoRight(need)),
        }
    }

    /// Whether anything may be watched on this connection at all; what of it, is asked when the target is known.
    pub(super) fn may_watch(&self) -> Result<(), Refusal> {
        if !self.is_served() {
            return Err(Refusal::NotEncrypted);
        }
        if self.identity.limits.one_shot { Err(Refusal::OneShot) } else { Ok(()) }
    }

    /// What its client may do.
    pub(crate) fn rights(&self) -> &Rights {
        &self.granted.grant.rights
    }

    /// How many reports there is room for now.
    pub(super) fn reports_left(&self, now: Instant) -> usize {
        self.bucket.as_ref().map_or(usize::MAX, |bucket| bucket.room(now))
    }

    /// So many reports came.
    pub(super) fn count_reports(&self, count: usize, now: Instant) {
        if let Some(bucket) = self.bucket.as_ref().filter(|_| count > 0) {
            bucket.take(count, now);
        }
    }

    /// Others have other rights from here on. Who has lost one is served no more; what is owed is still sent. Who has said
    /// no token reports as often as `bucket` lets through.
    pub(super) fn change_access(&mut self, access: &Access, bucket: Option<Arc<Bucket>>) {
        let granted = access.granted_to(self.granted.token.as_ref());
        let has_lost = granted.is_none_or(|granted| !granted.grant.rights.cover_all_of(&self.granted.grant.rights));
        // Who could do nothing before has nothing to lose, and may be about to encrypt.
        let is_locked_out = self.is_served() && access.is_encrypted_only() && self.shown.certificate.is_none();
        if self.neighbour.is_none() && (has_lost || is_locked_out) {
            self.close();
        }
        if let Some(granted) = granted {
            self.bucket = if granted.token.is_some() { granted.bucket.clone() } else { bucket };
            self.granted = Arc::clone(granted);
            if let Some(watcher) = &mut self.watcher {
                watcher.set_rights(&granted.grant.rights);
            }
        }
    }
}
