//! Whatever happens to a server.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| herd_fuzz::node(data));
