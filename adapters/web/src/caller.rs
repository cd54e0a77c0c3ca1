//! From a request's `Authorization` to what it may do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use herd::wire::Need;
use herd::{Caller, Now, Refusal};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::door::{Door, Peer};
use crate::problem::Problem;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) caller: Caller,
}

impl Door {
    /// Who asks, by the headers of the request: `Bearer TOKEN`, or `Basic` with the token as the password.
    ///
    /// # Errors
    /// Where there is something else, or the token is not known.
    pub(crate) fn asker(&self, peer: &Peer, headers: &HeaderMap) -> Result<Asker, Problem> {
        let token = headers.get(AUTHORIZATION).map(|value| token(value.as_bytes())).transpose()?;
        self.asker_with(peer, token.flatten().as_deref())
    }

    /// Who asks with that token, or none.
    ///
    /// # Errors
    /// Where it is not known.
    pub(crate) fn asker_with(&self, peer: &Peer, token: Option<&[u8]>) -> Result<Asker, Problem> {
        let node = self.host.node();
        let ip = peer.remote.ip();
        let caller = node.caller(token, ip, peer.is_encrypted(), self.host.instant());
        caller.map(|caller| Asker { caller }).map_err(|refusal| Problem::refused(refusal, token.is_none()))
    }
}

impl Asker {
    /// Whether a request may be made, about that client where it is about one.
    pub(crate) fn may(&self, need: Need, client: &[u8]) -> Result<(), Problem> {
        self.caller.may(need, client).map_err(|refusal| self.refused(refusal))
    }

    /// A report comes: whether it may now.
    pub(crate) fn may_report(&self, client: &[u8], now: Now) -> Result<(), Problem> {
        self.may(Need::Report, client)?;
        self.caller.take_report(now.instant).map_err(|refusal| self.refused(refusal))
    }

    /// What the core refuses.
    pub(crate) fn refused(&self, refusal: Refusal) -> Problem {
        Problem::refused(refusal, self.caller.is_anonymous())
    }
}

/// The token; none where the password is empty, as phones send it that were given a user name alone.
fn token(value: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    let wrong = || Problem::unauthorized("Authorization is `Bearer TOKEN`, or Basic with the token as the password");
    let (scheme, rest) = value.split_at(value.iter().position(|&byte| byte == b' ').ok_or_else(wrong)?);
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(Some(rest.to_vec()));
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(wrong());
    }
    let pair = STANDARD.decode(rest).map_err(|_| wrong())?;
    let colon = pair.iter().position(|&byte| byte == b':').ok_or_else(wrong)?;
    let password = &pair[colon + 1..];
    Ok((!password.is_empty()).then(|| password.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_behind_bearer_or_is_a_password() {
        assert_eq!(token(b"Bearer abc").expect("a token").as_deref(), Some(&b"abc"[..]));
        assert_eq!(token(b"bearer  abc ").expect("a token").as_deref(), Some(&b"abc"[..]));
        assert_eq!(token(b"Basic bWU6YTpi").expect("a password").as_deref(), Some(&b"a:b"[..]));
        assert_eq!(token(b"Basic bWU6").expect("a user name alone"), None);
        for bad in ["", "Bearer", "abc", "Basic ?", "Basic bWU=", "Digest abc"] {
            assert!(token(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
