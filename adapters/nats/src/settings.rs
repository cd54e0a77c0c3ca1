//! What is set of a region: `[region]` in the herd's file.

use std::path::PathBuf;

use async_nats::ServerAddr;
use herd::ServerName;

use crate::login::Login;

/// How a server takes part in its region, and where NATS is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The region. It is a [token](is_token).
    pub region: ServerName,
    /// The NATS servers to try, in any order. Others of the same cluster are learned from them.
    pub nats: Vec<NatsUrl>,
    /// What is shown to be let in, if anything.
    pub login: Option<Login>,
    /// The authorities whose certificates are believed (PEM), in place of the system's.
    pub ca: Option<PathBuf>,
    /// The certificate to show, and its key (PEM).
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// What the names of all subjects and streams begin with. It is a [token](is_token).
    pub prefix: String,
    /// On how many NATS servers what is made in JetStream is kept.
    pub replicas: usize,
}

impl Settings {
    /// Those of that region, with NATS there and all else as by default.
    #[must_use]
    pub fn new(region: ServerName, nats: Vec<NatsUrl>) -> Self {
        let prefix = Self::PREFIX.into();
        Self { region, nats, login: None, ca: None, certificate: None, prefix, replicas: 1 }
    }

    /// What names begin with where nothing else is set.
    pub const PREFIX: &'static str = "herd";

    /// On as many servers JetStream keeps a stream at most.
    pub const MOST_REPLICAS: usize = 5;
}

/// Whether a text can be a part of a subject, of a stream's name and of a key: 1 to 64 letters, digits, `-` and `_`.
#[must_use]
pub fn is_token(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=ServerName::MOST_BYTES).contains(&text.len()) && text.bytes().all(is_fit)
}

/// Where a NATS server is: `nats://HOST:PORT`, or `tls://HOST:PORT` where TLS has to be spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsUrl(pub(crate) ServerAddr);

/// Why a text is no [`NatsUrl`]. It does not show a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// It is something else.
    #[error("not the URL of a NATS server: write nats://HOST:PORT, or tls://HOST:PORT")]
    NoUrl,
    /// It has a user or a token in it.
    #[error("a URL with a user or token in it would show in logs: use credentials-file, or user and password-file")]
    Secret,
}

impl NatsUrl {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none.
    pub fn new(text: &str) -> Result<Self, BadUrl> {
        let rest = text.strip_prefix("nats://").or_else(|| text.strip_prefix("tls://")).ok_or(BadUrl::NoUrl)?;
        if rest.contains('@') {
            return Err(BadUrl::Secret);
        }
        let address: ServerAddr = text.parse().map_err(|_| BadUrl::NoUrl)?;
        let is_plain = !rest.contains(['/', '?', '#']) && !address.host().is_empty();
        if is_plain { Ok(Self(address)) } else { Err(BadUrl::NoUrl) }
    }

    /// As it was written, more or less.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_url_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for good in ["nats://127.0.0.1:4222", "tls://nats.example.com", "nats://[::1]:4222"] {
            assert!(NatsUrl::new(good).is_ok(), "{good}");
        }
        for bad in ["127.0.0.1:4222", "http://a", "nats://", "nats://a:b", "nats://a/b", "nats://a?b", ""] {
            assert_eq!(NatsUrl::new(bad), Err(BadUrl::NoUrl), "{bad}");
        }
        assert_eq!(NatsUrl::new("nats://us:hush@a:1"), Err(BadUrl::Secret));
    }

    #[test]
    fn tokens() {
        assert!(is_token("us-east_1") && is_token(&"a".repeat(64)));
        for bad in ["", "a.b", "*", ">", "a b", "a/b", "é", &"a".repeat(65)] {
            assert!(!is_token(bad), "{bad}");
        }
    }
}
