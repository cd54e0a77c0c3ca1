//! A conversation, however it is cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| herd_fuzz::session(data));
