//! herd-async-std
