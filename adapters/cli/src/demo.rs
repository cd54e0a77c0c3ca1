//! Made-up clients that move on plausible ways, so that a herd has something to show.
//!
//! From the bottom: the [`globe`] and what is where on it ([`geography`]), [`route`]s over it, [`traveller`]s on them, the
//! [`fleet`] of all, and [`reporter`]s, each of which tells one server where its part of the fleet is. Where a traveller is
//! depends on nothing but the seed and the time.

pub(crate) mod fleet;
mod geography;
mod globe;
pub(crate) mod reporter;
mod route;
mod traveller;
