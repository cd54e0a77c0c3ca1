//! What a pass does about requests that are neither reports nor WHATSATs, one kind after the other.

use core::mem;
use core::ops::Range;

use super::answering::{Answering, brings};
use super::near::write_found;
use super::serving::Pass;
use crate::herd::Untimely;
use crate::homes::Then;
use crate::pass::{BroughtBy, Entry, Hello, Request};
use crate::store::Telling;
use crate::values::{ServerId, ServerName, Ticket};
use crate::wire::{Near, Need, Refusal, Step, Target, WatchWord};

impl Pass<'_> {
    /// Serves what is neither a report to be flooded nor a WHATSAT.
    pub(super) fn serve_item(&mut self, index: usize) -> Result<(), Refusal> {
        let item = &mut self.batch.items[index];
        let (lines, mut request) = (item.lines.clone(), mem::replace(&mut item.request, Request::Answered));
        let served = match &mut request {
            Request::Hello { from, hello } => self.greet(*from, *hello),
            Request::Untimely { from, why } => {
                self.pass_over(*from, *why);
                Ok(())
            }
            Request::Bury { entry, from: BroughtBy::Client, answer } => {
                self.forget(entry).map(|forgotten| *answer = forgotten)
            }
            Request::Bury { entry, from, .. } => {
                self.bury(entry, *from);
                Ok(())
            }
            Request::Repair { from, step, answer } => self.compare(*from, step).map(|compared| *answer = compared),
            Request::Where { client, ticket, answer } => {
                self.find_home(client, *ticket, lines).map(|home| *answer = home)
            }
            Request::Near { near, ticket, answer } => self.find_near(near, *ticket, lines).map(|found| *answer = found),
            Request::Watch(target) => self.watch(target),
            Request::Unwatch { target, answer } => {
                *answer = self.unwatch(target);
                Ok(())
            }
            Request::Status { answer } => {
                *answer = self.tell_status();
                Ok(())
            }
            Request::Reports { .. } | Request::Whatsats { .. } | Request::Answered => Ok(()),
        };
        self.batch.items[index].request = request;
        served
    }

    fn greet(&mut self, from: ServerId, hello: Hello) -> Result<(), Refusal> {
        let Self { node, session, batch, turn, .. } = self;
        let heard = node.hub(turn, |hub, turn| {
            let heard = hub.hello(from, hello, turn);
            hub.compare(&node.store, turn);
            heard
        });
        heard.map_err(|why| {
            let start = batch.replies.len();
            batch.replies.push(&session.identity().refusal(why));
            batch.refusal = Some(start..batch.replies.len());
            why.into()
        })
    }

    fn pass_over(&mut self, from: ServerId, why: Untimely) {
        self.node.hub(self.turn, |hub, turn| {
            hub.untimely(why);
            hub.heard(from, turn);
        });
    }

    /// A client has another one forgotten; what is kept of that one then.
    fn forget(&mut self, entry: &mut Entry) -> Result<Range<usize>, Refusal> {
        let Self { node, session, batch, turn, .. } = self;
        let by = (&**session.identity(), BroughtBy::Client);
        let kept = node.forget_entry(entry, batch.lines.as_slice(), by, turn)?;
        let kept = kept.record();
        if !kept.is_tombstone() {
            session.may(Need::Ask, kept.client())?;
        }
        Ok(batch.answer(|line| kept.write_line(line)))
    }

    fn bury(&mut self, entry: &mut Entry, from: BroughtBy) {
        let by = (&**self.session.identity(), from);
        self.node.bury(entry, self.batch.lines.as_slice(), by, self.turn, |_, _| ());
    }

    fn compare(&mut self, from: ServerId, step: &mut Step) -> Result<Range<usize>, Refusal> {
        let Self { node, session, batch, turn, .. } = self;
        let version = node.hub(turn, |hub, turn| hub.is_asked(from, step, turn))?;
        let (start, identity) = (batch.answers.len(), session.identity());
        let telling = Telling { closing: identity.closing().text(), version, horizon: turn.horizon };
        Answering { store: &node.store, identity, telling, out: &mut batch.answers }.answer(step)?;
        let answer = start..batch.answers.len();
        let brought = brings(&batch.answers.as_slice()[answer.clone()]);
        if brought > 0 {
            node.hub(turn, |hub, turn| hub.mended(from, (brought, 0), turn));
        }
        Ok(answer)
    }

    /// Where a client is at home, unless another region has to be asked.
    fn find_home(&mut self, client: &[u8], number: u64, lines: Range<usize>) -> Result<Option<Range<usize>>, Refusal> {
        let Self { node, session, batch, turn, .. } = self;
        let Some(report) = node.position(client, turn.now) else {
            let (ticket, line) = (Ticket { session: session.id(), number }, &batch.lines.as_slice()[lines]);
            return node.ask_home(turn, ticket, (client, line), Then::Home).map(|()| None);
        };
        let region = node.region().map_or(&b"-"[..], ServerName::as_bytes);
        Ok(Some(batch.answer(|line| report.record().write_home(region, line))))
    }

    /// Who is near, unless that takes longer.
    fn find_near(&mut self, near: &Near, number: u64, lines: Range<usize>) -> Result<Option<Range<usize>>, Refusal> {
        let Self { node, session, batch, turn, .. } = self;
        let (ticket, line) = (Ticket { session: session.id(), number }, &batch.lines.as_slice()[lines]);
        let Some(mut search) = node.near_for(turn, ticket, (near, line), session.rights())? else { return Ok(None) };
        if self.has_time() && self.node.search(self.turn, &mut search) {
            return Ok(Some(write_found(search, &mut self.batch.answers)));
        }
        self.session.search_later(number, search);
        Ok(None)
    }

    fn watch(&mut self, target: &Target) -> Result<(), Refusal> {
        let Self { node, session, turn, .. } = self;
        let (id, rights) = (session.id(), session.rights().clone());
        let watcher = session.watcher().get_or_insert_with(|| Box::new(node.watcher(id, rights)));
        node.watch(turn, watcher, target)
    }

    fn unwatch(&mut self, target: &[u8]) -> Range<usize> {
        let Self { node, session, batch, turn, .. } = self;
        if let Some(watcher) = session.watcher() {
            node.unwatch(turn, watcher, target);
        }
        let start = batch.answers.len();
        WatchWord::Unwatched.write_alone(target, &mut batch.answers);
        start..batch.answers.len()
    }

    fn tell_status(&mut self) -> Range<usize> {
        let status = self.node.status(self.turn.now, self.host.clone());
        self.batch.answer(|line| status.write(line))
    }
}
