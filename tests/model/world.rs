//! A herd, its network, and everything that may happen next.

use std::collections::BTreeSet;

use stateright::{Model, Property};

use super::connection::Connection;
use super::graphs::{self, Graph};
use super::site::{Input, Output, Place, Site, Step, Text, Wrong};
use super::state::{Happening, State};
use super::update::Update;

/// How often the clocks go forward before the servers must agree.
const PATIENCE: u8 = 12;

/// How much may happen besides deliveries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    /// How many of the updates, the first ones, all servers know from the start.
    pub(crate) known: usize,
    /// How many servers crash, at any time, each of which starts again at any later time.
    pub(crate) crashes: u8,
    /// How many connections are cut.
    pub(crate) cuts: u8,
    /// How often time passes although nothing is amiss.
    pub(crate) rests: u8,
}

/// A herd whose servers follow one rule.
pub(crate) struct World<S> {
    pub(crate) site: S,
    graph: Graph,
    ways: Vec<(usize, usize)>,
    bounds: Bounds,
}

impl<S: Site> World<S> {
    pub(crate) fn new(site: S, graph: Graph, bounds: Bounds) -> Self {
        Self { site, graph, ways: graph.ways(), bounds }
    }

    /// All servers have started, and have nothing more to tell each other.
    pub(crate) fn settled(&self) -> State {
        let mut state = State {
            servers: vec![None; self.graph.servers],
            lives: vec![0; self.graph.servers],
            connections: vec![Connection::default(); self.ways.len()],
            unsaid: 0,
            crashes: 0,
            cuts: 0,
            rests: 0,
            waits: 0,
            crossed: 0,
            wrong: None,
        };
        for server in 0..self.graph.servers {
            state = self.after(&state, Happening::Restart(server));
        }
        state = self.calm(state);
        for update in 0..self.bounds.known {
            state = self.calm(self.after(&state, Happening::Say(update)));
        }
        let Bounds { known, crashes, cuts, rests } = self.bounds;
        State { unsaid: (1 << self.site.updates().len()) - (1 << known), crashes, cuts, rests, ..state }
    }

    /// What is so when all that is on its way has arrived, in one of the orders.
    fn calm(&self, mut state: State) -> State {
        while let Some(delivery) = state.deliveries().first() {
            state = self.after(&state, *delivery);
        }
        state
    }

    /// Whether all servers are up and keep the same.
    pub(crate) fn agree(&self, state: &State) -> bool {
        let kept: BTreeSet<_> = state.servers.iter().map(|&server| server.map(|place| self.site.kept(place))).collect();
        kept.len() == 1 && !kept.contains(&None)
    }

    fn next_wake(&self, state: &State) -> Option<u64> {
        state.servers.iter().flatten().filter_map(|&place| self.site.wake(place)).min()
    }

    fn may_wait(&self, state: &State) -> bool {
        let has_reason = if self.agree(state) { state.rests > 0 } else { state.waits < PATIENCE };
        has_reason && state.is_still() && self.next_wake(state).is_some()
    }

    /// Whether all is over, and they do not agree.
    pub(crate) fn has_lost(&self, state: &State) -> bool {
        state.is_still() && !self.agree(state) && !self.may_wait(state)
    }

    /// What is so after something happened.
    pub(crate) fn after(&self, state: &State, happening: Happening) -> State {
        let mut next = state.clone();
        if !happening.is_delivery() {
            next.waits = if happening == Happening::Wait { state.waits + 1 } else { 0 };
        }
        match happening {
            Happening::Say(update) => {
                next.unsaid &= !(1 << update);
                self.step(&mut next, self.site.updates()[update].server, Input::Client(update));
            }
            Happening::DeliverBefore(way) => {
                let text = next.connections[way].take_before().expect("something is there");
                self.request(&mut next, way, text, false);
            }
            Happening::Deliver(way) => {
                let text = next.connections[way].take_there().expect("something is there");
                self.request(&mut next, way, text, true);
            }
            Happening::DeliverReply(way) => {
                let text = next.connections[way].take_back().expect("something is there");
                self.step(&mut next, self.ways[way].0, Input::Answer(self.ways[way].1, text));
            }
            Happening::Notice(way) => {
                next.connections[way].close();
                self.step(&mut next, self.ways[way].0, Input::Lost(self.ways[way].1));
            }
            Happening::Crash(server) => {
                next.crashes -= 1;
                self.crash(&mut next, server);
            }
            Happening::Restart(server) => {
                next.lives[server] += 1;
                self.step(&mut next, server, Input::Start(server, state.lives[server]));
            }
            Happening::Cut(way) => {
                next.cuts -= 1;
                next.connections[way].cut();
            }
            Happening::Wait => {
                next.rests -= u8::from(self.agree(state));
                let nanos = self.next_wake(state).expect("else nobody waits");
                for server in 0..self.graph.servers {
                    self.step(&mut next, server, Input::Wait(nanos));
                }
            }
        }
        next
    }

    fn crash(&self, next: &mut State, server: usize) {
        next.servers[server] = None;
        for (way, &(from, to)) in self.ways.iter().enumerate() {
            if from == server {
                next.connections[way] = Connection::default();
            } else if to == server {
                next.connections[way].reset();
            }
            if from == server || to == server {
                self.forget_crossings(next, way);
            }
        }
    }

    fn forget_crossings(&self, next: &mut State, way: usize) {
        let updates = self.site.updates().len();
        next.crossed &= !(((1 << updates) - 1) << (way * updates));
    }

    /// A text arrives; its replies are wanted while the connection is open.
    fn request(&self, next: &mut State, way: usize, text: Text, is_open: bool) {
        let (from, to) = self.ways[way];
        for output in self.step(next, to, Input::Request(text)) {
            match output {
                Output::Reply(text) if is_open => next.connections[way].reply(text),
                Output::Send(peer, sent) if peer == from && self.site.brings(sent) & self.site.brings(text) != 0 => {
                    next.wrong = next.wrong.or(Some(Wrong::SentBack));
                }
                _ => {}
            }
        }
    }

    /// One server takes a step: what it does, of which its replies are not done yet.
    fn step(&self, next: &mut State, server: usize, input: Input) -> Vec<Output> {
        let is_up = |(index, place): (usize, &Option<Place>)| u8::from(place.is_some()) << index;
        let up = next.servers.iter().enumerate().map(is_up).sum();
        let Step { to, outputs, wrong } = self.site.step(next.servers[server].unwrap_or_default(), input, up);
        next.servers[server] = Some(to);
        next.wrong = next.wrong.or(wrong);
        let way_to = |peer| self.ways.binary_search(&(server, peer)).expect("only neighbours are spoken to");
        for output in &outputs {
            match *output {
                Output::Open(peer) => {
                    if !next.connections[way_to(peer)].open() {
                        next.wrong = next.wrong.or(Some(Wrong::OpenedTwice));
                    }
                }
                Output::Close(peer) => next.connections[way_to(peer)].close(),
                Output::Send(peer, text) => {
                    self.note_crossings(next, way_to(peer), self.site.brings(text));
                    next.connections[way_to(peer)].send(text);
                }
                Output::Reply(_) => {}
            }
        }
        outputs
    }

    fn note_crossings(&self, next: &mut State, way: usize, brought: u64) {
        let updates = self.site.updates();
        let bits = brought << (way * updates.len());
        if next.crossed & bits != 0 {
            next.wrong = next.wrong.or(Some(Wrong::SentTwice));
        }
        next.crossed |= bits;
        let is_to_origin =
            |(index, update): (usize, &Update)| brought & 1 << index != 0 && update.server == self.ways[way].1;
        if updates.iter().enumerate().any(is_to_origin) {
            next.wrong = next.wrong.or(Some(Wrong::SentBack));
        }
    }

    /// Says in words what happened, in order.
    pub(crate) fn tell_all(&self, way: &[Happening]) -> String {
        way.iter().map(|&happening| self.tell(happening)).collect::<Vec<_>>().join(", ")
    }

    fn tell(&self, happening: Happening) -> String {
        let name = graphs::name;
        let way = |way: usize| format!("{} -> {}", name(self.ways[way].0), name(self.ways[way].1));
        match happening {
            Happening::Say(update) => {
                let update = self.site.updates()[update];
                format!("{} {} to {}", update.client, update.time, name(update.server))
            }
            Happening::DeliverBefore(at) | Happening::Deliver(at) => format!("{} arrives", way(at)),
            Happening::DeliverReply(at) => format!("{} is answered", way(at)),
            Happening::Notice(at) => format!("{} is noticed to be over", way(at)),
            Happening::Crash(server) => format!("{} crashes", name(server)),
            Happening::Restart(server) => format!("{} starts", name(server)),
            Happening::Cut(at) => format!("{} is cut", way(at)),
            Happening::Wait => "time passes".to_owned(),
        }
    }
}

impl<S: Site> Model for World<S> {
    type State = State;
    type Action = Happening;

    fn init_states(&self) -> Vec<State> {
        vec![self.settled()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Happening>) {
        actions.extend(state.deliveries());
        let says = (0..self.site.updates().len()).filter(|update| state.unsaid & 1 << update != 0);
        let can_be_said = |update: &usize| state.servers[self.site.updates()[*update].server].is_some();
        actions.extend(says.filter(can_be_said).map(Happening::Say));
        for (server, place) in state.servers.iter().enumerate() {
            match place {
                None => actions.push(Happening::Restart(server)),
                Some(_) if state.crashes > 0 => actions.push(Happening::Crash(server)),
                Some(_) => {}
            }
        }
        if state.cuts > 0 {
            let open = state.connections.iter().enumerate().filter(|(_, connection)| connection.is_open());
            actions.extend(open.map(|(way, _)| Happening::Cut(way)));
        }
        if self.may_wait(state) {
            actions.push(Happening::Wait);
        }
    }

    fn next_state(&self, state: &State, happening: Happening) -> Option<State> {
        Some(self.after(state, happening))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no kept report goes back", |_, state: &State| state.wrong != Some(Wrong::WentBack)),
            Property::always("no line of a server's is refused", |_, state: &State| {
                state.wrong != Some(Wrong::Refused)
            }),
            Property::always("each update crosses a link once", |_, state: &State| {
                state.wrong != Some(Wrong::SentTwice)
            }),
            Property::always("no update goes back", |_, state: &State| state.wrong != Some(Wrong::SentBack)),
            Property::always("a server has one connection to a neighbour", |_, state: &State| {
                state.wrong != Some(Wrong::OpenedTwice)
            }),
            Property::always("lines are read alike both ways", |_, state: &State| {
                state.wrong != Some(Wrong::ReadTwoWays)
            }),
            Property::always("what is to be done about a link is said in time", |_, state: &State| {
                state.wrong != Some(Wrong::Overslept)
            }),
            Property::always("in the end all keep the same", |world: &Self, state: &State| !world.has_lost(state)),
        ]
    }
}
