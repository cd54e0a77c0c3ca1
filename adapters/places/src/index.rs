//! Which places are near: points on a globe, and the nearest of them.

use herd::Query;
use rstar::RTree;
use rstar::primitives::GeomWithData;

/// The earth's mean radius, in metres, as the International Union of Geodesy and Geophysics has it.
const EARTH_RADIUS: f64 = 6_371_008.8;

/// Points on the unit sphere in an R-tree.
///
/// In three dimensions nothing is special about the poles or the 180th meridian, and the straight
/// line between two points grows with the great circle between them, so the nearest by one are the
/// nearest by the other.
#[derive(Debug)]
pub(crate) struct Index {
    tree: RTree<GeomWithData<[f64; 3], u32>>,
}

impl Index {
    /// An index of points given by latitude and longitude in degrees.
    pub(crate) fn new(points: impl Iterator<Item = (f64, f64)>) -> Self {
        let points = (0..)
            .zip(points)
            .map(|(index, (latitude, longitude))| GeomWithData::new(on_sphere(latitude, longitude), index));
        Self { tree: RTree::bulk_load(points.collect()) }
    }

    /// The indices of the points that answer a query, nearest first.
    ///
    /// A bound of 0 is no reason to find nothing where there is something, and to say `ZERO_RESULTS`:
    /// one is looked for, and cut off later.
    pub(crate) fn near(&self, query: &Query) -> Vec<u32> {
        let most = usize::from(query.bound.max(1));
        self.nearest(query.at.latitude(), query.at.longitude(), query.radius.metres(), most)
    }

    /// The indices of at most `most` points within `metres` of a position, nearest first; points as
    /// far as each other in the order of their indices.
    fn nearest(&self, latitude: f64, longitude: f64, metres: f64, most: usize) -> Vec<u32> {
        let centre = on_sphere(latitude, longitude);
        let reach = chord_squared(metres);
        let mut found: Vec<(f64, u32)> = Vec::with_capacity(most);
        for (point, distance) in self.tree.nearest_neighbor_iter_with_distance_2(centre) {
            let is_tie = found.last().is_some_and(|(last, _)| last.total_cmp(&distance).is_eq());
            if distance > reach || (found.len() >= most && !is_tie) {
                break;
            }
            found.push((distance, point.data));
        }
        found.sort_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
        found.truncate(most);
        found.into_iter().map(|(_, index)| index).collect()
    }
}

fn on_sphere(latitude: f64, longitude: f64) -> [f64; 3] {
    let (sin_latitude, cos_latitude) = latitude.to_radians().sin_cos();
    let (sin_longitude, cos_longitude) = longitude.to_radians().sin_cos();
    [cos_latitude * cos_longitude, cos_latitude * sin_longitude, sin_latitude]
}

/// The square of the straight line between two points that are `metres` apart on the great circle.
///
/// A hair is added for rounding, a tenth of a millimetre, so that a place is within 0 m of itself.
fn chord_squared(metres: f64) -> f64 {
    let half = (metres + 1e-4) / (2.0 * EARTH_RADIUS);
    let half_chord = half.min(core::f64::consts::FRAC_PI_2).sin();
    4.0 * half_chord * half_chord
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The haversine formula, over every point.
    fn oracle(points: &[(f64, f64)], latitude: f64, longitude: f64, metres: f64) -> Vec<(f64, u32)> {
        let distance = |&(lat, lng): &(f64, f64)| {
            let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
            let cosines = lat.to_radians().cos() * latitude.to_radians().cos();
            2.0 * EARTH_RADIUS * (half(lat, latitude) + cosines * half(lng, longitude)).sqrt().min(1.0).asin()
        };
        let mut all: Vec<(f64, u32)> = points.iter().map(distance).zip(0..).collect();
        all.retain(|(distance, _)| *distance <= metres);
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all
    }

    fn coordinate() -> impl Strategy<Value = (f64, f64)> {
        prop_oneof![
            (-90.0..=90.0, -180.0..=180.0),
            // Around the poles and the 180th meridian, where flat maps tear.
            (prop_oneof![89.8..=90.0, -90.0..=-89.8], -180.0..=180.0),
            (-1.0..=1.0, prop_oneof![179.5..=180.0, -180.0..=-179.5]),
        ]
    }

    proptest! {
        #[test]
        fn the_nearest_are_those_of_the_haversine_formula(
            points in proptest::collection::vec(coordinate(), 0..60),
            (latitude, longitude) in coordinate(),
            metres in 0.0..200_000.0,
            most in 0_usize..20,
        ) {
            let index = Index::new(points.iter().copied());
            let found = index.nearest(latitude, longitude, metres, most);
            let near = oracle(&points, latitude, longitude, metres);
            let surely = oracle(&points, latitude, longitude, metres - 0.01).len().min(most);
            prop_assert!((surely..=near.len().max(surely + 1).min(most)).contains(&found.len()));
            for (found, (distance, _)) in found.iter().zip(&near) {
                let alone = oracle(&points[*found as usize..=*found as usize], latitude, longitude, f64::MAX)[0].0;
                prop_assert!((alone - distance).abs() < 0.01, "{alone} m for {distance} m");
            }
        }
    }
}
