//! Who is near: distances on a sphere, and cells of the globe, by which clients are found that move.
//!
//! It may ask `bytes` and `values`.

mod cell;
mod cover;
mod level;
mod sphere;

pub(crate) use self::cell::Cell;
pub(crate) use self::cover::Cover;
pub(crate) use self::level::Level;
pub use self::sphere::Circle;
pub(crate) use self::sphere::angle_of;
