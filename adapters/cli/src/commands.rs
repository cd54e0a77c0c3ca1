//! One module a command.

pub(crate) mod at;
pub(crate) mod bench;
pub(crate) mod certs;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod fence;
pub(crate) mod forget;
pub(crate) mod home;
pub(crate) mod iamat;
pub(crate) mod import;
pub(crate) mod near;
pub(crate) mod nearby;
pub(crate) mod prompt;
pub(crate) mod secret;
pub(crate) mod send;
pub(crate) mod share;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod top;
pub(crate) mod watch;
pub(crate) mod whatsat;
