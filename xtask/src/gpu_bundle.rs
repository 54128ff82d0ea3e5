//! What a machine with a GPU needs to test and time the CUDA engine: one archive, no Rust and no network.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

const MAX_BYTES: u64 = 30 << 20;
/// Golden data of the tests, relative to the crate.
const DATA: [&str; 3] = [
    "tests/data/energy",
    "tests/data/system/chignolin",
    "tests/data/system/capped",
];

/// Writes `target/gpu-bundle.tar.gz`; `run.sh` in it leaves `results.txt`, `tune.sh` timings of kernels compiled
/// otherwise.
pub(crate) fn make(root: &Path) -> Result<()> {
    let target = root.join("target");
    let folder = target.join("gpu-bundle");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (kind, name) in [("--test", "it"), ("--example", "cuda_throughput")] {
        let program = build(root, kind, name)?;
        let copy = folder.join(name);
        std::fs::copy(&program, &copy).with_context(|| program.display().to_string())?;
        // smaller without symbols; as it is where there is no strip
        let _ = Command::new("strip").arg(&copy).status();
    }
    for data in DATA {
        copy_folder(
            &root.join("crates/forcefield-gpu").join(data),
            &folder.join(data),
        )?;
    }
    copy_folder(&root.join("xtask/gpu"), &folder)?;
    // for `tune.sh`, which compiles them otherwise
    for kernels in ["", "terms", "blocks", "dynamics"] {
        let from = root.join("crates/forcefield-gpu/kernels").join(kernels);
        copy_folder(&from, &folder.join("kernels").join(kernels))?;
    }
    let archive = target.join("gpu-bundle.tar.gz");
    let status = Command::new("tar")
        .arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(&target)
        .arg("gpu-bundle")
        .status()
        .context("starting tar")?;
    ensure!(status.success(), "tar failed");
    let bytes = std::fs::metadata(&archive).context("the archive")?.len();
    ensure!(
        bytes <= MAX_BYTES,
        "{} has {bytes} bytes, at most {MAX_BYTES}",
        archive.display()
    );
    println!(
        "{}: {bytes} bytes; there: tar -xzf, then gpu-bundle/run.sh",
        archive.display()
    );
    Ok(())
}

/// Builds a test or an example with CUDA; where it lies.
fn build(root: &Path, kind: &str, name: &str) -> Result<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--package",
            "forcefield-gpu",
            "--features",
            "tuning",
        ])
        .args([kind, name, "--message-format", "json-render-diagnostics"])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("starting cargo")?;
    ensure!(output.status.success(), "{name} does not build");
    let text = String::from_utf8(output.stdout).context("what cargo says")?;
    let mut executables = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        rest.split_once('"').map(|(path, _)| path)
    });
    let last = executables.next_back().context("no executable was built")?;
    Ok(PathBuf::from(last))
}

/// Copies the files of a folder, not those of folders in it.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            continue;
        }
        std::fs::copy(entry.path(), to.join(entry.file_name()))
            .with_context(|| entry.path().display().to_string())?;
    }
    Ok(())
}
