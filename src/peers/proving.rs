//! What the two ends of a link's connection show each other.

use super::cx::Cx;
use crate::access::{Basis, End, Meeting, Proved, Role};
use crate::values::ServerId;
use crate::wire::{HelloFields, Nonce, Proof, Stranger};

/// What was shown on the connection that there is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Proving {
    /// Whether the other end has shown a certificate of the neighbour's name.
    pub(super) is_certified: bool,
    /// What the neighbour's proof is to be of.
    nonce: Option<Nonce>,
    /// Why the neighbour is believed, once it is.
    pub(crate) basis: Option<Basis>,
    /// This server's proof, until it is sent.
    own: Option<Proof>,
    /// Whether the neighbour may still say that it does not believe that.
    pub(super) is_unconfirmed: bool,
}

impl Proving {
    pub(super) fn on(is_certified: bool) -> Self {
        Self { is_certified, ..Self::default() }
    }

    /// Whether this server's proof is still to be sent.
    pub(super) const fn is_due(&self) -> bool {
        self.own.is_some()
    }

    /// The line to send before any other, if there is one.
    pub(super) fn take_line(&mut self, cx: &Cx<'_>) -> Option<Vec<u8>> {
        Some(self.own.take()?.line(cx.identity.name()))
    }

    /// What the neighbour is to prove, if it is to prove anything.
    pub(super) fn ask(&mut self, cx: &mut Cx<'_>) -> Option<Nonce> {
        if self.basis.is_some() || !cx.identity.asks_for_proof(self.is_certified) {
            return None;
        }
        self.nonce = Some(cx.nonce());
        self.nonce
    }

    /// The neighbour answers a greeting: whether it is believed now, and if not, what it has tried to prove.
    ///
    /// # Errors
    /// What it lacks.
    pub(super) fn judge(
        &mut self,
        peer: ServerId,
        incarnation: u64,
        fields: Option<HelloFields>,
        cx: &Cx<'_>,
    ) -> Result<(), (Stranger, Option<u32>)> {
        if self.basis.is_some() {
            return Ok(());
        }
        let fields = fields.unwrap_or_default();
        let (identity, secrets) = (cx.identity, &cx.identity.herd.trust().secrets);
        let meeting = self.nonce.take().zip(fields.nonce).map(|(ours, theirs)| Meeting {
            opener: End { name: identity.name(), incarnation: identity.incarnation, nonce: ours },
            acceptor: End { name: identity.names.name(peer).as_bytes(), incarnation, nonce: theirs },
        });
        let proved = match meeting.zip(fields.proof) {
            None => Proved::Nothing,
            Some((meeting, proof)) => {
                meeting.verify(Role::Acceptor, &proof, secrets).map_or(Proved::Wrong, Proved::Secret)
            }
        };
        let judged = identity.judge_answer(peer, self.is_certified, proved);
        let basis = judged.map_err(|why| (why, fields.proof.map(|proof| proof.secret)))?;
        self.basis = Some(basis);
        if let (Basis::Secret(_), Some(meeting), Some(first)) = (basis, meeting, secrets.first()) {
            self.own = Some(meeting.prove(Role::Opener, first));
            self.is_unconfirmed = true;
        }
        Ok(())
    }
}
