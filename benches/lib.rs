//! herd-benches
