//! Which cells a circle has.

use core::f64::consts::PI;
use core::ops::RangeInclusive;
use std::collections::BTreeSet;

use super::cell::{Cell, spread};
use super::level::Level;
use super::sphere::{Circle, angle_of};
use crate::values::Position;

/// By how many degrees a circle is taken to be larger, so that no rounding hides what is in it: a tenth of a metre.
const SLACK: f64 = 1e-6;

/// So near to a pole, in degrees, a circle is taken to go around it.
const NEAR_POLE: f64 = 0.01;

/// All cells with a position in a circle and those [close](Cell::is_close_to) to them, and some more: a rectangle of
/// cells, or two on both sides of the 180th meridian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    windows: [Option<Window>; 2],
}

/// Neighbouring rows and columns: the first and the last of them, and all four as bits of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    rows: (u16, u16),
    columns: (u16, u16),
    first_row: u32,
    last_row: u32,
    first_column: u32,
    last_column: u32,
}

/// A square of cells whose keys follow on each other: those that have a key's first bits.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: u32,
    /// How many of a key's bits are any.
    free: u32,
}

impl Cover {
    /// The cells of a circle.
    pub(crate) fn of(circle: &Circle) -> Self {
        Self::within(circle, circle.most())
    }

    /// The cells of what has at most that haversine from the center of a circle.
    pub(crate) fn within(circle: &Circle, most: f64) -> Self {
        Self::loosened(circle, most, Cell::CLOSE)
    }

    /// As [`within`](Self::within), but for the cells that are no more than close.
    pub(crate) fn closely_within(circle: &Circle, most: f64) -> Self {
        Self::loosened(circle, most, 0)
    }

    /// With so many rows and columns more on each side.
    fn loosened(circle: &Circle, most: f64, close: u16) -> Self {
        let (center, reach) = (circle.center(), angle_of(most.min(circle.most())));
        let (south, north) = beyond(center.latitude(), reach.to_degrees());
        let rows = loosened((south.max(-90.0), north.min(90.0)), 9000, Cell::LAST_ROW, close);
        let columns =
            |west: f64, east: f64| Some(Window::new(rows, loosened((west, east), 18_000, Cell::LAST_COLUMN, close)));
        let windows = match widest(center, reach) {
            None => [columns(-180.0, 180.0), None],
            Some(widest) => match beyond(center.longitude(), widest) {
                (west, east) if east - west >= 360.0 => [columns(-180.0, 180.0), None],
                (west, east) if west <= -180.0 => [columns(-180.0, east), columns(west + 360.0, 180.0)],
                (west, east) if east >= 180.0 => [columns(-180.0, east - 360.0), columns(west, 180.0)],
                (west, east) => [columns(west, east), None],
            },
        };
        Self { windows }
    }

    /// Whether it has the cell of that key.
    #[inline]
    pub(crate) fn has(&self, key: u32) -> bool {
        self.windows.iter().flatten().any(|window| window.has(key))
    }

    /// Ranges of keys, in order and apart from each other, in which all of its cells are, and others: about `most` of
    /// them, or a few where `most` is less. The more there may be, the fewer others are in them.
    pub(crate) fn ranges(&self, most: usize) -> Vec<RangeInclusive<u32>> {
        let mut blocks: Vec<Block> = self.windows.iter().flatten().flat_map(|window| window.blocks(most)).collect();
        blocks.sort_unstable_by_key(|block| block.first);
        let mut ranges: Vec<RangeInclusive<u32>> = Vec::with_capacity(blocks.len());
        for block in blocks {
            let (first, last) = (block.first, block.last());
            match ranges.last_mut() {
                // Blocks of two windows can lie within each other.
                Some(range) if first <= range.end().saturating_add(1) => {
                    *range = *range.start()..=last.max(*range.end());
                }
                _ => ranges.push(first..=last),
            }
        }
        ranges
    }
}

impl Cover {
    /// The blocks of that size that have all of its cells.
    pub(crate) fn blocks_at(&self, level: Level) -> impl Iterator<Item = u32> {
        let blocks = |window: &Window| window.blocks_of(level.free(), usize::MAX).unwrap_or_default();
        let blocks = self.windows.iter().flatten().flat_map(blocks).collect::<Vec<_>>();
        blocks.into_iter().map(move |block| level.block(Cell::of_key(block.first)))
    }

    /// The smallest blocks of which `most` or fewer have all of its cells.
    pub(crate) fn blocks(&self, most: usize) -> (Level, Vec<u32>) {
        let at = |level: Level| {
            let windows = self.windows.iter().flatten();
            let blocks = windows.map(|window| window.blocks_of(level.free(), most)).collect::<Option<Vec<_>>>()?;
            let numbers = blocks.into_iter().flatten().map(|block| level.block(Cell::of_key(block.first)));
            let numbers: BTreeSet<u32> = numbers.collect();
            (numbers.len() <= most).then(|| (level, numbers.into_iter().collect()))
        };
        Level::ALL.into_iter().find_map(at).unwrap_or((Level::All, vec![0]))
    }
}

impl Window {
    fn new(rows: (u16, u16), columns: (u16, u16)) -> Self {
        let (first_row, last_row) = (spread(rows.0) << 1, spread(rows.1) << 1);
        let (first_column, last_column) = (spread(columns.0), spread(columns.1));
        Self { rows, columns, first_row, last_row, first_column, last_column }
    }

    /// Spread bits order as the numbers do.
    #[inline]
    const fn has(&self, key: u32) -> bool {
        let (row, column) = (key & Block::ROWS, key & Block::COLUMNS);
        (self.first_row <= row && row <= self.last_row) && (self.first_column <= column && column <= self.last_column)
    }

    /// Whether it has a cell of a block.
    const fn meets(&self, block: Block) -> bool {
        let (first, last) = (block.first, block.last());
        (self.first_row <= last & Block::ROWS && first & Block::ROWS <= self.last_row)
            && (self.first_column <= last & Block::COLUMNS && first & Block::COLUMNS <= self.last_column)
    }

    /// The blocks of a size that have all of its cells, if there are no more than `most`.
    fn blocks_of(&self, free: u32, most: usize) -> Option<Vec<Block>> {
        let mut blocks = vec![Block { first: 0, free: u32::BITS }];
        while blocks.iter().any(|block| block.free > free) {
            blocks = blocks.iter().flat_map(|block| block.parts()).filter(|block| self.meets(*block)).collect();
            if blocks.len() > most {
                return None;
            }
        }
        Some(blocks)
    }

    /// Blocks that have all of its cells: as small ones as there are no more than `most` of, or up to four.
    fn blocks(&self, most: usize) -> Vec<Block> {
        let mut blocks = self.largest_blocks();
        while blocks.iter().any(|block| block.free > 0) {
            let parts = |block: &Block| if block.free == 0 { vec![*block] } else { block.parts().to_vec() };
            let smaller: Vec<Block> = blocks.iter().flat_map(parts).filter(|block| self.meets(*block)).collect();
            if smaller.len() > most {
                break;
            }
            blocks = smaller;
        }
        blocks
    }

    /// The blocks that have all of its cells of which each is longer and wider than it is: up to two beside up to two.
    fn largest_blocks(&self) -> Vec<Block> {
        let ends = |(first, last): (u16, u16)| (u32::from(first), u32::from(last));
        let ((south, north), (west, east)) = (ends(self.rows), ends(self.columns));
        let bits = u32::BITS - (north - south).max(east - west).leading_zeros();
        let mut blocks = Vec::with_capacity(4);
        for row in south >> bits..=north >> bits {
            for column in west >> bits..=east >> bits {
                let first = Cell::from_parts(row << bits, column << bits).key();
                blocks.push(Block { first, free: 2 * bits });
            }
        }
        blocks
    }
}

impl Block {
    const ROWS: u32 = 0xaaaa_aaaa;
    const COLUMNS: u32 = 0x5555_5555;

    const fn last(self) -> u32 {
        // All of them, where nothing is left of the bits.
        self.first | !u32::MAX.unbounded_shl(self.free)
    }

    /// Its quarters.
    fn parts(self) -> [Self; 4] {
        let free = self.free - 2;
        [0, 1, 2, 3].map(|part| Self { first: self.first | part << free, free })
    }
}

/// From where to where something reaches, with some slack.
fn beyond(degrees: f64, reach: f64) -> (f64, f64) {
    (degrees - reach - SLACK, degrees + reach + SLACK)
}

/// How many degrees of longitude a circle of that angle reaches to the east and to the west; none where it has a pole.
fn widest(center: Position, reach: f64) -> Option<f64> {
    let to_pole = 90.0 - center.latitude().abs();
    if reach.to_degrees() + NEAR_POLE >= to_pole {
        return None;
    }
    Some(libm::asin(libm::sin(reach) / libm::sin(to_pole * (PI / 180.0))).to_degrees())
}

/// The rows, or columns, from one degree to another, and `close` more on each side.
#[expect(clippy::cast_possible_truncation, reason = "they are no more than the last")]
#[expect(clippy::cast_sign_loss, reason = "they are no less than 0")]
fn loosened((from, to): (f64, f64), half: i32, last: u16, close: u16) -> (u16, u16) {
    let whole = |degrees: f64| (degrees * 100.0) as i32 + half;
    let close = i32::from(close);
    let bounded = |number: i32| number.clamp(0, i32::from(last)) as u16;
    (bounded(whole(from) - close), bounded(whole(to) + close))
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "whatever comes of it is random")]
#[expect(clippy::cast_sign_loss, reason = "as above")]
mod tests {
    use super::*;
    use crate::values::{Radius, SplitMix64};

    /// A number from `-most` to `most`: often a bound, or near to one.
    fn degrees(random: &mut SplitMix64, most: u32) -> f64 {
        let sign = if random.number().is_multiple_of(2) { 1.0 } else { -1.0 };
        let part = (random.number() >> 11) as f64 / (1_u64 << 53) as f64;
        let from_bound = match random.number() % 8 {
            0 => 0.0,
            1 => part * 1e-7,
            2 => part * 0.02,
            3 => part * 2.0,
            _ => part * f64::from(most),
        };
        sign * (f64::from(most) - from_bound)
    }

    fn circle(random: &mut SplitMix64) -> Circle {
        let center = Position::new(degrees(random, 90), degrees(random, 180)).expect("on the globe");
        let most = [0, 1, 10, 100, 5_000, 10_007, 10_008, 20_015, 20_016][(random.number() % 9) as usize];
        let km = if most > 0 { most - 1 } else { 0 };
        let text = format!("{km}.{:04}", random.number() % 10_000);
        Circle::new(
            center,
            Radius::parse_km_up_to(if most == 0 { b"0" } else { text.as_bytes() }, Radius::MOST_NEAR_KM)
                .expect("a radius"),
        )
    }

    /// A position that is often near the edge of a circle: that far from its center, in some direction.
    fn about(circle: &Circle, random: &mut SplitMix64) -> Position {
        let reach = angle_of(circle.most()) * [0.0, 0.5, 0.999_999, 1.0 - 1e-12, 1.0][(random.number() % 5) as usize];
        let bearing = (random.number() % 3600) as f64 / 1800.0 * PI;
        let (latitude, longitude) = (circle.center().latitude().to_radians(), circle.center().longitude());
        let north = latitude.sin() * reach.cos() + latitude.cos() * reach.sin() * bearing.cos();
        let east =
            (bearing.sin() * reach.sin() * latitude.cos()).atan2(reach.cos() - latitude.sin() * north).to_degrees();
        let longitude = longitude + east;
        let longitude = if longitude.abs() > 180.0 { longitude - 360.0_f64.copysign(longitude) } else { longitude };
        Position::new(north.clamp(-1.0, 1.0).asin().to_degrees(), longitude.clamp(-180.0, 180.0)).expect("on the globe")
    }

    #[test]
    fn every_position_of_a_circle_is_in_each_cell_under_which_it_may_be_filed() {
        let (mut random, mut inside) = (SplitMix64::new(3), 0);
        for _ in 0..100_000 {
            let circle = circle(&mut random);
            let at = if random.number().is_multiple_of(4) {
                Position::new(degrees(&mut random, 90), degrees(&mut random, 180)).expect("on the globe")
            } else {
                about(&circle, &mut random)
            };
            if !circle.contains(at) {
                continue;
            }
            inside += 1;
            let (cover, cell) = (Cover::of(&circle), Cell::of_valid(at.to_string().as_bytes()));
            let ranges = cover.ranges(4);
            assert!(Cover::closely_within(&circle, circle.most()).has(cell.key()), "{circle:?} {at} {cell:?}");
            for (row, column) in [(0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)] {
                let (row, column) = (i32::from(cell.row()) + row, i32::from(cell.column()) + column);
                if !(0..=18_000).contains(&row) || !(0..=36_000).contains(&column) {
                    continue;
                }
                let key = Cell::new(row as u16, column as u16).key();
                assert!(cover.has(key), "{circle:?} {at} {cell:?}");
                assert!(ranges.iter().any(|range| range.contains(&key)), "{circle:?} {at} {cell:?}");
            }
        }
        assert!(inside > 30_000, "{inside}");
    }

    #[test]
    fn ranges_are_few_in_order_and_have_all_cells() {
        let mut random = SplitMix64::new(4);
        for _ in 0..2000 {
            let cover = Cover::of(&circle(&mut random));
            for most in [1, 4, 16, 64] {
                let ranges = cover.ranges(most);
                assert!((1..=2 * most.max(4)).contains(&ranges.len()), "{}", ranges.len());
                assert!(ranges.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start()));
                for _ in 0..20 {
                    let window = cover.windows[0].expect("there is one");
                    let some = |first, last, mask: u32| (first + random.number() as u32 % (last - first + 1)) & mask;
                    let mut some = some;
                    let row = some(window.first_row, window.last_row, Block::ROWS);
                    let key = row | some(window.first_column, window.last_column, Block::COLUMNS);
                    assert!(!cover.has(key) || ranges.iter().any(|range| range.contains(&key)));
                }
            }
        }
    }

    #[test]
    fn a_small_circle_has_few_cells_also_at_the_180th_meridian() {
        for (center, columns) in [("+34.06893-118.445127", 34), ("+34.06893+180", 34), ("+34.06893-179.99", 34)] {
            let center = Position::parse(center.as_bytes()).expect(center);
            let cover =
                Cover::of(&Circle::new(center, Radius::parse_km_up_to(b"10", Radius::MOST_NEAR_KM).expect("a radius")));
            let row = Cell::of_valid(b"+34.06+0").row();
            let found = (0..=Cell::LAST_COLUMN).filter(|&column| cover.has(Cell::new(row, column).key())).count();
            assert!((20..=columns).contains(&found), "{center}: {found}");
        }
    }
}
