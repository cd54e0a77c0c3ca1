//! The engine and the keeper, on folders in memory that crash, fail and are damaged, and on real ones.

mod crashes;
mod damage;
mod folders;
mod support;
