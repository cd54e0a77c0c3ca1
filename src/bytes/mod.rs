//! Buffers and words: text that is searched, compared and copied many bytes at a time; and the lock.
//!
//! The lowest room: it knows nothing of herds, and asks nobody.

pub(crate) mod blocks;
mod frame;
mod lock;
mod sink;
mod text;
pub(crate) mod word;

pub use self::blocks::is_white_space;
pub(crate) use self::frame::Frame;
pub(crate) use self::lock::Lock;
pub(crate) use self::sink::Sink;
pub(crate) use self::text::{SHORT, Text, Writer, append, copy, copy_loosely, same};
