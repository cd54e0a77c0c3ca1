//! Who is believed, and who may do what: secrets and proofs, tokens and rights, rates.
//!
//! It holds the rules and no state of a connection; sessions and links apply them. It may ask `bytes`, `values` and
//! `wire`.

mod access;
mod nonces;
mod proof;
mod rate;
mod rights;
mod secret;
mod token;
mod trust;

pub(crate) use self::access::Granted;
pub use self::access::{Access, Grant, TokensAlike};
pub(crate) use self::nonces::Nonces;
pub use self::nonces::Seed;
pub(crate) use self::proof::{End, Meeting, Role};
pub(crate) use self::rate::Bucket;
pub use self::rights::{InvalidRight, Right, Rights};
pub use self::secret::Secret;
pub use self::token::{Token, TokenHash};
pub(crate) use self::trust::{Basis, Claim, Proved};
pub use self::trust::{Certificate, Certificates, Trust};
