//! What clippy cannot check.

mod documents;
mod edges;
mod sources;

use crate::kernels::hashes;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// A breach of a rule: where, and what.
type Finding = String;

/// Runs every rule over the tracked files and lists all findings at once.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = tracked_files(root)?;
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(edges::check(root)?);
    findings.extend(sources::check(root, &files)?);
    findings.extend(documents::check(root, &files)?);
    findings.extend(hashes::check(root)?);
    if findings.is_empty() {
        eprintln!("== tidy: {} files, nothing to mend", files.len());
        return Ok(());
    }
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    bail!("tidy found {} things to mend", findings.len());
}

/// Paths relative to the root of all files that git tracks, and of new ones that it does not ignore.
fn tracked_files(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("starting git")?;
    let list = String::from_utf8(output.stdout).context("file names of git ls-files")?;
    let mut files: Vec<String> = list
        .lines()
        .map(str::to_owned)
        .filter(|file| root.join(file).is_file())
        .collect();
    files.sort_unstable();
    files.dedup();
    Ok(files)
}
