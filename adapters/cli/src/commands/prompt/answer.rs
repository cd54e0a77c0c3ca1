//! What a request came to, shown at the prompt.

use std::io::{self, Write};

use super::conversation::Aside;
use crate::client::Client;
use crate::colours;
use crate::commands::at::At;
use crate::commands::nearby::Places;
use crate::failure::Failure;
use crate::format;
use crate::pipeline::Request;
use crate::refusal;
use crate::reply::Reply;
use crate::terminal::{columns, paragraph};
use herd_command::readable;

/// Shows the reply, or why there is none; nothing where somebody did not wait for it.
pub(super) fn show(
    request: &str,
    reply: Result<Option<Reply>, Failure>,
    client: &Client,
    aside: &Aside,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match reply {
        Ok(None) => writeln!(out, "Gave up waiting; the connection is closed.")?,
        Err(failure) => writeln!(out, "{}", failure.told(client.format()))?,
        // Behind the lines before it, which go the same way.
        Ok(Some(Reply::Line(line))) if is_of_watch(&line) => _ = aside.send(readable(&line) + "\n"),
        Ok(Some(reply)) if client.format().is_json() => {
            let request = Request { number: 1, line: request.into() };
            writeln!(out, "{}", format::line(&reply.to_json(Some(&request))))?;
        }
        Ok(Some(reply @ Reply::Refused(_))) => {
            let (red, plain) = if colours::are_shown() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
            let why = refusal::why(request.as_bytes(), client.server().is_encrypted());
            writeln!(out, "{red}{}{plain}", reply.readable().trim_end())?;
            writeln!(out, "{}", paragraph(&why, columns(), "  "))?;
        }
        Ok(Some(Reply::Near(lines))) if lines.is_empty() => writeln!(out, "Nobody is near.")?,
        Ok(Some(Reply::Places { at, json })) => places(&at, &json, &mut out)?,
        Ok(Some(reply)) => out.write_all(reply.readable().as_bytes())?,
    }
    out.flush()
}

/// The AT line as it came, and the places as a table, where they can be read.
fn places(at: &[u8], json: &[u8], out: &mut impl Write) -> io::Result<()> {
    let parsed = At::parse(at).zip(serde_json::from_slice::<Places>(json).ok());
    writeln!(out, "{}", readable(at))?;
    match parsed {
        Some((at, places)) => places.write(&at, columns(), out),
        None => writeln!(out, "{}", readable(json)),
    }
}

fn is_of_watch(line: &[u8]) -> bool {
    line.starts_with(b"WATCHING ") || line.starts_with(b"UNWATCHED ")
}
