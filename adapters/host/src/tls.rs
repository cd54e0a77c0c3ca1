//! TLS, for connections that are accepted and for links: a layer over a runtime's stream, so that both runtimes have
//! it from one place.
//!
//! | module | what it is |
//! | --- | --- |
//! | `stream` | a connection, in plain text or within TLS: the first byte tells |
//! | `layer` | the TLS of one connection: from ciphertext to plaintext and back |
//! | `records` | where records end, to know how much of one is held |
//! | `opening` | the handshake of a link |
//! | `material` | what a server shows, and whom it trusts: certificate, key, authority |
//! | `names` | servers' names in certificates |
//! | `pem` | those, read from files |
//! | `slot` | where the present material is, and which neighbours do not speak TLS |
//! | `verify` | whose certificate is valid, asked after the handshake |
//! | `fault` | what is wrong with a certificate, and the remedy |
//! | `expiry` | a warning before the server's own certificate expires |
//! | `file_name` | a server's name in a path |
//!
//! Who is a neighbour is not decided here: the node is told what a connection has shown.

mod expiry;
mod fault;
mod file_name;
mod layer;
mod material;
mod names;
mod opening;
pub(crate) mod pem;
mod records;
mod slot;
mod stream;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use self::expiry::{tell, watch};
pub(crate) use self::fault::{certificate_fault, in_words, is_about_own_certificate};
pub use self::fault::{is_not_spoken, is_of_other_authority, is_of_other_name};
pub use self::file_name::file_name;
pub(crate) use self::layer::{Input, Step};
pub(crate) use self::material::{BadFile, Files, Tls, path_of};
pub use self::names::{UnfitName, check_names};
pub(crate) use self::opening::{NotOpened, open};
pub(crate) use self::slot::TlsSlot;
pub(crate) use self::stream::{NoTls, Secured};
