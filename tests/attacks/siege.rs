//! A herd under attack, and an innocent client of it.

use std::fs;
use std::time::{Duration, Instant};

use herd_tests::client::Client;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::{PATIENCE, wait_for};

/// How long an attack goes on at least. It ends when the innocent has been served too.
const ATTACK: Duration = Duration::from_secs(1);

/// How many replies the innocent gets meanwhile, at least.
const REPLIES: u64 = 100;

/// What memory may grow by beyond what limits allow, since an allocator keeps some for later.
const SLACK: u64 = 32 << 20;

/// A herd whose server `A` is attacked.
#[derive(Debug)]
pub(crate) struct Siege {
    /// The herd.
    pub(crate) herd: Herd,
    innocent: Client,
    /// How often the innocent has said where it is.
    time: u64,
    /// `A`'s memory before the attack, in bytes.
    before: u64,
    /// The most that it has had since.
    peak: u64,
    logged_before: u64,
    /// When the attack began.
    began: Instant,
}

impl Siege {
    /// Starts the herd, and connects the innocent.
    pub(crate) fn of(plan: Plan) -> Self {
        Self::of_running(plan.start())
    }

    /// Connects the innocent.
    pub(crate) fn of_running(herd: Herd) -> Self {
        let innocent = herd.client("A");
        let mut siege = Self { herd, innocent, time: 0, before: 0, peak: 0, logged_before: 0, began: Instant::now() };
        siege.serve();
        siege.mark();
        siege
    }

    /// What there is now is what was before the attack.
    pub(crate) fn mark(&mut self) {
        (self.before, self.logged_before) = (self.resident(), self.logged());
        (self.peak, self.began) = (self.before, Instant::now());
    }

    /// Goes on until the attack has lasted, the innocent was served, and `has_done` its part.
    pub(crate) fn hold(&mut self, what: &str, mut has_done: impl FnMut() -> bool) {
        let (start, first) = (Instant::now(), self.time);
        while start.elapsed() < ATTACK || self.time < first + REPLIES || !has_done() {
            self.serve();
            self.peak = self.peak.max(self.resident());
            assert!(start.elapsed() < PATIENCE * 3, "{what}: the attack does not get through");
        }
        println!(
            "{what}: {} replies to the innocent in {:?}; memory {} KiB before, {} KiB at most; {} bytes of log",
            self.time - first,
            start.elapsed(),
            self.before >> 10,
            self.peak >> 10,
            self.logged() - self.logged_before
        );
    }

    /// The innocent says where it is, and gets the right reply.
    pub(crate) fn serve(&mut self) -> String {
        self.time += 1;
        let fields = format!("innocent +34.068930-118.445127 {}", self.time);
        let reply = self.innocent.ask(format!("IAMAT {fields}"));
        assert!(reply.starts_with("AT A ") && reply.ends_with(&fields), "{reply}");
        reply
    }

    /// Memory never was more than before, what the limits allow, and a little.
    pub(crate) fn assert_memory(&self, allowed: u64) {
        let (before, peak) = (self.before >> 20, self.peak >> 20);
        assert!(self.peak <= self.before + allowed + SLACK, "memory went from {before} MiB to {peak} MiB");
    }

    /// Memory comes back: within half as much again of before, or 32 MiB.
    pub(crate) fn wait_until_memory_is_back(&mut self) {
        let most = (self.before * 3 / 2).max(self.before + (32 << 20));
        wait_for(&format!("memory to come back to {} MiB", most >> 20), || {
            self.serve();
            (self.resident() <= most).then_some(())
        });
    }

    /// Whoever attacked is gone, and the server has noticed.
    pub(crate) fn wait_until_they_have_gone(&mut self) {
        wait_for("connections of attackers to be closed", || {
            let status: serde_json::Value = serde_json::from_str(&self.innocent.ask("STATUS")).expect("JSON");
            (status["connections"] == 1).then_some(())
        });
    }

    /// `A` has logged no more than that since before.
    pub(crate) fn assert_logged_at_most(&self, bytes: u64) {
        let logged = self.logged() - self.logged_before;
        assert!(logged <= bytes, "{logged} bytes of log");
    }

    /// `A` has logged no more than the rate of its lines allows, however many there were reasons for.
    pub(crate) fn assert_log_has_a_rate(&self) {
        // Of each of a few kinds of lines a hundred at once, and ten a second; a line is no longer than that.
        const KINDS: u64 = 4;
        const LINE: u64 = 400;
        self.assert_logged_at_most(KINDS * LINE * (100 + 10 * self.began.elapsed().as_secs()));
    }

    /// What is said at `A` reaches `B`, so the link is open.
    pub(crate) fn wait_until_linked(&mut self) {
        let at = self.serve();
        self.herd.wait_until_known("B", "innocent", &at);
    }

    /// `A`'s memory now, in bytes.
    pub(crate) fn resident(&mut self) -> u64 {
        self.herd.process("A").resident().expect("a system that tells")
    }

    fn logged(&self) -> u64 {
        fs::metadata(self.herd.log_path("A")).map_or(0, |log| log.len())
    }
}
