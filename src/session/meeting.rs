//! How somebody is met who says that it is a neighbour.

use super::pending::Pending;
use super::session::Session;
use crate::access::{Basis, End, Meeting, Role};
use crate::pass::{Batch, Greeter, Hello, Request, Turn};
use crate::values::{ServerId, ServerName};
use crate::wire::{HelloFields, Nonce, Proof, Refusal, Stranger};

impl Session {
    /// Somebody greets.
    pub(super) fn greeted(
        &mut self,
        turn: &Turn,
        sender: &[u8],
        (incarnation, fields): (u64, Option<HelloFields>),
        batch: &mut Batch,
    ) -> Result<Request, Refusal> {
        if let Some(fields) = fields
            && let Some(nonce) = fields.nonce
            && let Some(from) = self.identity.would_prove(sender, &self.shown)
        {
            self.ask_for_proof(turn, (from, sender), (incarnation, fields, nonce), batch);
            return Ok(Request::Answered);
        }
        let again = self.neighbour;
        let believed = self.believe(sender);
        let (from, basis) =
            believed.inspect_err(|&why| self.refuse(sender, (incarnation, fields), (why, None), batch))?;
        batch.replies.push(&self.identity.greeting(turn.now.wall, fields.is_some(), None, None));
        let is_proved = !self.identity.herd.trust().is_too_little(self.identity.names.name(from), basis);
        let hello = Hello { incarnation, fields, again: again == Some(from), is_proved };
        Ok(Request::Hello { from, hello })
    }

    /// Answers a greeting with a proof, and with what the sender is to prove in turn.
    fn ask_for_proof(
        &mut self,
        turn: &Turn,
        (from, sender): (ServerId, &[u8]),
        (incarnation, fields, theirs): (u64, HelloFields, Nonce),
        batch: &mut Batch,
    ) {
        let ours = self.identity.nonces.nonce(self.number, self.greetings);
        self.greetings += 1;
        let pending = Pending { from, incarnation, fields, nonces: (theirs, ours) };
        let first = self.identity.herd.trust().secrets.first();
        let proof = first.map(|secret| self.meeting(&pending, sender).prove(Role::Acceptor, secret));
        batch.replies.push(&self.identity.greeting(turn.now.wall, true, Some(ours), proof));
        self.pending = Some(Box::new(pending));
    }

    /// Somebody proves that it is the neighbour which has greeted.
    pub(super) fn proved(&mut self, sender: &[u8], proof: &Proof, batch: &mut Batch) -> Result<Request, Refusal> {
        let pending = self.pending.take().filter(|pending| self.identity.id_of(sender) == Some(pending.from));
        let pending = pending.ok_or(Refusal::NotProven)?;
        let secrets = &self.identity.herd.trust().secrets;
        let verified = self.meeting(&pending, sender).verify(Role::Opener, proof, secrets);
        let Pending { from, incarnation, fields, .. } = *pending;
        let said = (incarnation, Some(fields));
        let again = self.neighbour;
        self.shown.proof = verified.map(|secret| (from, secret));
        // Where no secret is asked for any more, it comes down to the address.
        let is_enough = verified.is_some() || secrets.is_empty();
        let believed = if is_enough { self.believe(sender) } else { Err(Stranger::Secret) };
        believed.inspect_err(|&why| self.refuse(sender, said, (why, Some(proof.secret)), batch))?;
        let hello = Hello { incarnation, fields: Some(fields), again: again == Some(from), is_proved: true };
        Ok(Request::Hello { from, hello })
    }

    fn meeting<'a>(&'a self, pending: &Pending, sender: &'a [u8]) -> Meeting<'a> {
        let (theirs, ours) = pending.nonces;
        Meeting {
            opener: End { name: sender, incarnation: pending.incarnation, nonce: theirs },
            acceptor: End { name: self.identity.name(), incarnation: self.identity.incarnation, nonce: ours },
        }
    }

    /// Somebody greets who is not believed.
    fn refuse(
        &self,
        sender: &[u8],
        (incarnation, fields): (u64, Option<HelloFields>),
        (why, proved): (Stranger, Option<u32>),
        batch: &mut Batch,
    ) {
        if fields.is_some_and(|fields| fields.version >= 2) {
            batch.replies.push(&self.identity.refusal(why));
        }
        // A server that is sent to itself by a wrong address is no second one.
        if incarnation != self.identity.incarnation {
            batch.greeter = ServerName::of(sender).map(|name| Greeter { name, why, proved });
        }
    }

    /// Takes it for the neighbour of that name, if it has shown what that takes; and for what it is believed.
    pub(super) fn believe(&mut self, sender: &[u8]) -> Result<(ServerId, Basis), Stranger> {
        let (neighbour, basis) = self.identity.neighbour(sender, &self.shown)?;
        self.neighbour = Some(neighbour);
        Ok((neighbour, basis))
    }
}
