//! Whether the PTX is that of the sources, without the compiler.

use super::{FOLDER, MODULES};
use anyhow::{Context, Result};
use std::path::Path;

/// Under [`FOLDER`]: a line for the sources and one for each PTX.
const FILE: &str = "ptx/hashes.txt";

/// Writes the hashes of what is there.
pub(super) fn write(root: &Path) -> Result<()> {
    let path = root.join(FOLDER).join(FILE);
    std::fs::write(&path, present(root)?).with_context(|| path.display().to_string())
}

/// What is wrong, if anything.
pub(crate) fn check(root: &Path) -> Result<Option<String>> {
    let noted = std::fs::read_to_string(root.join(FOLDER).join(FILE)).unwrap_or_default();
    Ok((noted != present(root)?).then(|| {
        format!("{FOLDER}/ptx: not made of the present sources; run `cargo xtask kernels`")
    }))
}

fn present(root: &Path) -> Result<String> {
    let folder = root.join(FOLDER);
    let mut files = Vec::new();
    sources(&folder, &mut files)?;
    files.sort();
    let mut hash = Fnv::default();
    for file in &files {
        let name = file.strip_prefix(&folder)?.to_string_lossy().into_owned();
        hash.add(name.as_bytes());
        hash.add(&read(file)?);
    }
    let mut text = format!("sources {:016x}\n", hash.0);
    for module in MODULES {
        let mut hash = Fnv::default();
        hash.add(&read(&folder.join(format!("ptx/{module}.ptx")))?);
        text.push_str(&format!("{module}.ptx {:016x}\n", hash.0));
    }
    Ok(text)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// All `.cu` and `.cuh` of a folder and those in it.
fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|end| end == "cu" || end == "cuh")
        {
            found.push(path);
        }
    }
    Ok(())
}

/// FNV-1a, 64 bits: finds what somebody forgot, not what somebody forged.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fnv;

    #[test]
    fn the_published_value() {
        let mut hash = Fnv::default();
        hash.add(b"foobar");
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
    }
}
