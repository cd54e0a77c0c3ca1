//! Distances on the sphere, worked out a second time and in another way than the core does.

use herd::Position;
use herd::values::Radius;

/// The mean radius of the earth, in metres.
const EARTH: f64 = 6_371_008.8;

/// How far two positions are apart, in metres.
pub(crate) fn metres(one: Position, other: Position) -> f64 {
    let (one, other) = (vector(one), vector(other));
    let cross = |at: usize| one[(at + 1) % 3] * other[(at + 2) % 3] - one[(at + 2) % 3] * other[(at + 1) % 3];
    let sine = (0..3).map(|at| cross(at) * cross(at)).sum::<f64>().sqrt();
    let cosine: f64 = one.iter().zip(&other).map(|(one, other)| one * other).sum();
    sine.atan2(cosine) * EARTH
}

/// How far the core's result may be from that of [`metres`]: its haversines lose digits where two positions are nearly
/// opposite to each other.
pub(crate) fn doubt(metres: f64) -> f64 {
    if metres > 15_000_000.0 { 2.0 } else { 0.01 }
}

/// Whether a position is within a circle; none where it is too near its edge to be told.
pub(crate) fn is_within((center, radius): (Position, Radius), at: Position) -> Option<bool> {
    if (center.latitude(), center.longitude()) == (at.latitude(), at.longitude()) {
        return Some(true);
    }
    let (metres, radius) = (metres(center, at), radius.metres());
    ((metres - radius).abs() > doubt(metres)).then_some(metres < radius)
}

/// Where a position is, one earth's radius being 1.
fn vector(at: Position) -> [f64; 3] {
    let (latitude, longitude) = (at.latitude().to_radians(), at.longitude().to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_sphere() {
        let at = |text: &str| Position::parse(text.as_bytes()).expect("a position");
        let quarter = EARTH * std::f64::consts::FRAC_PI_2;
        for (one, other, quarters) in [
            ("+0+0", "+0+90", 1.0),
            ("+90+7", "-90+0", 2.0),
            ("+0+180", "+0-180", 0.0),
            ("+0-179", "+0+179", 1.0 / 45.0),
        ] {
            assert!((metres(at(one), at(other)) - quarters * quarter).abs() < 1e-6, "{one} {other}");
        }
        let radius = |text: &[u8]| Radius::parse_km(text).expect("a radius");
        // 0.4 degrees are 44.478 km.
        assert_eq!(is_within((at("+0+0"), radius(b"44.4")), at("+0+0.4")), Some(false));
        assert_eq!(is_within((at("+0+0"), radius(b"44.5")), at("+0-0.4")), Some(true));
        assert_eq!(is_within((at("+5+5"), radius(b"0")), at("+5.0+5.0")), Some(true));
    }
}
