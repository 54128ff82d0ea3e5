//! Documents that must be there and stay short.

use super::Finding;
use anyhow::{Context, Result};
use std::path::Path;

const REQUIRED: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "ATTRIBUTION.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "benches/README.md",
];
const MAX_ARCHITECTURE_LINES: usize = 150;

pub(super) fn check(root: &Path, files: &[String]) -> Result<Vec<Finding>> {
    let mut findings: Vec<Finding> = Vec::new();
    for required in REQUIRED {
        if !files.iter().any(|file| file == required) {
            findings.push(format!("{required}: missing"));
        }
    }
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    if architecture.lines().count() > MAX_ARCHITECTURE_LINES {
        findings.push(format!(
            "ARCHITECTURE.md: more than {MAX_ARCHITECTURE_LINES} lines"
        ));
    }
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap_or_default();
    for file in files {
        let crate_root = file.strip_prefix("crates/").and_then(|rest| {
            let (name, path) = rest.split_once('/')?;
            matches!(path, "src/lib.rs" | "src/main.rs").then_some(name)
        });
        let Some(name) = crate_root else { continue };
        let text = std::fs::read_to_string(root.join(file)).with_context(|| file.clone())?;
        if !text.starts_with("//!") {
            findings.push(format!("{file}: starts without documentation of the crate"));
        }
        if !readme.contains(&format!("`{name}`")) {
            findings.push(format!("README.md: its table of crates lacks `{name}`"));
        }
    }
    Ok(findings)
}
