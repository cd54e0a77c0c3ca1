//! What each device is answered.

use herd::Refusal;
use serde::Serialize;

use super::Format;
use super::intake::Verdict;
use super::outcome::Outcome;

/// The most problems that an answer names.
const MOST: usize = 10;

/// An answer that the device takes for delivered, or why it is to keep what it told, and to send it again.
pub(crate) fn answer(format: Format, verdict: &Verdict) -> Result<Answer, Refused> {
    if let Some(why) = verdict.refusal.filter(|why| stands_in_the_way(*why, verdict)) {
        return Err(Refused::Not(why));
    }
    Ok(match format {
        // Anything else than an array makes the app send its message again, for ever.
        Format::OwnTracks => Answer { content_type: "application/json", body: "[]".into() },
        Format::Overland => Answer { content_type: "application/json", body: overland(verdict) },
        // A place that makes no sense today makes none tomorrow, but a template can be mended.
        Format::OsmAnd | Format::GpsLogger => match verdict.nonsense.first() {
            Some((_, what)) => return Err(Refused::Nonsense(what)),
            None => Answer { content_type: "text/plain; charset=utf-8", body: String::new() },
        },
    })
}

/// A body, which the status 200 goes with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As others are refused who report.
    Not(Refusal),
    /// What was sent cannot be read.
    Nonsense(&'static str),
}

/// Of a request about several clients some may be reported: a device must not keep those for the others.
fn stands_in_the_way(why: Refusal, verdict: &Verdict) -> bool {
    !matches!(why, Refusal::NoRight(_)) || !verdict.outcomes.contains(&Outcome::Taken)
}

/// What Overland reads, and for people what is wrong with the points that were not taken.
fn overland(verdict: &Verdict) -> String {
    #[derive(Serialize)]
    struct Body {
        result: &'static str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        problems: Vec<String>,
    }
    let is_wrong =
        |outcome: &Outcome| !matches!(outcome, Outcome::Taken | Outcome::Duplicate | Outcome::Late | Outcome::NoPlace);
    let why = |index: usize, outcome: Outcome| {
        let nonsense = verdict.nonsense.iter().find(|(at, _)| *at == index);
        nonsense.map_or_else(|| outcome.as_str().replace('_', " "), |(_, what)| (*what).into())
    };
    let wrong = verdict.outcomes.iter().enumerate().filter(|(_, outcome)| is_wrong(outcome));
    let problems = wrong.take(MOST).map(|(index, &outcome)| format!("location {index}: {}", why(index, outcome)));
    serde_json::to_string(&Body { result: "ok", problems: problems.collect() }).expect("texts are JSON")
}

/// What a browser is told that looks at such an address.
pub(crate) const fn about(format: Format) -> &'static str {
    match format {
        Format::OwnTracks => {
            "This address takes what OwnTracks sends. In the app choose the mode HTTP, give this address as the URL, your \
             name as the user, a name for the phone as the device, and the token as the password.\n"
        }
        Format::OsmAnd => {
            "This address takes what Traccar Client, OsmAnd and trackers with their protocol send. In Traccar Client give this \
             address as the server URL; where no token can be given use /d/TOKEN/osmand.\n"
        }
        Format::Overland => {
            "This address takes what Overland sends. In the app give this address as the receiver endpoint, a device ID, and \
             the token as the access token.\n"
        }
        Format::GpsLogger => {
            "This address takes what GPSLogger sends. In the app switch on \"Log to custom URL\" with this address and \
             ?id=NAME&lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&acc=%ACC behind it, and the token as the basic \
             authentication's password.\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use herd::Need;

    use super::*;

    fn verdict(outcomes: &[Outcome], nonsense: &[(usize, &'static str)], refusal: Option<Refusal>) -> Verdict {
        Verdict { outcomes: outcomes.to_vec(), nonsense: nonsense.to_vec(), refusal }
    }

    #[test]
    fn whatever_is_wrong_with_a_place_it_is_delivered() {
        let outcomes: Vec<Outcome> =
            Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Unreadable).collect();
        for outcome in outcomes {
            let verdict = verdict(&[outcome], &[], None);
            let body = |format| answer(format, &verdict).expect("it is delivered").body;
            assert_eq!(body(Format::OwnTracks), "[]");
            assert_eq!((body(Format::OsmAnd), body(Format::GpsLogger)), (String::new(), String::new()));
            assert!(body(Format::Overland).starts_with(r#"{"result":"ok""#));
        }
    }

    #[test]
    fn overland_hears_what_is_wrong_with_which_point() {
        let told = [Outcome::Taken, Outcome::Late, Outcome::Unreadable, Outcome::NoRight];
        let verdict = verdict(&told, &[(2, "there is no timestamp")], Some(Refusal::NoRight(Need::Report)));
        let body = answer(Format::Overland, &verdict).expect("some were taken").body;
        assert_eq!(body, r#"{"result":"ok","problems":["location 2: there is no timestamp","location 3: no right"]}"#);
    }

    #[test]
    fn what_can_be_mended_is_kept_and_said() {
        for refusal in [Refusal::NoRight(Need::Report), Refusal::TooOften, Refusal::NotKept, Refusal::Full] {
            let verdict = verdict(&[Outcome::Late, Outcome::Refused], &[], Some(refusal));
            for format in Format::ALL {
                assert_eq!(answer(format, &verdict), Err(Refused::Not(refusal)));
            }
        }
        let nonsense = verdict(&[Outcome::Unreadable], &[(0, "lat is not a number")], None);
        assert_eq!(answer(Format::OsmAnd, &nonsense), Err(Refused::Nonsense("lat is not a number")));
        assert!(answer(Format::OwnTracks, &nonsense).is_ok() && answer(Format::Overland, &nonsense).is_ok());
    }
}
