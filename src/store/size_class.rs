//! The sizes that slots have.

/// Sizes are whole numbers of this many bytes.
pub(super) const UNIT: usize = 4;

/// Up to here sizes go up by a unit, from there by a sixteenth.
const SMALL: usize = SMALL_CLASSES * UNIT;

const SMALL_CLASSES: usize = 64;

/// How many sizes there are from one to its double.
const STEP_BITS: u32 = 4;

/// Which size is the least that has so many bytes.
pub(super) const fn class_for(len: usize) -> usize {
    if len <= SMALL {
        return len.div_ceil(UNIT).saturating_sub(1);
    }
    let last = len - 1;
    let doublings = last.ilog2() - SMALL.ilog2();
    // The first bit of it is in the doublings.
    let step = (last >> (last.ilog2() - STEP_BITS)) - (1 << STEP_BITS);
    SMALL_CLASSES + ((doublings as usize) << STEP_BITS) + step
}

/// How many bytes it has.
pub(super) const fn size_of_class(class: usize) -> usize {
    if class < SMALL_CLASSES {
        return (class + 1) * UNIT;
    }
    let (doublings, step) = ((class - SMALL_CLASSES) >> STEP_BITS, (class - SMALL_CLASSES) % (1 << STEP_BITS));
    ((1 << STEP_BITS) + step + 1) << (doublings + (SMALL.ilog2() - STEP_BITS) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_has_a_size_that_is_hardly_larger() {
        for len in (1..70_000).chain([1 << 20, (1 << 20) + 1, (1 << 30) + 100]) {
            let class = class_for(len);
            let size = size_of_class(class);
            assert!(size >= len && size - len < (len / 16).max(UNIT) && size.is_multiple_of(UNIT), "{len} in {size}");
            assert!(class_for(size) == class && class_for(size + 1) == class + 1);
        }
        assert!(class_for(32 << 10) < 176, "they are few");
    }
}
