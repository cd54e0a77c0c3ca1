//! The beginning and the end of TLS on a connection.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use herd::{Certificate, Instant, Turn};

use super::{Connection, End};
use crate::closing::Closing;
use crate::config::ClientTls;
use crate::runtime::{Runtime, Stream};
use crate::scratch::Scratch;
use crate::tls::{NoTls, Step, in_words, is_about_own_certificate};

/// TLS was spoken by a client of a server which has it for neighbours only.
#[derive(Debug, thiserror::Error)]
#[error("TLS by a client, and [tls] has clients = \"off\"")]
struct NotForClients;

impl<R: Runtime> Connection<R> {
    /// The handshake has come a step further. Each is as much work as a turn may do.
    pub(super) fn handshake(&mut self, step: Step) -> io::Result<()> {
        self.work += Turn::SHARE;
        match step {
            Step::Begun => self.session.begin_handshake(self.shared.clock.instant()),
            Step::On => {}
            Step::Done(judged) => {
                let certificate = self.shown(judged);
                self.refuse_clients(&certificate)?;
                self.note_neighbours(&certificate);
                self.session.encrypted(certificate);
            }
        }
        Ok(())
    }

    /// What was shown within TLS counts for something else perhaps since the server's own is another one.
    pub(super) fn judge_anew(&mut self) {
        let generation = self.shared.tls.generation();
        if generation == self.tls_generation {
            return;
        }
        let Some(judged) = self.shared.tls.get().and_then(|tls| self.stream.judge(&tls)) else { return };
        self.tls_generation = generation;
        let certificate = self.shown(judged);
        self.session.encrypted(certificate);
    }

    fn shown(&self, judged: Result<Certificate, rustls::Error>) -> Certificate {
        judged.unwrap_or_else(|why| {
            let (server, from, reason) = (self.shared.name(), self.remote, in_words(&why));
            tracing::info!(target: "herd::server", server, %from, reason, "certificate is not valid");
            Certificate::Invalid
        })
    }

    /// Where TLS is for neighbours only, whoever has no server's certificate need not go on. One that is not valid may be
    /// a neighbour's, which learns that when it greets.
    fn refuse_clients(&self, certificate: &Certificate) -> io::Result<()> {
        let clients = self.shared.tls.get().map(|tls| tls.clients);
        let is_server = match certificate {
            Certificate::Absent => false,
            Certificate::Of(names) => names.iter().any(|name| self.shared.node.server(name.as_bytes()).is_some()),
            Certificate::Invalid => true,
        };
        if is_server || clients != Some(ClientTls::Off) { Ok(()) } else { Err(io::Error::other(NotForClients)) }
    }

    /// A neighbour that connects within TLS speaks it: the link to it need not be in plain text.
    fn note_neighbours(&self, certificate: &Certificate) {
        let Certificate::Of(names) = certificate else { return };
        for peer in names.iter().filter_map(|name| self.shared.node.server(name.as_bytes())) {
            if self.shared.tls.may_be_spoken_by(peer) {
                self.shared.neighbours.wake(peer);
            }
        }
    }

    /// TLS itself has taken something in: as much is held now; the time.
    pub(super) fn count_unread(&mut self, before: usize) -> Instant {
        self.work += Turn::CALL;
        Scratch::lend(|Scratch { turn, .. }| {
            turn.now = self.shared.clock.now();
            if before != self.stream.unread() {
                self.count_buffers(turn);
            }
            turn.now.instant
        })
    }

    /// Ends it as it came to its end: nothing that was sent is to be lost, and TLS says that nothing more will come.
    pub(super) async fn close(&mut self, end: &io::Result<End>) {
        let is_orderly = matches!(end, Ok(End::Finished | End::Stopped));
        if is_orderly && (self.input_end.is_none() || self.stream.is_encrypted()) {
            // Boxed, since it would make every connection larger, and few come to this.
            Box::pin(Closing::new(&mut self.stream).await_end::<R>(&mut self.task)).await;
        } else if end.is_ok() && self.stream.is_encrypted() {
            // Nobody waits for whoever does not read.
            poll_fn(|context| {
                let _ = self.stream.poll_shutdown(context);
                Poll::Ready(())
            })
            .await;
        }
    }

    /// What an operator should know of a handshake that failed.
    pub(super) fn log_tls(&self, error: &io::Error) {
        let (server, from) = (self.shared.name(), self.remote);
        if error.get_ref().is_some_and(|inner| inner.is::<NoTls>() || inner.is::<NotForClients>()) {
            tracing::info!(target: "herd::server", server, %from, reason = %error, "connection refused");
        } else if is_about_own_certificate(error) {
            let remedy = "give both ends certificates of one authority; `herd certs` makes them";
            tracing::warn!(target: "herd::server", server, %from, reason = %error, remedy, "certificate not accepted");
        }
    }
}
