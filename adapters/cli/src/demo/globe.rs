//! Points on the globe, and the ways between them.

/// The earth's mean radius, in metres (IUGG).
const RADIUS: f64 = 6_371_008.8;

/// A point, in degrees north and degrees east.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) lat: f64,
    pub(crate) lng: f64,
}

impl Point {
    pub(crate) const fn new(lat: f64, lng: f64) -> Self {
        Self { lat, lng }
    }

    /// The point so many metres north and east of it; for distances that are small beside the globe.
    pub(crate) fn moved(self, north: f64, east: f64) -> Self {
        let lat = self.lat + (north / RADIUS).to_degrees();
        let lng = self.lng + (east / RADIUS / self.lat.to_radians().cos()).to_degrees();
        Self { lat, lng }
    }

    /// Metres to another point along the great circle.
    pub(crate) fn distance(self, other: Self) -> f64 {
        angle(self.vector(), other.vector()) * RADIUS
    }

    /// The point at that part of the great circle to another one, 0 to 1.
    pub(crate) fn towards(self, other: Self, part: f64) -> Self {
        let (from, to) = (self.vector(), other.vector());
        let whole = angle(from, to);
        if whole < 1e-12 {
            return self;
        }
        let (near, far) = (((1.0 - part) * whole).sin() / whole.sin(), (part * whole).sin() / whole.sin());
        let [x, y, z]: [f64; 3] = std::array::from_fn(|axis| near * from[axis] + far * to[axis]);
        Self { lat: z.atan2(x.hypot(y)).to_degrees(), lng: y.atan2(x).to_degrees() }
    }

    fn vector(self) -> [f64; 3] {
        let (lat, lng) = (self.lat.to_radians(), self.lng.to_radians());
        [lat.cos() * lng.cos(), lat.cos() * lng.sin(), lat.sin()]
    }
}

/// The angle between two unit vectors. It stays exact where they are nearly the same, unlike an arc cosine.
fn angle(a: [f64; 3], b: [f64; 3]) -> f64 {
    let chord = (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f64>().sqrt();
    2.0 * (chord / 2.0).min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_great_circle_crosses_the_antimeridian() {
        let (tokyo, los_angeles) = (Point::new(35.76, 140.39), Point::new(33.94, -118.41));
        let way = tokyo.distance(los_angeles);
        assert!((8_700_000.0..8_900_000.0).contains(&way), "{way}");
        let middle = tokyo.towards(los_angeles, 0.5);
        assert!(middle.lat > 45.0 && middle.lng.abs() > 165.0, "{middle:?}");
        assert!((tokyo.distance(middle) - way / 2.0).abs() < 1.0);
    }
}
