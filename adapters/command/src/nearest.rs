//! What somebody may have meant.

/// `; did you mean X?` where one of the known words is close to this one, otherwise nothing.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
}

/// The known word that is close to this one, if any is.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let most = match word.chars().count() {
        0 | 1 => 0,
        length => (length / 3).max(1),
    };
    let distance = |other: &str| strsim::osa_distance(&word, &other.to_lowercase());
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|&other| (distance(other), other)).filter(|&(far, _)| far <= most);
    let near = near.min_by_key(|&(far, _)| far).map(|(_, other)| other);
    // One is the beginning of the other.
    let begins = |other: &&&str| {
        let other = other.to_lowercase();
        let shorter = word.len().min(other.len());
        shorter >= LEAST_BEGINNING && (word.starts_with(&other) || other.starts_with(&word))
    };
    near.or_else(|| known.iter().find(begins).copied())
}

/// So much of a word says which one is meant.
const LEAST_BEGINNING: usize = 4;

/// The most words that a message lists.
const MOST_LISTED: usize = 20;

/// The words with commas between, or the first of them and how many more there are.
#[must_use]
pub fn listed<'a>(words: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = words.len().saturating_sub(MOST_LISTED);
    let shown = words.take(MOST_LISTED).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, listed};

    #[test]
    fn only_a_near_word_is_offered() {
        let known = ["Alford", "Ball", "Welsh"];
        assert_eq!(did_you_mean("Bal", known), "; did you mean Ball?");
        assert_eq!(did_you_mean("alfrod", known), "; did you mean Alford?");
        assert_eq!(did_you_mean("Goloman", known), "");
        assert_eq!(did_you_mean("X", ["Y"]), "");
        assert_eq!(did_you_mean("secret", ["name", "secret-file"]), "; did you mean secret-file?");
        assert_eq!(did_you_mean("certificate", ["key", "cert"]), "; did you mean cert?");
        assert_eq!(did_you_mean("keyring", ["key"]), "");
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(listed(["a", "b"].into_iter()), "a, b");
        assert!(listed(["a"; 22].into_iter()).ends_with(", a and 2 more"));
    }
}
