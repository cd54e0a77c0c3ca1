//! A number with decimals on a command line.

use std::ops::RangeInclusive;

/// Reads a number within these bounds.
pub fn decimal(bounds: RangeInclusive<f64>) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let read = text.parse().ok().filter(|number| bounds.contains(number));
        read.ok_or_else(|| format!("not a number from {} to {}", bounds.start(), bounds.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn the_bounds_are_told() {
        let read = decimal(-90.0..=90.0);
        assert_eq!((read("-90"), read("34.07")), (Ok(-90.0), Ok(34.07)));
        for text in ["91", "34,07", "34.07N", "NaN", "inf", ""] {
            assert_eq!(read(text).unwrap_err(), "not a number from -90 to 90");
        }
    }
}
