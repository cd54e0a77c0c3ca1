//! How soon servers agree once nothing keeps them from it.
//!
//! What a neighbour can do about a connection that leads nowhere is to wait for an answer, for as long as
//! `link-timeout`; about one that cannot be had, to try again, after `link-retry` at the most. Both may come one behind
//! the other, on all links at the same time; connecting, greeting and comparing then take what the network takes. So
//! servers agree within `link-timeout + link-retry` and two seconds, on a network that is quick, and no less is true: a
//! wish for a connection may have been lost at the last moment of a cut, and the try behind it may come to a server
//! that starts a moment later.
//!
//! A connection that rests and leads nowhere is not found out before something is to be said on it. Where one lies behind
//! another, that takes one `link-timeout` after the other, but no longer than they rest.
//!
//! There are two exceptions. A server that has not been answered by a neighbour in their present runs cannot tell a
//! middlebox from a plain server, which closes on a greeting, or says nothing: see [`backing_off`](Run::backing_off).
//! And one that has moved is a stranger to a neighbour until that looks up where it is: see
//! [`looking_up`](Run::looking_up).

use std::collections::VecDeque;

use super::Run;
use crate::scenario::{Bounds, MILLI, Nanos, SECOND};

/// What there is to do besides waiting: what cuts held back comes within a second, and so do resets; pauses begin anew.
const TO_DO: Nanos = 2 * SECOND;

/// How long a server waits at each link before it compares, so that what came together goes on together.
const SETTLE: Nanos = 100 * MILLI;

/// Messages of a connection that is made, greeted on, and compared over, one behind the other: each takes the way once.
const MESSAGES: u64 = 12;

/// Bytes of a comparison that finds nothing, and what each client that differs adds to it: the digests of its group, a
/// sketch of its range, its report.
const COMPARISON: u64 = 1000;
const DIFFERENCE: u64 = 1500;

impl Run {
    /// How long servers may take to agree, from when all is quiet.
    #[must_use]
    pub fn agrees_within(&self) -> Nanos {
        let bounds = &self.scenario.bounds;
        let most_links = (0..self.hosts.len()).map(|start| self.farthest(start)).max().unwrap_or(0);
        let waits = bounds.link_timeout + bounds.link_retry;
        let at_rest = bounds.link_idle.min(self.most_dead_ends().saturating_sub(1) * bounds.link_timeout);
        waits + at_rest + TO_DO + most_links * (SETTLE + self.link_takes()) + self.backing_off() + self.looking_up()
    }

    /// How long it takes to connect to a neighbour and to compare with it.
    fn link_takes(&self) -> Nanos {
        let network = &self.scenario.network;
        let way = network.latency + network.spread + network.jitter;
        let bytes = COMPARISON + DIFFERENCE * u64::from(self.oracle.clients().end);
        // A window goes through once there and back, and jitter makes each piece wait for the one before it.
        let windows = bytes.div_ceil(network.window.max(1) as u64);
        MESSAGES * way + bytes * SECOND / network.bandwidth.max(1) + windows * 2 * way
    }

    /// How many links there are to the server that is farthest from one.
    fn farthest(&self, start: usize) -> u64 {
        let mut far = vec![None; self.hosts.len()];
        let (mut next, mut links) = (vec![start], 0);
        while !next.is_empty() {
            let mut further = Vec::new();
            for at in next {
                if far[at].is_none() && self.hosts[at].node.is_some() {
                    far[at] = Some(links);
                    let open = self.wires.from(at).filter(|&wire| self.is_open(wire));
                    further.extend(open.map(|wire| self.wires.get(wire).to as usize));
                }
            }
            (next, links) = (further, links + 1);
        }
        far.into_iter().flatten().max().unwrap_or(0)
    }

    /// How many connections that lead nowhere there are, at the most, on the best way from one server to another.
    fn most_dead_ends(&self) -> u64 {
        let is_dead = |&wire: &u32| {
            let current = self.wires.get(wire).connection;
            current.is_some_and(|id| self.connections.get(id).is_some_and(|connection| connection.dead))
        };
        let dead: Vec<u32> = self.wires.ids().filter(is_dead).collect();
        let starts = if dead.is_empty() { 0 } else { self.hosts.len() };
        (0..starts).map(|start| self.dead_ends_from(start, &dead)).max().unwrap_or(0)
    }

    /// The same from that server: the nearest servers first.
    fn dead_ends_from(&self, start: usize, dead: &[u32]) -> u64 {
        let mut reached = vec![false; self.hosts.len()];
        let (mut next, mut most) = (VecDeque::from([(start, 0)]), 0);
        while let Some((at, ends)) = next.pop_front() {
            if self.hosts[at].node.is_none() || std::mem::replace(&mut reached[at], true) {
                continue;
            }
            most = most.max(ends);
            for wire in self.wires.from(at).filter(|&wire| self.is_open(wire)) {
                let to = self.wires.get(wire).to as usize;
                if dead.contains(&wire) { next.push_back((to, ends + 1)) } else { next.push_front((to, ends)) }
            }
        }
        most
    }

    /// How much longer servers may take that have to be taken for plain ones. They are greeted again after
    /// `link-retry`, and then after twice as long each time, up to `repair-interval`: the time until the next greeting
    /// is no longer than what has passed since the first, and what one of the two finds out the other one learns.
    ///
    /// Nothing where the herd holds together without such links.
    fn backing_off(&self) -> Nanos {
        let strangers: Vec<u32> = self.wires.ids().filter(|&wire| self.are_strangers(wire)).collect();
        if self.holds_without(&strangers) {
            return 0;
        }
        let Bounds { link_retry, repair_interval, .. } = self.scenario.bounds;
        let began = |wire: &u32| {
            let wire = self.wires.get(*wire);
            self.hosts[wire.from as usize].started_at.max(self.hosts[wire.to as usize].started_at)
        };
        let longest = strangers.iter().map(|wire| self.now - began(wire)).max().unwrap_or(0);
        repair_interval.max(link_retry).min(longest + link_retry)
    }

    /// How much longer servers may take where one has moved. It is believed once its neighbour has looked up where it
    /// is, which it does when it connects: where it has nothing to tell, when its link has come to rest and it is time
    /// to compare.
    fn looking_up(&self) -> Nanos {
        let is_unknown = |&wire: &u32| {
            let wire = self.wires.get(wire);
            wire.resolved != Some(self.hosts[wire.to as usize].moves)
        };
        let mut unknown: Vec<u32> = self.wires.ids().filter(is_unknown).collect();
        unknown.extend(unknown.clone().into_iter().map(|wire| self.wires.get(wire).reverse));
        let Bounds { link_idle, repair_interval, .. } = self.scenario.bounds;
        if self.holds_without(&unknown) { 0 } else { link_idle + repair_interval + repair_interval / 2 }
    }

    /// Whether all who can reach each other still could without those wires.
    fn holds_without(&self, wires: &[u32]) -> bool {
        let with = || self.islands_of(|wire| self.is_open(wire));
        wires.is_empty() || with() == self.islands_of(|wire| self.is_open(wire) && !wires.contains(&wire))
    }

    /// Whether neither of two neighbours has taken a greeting of the other in their present lives, and a middlebox took
    /// one. The other of them may have had no reason to greet: it rests, and has not heard that its neighbour restarted.
    fn are_strangers(&self, wire: u32) -> bool {
        let there = self.wires.get(wire);
        let back = self.wires.get(there.reverse);
        let (from, to) = (&self.hosts[there.from as usize], &self.hosts[there.to as usize]);
        let have_met = there.met == Some((from.life, to.life)) || back.met == Some((to.life, from.life));
        !have_met && (there.misled == Some(from.life) || back.misled == Some(to.life))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Graph, Manner, Scenario};

    #[test]
    fn a_quick_herd_agrees_nearly_as_soon_as_links_can_be_tried_again() {
        let run = Run::new(Scenario::build(&Graph::cycle(2)).scenario()).expect("a herd");
        assert_eq!(run.agrees_within() / SECOND, 5 + 5 + 2);
    }

    #[test]
    fn who_never_met_is_given_as_long_again_as_it_took() {
        let both = |from, to| {
            let builder = Scenario::build(&Graph::cycle(2)).middlebox(from, to, 0, 1, Manner::Close);
            let builder = builder.middlebox(from, to, 1, 0, Manner::Hold);
            let mut run = Run::new(builder.says(to, 0, 0, "\n").scenario()).expect("a herd");
            run.start();
            while run.now() < to * MILLI && run.step() {}
            (run.agrees_within() - run.backing_off(), run.backing_off())
        };
        let (base, more) = both(0, 7_000);
        assert_eq!((base / SECOND, more), (12, 12 * SECOND));
        assert_eq!(both(0, 60_000), (base, 30 * SECOND), "repair-interval is the most");
        // They have greeted each other before.
        assert_eq!(both(2_000, 60_000), (base, 0));
    }
}
