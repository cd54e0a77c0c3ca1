//! Lines as nearly everybody writes them, read many bytes at a time: one space between fields, numbers without
//! oddities, LF behind.
//!
//! The one room that may be skipped: each function here takes the lines that it is sure of from the front of what came,
//! and says of them exactly what [`Message::parse`](crate::wire::Message::parse) would; whatever is unusual, also what
//! is wrong, it leaves to that. [`Session::set_fast`](crate::Session::set_fast) switches it off, and nothing else
//! changes. It may ask `bytes`, `values`, `access`, `report` and `herd`.

mod at;
mod field;
mod iamat;
mod lines;
mod permit;
mod shape;
mod whatsat;

pub(crate) use self::at::ats;
pub(crate) use self::iamat::iamats;
pub(crate) use self::lines::{Found, Lines};
pub(crate) use self::shape::Shape;
pub(crate) use self::whatsat::{Asked, whatsats};

#[cfg(test)]
mod tests;
