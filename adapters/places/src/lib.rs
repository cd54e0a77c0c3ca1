//! herd-places
