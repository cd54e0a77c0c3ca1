//! Reading a folder: what it holds, and what is wrong with it.

mod file;
mod inventory;

pub(crate) use self::file::{Reading, Role};
pub(crate) use self::inventory::{Found, Inventory, read_manifest};
