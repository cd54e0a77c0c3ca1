//! What clients tell and ask, and what they may be answered.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use herd::SplitMix64;
use herd_tests::patience::{wait_for, wait_longer_for};

use super::world::{Place, REGIONS, World};

/// So many clients wander.
const CLIENTS: u64 = 20;

/// How long all may take to agree when everything works again. A region that has not answered a comparison is asked again
/// after a minute.
pub(super) const PATIENCE: Duration = Duration::from_secs(150);

/// All of them.
pub(super) struct Clients {
    luck: SplitMix64,
    /// All that each has told and was acknowledged, oldest first.
    told: BTreeMap<String, Vec<Told>>,
    /// The time of the newest that a server has answered of a client, or acknowledged, since it started.
    answered: BTreeMap<(Place, String), u64>,
    time: u64,
    reports: usize,
    moves: usize,
    answers: usize,
    unanswered: usize,
}

/// A report, or a FORGET.
#[derive(Clone, Debug)]
struct Told {
    time: u64,
    to: Place,
    /// None where the client was forgotten.
    position: Option<String>,
}

/// How somebody asks where a client is.
#[derive(Clone, Copy, Debug)]
enum Question {
    Where,
    Whatsat,
}

impl Told {
    /// Whether an answer says this.
    fn is_in(&self, question: Question, client: &str, answer: &str) -> bool {
        let head = match question {
            Question::Where => format!("HOME {} ", REGIONS[self.to.0]),
            Question::Whatsat => "AT ".into(),
        };
        let Some(position) = &self.position else { return answer == format!("? {}", question.line(client)) };
        answer.starts_with(&head) && answer.ends_with(&format!(" {client} {position} {}", self.time))
    }
}

impl Question {
    const ALL: [Self; 2] = [Self::Where, Self::Whatsat];

    fn line(self, client: &str) -> String {
        match self {
            Self::Where => format!("WHERE {client}"),
            Self::Whatsat => format!("WHATSAT {client} 0 0"),
        }
    }
}

impl Clients {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            luck: SplitMix64::new(seed),
            told: BTreeMap::new(),
            answered: BTreeMap::new(),
            time: 1_479_413_884,
            reports: 0,
            moves: 0,
            answers: 0,
            unanswered: 0,
        }
    }

    /// One of them tells something, or somebody asks for one.
    pub(super) fn act(&mut self, world: &World) {
        let client = format!("c{}", self.luck.below(CLIENTS));
        if self.luck.below(2) == 0 {
            return self.tell(world, client);
        }
        let question = Question::ALL[usize::from(self.luck.below(2) == 0)];
        let region = self.region();
        let place = self.pick(&world.up(region));
        self.ask(world, place, question, &client);
    }

    fn region(&mut self) -> usize {
        usize::try_from(self.luck.below(3)).expect("a few")
    }

    fn pick(&mut self, places: &[Place]) -> Place {
        places[usize::try_from(self.luck.below(places.len() as u64)).expect("a few")]
    }

    /// Most stay in their region.
    fn tell(&mut self, world: &World, client: String) {
        let before = self.told.get(&client).and_then(|told| told.last()).map(|told| told.to.0);
        let region = before.filter(|_| self.luck.below(5) > 0).unwrap_or_else(|| self.region());
        let to = self.pick(&world.up(region));
        self.time += 1;
        let time = self.time;
        let position =
            (self.luck.below(20) > 0).then(|| format!("+{}.5+{}.5", self.luck.below(80), self.luck.below(80)));
        let (request, head, rest) = match &position {
            Some(position) => ("IAMAT", "AT ", format!("{client} {position} {time}")),
            None => ("FORGET", "GONE ", format!("{client} {time}")),
        };
        let reply = world.ask(to, &format!("{request} {rest}"));
        assert!(reply.starts_with(head) && reply.ends_with(&rest), "{request} {rest} at {to:?}: {reply:?}");
        self.reports += 1;
        self.moves += usize::from(before.is_some_and(|before| before != region));
        self.answered.insert((to, client.clone()), time);
        self.told.entry(client).or_default().push(Told { time, to, position });
    }

    /// The answer is nothing that was never told, nor older than what that server has answered before.
    fn ask(&mut self, world: &World, place: Place, question: Question, client: &str) {
        let answer = world.ask(place, &question.line(client));
        let told = self.told.get(client).map(Vec::as_slice).unwrap_or_default();
        if answer == format!("? {}", question.line(client)) {
            self.unanswered += 1;
            // Of what it has been told itself it has no need to ask anybody.
            let is_its_own = told.last().is_some_and(|last| last.to == place && last.position.is_some());
            let knows = is_its_own && self.answered.contains_key(&(place, client.to_owned()));
            assert!(!knows, "{place:?} does not know where {client} is: {:?}", told.last());
            return;
        }
        let found = told.iter().rev().find(|told| told.position.is_some() && told.is_in(question, client, &answer));
        let Some(found) = found else { panic!("{answer} was never told: {told:?}") };
        self.answers += 1;
        let before = self.answered.entry((place, client.to_owned())).or_default();
        assert!(*before <= found.time, "{place:?} has answered {before} before {answer}: {told:?}");
        *before = found.time;
    }

    /// Waits until another server knows all that this one has acknowledged, which is killed then.
    pub(super) fn wait_until_known(&mut self, world: &World, place: Place, other: Place) {
        self.answered.retain(|(at, _), _| *at != place);
        for (client, told) in &self.told {
            let Some(last) = told.last().filter(|last| last.to.0 == place.0) else { continue };
            if last.position.is_none() {
                // Whoever has never heard of it answers as one who has.
                world.ask(other, &format!("FORGET {client} {}", last.time));
            }
            wait_for(&format!("{other:?} to know {last:?} of {client}"), || {
                last.is_in(Question::Where, client, &world.ask(other, &Question::Where.line(client))).then_some(())
            });
        }
    }

    /// Whether a client has ever told that, or was forgotten at that time.
    pub(super) fn have_told(&self, client: &str, time: u64, position: Option<&str>) -> bool {
        let is_it = |told: &Told| told.time == time && told.position.as_deref() == position;
        self.told.get(client).is_some_and(|told| told.iter().any(is_it))
    }

    /// The newest that each has told, and when: where it is, unless it was forgotten.
    pub(super) fn newest(&self) -> impl Iterator<Item = (&str, u64, Option<&str>)> {
        let all = self.told.iter().filter_map(|(client, told)| Some((client, told.last()?)));
        all.map(|(client, last)| (&**client, last.time, last.position.as_deref()))
    }

    /// Every server names the same home for each client, and answers with the newest that it has told.
    pub(super) fn wait_until_all_agree(&self, world: &World) {
        for (client, last) in self.told.iter().filter_map(|(client, told)| Some((client, told.last()?))) {
            for (place, question) in World::all().flat_map(|place| Question::ALL.map(|question| (place, question))) {
                wait_longer_for(&format!("{place:?} to answer {question:?} {client} by {last:?}"), PATIENCE, || {
                    last.is_in(question, client, &world.ask(place, &question.line(client))).then_some(())
                });
            }
        }
    }
}

impl fmt::Display for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reports, moves, answers, unanswered, .. } = self;
        write!(f, "{reports} reports, {moves} moves, {answers} answers, {unanswered} questions without one")
    }
}
