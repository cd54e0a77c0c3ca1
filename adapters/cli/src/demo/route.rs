//! A way with a beginning and an end, which is travelled there and back again.

use super::globe::Point;

/// Points, and how far each is from the first.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    stops: Vec<(f64, Point)>,
}

impl Route {
    /// Along great circles from each point to the next.
    ///
    /// # Panics
    ///
    /// If there are no points.
    pub(crate) fn new(points: impl IntoIterator<Item = Point>) -> Self {
        let mut stops: Vec<(f64, Point)> = Vec::new();
        for point in points {
            let far = stops.last().map_or(0.0, |&(far, last)| far + last.distance(point));
            stops.push((far, point));
        }
        assert!(!stops.is_empty(), "a route has points");
        Self { stops }
    }

    /// From its beginning to its end, in metres.
    pub(crate) fn length(&self) -> f64 {
        self.stops.last().map_or(0.0, |&(far, _)| far)
    }

    /// Where somebody is who has travelled so many metres, there and back again as often as needed.
    pub(crate) fn at(&self, metres: f64) -> Point {
        let length = self.length();
        if length <= 0.0 {
            return self.stops[0].1;
        }
        let along = metres.rem_euclid(2.0 * length);
        let along = if along > length { 2.0 * length - along } else { along };
        let next = self.stops.partition_point(|&(far, _)| far <= along).clamp(1, self.stops.len() - 1);
        let ((from, start), (to, end)) = (self.stops[next - 1], self.stops[next]);
        if to > from { start.towards(end, (along - from) / (to - from)) } else { start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point() -> impl Strategy<Value = Point> {
        (-80.0..80.0, -180.0..180.0).prop_map(|(lat, lng)| Point::new(lat, lng))
    }

    proptest! {
        /// Nobody jumps: one is never further away than one has travelled.
        #[test]
        fn no_step_is_longer_than_what_was_travelled(
            points in proptest::collection::vec(point(), 1..6),
            travelled in 0.0..1e9,
            step in 0.0..1e6,
        ) {
            let route = Route::new(points);
            let (before, after) = (route.at(travelled), route.at(travelled + step));
            prop_assert!(before.distance(after) <= step + 1.0, "{before:?} to {after:?} in {step} m");
        }
    }
}
