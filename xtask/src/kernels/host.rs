//! The kernels by the system's C++ compiler, every thread a fibre.

use super::FOLDER;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the emulation and runs the tests that go through it.
pub(super) fn check(root: &Path) -> Result<()> {
    let library = build(root)?;
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--package", "forcefield-gpu"])
        .args(["--features", "emulation", "--test", "it", "emulated::"])
        .env("FOLDSCAPE_KERNEL_EMULATION", library)
        .current_dir(root)
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "the kernels' tests failed in emulation");
    Ok(())
}

/// Compiles `emulation/emulation.cpp`, which includes every kernel.
fn build(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/kernels");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let library = folder.join("libemulation.so");
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let status = Command::new(&compiler)
        .args(["-std=c++17", "-O2", "-march=native", "-ffp-contract=off"])
        .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"])
        .args(["-Wno-unknown-pragmas", "-Wno-missing-field-initializers"])
        .arg("-o")
        .arg(&library)
        .arg("emulation/emulation.cpp")
        .current_dir(root.join(FOLDER))
        .status()
        .with_context(|| format!("starting the C++ compiler, {}", compiler.display()))?;
    ensure!(status.success(), "the kernels do not compile as C++");
    Ok(library)
}
