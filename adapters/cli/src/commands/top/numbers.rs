//! Numbers in little room.

/// `0`, `7.5`, `950`, `12.3k`, `1.20M`: four digits or less.
pub(super) fn short(number: f64) -> String {
    const UNITS: [&str; 5] = ["", "k", "M", "G", "T"];
    scaled(number, 1000.0, &UNITS)
}

/// `512 B`, `1.5 KiB`, `80 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = [" B", " KiB", " MiB", " GiB", " TiB"];
    scaled(count(bytes), 1024.0, &UNITS)
}

/// A count as a number that is shown.
#[expect(clippy::cast_precision_loss, reason = "it is for people")]
pub(super) const fn count(count: u64) -> f64 {
    count as f64
}

/// `350 µs`, `4.2 ms`, `1.5 s`.
pub(super) fn latency(seconds: f64) -> String {
    match seconds {
        _ if seconds < 0.000_999_5 => format!("{:.0} µs", seconds * 1e6),
        _ if seconds < 0.009_95 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 0.999_5 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

fn scaled(number: f64, base: f64, units: &[&str]) -> String {
    let (mut number, mut unit) = (number, 0);
    // What would be rounded to four digits goes to the next unit.
    while number >= base - 0.5 && unit + 1 < units.len() {
        number /= base;
        unit += 1;
    }
    let decimals = match number {
        _ if number.fract() == 0.0 && unit == 0 => 0,
        _ if number < 9.995 && unit > 0 => 2,
        _ if number < 99.95 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, 0.5, 7.0, 12.34, 950.2, 999.7, 12_340.0, 99_990.0, 1_200_000.0, 5e15].map(short);
        assert_eq!(numbers, ["0", "0.5", "7", "12.3", "950", "1.00k", "12.3k", "100k", "1.20M", "5000T"]);
        assert_eq!([0, 512, 1536, 1 << 20, 80 << 20].map(bytes), ["0 B", "512 B", "1.50 KiB", "1.00 MiB", "80.0 MiB"]);
        assert_eq!([0.000_35, 0.0042, 0.042, 1.5].map(latency), ["350 µs", "4.2 ms", "42 ms", "1.5 s"]);
    }
}
