//! A record of a client as the server that heard it wrote it down: one sighting, or that it is to be forgotten, or away; and
//! the hash that says where in every store it belongs.
//!
//! It may ask `bytes`, `values` and `wire`.

mod client_hash;
mod hash_key;
mod head;
mod record;

pub(crate) use self::client_hash::{ClientHash, SecretHasher};
pub use self::hash_key::HashKey;
pub(crate) use self::head::{FieldOffsets, Head};
pub(crate) use self::record::digest_of;
pub use self::record::{OwnedRecord, Record};
