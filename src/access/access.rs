//! Who may do what.

use core::fmt;
use core::num::NonZeroU32;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::rate::Bucket;
use super::rights::Rights;
use super::token::{Token, TokenHash};

/// What somebody may do, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// What it is called, for people.
    pub name: String,
    /// What may be done.
    pub rights: Rights,
    /// How many reports a second are taken, on average; without it as many as come. More are refused. For a token that is
    /// of all its connections together, for those without one of all from one address.
    pub reports_per_second: Option<NonZeroU32>,
}

/// Who may do what: the rights of tokens, and of connections that have said none.
#[derive(Clone)]
pub struct Access {
    anonymous: Arc<Granted>,
    tokens: Arc<BTreeMap<TokenHash, Arc<Granted>>>,
    encrypted_only: bool,
}

/// A grant that is in use.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) grant: Grant,
    /// The token that it is of, if any.
    pub(crate) token: Option<TokenHash>,
    /// What all connections with that token share; those without one have theirs by address.
    pub(crate) bucket: Option<Arc<Bucket>>,
}

/// Two tokens have the same hash, so they are the same token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tokens {0:?} and {1:?} have the same hash: they are one token")]
pub struct TokensAlike(pub String, pub String);

impl Access {
    /// Gives connections these rights until they say a token, and then those of the token. Where it is for encrypted
    /// connections only, clients on plain text may do nothing at all.
    ///
    /// # Errors
    /// Where two tokens are one.
    pub fn new(
        anonymous: Grant,
        tokens: impl IntoIterator<Item = (TokenHash, Grant)>,
        encrypted_only: bool,
    ) -> Result<Self, TokensAlike> {
        let mut by_hash = BTreeMap::new();
        for (hash, grant) in tokens {
            let bucket = grant.reports_per_second.map(|rate| Arc::new(Bucket::new(rate)));
            let granted = Arc::new(Granted { grant, token: Some(hash), bucket });
            let name = granted.grant.name.clone();
            if let Some(first) = by_hash.insert(hash, granted) {
                return Err(TokensAlike(first.grant.name.clone(), name));
            }
        }
        let anonymous = Arc::new(Granted { grant: anonymous, token: None, bucket: None });
        Ok(Self { anonymous, tokens: Arc::new(by_hash), encrypted_only })
    }

    /// What a connection may do that has said no token.
    pub(crate) const fn anonymous(&self) -> &Arc<Granted> {
        &self.anonymous
    }

    /// What who knows that token may do.
    pub(crate) fn of_token(&self, token: &[u8]) -> Option<&Arc<Granted>> {
        self.tokens.get(&Token::parse(token)?.hash())
    }

    /// What who has said that token may do, or who has said none.
    pub(crate) fn granted_to(&self, token: Option<&TokenHash>) -> Option<&Arc<Granted>> {
        token.map_or(Some(&self.anonymous), |token| self.tokens.get(token))
    }

    /// What each token gives, in the order of the hashes.
    pub fn tokens(&self) -> impl Iterator<Item = &Grant> {
        self.tokens.values().map(|granted| &granted.grant)
    }

    /// Whether clients on plain text may do nothing.
    #[must_use]
    pub const fn is_encrypted_only(&self) -> bool {
        self.encrypted_only
    }
}

/// Everybody may do everything, as often as they like.
impl Default for Access {
    fn default() -> Self {
        let anonymous = Grant { rights: Rights::all(), ..Grant::default() };
        Self::new(anonymous, [], false).expect("there are no tokens")
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { anonymous, tokens, encrypted_only } = self;
        let tokens: Vec<&Grant> = tokens.values().map(|token| &token.grant).collect();
        f.debug_struct("Access")
            .field("anonymous", &anonymous.grant)
            .field("tokens", &tokens)
            .field("encrypted_only", encrypted_only)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_rights_and_two_are_two() {
        let (token, other) = (Token::new(&[1; 32]), Token::new(&[2; 32]));
        let named = |name: &str| Grant { name: name.into(), rights: Rights::all(), ..Grant::default() };
        let access = Access::new(Grant::default(), [(token.hash(), named("one"))], false).expect("one token");
        let granted = access.of_token(token.as_str().as_bytes()).expect("it is known");
        assert_eq!((granted.grant.name.as_str(), granted.token), ("one", Some(token.hash())));
        assert!(access.of_token(other.as_str().as_bytes()).is_none() && access.of_token(b"one").is_none());
        let twice = Access::new(Grant::default(), [(token.hash(), named("one")), (token.hash(), named("two"))], false);
        assert_eq!(twice.expect_err("they are one"), TokensAlike("one".into(), "two".into()));
    }
}
