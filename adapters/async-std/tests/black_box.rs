//! Every black-box case, on async-std.

herd_tests::suite!(env!("CARGO_BIN_EXE_herd-async-std"));
