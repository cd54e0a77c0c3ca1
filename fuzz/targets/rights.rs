//! Clients with tokens and rights, which change while they talk.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| herd_fuzz::rights(data));
