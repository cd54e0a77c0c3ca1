//! A whole number on a command line.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Reads a whole number within these bounds.
pub fn number<T: Copy + Display + FromStr + PartialOrd>(
    bounds: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    let (least, most) = bounds.into_inner();
    move |text| {
        let read = text.parse().ok().filter(|number| (least..=most).contains(number));
        read.ok_or_else(|| format!("not a whole number from {least} to {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn the_bounds_are_told() {
        let read = number(1..=6_u8);
        assert_eq!((read("1"), read("6")), (Ok(1), Ok(6)));
        for text in ["0", "7", "-1", "300", "1.5", "many", ""] {
            assert_eq!(read(text).unwrap_err(), "not a whole number from 1 to 6");
        }
    }
}
