//! Waiting for what a node answers later: places, and what other regions know.

use std::future::poll_fn;

use herd::{Answered, Event, Node, Refusal, SessionId, Turn};
use http::StatusCode;

use crate::caller::Asker;
use crate::host::Letter;
use crate::problem::Problem;
use crate::router::Call;

impl Call<'_> {
    /// Asks the node something, and waits for its answer where it gives none at once.
    pub(crate) async fn ask<T>(
        &self,
        asker: &Asker,
        question: impl FnOnce(&Node, &mut Turn, SessionId) -> Result<Option<T>, Refusal>,
    ) -> Result<Asked<T>, Problem> {
        let host = &self.door.host;
        let letters = host.letters();
        let mut turn = Turn::at(host.now());
        let outcome = question(host.node(), &mut turn, letters.id());
        host.perform(&mut turn);
        if let Some(at_once) = outcome.map_err(|refusal| asker.refused(refusal))? {
            return Ok(Asked::Now(at_once));
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
            answered => Ok(Asked::Later(answered)),
        }
    }
}

/// What comes of a question.
pub(crate) enum Asked<T> {
    /// It was answered at once.
    Now(T),
    /// It was answered later.
    Later(Answered),
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
