//! Cutting what a places source said.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| herd_fuzz::places(data));
