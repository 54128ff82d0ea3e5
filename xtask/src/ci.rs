//! What a change must pass before it lands.

use crate::{kernels, root, tidy};
use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::time::Instant;

/// Runs every check in turn and stops at the first that fails.
pub(crate) fn run(with_tests: bool) -> Result<()> {
    cargo("format", &["fmt", "--all", "--check"], &[])?;
    cargo(
        "clippy",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    )?;
    if with_tests {
        cargo("tests", &["test", "--workspace"], &[])?;
    }
    cargo(
        "clippy of the CUDA engine",
        &[
            "clippy",
            "--package",
            "forcefield-gpu",
            "--package",
            "foldscape",
            "--features",
            "forcefield-gpu/tuning,forcefield-gpu/emulation,foldscape/cuda",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    )?;
    kernels::host_check(&root())?;
    cargo(
        "documentation",
        &["doc", "--workspace", "--no-deps", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    tidy::run(&root())
}

fn cargo(what: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let start = Instant::now();
    eprintln!("== {what}: cargo {}", arguments.join(" "));
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(root())
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "{what} failed");
    eprintln!(
        "== {what}: passed in {:.0} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
