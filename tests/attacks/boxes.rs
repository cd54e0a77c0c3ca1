//! A box between two servers that takes connections, and closes or holds them.

use herd_tests::proxy::{Mode, Proxy};

use crate::siege::Siege;
use crate::two;

/// Neither memory nor log grows with the attempts, and the link is there again when the box works.
fn stands_between(what: &str, mode: Mode) {
    let plan = two().with(&["--link-retry", "100ms", "--link-timeout", "500ms"]);
    let mut herd = plan.prepare();
    let proxy = Proxy::put_before(&herd, "B");
    for name in ["A", "B"] {
        herd.start(name);
    }
    let mut siege = Siege::of_running(herd);
    siege.wait_until_linked();
    siege.mark();
    proxy.set(mode);
    siege.hold(what, || true);
    siege.assert_memory(0);
    proxy.set(Mode::Pass);
    siege.wait_until_linked();
    siege.assert_logged_at_most(64 << 10);
}

#[test]
fn a_box_that_closes() {
    stands_between("a box that closes", Mode::Close);
}

#[test]
fn a_box_that_holds() {
    stands_between("a box that holds", Mode::Hold);
}
