#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| molio_fuzz::read(molio::Format::Mmcif, data));
