#![no_main]

// what is read as a system must be one that every consumer takes
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(system) = forcefield_gpu::System::from_openmm_xml(text)
    {
        system.validate().expect("a system that was read is valid");
    }
});
