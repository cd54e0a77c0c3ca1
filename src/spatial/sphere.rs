//! Distances and directions on a sphere, by the functions of `libm`: every machine comes to the same result.

use core::f64::consts::PI;

use crate::values::{Position, Radius};

/// The mean radius of the earth, in metres.
const EARTH: f64 = 6_371_008.8;

/// Everything within a distance of a position, that distance included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    center: Position,
    radius: Radius,
    /// The cosine of the center's latitude.
    cosine: f64,
    /// The haversine of the radius.
    most: f64,
}

impl Circle {
    /// That circle.
    #[must_use]
    pub fn new(center: Position, radius: Radius) -> Self {
        let angle = radius.metres() / EARTH;
        // Nothing is farther away than the other side of the globe.
        let most = if angle >= PI { 1.0 } else { square(libm::sin(angle / 2.0)) };
        Self { center, radius, cosine: cosine(center), most }
    }

    /// Its center.
    #[must_use]
    pub const fn center(&self) -> Position {
        self.center
    }

    /// How far it reaches.
    #[must_use]
    pub const fn radius(&self) -> Radius {
        self.radius
    }

    /// Whether a position is within it.
    #[must_use]
    pub fn contains(&self, at: Position) -> bool {
        self.haversine(at) <= self.most
    }

    /// The haversine of its radius: no position within it has a greater one.
    pub(crate) const fn most(&self) -> f64 {
        self.most
    }

    /// The haversine of the angle between its center and a position: 0 to 1, greater for whatever is farther away.
    pub(crate) fn haversine(&self, at: Position) -> f64 {
        haversine(self.center, self.cosine, at)
    }
}

impl Position {
    /// How far another position is away, in kilometres, on a sphere of 6371.0088 km.
    #[must_use]
    pub fn distance_km(self, to: Self) -> f64 {
        angle_of(haversine(self, cosine(self), to)) * EARTH / 1000.0
    }

    /// In which direction another position lies, on the shortest way there: degrees from north over east, from 0 up to
    /// but not including 360. It means nothing where the two are the same or opposite to each other.
    #[must_use]
    pub fn bearing(self, to: Self) -> f64 {
        let east = radians(to.longitude() - self.longitude());
        let (from_sine, to_sine) = (libm::sin(radians(self.latitude())), libm::sin(radians(to.latitude())));
        let (from_cosine, to_cosine) = (cosine(self), cosine(to));
        let x = libm::sin(east) * to_cosine;
        let y = from_cosine * to_sine - from_sine * to_cosine * libm::cos(east);
        let degrees = libm::atan2(x, y) * (180.0 / PI);
        let degrees = if degrees < 0.0 { degrees + 360.0 } else { degrees };
        // Something less than nothing, added to 360, is 360.
        if degrees < 360.0 { degrees.abs() } else { 0.0 }
    }
}

/// The angle of that haversine, in radians.
pub(crate) fn angle_of(haversine: f64) -> f64 {
    2.0 * libm::asin(haversine.sqrt())
}

/// Where `cosine` is that of the first position's latitude. It is 0 for one and the same place, also where its longitude
/// is written in two ways, as at the poles and at the 180th meridian.
fn haversine(from: Position, from_cosine: f64, to: Position) -> f64 {
    let north = libm::sin(radians(to.latitude() - from.latitude()) / 2.0);
    let east = (to.longitude() - from.longitude()).abs();
    let east = libm::sin(radians(if east > 180.0 { 360.0 - east } else { east }) / 2.0);
    // Rounded, it may be a little more than 1 where one is on the other side of the globe.
    (square(north) + from_cosine * cosine(to) * square(east)).min(1.0)
}

/// The cosine of a position's latitude: 0 at the poles, where that of a quarter turn, rounded, would be a little more.
fn cosine(at: Position) -> f64 {
    libm::sin(radians(90.0 - at.latitude().abs()))
}

fn radians(degrees: f64) -> f64 {
    degrees * (PI / 180.0)
}

fn square(value: f64) -> f64 {
    value * value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Position {
        Position::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn distances_and_directions_are_those_of_a_sphere() {
        let degree = EARTH * PI / 180_000.0;
        for (from, to, degrees, bearing) in [
            ("+0+0", "+1+0", 1.0, 0.0),
            ("+0+0", "+0+1", 1.0, 90.0),
            ("+0+0", "-1+0", 1.0, 180.0),
            ("+0+0", "+0-1", 1.0, 270.0),
            ("+0+179.5", "+0-179.5", 1.0, 90.0),
            ("+89.5+10", "+89.5-170", 1.0, 0.0),
            ("+90+0", "+0+77", 90.0, 103.0),
            ("+60+0", "+60+180", 60.0, 0.0),
        ] {
            let (from, to) = (at(from), at(to));
            assert!((from.distance_km(to) / degree - degrees).abs() < 1e-9, "{from} {to}: {}", from.distance_km(to));
            assert!((from.bearing(to) - bearing).abs() < 1e-9 || from.bearing(to) > 360.0 - 1e-9, "{from} {to}");
        }
        // Los Angeles to Paris, as others have it.
        let (los_angeles, paris) = (at("+34.05-118.25"), at("+48.8566+2.3522"));
        assert!((los_angeles.distance_km(paris) - 9085.0).abs() < 10.0);
        assert!((los_angeles.bearing(paris) - 34.91).abs() < 0.01);
    }

    #[test]
    fn one_place_is_at_no_distance_however_it_is_written() {
        let nothing = Radius::parse_km_up_to(b"0", Radius::MOST_NEAR_KM).expect("a radius");
        for (one, other) in [("+90+0", "+90-77.5"), ("-90+180", "-90+1"), ("+12.5+180", "+12.5-180"), ("+1+2", "+1+2")]
        {
            assert!(Circle::new(at(one), nothing).contains(at(other)), "{one} {other}");
            assert!(!Circle::new(at(one), nothing).contains(at("+1+2.0000001")));
        }
    }

    #[test]
    fn the_largest_circle_has_every_position() {
        let all = Radius::parse_km_up_to(b"20016", Radius::MOST_NEAR_KM).expect("a radius");
        for center in ["+90+0", "-90+5", "+0+0", "+34.06893-118.445127", "+0.000001-0.000001"] {
            let circle = Circle::new(at(center), all);
            for other in ["+90+0", "-90+0", "+0+180", "-34.06893+61.554873", "+0-180", "-0.000001+179.999999"] {
                assert!(circle.contains(at(other)), "{center} {other}");
            }
        }
        let nearly = Circle::new(at("+0+0"), Radius::parse_km_up_to(b"20015", Radius::MOST_NEAR_KM).expect("a radius"));
        assert!(!nearly.contains(at("+0+180")) && nearly.contains(at("+0+179.99")));
    }
}
