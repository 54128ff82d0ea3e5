#![no_main]

use forcefield_gpu::system::BornModel;
use forcefield_gpu::{System, SystemOptions};
use std::path::PathBuf;
use std::sync::LazyLock;

/// The reader wants a file; one a process, so that several fuzz at once.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let name = format!("foldscape-fuzz-{}.prmtop", std::process::id());
    std::env::temp_dir().join(name)
});

// what is read as a system must be one that every consumer takes
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    std::fs::write(&*FILE, data).expect("a folder for temporary files");
    for options in [
        SystemOptions::default(),
        SystemOptions::with_solvent(BornModel::Gbn2),
    ] {
        if let Ok(system) = System::from_prmtop(&*FILE, &options) {
            system.validate().expect("a system that was read is valid");
        }
    }
});
