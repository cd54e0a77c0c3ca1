//! Two neighbours that prove to each other who they are while what they say is tampered with.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| herd_fuzz::proving(data));
