//! `herd send`: requests as they are, replies as they come.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use clap::Args;

use crate::client::Client;
use crate::commands::prompt;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::lines;
use crate::pipeline::{self, Request, Then};
use crate::refusal;
use crate::reply::Reply;
use crate::server::ServersOptions;

/// Send requests as they are, and print the replies
///
/// Without a request on the command line, requests are read from standard input, one per line; on a terminal there is a
/// prompt. Each reply is printed as soon as it arrives. If a request is refused, standard error says which one and why, and
/// the exit code is 1.
#[derive(Args)]
#[command(after_long_help = prompt::forms())]
pub(crate) struct Send {
    /// Go on after a request that is refused
    #[arg(long)]
    keep_going: bool,
    /// Requests, as in 'WHATSAT kiwi.cs.ucla.edu 10 5'
    requests: Vec<OsString>,
    #[command(flatten)]
    servers: ServersOptions,
}

/// Where requests come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The only one of the command line.
    Argument,
    /// Several lines of the command line.
    Arguments,
    Input,
}

impl Send {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let client = self.servers.client(format)?;
        let keep_going = self.keep_going;
        if !self.requests.is_empty() {
            let requests: Vec<_> = self.requests.into_iter().flat_map(|text| lines_of(&text.into_vec())).collect();
            let source = if requests.len() == 1 { Source::Argument } else { Source::Arguments };
            let requests = requests.into_iter().zip(1..).map(|(line, number)| Ok(Request { number, line }));
            return Sending { client, keep_going, source, refused: 0 }.run(requests);
        }
        if io::stdin().is_terminal() {
            return prompt::run(client);
        }
        let requests = lines::open(None)?.map(|line| line.map(|(number, line)| Request { number, line }));
        Sending { client, keep_going, source: Source::Input, refused: 0 }.run(requests)
    }
}

/// An argument's requests: the server takes each of its lines for one, and answers it.
fn lines_of(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Requests on their way.
struct Sending {
    client: Client,
    keep_going: bool,
    source: Source,
    refused: u64,
}

impl Sending {
    fn run(
        mut self,
        requests: impl Iterator<Item = io::Result<Request>> + core::marker::Send + 'static,
    ) -> Result<ExitCode, Failure> {
        let (format, is_encrypted) = (self.client.format(), self.client.server().is_encrypted());
        let is_terminal = io::stdout().is_terminal();
        let mut out = io::stdout().lock();
        pipeline::run(&mut self.client, requests, |request, reply| {
            match format {
                Format::Json => writeln!(out, "{}", format::line(&reply.to_json(request)))?,
                Format::Text if is_terminal => out.write_all(reply.readable().as_bytes())?,
                Format::Text => reply.write(&mut out)?,
            }
            out.flush()?;
            let (Some(request), Reply::Refused(_)) = (request, reply) else { return Ok(Then::GoOn) };
            self.refused += 1;
            let number = request.number;
            let place = match self.source {
                Source::Argument => String::new(),
                Source::Arguments => format!("request {number} "),
                Source::Input => format!("line {number} "),
            };
            let (line, why) = (lines::excerpt(&request.line), refusal::why(&request.line, is_encrypted));
            let mut what = format!("{place}refused: {line}: {why}");
            if self.source == Source::Input && !self.keep_going {
                what += " (stopped here; --keep-going goes on)";
            }
            format.error("refused", &what);
            Ok(if self.keep_going { Then::GoOn } else { Then::Stop })
        })?;
        Ok(if self.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
