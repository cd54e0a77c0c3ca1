//! `herd send`: requests as they are, replies as they come.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use clap::Args;

use crate::commands::prompt;
use crate::connection::End;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::{Server, ServerOptions};

/// Send requests as they are and print the replies; without one, ask for them
///
/// Requests without end go in through a pipe, one a line. On a terminal there is a prompt.
#[derive(Args)]
pub(crate) struct Send {
    #[command(flatten)]
    server: ServerOptions,
    /// Requests, as in 'WHATSAT kiwi.cs.ucla.edu 10 5'
    requests: Vec<OsString>,
}

impl Send {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let server = self.server.server()?;
        if !self.requests.is_empty() {
            let requests: Vec<_> = self.requests.into_iter().flat_map(|text| lines_of(&text.into_vec())).collect();
            return stream(&server, requests.into_iter().map(Ok));
        }
        if io::stdin().is_terminal() {
            return prompt::run(&server);
        }
        stream(&server, lines())
    }
}

/// An argument's requests: the server takes each of its lines for one, and answers it.
fn lines_of(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// The lines of standard input, whatever bytes they hold.
fn lines() -> impl Iterator<Item = io::Result<Vec<u8>>> + core::marker::Send {
    let input = io::BufReader::new(io::stdin());
    io::BufRead::split(input, b'\n')
}

fn stream(
    server: &Server,
    requests: impl Iterator<Item = io::Result<Vec<u8>>> + core::marker::Send + 'static,
) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    let mut refused = false;
    let mut output = Ok(());
    let end = server.connect()?.stream(requests, |reply| {
        refused |= matches!(reply, Reply::Refused(_));
        output = reply.write(&mut out).and_then(|()| out.flush());
        if output.is_ok() { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    });
    output?;
    match end {
        Ok(End::Unread(error)) => Err(Failure::Input(error)),
        Ok(_) if refused => Ok(ExitCode::FAILURE),
        Ok(End::Whole) => Ok(ExitCode::SUCCESS),
        Ok(End::Short) => {
            Err(server.broken(&io::Error::other("it closed the connection before it had answered everything")))
        }
        Err(error) => Err(server.broken(&error)),
    }
}
