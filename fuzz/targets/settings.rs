//! A config file and flags, whatever is in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| herd_fuzz::settings(data));
