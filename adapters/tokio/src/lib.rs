//! herd-tokio
