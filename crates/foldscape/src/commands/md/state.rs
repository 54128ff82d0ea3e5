//! What a stopped run leaves for the next start.

use anyhow::{Context, Result, bail, ensure};
use dynamics::ReplicaExchange;
use serde::{Deserialize, Serialize};
use std::path::Path;

const MAGIC: &[u8; 8] = b"FOLDMD\0\x01";

/// Names and values of what must not change between starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings(pub(super) Vec<(String, String)>);

/// How far an output file was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) length: u64,
    pub(super) n_frames: u64,
}

/// A checkpoint. On disk: magic, CRC-32 of the rest (little-endian), the rest in postcard.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) settings: Settings,
    /// One for each trajectory.
    pub(super) trajectories: Vec<Mark>,
    pub(super) table: Mark,
    pub(super) exchange: Option<ReplicaExchange>,
    /// Seconds spent on the steps so far.
    pub(super) seconds: f64,
    /// The state of the simulation, see [`dynamics::Simulation::checkpoint`].
    pub(super) simulation: Vec<u8>,
}

impl State {
    /// Replaces the checkpoint; at any time there is a whole one.
    pub(super) fn save(&self, path: &Path) -> Result<()> {
        let payload = postcard::to_stdvec(self).context("packing the checkpoint")?;
        let mut bytes = Vec::with_capacity(payload.len() + 12);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        Ok(dynamics::write_atomically(path, &bytes)?)
    }

    /// The checkpoint of an earlier start, if there is one.
    pub(super) fn load(path: &Path) -> Result<Option<Self>> {
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
            head[..8] == MAGIC[..],
            "{name}: not a checkpoint of foldscape md"
        );
        let found = crc32fast::hash(payload).to_le_bytes();
        ensure!(
            head[8..] == found,
            "{name}: the checkpoint is damaged (its checksum differs)"
        );
        let state = postcard::from_bytes(payload)
            .with_context(|| format!("{name}: the checkpoint is of another version"))?;
        Ok(Some(state))
    }
}

impl Settings {
    /// Fails with the name of the first setting that differs from `earlier`.
    pub(super) fn check(&self, earlier: &Self, checkpoint: &Path) -> Result<()> {
        for ((name, now), (_, then)) in self.0.iter().zip(&earlier.0) {
            ensure!(
                now == then,
                "{name} was {then:?} when {} was written and is {now:?} now; \
                 give the same settings to go on, or remove that file to begin anew",
                checkpoint.display()
            );
        }
        ensure!(
            self.0.len() == earlier.0.len(),
            "{}: written by another version of foldscape",
            checkpoint.display()
        );
        Ok(())
    }
}
