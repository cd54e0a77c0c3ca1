//! The core of a herd.
pub mod herd;
pub mod limits;
mod number;
pub mod places;
pub mod position;
pub mod time;
