//! What the requests of a load say: which client, where, when.

use std::time::{SystemTime, UNIX_EPOCH};

/// What a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A client says where it is: IAMAT, `SET`, `GEOADD`, `set`.
    Update,
    /// Somebody asks what is near a client: WHATSAT, `GEOSEARCH`.
    Question,
}

/// A place on the globe in millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// North is positive.
    pub(crate) latitude: i32,
    /// East is positive.
    pub(crate) longitude: i32,
}

/// Westwood, Los Angeles.
pub(crate) const WESTWOOD: Spot = Spot { latitude: 34_068_930, longitude: -118_445_127 };
/// The middle of Paris.
pub(crate) const PARIS: Spot = Spot { latitude: 48_856_600, longitude: 2_352_200 };

/// Whose requests, and which.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    /// How many clients there are.
    pub(crate) clients: u64,
    /// Which part of the requests are questions, in 65536ths.
    pub(crate) questions: u32,
    /// The middle of where the clients are.
    pub(crate) centre: Spot,
    /// How far from it they are at most, in millionths of a degree.
    pub(crate) spread: u32,
    /// A question's radius in kilometres, as it is written.
    pub(crate) radius: String,
    /// A question's most results.
    pub(crate) bound: u8,
}

impl Default for Traffic {
    /// 100,000 clients around Westwood who only say where they are.
    fn default() -> Self {
        Self { clients: 100_000, questions: 0, centre: WESTWOOD, spread: 500_000, radius: "10".into(), bound: 5 }
    }
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// What it is.
    pub(crate) kind: Kind,
    /// Whose it is.
    pub(crate) client: u64,
    /// Where the client is.
    pub(crate) spot: Spot,
    /// Since when, in nanoseconds since 1970.
    pub(crate) nanos: u64,
}

/// The requests of one thread, without end: clients of its own by lot, or each once, in order.
#[derive(Debug)]
pub(crate) struct Requests<'a> {
    traffic: &'a Traffic,
    first: u64,
    clients: u64,
    each_once: bool,
    count: u64,
    random: u64,
    nanos: u64,
}

impl<'a> Requests<'a> {
    /// The requests of the thread `index` of `threads`.
    pub(crate) fn new(traffic: &'a Traffic, each_once: bool, index: usize, threads: usize) -> Self {
        let (index, threads) = (index as u64, threads as u64);
        let first = traffic.clients * index / threads;
        let clients = (traffic.clients * (index + 1) / threads - first).max(1);
        let mut requests =
            Self { traffic, first, clients, each_once, count: 0, random: scatter(index + 1) | 1, nanos: 0 };
        requests.tick();
        requests
    }

    /// Looks at the clock again, so that times are about right. They grow in any case.
    pub(crate) fn tick(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.nanos = self.nanos.max(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX / 2));
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Request {
        // xorshift64: quick, and good enough to draw lots.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let random = self.random;
        let own = if self.each_once { self.count % self.clients } else { below(random, self.clients) };
        self.count += 1;
        self.nanos += 1;
        let client = self.first + own;
        let kind = if (random & 0xffff) < u64::from(self.traffic.questions) { Kind::Question } else { Kind::Update };
        Request { kind, client, spot: self.spot(client, random >> 16), nanos: self.nanos }
    }

    /// Where a client lives, and a little off: 1024 steps of about a metre each way, because a report of
    /// an unchanged position would cost some servers nothing.
    fn spot(&self, client: u64, random: u64) -> Spot {
        let home = scatter(client);
        let side = u64::from(self.traffic.spread) * 2 + 1;
        let off = |half: u64, step: u64| {
            let home = below(half << 32, side).cast_signed() - i64::from(self.traffic.spread);
            i32::try_from(home + (step & 0x3ff).cast_signed() * 10).unwrap_or(0)
        };
        let Spot { latitude, longitude } = self.traffic.centre;
        Spot {
            latitude: (latitude + off(home >> 32, random)).clamp(-89_999_999, 89_999_999),
            longitude: (longitude + off(home & 0xffff_ffff, random >> 10)).clamp(-179_999_999, 179_999_999),
        }
    }
}

/// Maps 64 random bits to less than `end`.
fn below(random: u64, end: u64) -> u64 {
    u64::try_from((u128::from(random) * u128::from(end)) >> 64).expect("less than end")
}

/// Spreads numbers that lie close together: the finalizer of the hash Murmur 3.
const fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^ (bits >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn threads_share_the_clients_and_times_grow() {
        let traffic = Traffic { clients: 10, ..Traffic::default() };
        let mut seen = HashSet::new();
        for thread in 0..3 {
            let mut requests = Requests::new(&traffic, true, thread, 3);
            let mut time = 0;
            for _ in 0..requests.clients {
                let request = requests.next();
                assert!(request.nanos > time && request.kind == Kind::Update);
                assert!(seen.insert(request.client), "no client belongs to two threads");
                time = request.nanos;
            }
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn clients_stay_near_the_middle_and_move() {
        let traffic = Traffic { clients: 1, spread: 1_000, ..Traffic::default() };
        let mut requests = Requests::new(&traffic, false, 0, 1);
        let spots: Vec<Spot> = (0..100).map(|_| requests.next().spot).collect();
        assert!(spots.windows(2).filter(|pair| pair[0] != pair[1]).count() > 95);
        assert!(spots.iter().all(|spot| (spot.latitude - WESTWOOD.latitude).abs() <= 11_240));
    }

    #[test]
    fn the_share_of_questions_is_kept() {
        let traffic = Traffic { questions: 0x4000, ..Traffic::default() };
        let mut requests = Requests::new(&traffic, false, 0, 1);
        let questions = (0..10_000).filter(|_| requests.next().kind == Kind::Question).count();
        assert!((2_200..2_800).contains(&questions), "{questions}");
    }
}
