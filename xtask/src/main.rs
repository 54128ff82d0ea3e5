//! The project's own chores: `cargo xtask` lists them.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod ci;
mod fixtures;
mod forcefield;
mod gpu_bundle;
mod kernels;
mod ramachandran;
mod tidy;

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

const USAGE: &str = "\
cargo xtask ci [--skip-tests]   format, clippy, tests, documentation, tidy
cargo xtask tidy                what clippy cannot check: crate edges, sizes, documents
cargo xtask forcefield          the built-in force fields, from OpenMM's XML files
cargo xtask kernels             compile the CUDA kernels to PTX, with NVIDIA's compiler from pinned Python packages
cargo xtask kernels --report    registers and shared memory of each kernel on an H100
cargo xtask kernels --host-check  run the CUDA kernels' tests in emulation, without a GPU
cargo xtask gpu-bundle          an archive with which a machine with a GPU tests and times the CUDA engine
cargo xtask fixtures [TOPIC…]   regenerate golden data with pinned Python packages; without a topic, list them
cargo xtask ramachandran DIR    re-encode the Top8000 grids in DIR for the crate metrics";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["ci"] => ci::run(true),
        ["ci", "--skip-tests"] => ci::run(false),
        ["tidy"] => tidy::run(&root()),
        ["kernels"] => kernels::compile(&root()),
        ["kernels", "--report"] => kernels::report(&root()),
        ["kernels", "--host-check"] => kernels::host_check(&root()),
        ["gpu-bundle"] => gpu_bundle::make(&root()),
        ["forcefield"] => forcefield::run(&root()),
        ["fixtures", ref topics @ ..] => fixtures::run(&root(), topics),
        ["ramachandran", source] => ramachandran::run(
            source.as_ref(),
            &root().join("crates/metrics/data/ramachandran.bin"),
        ),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        ref unknown => bail!("no such chore: {}\n{USAGE}", unknown.join(" ")),
    }
}

/// The folder of the workspace's manifest.
fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}
