//! The force fields that forcefield-gpu carries.

use crate::fixtures;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// Writes `crates/forcefield-gpu/data` from the XML files of the pinned OpenMM package.
pub(crate) fn run(root: &Path) -> Result<()> {
    let python = fixtures::environment(root, "md")?;
    let status = Command::new(python)
        .current_dir(root)
        .args([
            "xtask/python/forcefield_data.py",
            "crates/forcefield-gpu/data",
        ])
        .status()
        .context("cannot start Python")?;
    ensure!(status.success(), "forcefield_data.py failed: {status}");
    Ok(())
}
