//! herd-host
