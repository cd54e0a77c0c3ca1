//! A node that keeps numbers, and lines of it.

use std::collections::BTreeMap;

use herd_disk::memory::MemoryFolder;
use herd_disk::{Disk, OpenError, Options, Recovered, Source, Taken};

/// What a node keeps: of each client the greatest number that came.
pub(crate) type Kept = BTreeMap<u32, u64>;

/// Stands for a node.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) kept: Kept,
    /// What was kept when changes were taken the first time, the second, and so on.
    pub(crate) at_take: Vec<Kept>,
    changes: Vec<u8>,
    taken: Vec<u8>,
    missed: u64,
    /// Bytes of changes that nobody has taken.
    pub(crate) most: usize,
    next: Option<u32>,
}

impl Node {
    pub(crate) fn of(kept: Kept, most: usize) -> Self {
        Self { kept, most, ..Self::default() }
    }

    pub(crate) fn report(&mut self, client: u32, number: u64) {
        let kept = self.kept.entry(client).or_default();
        if number > *kept {
            *kept = number;
            let line = line(client, number);
            if self.changes.len() + line.len() <= self.most {
                self.changes.extend(line.bytes());
            } else {
                self.missed += 1;
            }
        }
    }
}

impl Source for Node {
    fn take(&mut self) -> Taken<'_> {
        self.at_take.push(self.kept.clone());
        self.taken.clear();
        std::mem::swap(&mut self.changes, &mut self.taken);
        Taken { lines: &self.taken, missed: std::mem::take(&mut self.missed) }
    }

    fn begin_copy(&mut self) {
        self.next = Some(0);
    }

    fn copy(&mut self, out: &mut Vec<u8>) -> bool {
        let from = self.next.expect("it was begun");
        let mut rest = self.kept.range(from..);
        for (&client, &number) in rest.by_ref().take(3) {
            out.extend(line(client, number).bytes());
        }
        self.next = rest.next().map(|(&client, _)| client);
        self.next.is_some()
    }
}

/// As long as such lines are.
pub(crate) fn line(client: u32, number: u64) -> String {
    format!("AT Alford +0.25 client-{client} +34.068930-118.445127 {number}.392014450\n")
}

/// Takes lines in; panics where one was never written.
pub(crate) fn take_in(kept: &mut Kept, lines: &[u8]) {
    let text = std::str::from_utf8(lines).expect("only whole lines");
    assert!(text.ends_with('\n'), "{text}");
    for one in text.lines() {
        let (client, number) = parse(one).unwrap_or_else(|| panic!("not a line: {one}"));
        assert_eq!(line(client, number), format!("{one}\n"));
        let kept = kept.entry(client).or_default();
        *kept = number.max(*kept);
    }
}

fn parse(line: &str) -> Option<(u32, u64)> {
    let mut fields = line.split(' ').skip(3);
    let client = fields.next()?.strip_prefix("client-")?.parse().ok()?;
    let number = fields.nth(1)?.split('.').next()?.parse().ok()?;
    Some((client, number))
}

pub(crate) fn options(recover: bool) -> Options {
    Options { server: "Alford".into(), recover, salt: 0x5eed, now: 1_479_413_884 }
}

/// What comes of opening a folder.
pub(crate) fn open(folder: &MemoryFolder, recover: bool) -> Result<(Disk<MemoryFolder>, Recovered, Kept), OpenError> {
    let mut kept = Kept::new();
    let (disk, recovered) = Disk::open(folder.reopened(), &options(recover), &mut |lines| {
        take_in(&mut kept, lines);
        Ok(())
    })?;
    Ok((disk, recovered, kept))
}
