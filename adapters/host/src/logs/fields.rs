//! The message and the fields of a log line for people.

use std::fmt::{self, Write};

use tracing::field::Field;
use tracing_subscriber::field::{MakeExt, delimited::Delimited};
use tracing_subscriber::fmt::format::{FieldFn, Writer, debug_fn};

/// What other ends have said: in quotes, so that it cannot look like a field of ours. [`Escaped`](super::Escaped) has
/// escaped the quotes in it.
const SAID: &str = "line";

pub(super) type Fields = Delimited<&'static str, FieldFn<WriteField>>;

type WriteField = fn(&mut Writer<'_>, &Field, &dyn fmt::Debug) -> fmt::Result;

/// Writes the message, then each field as `name=value`.
pub(super) fn fields() -> Fields {
    debug_fn(write as WriteField).delimited(" ")
}

fn write(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let (italic, plain) = if writer.has_ansi_escapes() { ("\x1b[3m", "\x1b[0m") } else { ("", "") };
    match field.name() {
        "message" => {}
        name => write!(writer, "{italic}{name}{plain}=")?,
    }
    if field.name() == SAID { write!(writer, "\"{value:?}\"") } else { write!(OnOneLine(writer), "{value:?}") }
}

/// Escapes what could end a line or steer a terminal: names of files and messages of other programs may hold it.
struct OnOneLine<'a, 'b>(&'a mut Writer<'b>);

impl fmt::Write for OnOneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            match part.char_indices().next_back() {
                Some((at, last)) if last.is_control() => write!(self.0, "{}{}", &part[..at], last.escape_default())?,
                _ => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}
