//! The book: every link in it leads somewhere, and the commands that its pages mark are run as they stand there.
//! `README.md` says how a page marks them.
//!
//! This program has no test harness, so that it can be the servers too: a test knows the path of its own package's
//! programs only.

mod answer;
mod blocks;
mod links;
mod page;
mod repository;

use std::process::ExitCode;
use std::thread;

use page::Page;
use repository::Repository;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    if arguments.next().is_some_and(|name| name.ends_with(page::SERVER)) {
        return herd_host::main::<herd_tokio::Tokio>(page::SERVER);
    }
    let only = arguments.find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let repository = Repository::read();
    let dead = links::dead(&repository);
    for link in &dead {
        println!("{link}");
    }
    let pages: Vec<Page> = repository.pages().filter(|(name, _)| name.contains(&only)).filter_map(Page::new).collect();
    assert!(!pages.is_empty(), "no page whose name has `{only}` marks a command");
    let failed = thread::scope(|scope| {
        let runs: Vec<_> = pages.iter().map(|page| (page.name, scope.spawn(|| page.run()))).collect();
        runs.into_iter().filter_map(|(name, run)| run.join().is_err().then_some(name)).collect::<Vec<_>>()
    });
    println!("commands of {} pages were run; {} dead links; failed: {failed:?}", pages.len(), dead.len());
    if dead.is_empty() && failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
