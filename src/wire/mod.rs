//! From bytes to lines to messages and back: every word of the protocol.
//!
//! Everything here is syntax: who may say a thing, and what is known, is asked in the rooms above. It may ask
//! `bytes` and `values`.

pub(crate) mod base64;
mod framing;
mod greeting;
mod held;
mod hexadecimal;
mod message;
mod near;
mod proof;
mod record_kind;
mod refusal;
mod sketch;
mod span;
mod step;
mod stranger;
mod target;
mod watch_word;

pub use self::framing::{Framer, Line};
pub(crate) use self::greeting::Greeting;
pub use self::greeting::HelloFields;
pub use self::held::Held;
pub(crate) use self::hexadecimal::hexadecimal;
pub use self::message::{Departed, Forget, Message, Sighted, Sighting, Written, is_field};
pub use self::near::{Around, Near};
pub use self::proof::{Nonce, Proof};
pub use self::record_kind::RecordKind;
pub use self::refusal::{Need, Refusal};
pub use self::sketch::Sketch;
pub use self::span::Span;
pub use self::step::Step;
pub use self::stranger::Stranger;
pub use self::target::{Target, Tells};
pub use self::watch_word::WatchWord;
pub use crate::bytes::is_white_space;
