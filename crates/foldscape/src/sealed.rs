//! State on disk between starts: magic, CRC-32 of the rest (little-endian), the rest in postcard.

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// What a file begins with, and the command that writes it.
pub(crate) struct Seal {
    pub(crate) magic: &'static [u8; 8],
    pub(crate) command: &'static str,
}

impl Seal {
    /// Replaces the state; at any time there is a whole one.
    pub(crate) fn save(&self, path: &Path, state: &impl Serialize) -> Result<()> {
        let payload = postcard::to_stdvec(state).context("packing the checkpoint")?;
        let mut bytes = self.magic.to_vec();
        bytes.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        Ok(dynamics::write_atomically(path, &bytes)?)
    }

    /// The state of an earlier start, if there is one.
    pub(crate) fn load<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>> {
        let name = path.display();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(name.to_string()),
        };
        let Some((head, payload)) = bytes.split_at_checked(12) else {
            bail!("{name}: expected a checkpoint, found {} bytes", bytes.len());
        };
        ensure!(
            head[..7] == self.magic[..7],
            "{name}: not a checkpoint of foldscape {}",
            self.command
        );
        ensure!(
            head[7] == self.magic[7],
            "{name}: the checkpoint is of another version"
        );
        ensure!(
            head[8..] == crc32fast::hash(payload).to_le_bytes(),
            "{name}: the checkpoint is damaged (its checksum differs)"
        );
        let state = postcard::from_bytes(payload)
            .with_context(|| format!("{name}: the checkpoint is of another version"))?;
        Ok(Some(state))
    }
}
