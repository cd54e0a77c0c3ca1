//! A herd that is used while its secret changes: from none to one, from one to the next, one server after the other.

use herd_tests::graphs;
use herd_tests::herd::Herd;
use herd_tests::patience::wait_for;

use super::load::Load;
use super::{assert_nothing_refused, prepare, restart, wait_until_all_know};

const OLD: &str = "6bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";
const NEW: &str = "7bB1u0oXr0m1y3V2n9u3Yw4lq6m8cZ0fD2aK5t7sJ1E";

/// How a server learns of its new files.
#[derive(Clone, Copy, Debug)]
enum Way {
    Signal,
    Restart,
}

/// The servers of a herd and their clients.
struct Rolling {
    herd: Herd,
    load: Load,
    way: Way,
}

impl Rolling {
    /// Five servers without a secret, and clients that report at each.
    fn start(way: Way) -> Self {
        let (mut herd, mut load) = (prepare(&graphs::cycle()), Load::default());
        for name in &herd.graph().names.clone() {
            herd.start(name);
            load.start(&herd, name);
        }
        Self { herd, load, way }
    }

    /// Gives all servers these secrets, one after the other, and `trust-addresses` or not. The herd works meanwhile.
    fn change(&mut self, secrets: &[&str], trust_addresses: bool) {
        self.herd.write("secrets", &secrets.join("\n"));
        let trust = if trust_addresses { "trust-addresses = true\n" } else { "" };
        self.herd.configure(&format!("[herd]\nsecret-file = \"secrets\"\n{trust}"));
        for name in &self.herd.graph().names.clone() {
            match self.way {
                Way::Signal => {
                    self.herd.reload(name);
                    let told = self.load.count(name);
                    let is_used = || (self.load.count(name) > told + 2).then_some(());
                    wait_for(&format!("the clients of {name} to go on"), is_used);
                }
                Way::Restart => restart(&mut self.herd, &self.load, name),
            }
        }
    }

    /// The clients stop; everything that was acknowledged is known to all, and no line of a server's was refused. Who only
    /// connects from where the servers are is believed no more.
    fn end(mut self) {
        let names = self.herd.graph().names.clone();
        for name in &names {
            self.load.stop(name);
        }
        wait_until_all_know(&self.herd, &self.load.told());
        assert_nothing_refused(&self.herd, &names);
        let spoofed = "AT Welsh +0.5 stranger +1+1 1 Welsh\n";
        assert_eq!(self.herd.converse("Alford", spoofed), format!("? {spoofed}").as_bytes());
    }
}

fn from_none_to_one_to_the_next(way: Way) {
    let mut rolling = Rolling::start(way);
    rolling.change(&[OLD], true);
    rolling.change(&[OLD], false);
    for secrets in [&[OLD, NEW][..], &[NEW, OLD], &[NEW]] {
        rolling.change(secrets, false);
    }
    for (name, wrong) in rolling.herd.graph().names.iter().map(|name| (name, rolling.herd.wrong(name))) {
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
    rolling.end();
}

#[test]
fn by_signals() {
    from_none_to_one_to_the_next(Way::Signal);
}

#[test]
fn by_restarts() {
    from_none_to_one_to_the_next(Way::Restart);
}
