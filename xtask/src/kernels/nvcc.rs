//! NVIDIA's compiler, from pinned Python packages.

use super::FOLDER;
use crate::fixtures;
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As the emulation and the CPU compute: nothing is fused that is not written so.
const ARITHMETIC: [&str; 3] = ["-std=c++17", "-O3", "--fmad=false"];
/// PTX for every GPU since Ampere; the driver compiles it for the one it finds.
const TARGET: &str = "compute_80";

pub(super) struct Nvcc {
    program: PathBuf,
    path: OsString,
}

impl Nvcc {
    /// The compiler, in a virtual environment under `target/`.
    pub(super) fn new(root: &Path) -> Result<Self> {
        let python = fixtures::environment(root, "nvcc")?;
        let library = python
            .parent()
            .and_then(Path::parent)
            .context("the environment's folder")?
            .join("lib");
        let mut folders = std::fs::read_dir(&library)
            .with_context(|| library.display().to_string())?
            .filter_map(|entry| Some(entry.ok()?.path().join("site-packages/nvidia/cu13/bin")));
        let folder = folders
            .find(|folder| folder.join("nvcc").is_file())
            .with_context(|| format!("no nvcc under {}", library.display()))?;
        let mut path = folder.clone().into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        Ok(Self {
            program: folder.join("nvcc"),
            path,
        })
    }

    /// Writes `ptx/MODULE.ptx`.
    pub(super) fn compile(&self, root: &Path, module: &str) -> Result<()> {
        let output = format!("ptx/{module}.ptx");
        std::fs::create_dir_all(root.join(FOLDER).join("ptx"))?;
        let source = format!("{module}.cu");
        self.run(root, &["-ptx", "-arch", TARGET, "-o", &output, &source])?;
        // the compiler writes when it was built, and nothing of the machine
        println!("{FOLDER}/{output}");
        Ok(())
    }

    /// Prints registers, shared memory and spills on compute capability 9.0.
    pub(super) fn report(&self, root: &Path, module: &str) -> Result<()> {
        let output = root.join("target").join(format!("{module}.cubin"));
        let output = output.to_str().context("the path of target/")?;
        let source = format!("{module}.cu");
        let options = ["-cubin", "-arch", "sm_90", "-Xptxas", "-v"];
        self.run(root, &[&options[..], &["-o", output, &source]].concat())
    }

    fn run(&self, root: &Path, arguments: &[&str]) -> Result<()> {
        let status = Command::new(&self.program)
            .args(ARITHMETIC)
            .args(arguments)
            .env("PATH", &self.path)
            .current_dir(root.join(FOLDER))
            .status()
            .context("starting nvcc")?;
        ensure!(status.success(), "nvcc {} failed", arguments.join(" "));
        Ok(())
    }
}
