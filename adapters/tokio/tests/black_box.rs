//! Every black-box case, on tokio.

herd_tests::suite!(env!("CARGO_BIN_EXE_herd-tokio"));
