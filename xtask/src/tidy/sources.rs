//! Sizes of files, places of unsafe code, leftovers.

use super::Finding;
use anyhow::{Context, Result};
use std::path::Path;

const MAX_SOURCE_LINES: usize = 800;
const MAX_FIXTURE_BYTES: u64 = 200 << 10;
const MAX_FILE_BYTES: u64 = 5 << 20;
const MAX_REPOSITORY_BYTES: u64 = 40 << 20;

pub(super) fn check(root: &Path, files: &[String]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut total = 0;
    for file in files {
        let bytes = std::fs::metadata(root.join(file))
            .with_context(|| file.clone())?
            .len();
        total += bytes;
        let limit = if file.contains("/tests/data/") {
            MAX_FIXTURE_BYTES
        } else {
            MAX_FILE_BYTES
        };
        if bytes > limit {
            findings.push(format!("{file}: {bytes} bytes, at most {limit}"));
        }
        if file.ends_with("/mod.rs") {
            findings.push(format!(
                "{file}: name the file after the module, beside its folder"
            ));
        }
        let is_source = [".rs", ".cu", ".cuh"]
            .iter()
            .any(|ending| file.ends_with(ending));
        if is_source {
            let text = std::fs::read_to_string(root.join(file)).with_context(|| file.clone())?;
            findings.extend(check_source(file, &text));
        }
    }
    if total > MAX_REPOSITORY_BYTES {
        findings.push(format!(
            "the tracked files hold {total} bytes, at most {MAX_REPOSITORY_BYTES}"
        ));
    }
    Ok(findings)
}

fn check_source(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let n_lines = text.lines().count();
    if n_lines > MAX_SOURCE_LINES {
        findings.push(format!(
            "{file}: {n_lines} lines, at most {MAX_SOURCE_LINES}"
        ));
    }
    let unsafe_is_allowed = file
        .split('/')
        .any(|part| matches!(part.trim_end_matches(".rs"), "cpu" | "cuda"));
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if !unsafe_is_allowed
            && ["unsafe {", "unsafe fn", "unsafe impl"]
                .iter()
                .any(|word| code.contains(word))
            && !code.contains('"')
        {
            findings.push(format!(
                "{file}:{}: unsafe code belongs under cpu/ or cuda/",
                number + 1
            ));
        }
        if line.trim_start().starts_with("#[ignore") {
            findings.push(format!("{file}:{}: a test that never runs", number + 1));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check_source;

    #[test]
    fn unsafe_code_has_its_places() {
        assert_eq!(
            check_source("crates/a/src/b.rs", "fn f() { unsafe { g() } }").len(),
            1
        );
        assert!(check_source("crates/a/src/cpu/b.rs", "fn f() { unsafe { g() } }").is_empty());
        assert!(check_source("crates/a/src/cpu.rs", "unsafe fn f() {}").is_empty());
    }

    #[test]
    fn long_files_are_found() {
        assert_eq!(check_source("a.rs", &"x\n".repeat(801)).len(), 1);
    }
}
