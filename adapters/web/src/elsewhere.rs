//! Waiting for what a node answers later: places, and what other regions know.

use std::future::poll_fn;

use herd::{Answered, Event, Node, Refusal, SessionId, Turn};
use http::StatusCode;

use crate::caller::Asker;
use crate::host::Letter;
use crate::problem::Problem;
use crate::router::Call;

impl Call<'_> {
    /// Asks the node something that it may answer later: what is so at once, or the answer.
    pub(crate) async fn ask<T>(
        &self,
        asker: &Asker,
        question: impl FnOnce(&Node, &mut Turn, SessionId) -> Result<Asked<T>, Refusal>,
    ) -> Result<Asked<T>, Problem> {
        let host = &self.door.host;
        let letters = host.letters();
        let mut turn = Turn::at(host.now());
        let outcome = question(host.node(), &mut turn, letters.id());
        host.perform(&mut turn);
        match outcome.map_err(|refusal| asker.refused(refusal))? {
            Asked::Later(None) => {}
            at_once => return Ok(at_once),
        }
        let mut waiting = Waiting { call: self, id: Some(letters.id()) };
        let letter = poll_fn(|context| letters.poll(context)).await;
        waiting.id = None;
        let Letter::Answer(answer) = letter else {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "buffers are full: try later"));
        };
        match answer.into_answered() {
            Answered::Unknown { .. } => Err(asker.refused(Refusal::UnknownClient)),
            Answered::Silent { away, .. } => Err(Problem::region_silent(&away.record())),
            answered => Ok(Asked::Later(Some(answered))),
        }
    }
}

/// What comes of a question.
pub(crate) enum Asked<T> {
    /// It is so.
    Now(T),
    /// It is answered later, or was now.
    Later(Option<Answered>),
}

/// Somebody who waits. Who goes before the answer is there costs nothing more.
struct Waiting<'a> {
    call: &'a Call<'a>,
    id: Option<SessionId>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let host = &self.call.door.host;
            let mut turn = Turn::at(host.now());
            host.node().handle(&mut turn, Event::Gone(id));
            host.perform(&mut turn);
        }
    }
}
