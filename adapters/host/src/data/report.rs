//! What is in the data folders of a herd, told to people.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use herd::{Node, RecordKind, Seed, ServerId, Timestamp};
use herd_disk::{FolderError, Inspected};

use super::error::DataError;
use super::restore::{folder_of, inspect};
use crate::config::{DataSettings, Settings};

/// Tells what each server of the herd has in its data folder, without its lock and without changing it; whether all of it
/// can be read.
pub(crate) fn report(settings: &Settings, data: &DataSettings, out: &mut impl Write) -> io::Result<bool> {
    let mut is_sound = true;
    for server in settings.herd.ids() {
        is_sound &= one(settings, data, server, out)?;
    }
    Ok(is_sound)
}

fn one(settings: &Settings, data: &DataSettings, server: ServerId, out: &mut impl Write) -> io::Result<bool> {
    let (name, path) = (settings.herd.name(server), folder_of(data, settings.herd.name(server)));
    // Nobody asks it anything: any seed will do.
    let node = Node::new(settings.herd.clone(), server, settings.limits.clone(), Seed::from(0));
    match inspect(&path, name, &node) {
        Ok(inspected) => {
            write!(out, "  {name}: ")?;
            kept(&node, settings.limits.gone_for, out)?;
            files(&inspected, out)?;
            Ok(inspected.damage.is_empty())
        }
        Err(DataError::Folder(FolderError::NotThere(_))) => writeln!(out, "  {name}: no data yet").map(|()| true),
        Err(error) => writeln!(out, "  {name}: {error}").map(|()| false),
    }
}

/// What would be kept after a start, and whether it is too old to start with in a herd.
fn kept(node: &Node, gone_for: Duration, out: &mut impl Write) -> io::Result<()> {
    let (mut reports, mut tombstones, mut away) = (0_u64, 0_u64, 0_u64);
    let mut heard: Option<(Timestamp, Timestamp)> = None;
    for record in node.records() {
        let record = record.record();
        *match record.kind() {
            RecordKind::Report => &mut reports,
            RecordKind::Tombstone => &mut tombstones,
            RecordKind::Away => &mut away,
        } += 1;
        let at = record.heard_at();
        heard = Some(heard.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
    }
    write!(out, "clients: {reports}, forgotten: {tombstones}, away: {away}")?;
    let Some((first, last)) = heard else { return writeln!(out) };
    let (first, last) = (system_time(first), system_time(last));
    let shown = [first, last].map(humantime::format_rfc3339_seconds);
    writeln!(out, ", heard from {} to {}", shown[0], shown[1])?;
    match last.elapsed() {
        Ok(away) if away > gone_for => writeln!(
            out,
            "    nothing was heard for longer than gone-for: if this server was taken out of the herd meanwhile, start it with \
             an empty folder, or clients that were forgotten may come back"
        ),
        _ => Ok(()),
    }
}

/// For people: what is before 1970, or does not fit, is the start of that year.
fn system_time(at: Timestamp) -> SystemTime {
    let nanos = u64::try_from(at.as_nanos()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}

fn files(inspected: &Inspected, out: &mut impl Write) -> io::Result<()> {
    for file in &inspected.files {
        writeln!(out, "    {}: {} bytes, {} lines", file.name, file.bytes, file.lines)?;
    }
    if let Some(tail) = &inspected.torn {
        writeln!(out, "    torn tail: {} bytes behind byte {} of {}", tail.bytes, tail.offset, tail.file)?;
    }
    inspected.damage.iter().try_for_each(|damage| writeln!(out, "    damaged: {damage}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use herd::{Herd, Limits, Member, ServerName};

    use super::*;

    #[test]
    fn a_folder_that_is_older_than_tombstones_is_told() {
        let name = ServerName::new("A").expect("a name");
        let member = Member { name, address: "127.0.0.1:1".into(), links: Vec::new() };
        let herd = Arc::new(Herd::new(vec![member]).expect("a herd of one"));
        let me = herd.find(b"A").expect("it is there");
        let node = Node::new(herd, me, Limits::default(), Seed::from(0));
        node.restore(b"AT A +0.5 kiwi +1+1 1479413884").expect("a record");
        node.restore(b"GONE A -0.5 emu 1479413884").expect("a record");
        node.restore(b"AWAY eu -0.25 tui 1479413884").expect("a record");
        let told = |gone_for| {
            let mut out = Vec::new();
            kept(&node, gone_for, &mut out).expect("a Vec takes every write");
            String::from_utf8(out).expect("text")
        };
        let first = "clients: 1, forgotten: 1, away: 1, heard from 2016-11-17T20:18:03Z to 2016-11-17T20:18:04Z\n";
        assert_eq!(told(Duration::from_hours(24 * 365 * 100)), first);
        let old = told(Limits::default().gone_for);
        assert!(old.starts_with(first) && old.contains("start it with an empty folder"), "{old}");
    }
}
