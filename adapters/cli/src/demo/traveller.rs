//! Ships, planes, buses and people.

use fastrand::Rng;

use super::geography::{AIRPORTS, CITIES, LANES};
use super::globe::Point;
use super::route::Route;

/// A made-up client.
#[derive(Clone, Debug)]
pub(crate) struct Traveller {
    pub(crate) id: String,
    route: Route,
    /// Metres a second.
    speed: f64,
    /// How many metres it had travelled at the time 0.
    ahead: f64,
}

impl Traveller {
    /// The one with that number; of twenty, seven are planes, six are ships, five are buses and two are people.
    pub(crate) fn new(number: usize, rng: &mut Rng) -> Self {
        let (name, route, slowest, fastest) = match number % 20 {
            0..7 => flight(rng),
            7..13 => voyage(rng),
            13..18 => line(rng),
            _ => walk(rng),
        };
        let speed = slowest + (fastest - slowest) * rng.f64();
        let ahead = 2.0 * route.length() * rng.f64();
        Self { id: format!("{name}-{number}"), route, speed, ahead }
    }

    /// Where it is after so many seconds.
    pub(crate) fn at(&self, seconds: f64) -> Point {
        self.route.at(self.ahead + self.speed * seconds)
    }
}

/// What is told of a traveller: the beginning of its ID, its route, and the range of its speed in metres a second.
type Kind = (String, Route, f64, f64);

/// From one airport to another along the great circle.
fn flight(rng: &mut Rng) -> Kind {
    let from = rng.usize(..AIRPORTS.len());
    let to = (from + rng.usize(1..AIRPORTS.len())) % AIRPORTS.len();
    let ((start, from), (end, to)) = (AIRPORTS[from], AIRPORTS[to]);
    (format!("plane-{start}-{end}"), Route::new([from, to]), 225.0, 255.0)
}

/// Along a sea lane, as far beside its middle as others leave it room.
fn voyage(rng: &mut Rng) -> Kind {
    let (name, parts) = LANES[rng.usize(..LANES.len())];
    let (north, east) = (within(rng, 5_000.0), within(rng, 5_000.0));
    let points = parts.iter().copied().flatten().map(|&[lat, lng]| Point::new(lat, lng).moved(north, east));
    (format!("ship-{name}"), Route::new(points), 6.0, 12.0)
}

/// Through a city, by streets that cross each other at right angles.
fn line(rng: &mut Rng) -> Kind {
    let (city, centre) = CITIES[rng.usize(..CITIES.len())];
    let heading = rng.f64() * std::f64::consts::TAU;
    let mut at = centre.moved(within(rng, 3_000.0), within(rng, 3_000.0));
    let stops = 12 + rng.usize(..12);
    let turns: Vec<Point> = (0..stops)
        .map(|stop| {
            let here = at;
            let street =
                heading + if stop % 2 == 0 { 0.0 } else { std::f64::consts::FRAC_PI_2 * f64::from(rng.i8(-1..=1)) };
            let length = 300.0 + 900.0 * rng.f64();
            at = at.moved(length * street.cos(), length * street.sin());
            here
        })
        .collect();
    (format!("bus-{city}"), Route::new(turns), 5.0, 10.0)
}

/// Around some blocks.
fn walk(rng: &mut Rng) -> Kind {
    let (city, centre) = CITIES[rng.usize(..CITIES.len())];
    let home = centre.moved(within(rng, 4_000.0), within(rng, 4_000.0));
    let corners: Vec<Point> = (0..6).map(|_| home.moved(within(rng, 500.0), within(rng, 500.0))).collect();
    (format!("person-{city}"), Route::new(corners), 1.1, 1.7)
}

/// A number between minus that and that.
fn within(rng: &mut Rng, bound: f64) -> f64 {
    (2.0 * rng.f64() - 1.0) * bound
}
