//! What a server knows of other regions, and has to do for them.

use core::mem;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::answers::Answers;
use super::batch::Batch;
use super::bus::{Post, QuestionId, ReplyTo, Subject};
use super::census::Census;
use super::damper::Damper;
use super::gathering::Gathering;
use super::guests::Guests;
use super::heading::{Heading, lines};
use super::incoming::{Incoming, Serving, write_near};
use super::interests::{Interests, Scope};
use super::parts::{Gap, Heard};
use super::presence::Presence;
use super::questions::{Asks, Open, Questions, Wanted};
use super::regions::Regions;
use super::streams::Streams;
use crate::access::Rights;
use crate::pass::{Action, Answer, Answered, Notice, Turn};
use crate::report::{OwnedRecord, Record};
use crate::spatial::Circle;
use crate::store::Search;
use crate::values::{Instant, Now, ServerName, SessionId, Ticket};
use crate::wire::{Near, Target};

/// The part of a node that has to do with other regions.
#[derive(Debug)]
pub(crate) struct Homes {
    pub(crate) region: ServerName,
    server: ServerName,
    /// Whether the bus is there.
    is_up: bool,
    /// The fencing number, while this server is its region's bridge.
    fence: Option<u64>,
    /// Whether somebody was called to poll, and has not come yet.
    is_called: bool,
    /// Messages that are written already.
    posts: VecDeque<Post>,
    pub(crate) questions: Questions,
    pub(crate) answers: Answers,
    /// NEARs that other regions answer too.
    gatherings: BTreeMap<u64, Gathering>,
    next_gathering: u64,
    /// The reports of WHATSATs that wait for their places.
    reports: BTreeMap<Ticket, OwnedRecord>,
    /// What others ask.
    inbox: VecDeque<(ReplyTo, Incoming)>,
    /// NEARs of others that take longer.
    serving: VecDeque<Serving>,
    pub(crate) regions: Regions,
    damper: Damper,
    batch: Batch,
    pub(crate) census: Census,
    /// When everybody is told next that the region is there.
    tells_at: Instant,
    /// What somebody here watches, as of which change of that, and the clients of other regions that it shows.
    pub(crate) interests: Interests,
    pub(crate) watches: u64,
    pub(crate) guests: Guests,
    /// What its regions tell of guests and is not known here yet: lines as of arrivals.
    pub(crate) news: Vec<u8>,
    /// Whom else clients here are told of.
    pub(crate) streams: Streams,
    /// When streams are looked after next, and whether somebody waits for what they tell at the start.
    streams_at: Option<Instant>,
    pub(crate) is_awaited: bool,
}

/// A copy has asked nobody.
impl Clone for Homes {
    fn clone(&self) -> Self {
        Self::new(self.region.clone(), self.server.clone())
    }
}

impl Homes {
    /// As many questions of others wait. At the bound a further one is dropped: who asks waits no longer than a time-out.
    const MOST_INBOX: usize = 4096;

    /// As many NEARs are answered by several regions at once, and as many of others' are under way.
    const MOST_NEAR: usize = 1024;

    pub(crate) fn new(region: ServerName, server: ServerName) -> Self {
        Self {
            region,
            server,
            is_up: false,
            fence: None,
            is_called: false,
            posts: VecDeque::new(),
            questions: Questions::default(),
            answers: Answers::default(),
            gatherings: BTreeMap::new(),
            next_gathering: 0,
            reports: BTreeMap::new(),
            inbox: VecDeque::new(),
            serving: VecDeque::new(),
            regions: Regions::default(),
            damper: Damper::default(),
            batch: Batch::default(),
            census: Census::default(),
            tells_at: Instant::default(),
            interests: Interests::default(),
            watches: 0,
            guests: Guests::default(),
            news: Vec::new(),
            streams: Streams::default(),
            streams_at: None,
            is_awaited: false,
        }
    }

    /// Whether the bus is there.
    pub(crate) const fn is_up(&self) -> bool {
        self.is_up
    }

    /// Whether this server tells other regions of its own's arrivals.
    pub(crate) const fn is_bridging(&self) -> bool {
        self.is_up && self.fence.is_some()
    }

    /// The bus is there from now on, or is not.
    pub(crate) fn set_up(&mut self, is_up: bool, turn: &mut Turn) {
        self.is_up = is_up;
        self.regions.listen(is_up.then_some(turn.now.instant));
        self.tells_at = turn.now.instant;
        if is_up {
            self.call(turn);
            return;
        }
        self.posts.clear();
        self.batch.clear();
        self.inbox.clear();
        self.serving.clear();
        self.interests.close_all();
        self.streams.clear();
        self.census.end();
        for wanted in self.questions.give_up_wanted() {
            unanswered(wanted, turn);
        }
        while let Some(open) = self.questions.give_up() {
            self.end(open, turn);
        }
    }

    /// This server is its region's bridge, with that number, or is not.
    pub(crate) fn set_bridge(&mut self, fence: Option<u64>, turn: &mut Turn) {
        self.fence = fence;
        self.batch.clear();
        self.census.end();
        self.tells_at = turn.now.instant;
        self.call(turn);
    }

    /// Has somebody poll.
    pub(crate) fn call(&mut self, turn: &mut Turn) {
        if !mem::replace(&mut self.is_called, true) {
            turn.actions.push(Action::Post);
        }
    }

    /// Somebody polls. From time to time everybody is told that the region is there.
    pub(crate) fn has_come(&mut self, Now { instant: now, wall }: Now, keep_for: Option<Duration>) {
        self.is_called = false;
        if self.is_bridging() && self.tells_at <= now {
            self.tells_at = now + Regions::EVERY;
            self.tell_presence();
            self.census.look_around(now);
            self.census.call_roll(keep_for, wall);
            self.begin_to_compare(now);
        }
    }

    /// Begins to compare homes with the regions that are there, if it is time.
    pub(crate) fn begin_to_compare(&mut self, now: Instant) {
        self.census.compare(self.regions.others(&self.region, None, now), now);
    }

    /// Asks a region something that serves to compare homes.
    pub(crate) fn ask_homes(&mut self, region: ServerName, question: Vec<u8>, now: Instant) {
        let asks = Asks::Homes(self.census.run());
        let id = self.questions.open(region.clone(), asks, now + Census::PATIENCE);
        self.posts.push_back(Post { to: Subject::Ask(region), payload: question.into(), question: Some(id) });
    }

    /// Tells everybody where this region has clients, once that is known.
    pub(crate) fn tell_presence(&mut self) {
        let mut there = self.heading();
        if let Some(presence) = self.census.presence() {
            presence.write(&mut there);
            self.posts.push_back(Post { to: Subject::Everybody, payload: there.into(), question: None });
        }
    }

    /// What this server's messages begin with.
    pub(crate) fn heading(&self) -> Vec<u8> {
        let mut heading = Vec::with_capacity(64);
        let fence = self.fence.unwrap_or(0);
        Heading { region: self.region.clone(), server: self.server.clone(), fence }.write(&mut heading);
        heading
    }

    /// Asks the region where a client is at home.
    pub(crate) fn ask(&mut self, wanted: Wanted, turn: &mut Turn) {
        let region = wanted.away.record().region().and_then(ServerName::of);
        let may_ask = self.is_up && wanted.tries < Wanted::MOST_TRIES && self.questions.has_room();
        let Some(region) = region.filter(|_| may_ask) else { return unanswered(wanted, turn) };
        self.questions.want(region, wanted);
        self.call(turn);
    }

    /// A region answers where clients are: for whom it was asked, in their order. None, where that is not what was asked.
    pub(crate) fn take_wanted(&mut self, id: QuestionId, region: &ServerName) -> Option<Vec<Wanted>> {
        self.questions.asks(id, region).filter(|asks| matches!(asks, Asks::Where(_)))?;
        match self.questions.close(id)?.asks {
            Asks::Where(all) => Some(all),
            Asks::Near(..) | Asks::Homes(_) => None,
        }
    }

    /// Takes what a region has found for a NEAR of this server's; whether that is of use.
    pub(crate) fn take_found(&mut self, id: QuestionId, region: &ServerName, answer: &[u8], turn: &mut Turn) -> bool {
        let Some(Asks::Near(number, heard)) = self.questions.asks(id, region) else { return false };
        let (number, part) = (*number, heard.take(answer));
        match part {
            Ok(Some(part)) => {
                if let Some(gathering) = self.gatherings.get_mut(&number) {
                    gathering.add(lines(part.lines).filter_map(OwnedRecord::of_elsewhere));
                    gathering.missing -= usize::from(part.is_last);
                }
                if part.is_last {
                    self.questions.close(id);
                    self.end_if_done(number, turn);
                }
            }
            Ok(None) => {}
            // What is missing will not come.
            Err(Gap) => {
                if let Some(open) = self.questions.close(id) {
                    self.end(open, turn);
                }
            }
        }
        part.is_ok()
    }

    /// Whether other regions may have clients in a circle.
    pub(crate) fn spans(&self, circle: &Circle, now: Instant) -> bool {
        let has_room = self.gatherings.len() < Self::MOST_NEAR;
        self.is_up && has_room && self.regions.others(&self.region, Some(circle), now).next().is_some()
    }

    /// Goes on with a NEAR, which is not about that client, here and in all regions that may have clients in its circle.
    pub(crate) fn gather(
        &mut self,
        ticket: Ticket,
        (near, except, rights): (&Near, Option<&[u8]>, &Rights),
        search: Search,
        deadline: Instant,
        turn: &mut Turn,
    ) {
        let circle = *search.circle();
        let regions: Vec<_> = self.regions.others(&self.region, Some(&circle), turn.now.instant).cloned().collect();
        let number = self.next_gathering;
        self.next_gathering += 1;
        let mut question = self.heading();
        write_near(near, &circle, except, rights, &mut question);
        let payload = Bytes::from(question);
        let mut gathering = Gathering::new(ticket, near.bound.into(), search);
        for region in regions {
            let id = self.questions.open(region.clone(), Asks::Near(number, Heard::default()), deadline);
            self.posts.push_back(Post { to: Subject::Ask(region), payload: payload.clone(), question: Some(id) });
            gathering.missing += 1;
        }
        self.gatherings.insert(number, gathering);
        self.call(turn);
    }

    /// The NEAR of that number.
    pub(crate) fn gathering(&mut self, number: u64) -> Option<&mut Gathering> {
        self.gatherings.get_mut(&number)
    }

    /// The next NEAR that is searched for here, and goes on.
    pub(crate) fn next_search(&mut self) -> Option<(u64, Search)> {
        self.gatherings.iter_mut().find_map(|(&number, gathering)| Some((number, gathering.search.take()?)))
    }

    /// Answers a NEAR if all was found.
    pub(crate) fn end_if_done(&mut self, number: u64, turn: &mut Turn) {
        if self.gatherings.get(&number).is_some_and(Gathering::is_done)
            && let Some(gathering) = self.gatherings.remove(&number)
        {
            let (ticket, center) = (gathering.ticket, gathering.circle.center());
            let (found, silent) = gathering.into_nearest();
            give(ticket, Answered::Found { center, found, silent }, turn);
        }
    }

    /// No answer comes, or no more.
    fn end(&mut self, open: Open, turn: &mut Turn) {
        match open.asks {
            Asks::Where(all) => all.into_iter().for_each(|wanted| unanswered(wanted, turn)),
            Asks::Near(number, _) => {
                if let Some(gathering) = self.gatherings.get_mut(&number) {
                    gathering.missing -= 1;
                    gathering.silent.push(open.region);
                }
                self.end_if_done(number, turn);
            }
            Asks::Homes(run) => {
                self.census.fail(open.region, run, turn.now.instant);
                self.begin_to_compare(turn.now.instant);
                self.call(turn);
            }
        }
    }

    /// Questions that have waited long enough are answered with what is known; how many there were.
    pub(crate) fn wake(&mut self, turn: &mut Turn) -> u64 {
        let mut late = 0;
        while let Some(open) = self.questions.expired(turn.now.instant) {
            late += 1;
            self.is_silent(open, turn);
        }
        if self.has_due(turn.now.instant) {
            self.call(turn);
        }
        late
    }

    /// Nobody was there to hear that: a question, which ends, or what asks for a stream. Whether it was a question.
    pub(crate) fn unheard(&mut self, id: QuestionId, turn: &mut Turn) -> bool {
        self.interests.close(id, turn.now.instant);
        self.look_after_streams(turn.now.instant);
        let open = self.questions.close(id);
        open.map(|open| self.is_silent(open, turn)).is_some()
    }

    /// A region does not answer.
    fn is_silent(&mut self, open: Open, turn: &mut Turn) {
        if let Some(questions) = self.regions.is_silent(&open.region, turn.now.instant) {
            turn.notices.push(Notice::RegionSilent { region: open.region.clone(), questions });
        }
        self.end(open, turn);
    }

    fn has_due(&self, now: Instant) -> bool {
        self.poll_at().is_some_and(|at| at <= now)
    }

    /// When somebody is to poll, whatever happens.
    fn poll_at(&self) -> Option<Instant> {
        let bridges = self.is_bridging().then_some(self.tells_at);
        let streams = self.streams_at.filter(|_| self.is_up);
        bridges.into_iter().chain(self.batch.deadline()).chain(self.damper.deadline()).chain(streams).min()
    }

    /// When it has to be woken.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.questions.deadline().into_iter().chain(self.poll_at().filter(|_| !self.is_called)).min()
    }

    /// A WHATSAT has its report, and waits for places.
    pub(crate) fn has_report(&mut self, ticket: Ticket, report: OwnedRecord) {
        self.reports.insert(ticket, report);
    }

    /// A session waits no more.
    pub(crate) fn forget(&mut self, session: SessionId) {
        let all = Ticket { session, number: 0 }..=Ticket { session, number: u64::MAX };
        let tickets: Vec<_> = self.reports.range(all).map(|(&ticket, _)| ticket).collect();
        for ticket in tickets {
            self.reports.remove(&ticket);
        }
    }

    /// The report of a WHATSAT that has its places now.
    pub(crate) fn take_report(&mut self, ticket: Ticket) -> Option<OwnedRecord> {
        self.reports.remove(&ticket)
    }

    /// Another region asks something.
    pub(crate) fn asked(&mut self, to: ReplyTo, question: Incoming, turn: &mut Turn) -> bool {
        let has_room = self.inbox.len() < Self::MOST_INBOX;
        if has_room {
            self.inbox.push_back((to, question));
            self.call(turn);
        }
        has_room
    }

    /// The next question of others.
    pub(crate) fn next_asked(&mut self) -> Option<(ReplyTo, Incoming)> {
        self.inbox.pop_front()
    }

    /// A NEAR of others that takes longer.
    pub(crate) fn serve_later(&mut self, serving: Serving) {
        if self.serving.len() < Self::MOST_NEAR {
            self.serving.push_back(serving);
        }
    }

    /// The next of those.
    pub(crate) fn next_serving(&mut self) -> Option<Serving> {
        self.serving.pop_front()
    }

    /// Whether there is something to do.
    pub(crate) fn has_more(&self) -> bool {
        let searches = self.gatherings.values().any(|gathering| gathering.search.is_some());
        let serves = !self.inbox.is_empty() || !self.serving.is_empty() || self.census.is_walking();
        searches || serves || self.streams.has_more()
    }

    /// These are watched here from now on, and nothing else. Guests that are not are none any more: who they were.
    pub(crate) fn want(&mut self, wanted: Vec<(Scope, Target)>, waits_until: Instant) -> Vec<Box<[u8]>> {
        self.interests.want(wanted.into_iter(), waits_until);
        let interests = &self.interests;
        let over = self.guests.find(|guest| !interests.cover(&guest.report.record()));
        for client in &over {
            self.guests.remove(client);
        }
        over
    }

    /// A client may be no guest any more, since nobody watches where it is; whether that is so.
    pub(crate) fn forget_guest(&mut self, client: &[u8]) -> bool {
        let is_over = self.guests.get(client).is_some_and(|guest| !self.interests.cover(&guest.report.record()));
        is_over && self.guests.remove(client).is_some()
    }

    /// Asks regions for what is watched here and they do not tell of, and lets those know that do that somebody listens.
    pub(crate) fn keep_streams(&mut self, now: Instant) {
        if !self.is_up {
            return;
        }
        self.interests.let_retry(now);
        for question in self.interests.gone(now) {
            self.interests.close(question, now);
        }
        let keep = self.interests.keep(now).into_iter().map(|to| (to, &b"KEEP\n"[..]));
        for (to, word) in keep.chain(self.interests.take_over().into_iter().map(|to| (to, &b"STOP\n"[..]))) {
            let mut payload = self.heading();
            payload.extend_from_slice(word);
            self.reply(to, payload);
        }
        let Self { regions, region: own, interests, .. } = self;
        let others = |circle: Option<&Circle>| regions.others(own, circle, now);
        let missing: Vec<_> = interests.missing(others).collect();
        for (scope, region) in missing {
            let question = self.questions.next_id();
            self.interests.open(&scope, &region, question, now);
            let mut payload = self.heading();
            for part in [b"WATCH ", &*scope.0, b"\n"] {
                payload.extend_from_slice(part);
            }
            self.posts.push_back(Post { to: Subject::Ask(region), payload: payload.into(), question: Some(question) });
        }
        // Here, and not whenever somebody asks: that is with each pass, and goes through all of them.
        self.streams_at = self.interests.deadline(now).into_iter().chain(self.streams.deadline()).min();
    }

    /// Something has come on a stream, or is missing there.
    pub(crate) fn look_after_streams(&mut self, now: Instant) {
        let soon = now + Interests::RETRY;
        self.streams_at = Some(self.streams_at.map_or(soon, |at| at.min(soon)));
    }

    /// Whether a watch of that target need not wait any longer for what other regions have there.
    pub(crate) fn is_ready(&self, target: &Target, now: Instant) -> bool {
        let circle = target.circle.map(|(center, radius)| Circle::new(center, radius));
        let others = self.regions.others(&self.region, circle.as_ref(), now);
        !self.is_up || Scope::of(target).is_none_or(|scope| self.interests.is_ready(&scope, others, now))
    }

    /// A message that is written is to be sent.
    pub(crate) fn post(&mut self, post: Post) {
        self.posts.push_back(post);
    }

    /// Some are.
    pub(crate) fn post_all(&mut self, posts: Vec<Post>) {
        self.posts.extend(posts);
    }

    /// An answer is to be sent.
    pub(crate) fn reply(&mut self, to: ReplyTo, payload: Vec<u8>) {
        self.posts.push_back(Post { to: Subject::Reply(to), payload: payload.into(), question: None });
    }

    /// A bridge has told something, by the stream or to everybody: the lines of it, if it counts and is another region's.
    pub(crate) fn hears<'a>(&mut self, payload: &'a [u8]) -> Option<(Heading, &'a [u8])> {
        let (from, lines) = Heading::split(payload)?;
        (from.region != self.region && self.regions.is_current(&from)).then_some((from, lines))
    }

    /// A region tells everybody that it is there, and where it has clients.
    pub(crate) fn is_there(&mut self, region: &ServerName, there: &[u8], now: Instant) {
        if let Some(presence) = lines(there).next().and_then(Presence::parse) {
            self.regions.told(region, presence, now);
        }
    }

    /// A client has arrived here, or was forgotten: other regions are told, unless they were a moment ago.
    pub(crate) fn arrived(&mut self, record: &Record<'_>, now: Instant) -> bool {
        if let Some(position) = record.position_and_rest() {
            self.census.add(position);
        }
        let tells = record.is_tombstone() || self.damper.lets_through(record.client(), now);
        if tells {
            self.tell(record, now);
        }
        tells
    }

    /// All regions are told of a client that is at home here, or was forgotten.
    pub(crate) fn tell(&mut self, record: &Record<'_>, now: Instant) {
        let (heading, mut posts) = (self.heading(), Vec::new());
        self.batch.add((self.region.as_bytes(), record), &heading, now, &mut posts);
        self.posts.extend(posts);
    }

    /// Arrivals wait to be told.
    pub(crate) fn has_arrivals(&mut self, now: Instant) {
        self.batch.begin(now);
    }

    /// The next client of which an arrival was held back for long enough.
    pub(crate) fn next_held_back(&mut self, now: Instant) -> Option<Box<[u8]>> {
        self.damper.next_due(now)
    }

    /// Gives all that is to be sent now.
    pub(crate) fn send(&mut self, now: Instant, deadline: Instant, posts: &mut Vec<Post>) {
        if !self.is_up {
            return;
        }
        while let Some((region, wanted)) = self.questions.next_wanted() {
            let mut question = self.heading();
            for wanted in &wanted {
                for part in [b"WHERE ", wanted.away.record().client(), b"\n"] {
                    question.extend_from_slice(part);
                }
            }
            let id = self.questions.open(region.clone(), Asks::Where(wanted), deadline);
            posts.push(Post { to: Subject::Ask(region), payload: question.into(), question: Some(id) });
        }
        posts.extend(self.posts.drain(..));
        self.batch.send(now, posts);
    }
}

/// A client's region does not answer: who asked is told what is known here.
fn unanswered(wanted: Wanted, turn: &mut Turn) {
    let Wanted { ticket, line, away, .. } = wanted;
    give(ticket, Answered::Silent { line, away }, turn);
}

/// Gives an answer to who waits for it.
pub(crate) fn give(ticket: Ticket, answered: Answered, turn: &mut Turn) {
    let answer = Answer { number: ticket.number, answered };
    turn.actions.push(Action::Answer { session: ticket.session, answer });
}
