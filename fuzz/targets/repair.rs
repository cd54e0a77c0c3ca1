//! Two neighbours that compare while what they say is tampered with.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| herd_fuzz::repair(data));
