//! What a command prints, beside what the page shows.

use regex::Regex;

/// What differs from one run to the next, and what stands for it: points in time, skews, this year's POSIX times, ages.
const VARIES: [(&str, &str); 4] = [
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{5,8}Z?", "TIME"),
    ("[+-][0-9]+[.][0-9]{9}", "SKEW"),
    ("1[78][0-9]{8}([.][0-9]+)?", "NOW"),
    ("([0-9]+([.][0-9]+)? ?(ns|us|µs|ms|s|min|h|d)(?-u:\\b) ?)+", "AGE "),
];

/// Whether a command has printed that, where `...` in what the page shows stands for anything, and white space within a
/// line for any.
pub(crate) fn is_as_shown(shown: &str, printed: &str) -> bool {
    let parts: Vec<String> = shown.split("...").map(|part| regex::escape(&alike(part))).collect();
    let pattern = Regex::new(&format!("^(?s:{})$", parts.join(".*"))).expect("a pattern");
    pattern.is_match(&alike(printed))
}

/// The text without what varies.
fn alike(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, name) in VARIES {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, name).into_owned();
    }
    let lines: Vec<String> =
        text.trim().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    lines.join("\n")
}
