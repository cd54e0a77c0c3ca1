//! The parameters of a URL.

use std::borrow::Cow;

use crate::client_id::from_url;
use crate::decimal::short;
use crate::problem::Problem;

/// Parameters by their names, each at most once.
#[derive(Debug, Default)]
pub(crate) struct Query<'a>(Vec<Parameter<'a>>);

/// A name and its value.
type Parameter<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl<'a> Query<'a> {
    /// Reads what stands behind a `?`, in which only these names may stand.
    ///
    /// # Errors
    /// Where there is another name, or one twice.
    pub(crate) fn parse(text: Option<&'a str>, known: &[&str]) -> Result<Self, Problem> {
        let mut parameters: Vec<Parameter<'a>> = Vec::new();
        for part in text.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (from_url(name.as_bytes()), from_url(value.as_bytes()));
            let shown = String::from_utf8_lossy(&name).into_owned();
            if !known.iter().any(|known| known.as_bytes() == &*name) {
                let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                return Err(Problem::bad(format!("unknown parameter {:?}; known: {known}", short(&shown))));
            }
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(Problem::bad(format!("the parameter {shown} stands there twice")));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// What that parameter says.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| &**known == name.as_bytes()).map(|(_, value)| &**value)
    }

    /// What that parameter says, read.
    ///
    /// # Errors
    /// Where it is not `what` it has to be.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        what: &str,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| {
            let shown = String::from_utf8_lossy(value);
            Problem::bad(format!("invalid {name}: {:?}; it is {what}", short(&shown)))
        })
    }
}

/// A parameter that has to be there is not.
pub(crate) fn missing(name: &str) -> Problem {
    Problem::bad(format!("the parameter {name} is missing"))
}

/// A whole number, of digits alone.
pub(crate) fn integer<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let is_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_digits.then(|| str::from_utf8(text).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_stands_there_once_and_is_known() {
        let query = Query::parse(Some("lat=+1.5&match=truck%2D*&fence&x=%FF"), &["lat", "match", "fence", "x"])
            .expect("all known");
        assert_eq!(query.get("lat"), Some(&b"+1.5"[..]));
        assert_eq!(query.get("match"), Some(&b"truck-*"[..]));
        assert_eq!((query.get("fence"), query.get("x"), query.get("y")), (Some(&b""[..]), Some(&b"\xff"[..]), None));
        assert!(Query::parse(None, &[]).is_ok() && Query::parse(Some(""), &[]).is_ok());
        for bad in ["y=1", "lat=1&lat=1", "lat=1&l%61t=2"] {
            assert!(Query::parse(Some(bad), &["lat"]).is_err(), "{bad}");
        }
    }
}
