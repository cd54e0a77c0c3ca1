//! Every way in which a small herd can go, tried.
//!
//! A state holds each server as it is, what is on its way between them, and how much may still happen:
//! clients speak, servers crash and start again, connections are cut, time passes. From each state all that can happen
//! next is tried. The servers run the core itself; the rule of the first herd is there beside it, to
//! show what the core does differently. `docs/model.md` tells what came out, and how the model differs from
//! a real herd.
//!
//! ```text
//!  check, story ──> world ──> site ──> node   the core
//!                     │         └────> first  the rule of the first herd
//!                     ├──> connection         what is on its way
//!                     └──> ends, reach        whether every way ends, and the shortest ways
//! ```

mod cases;
mod check;
mod connection;
mod ends;
mod first;
mod graphs;
mod node;
mod reach;
mod run;
mod site;
mod state;
mod story;
mod table;
mod update;
mod world;

use cases::Case;
use check::Found;

/// Checks each case, and prints what came out.
fn check(cases: Vec<Case>) {
    println!("{}", Found::HEAD);
    for case in cases {
        let found = case.check();
        println!("{found}");
        found.expect_well();
    }
}

#[test]
fn every_way_of_a_small_herd_ends_with_all_agreeing() {
    check(cases::small());
}

#[test]
#[ignore = "takes minutes in a release build"]
fn every_way_of_a_herd_with_more_trouble_ends_with_all_agreeing() {
    check(cases::large());
}

#[test]
fn the_first_herd_floods_for_ever_where_there_is_a_cycle_without_the_origin() {
    story::floods();
}

#[test]
fn the_first_herd_loses_an_update_to_one_crash() {
    story::losses();
}
