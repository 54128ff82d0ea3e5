//! The CUDA kernels: compiled to PTX, or to the emulation that runs them without a GPU.

pub(crate) mod hashes;
mod host;
mod nvcc;

use anyhow::Result;
use std::path::Path;

/// Where the sources are.
const FOLDER: &str = "crates/forcefield-gpu/kernels";
/// Every file that is compiled by itself.
const MODULES: [&str; 3] = ["evaluate", "tiled", "dynamics"];

/// Compiles the kernels to PTX with the pinned nvcc, and writes the hashes that `tidy` compares.
pub(crate) fn compile(root: &Path) -> Result<()> {
    let nvcc = nvcc::Nvcc::new(root)?;
    for module in MODULES {
        nvcc.compile(root, module)?;
    }
    hashes::write(root)
}

/// What the assembler says of registers and shared memory on an H100.
pub(crate) fn report(root: &Path) -> Result<()> {
    let nvcc = nvcc::Nvcc::new(root)?;
    for module in MODULES {
        nvcc.report(root, module)?;
    }
    Ok(())
}

/// Builds the emulation and runs the tests of the kernels in it.
pub(crate) fn host_check(root: &Path) -> Result<()> {
    host::check(root)
}
