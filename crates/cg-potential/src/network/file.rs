//! Networks in safetensors files.

use super::{Network, NetworkConfig};
use crate::{Error, Result};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// Key of the configuration among a file's metadata.
const KEY: &str = "foldscape.cg-network";

impl Network {
    /// Reads a network without its beads: safetensors with the tensors of [`Network::tensors`], f32, and
    /// the [`NetworkConfig`] as JSON in the metadata entry `foldscape.cg-network`.
    ///
    /// `xtask/python/cg_import.py` makes such files from checkpoints of torchmd-net's graph network and
    /// of mlcg's SchNet.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] for a file that is not a network; as [`Network::new`].
    pub fn load(path: &Path, bead_types: &[u32]) -> Result<Self> {
        let bytes = read(path)?;
        let text = metadata(path, &bytes, KEY)?;
        let config: NetworkConfig = serde_json::from_str(&text)
            .map_err(|error| unfit(path, KEY, "the configuration of a network", &error))?;
        Self::from_bytes(path, &bytes, config, bead_types)
    }

    /// A network with the tensors of a safetensors file.
    pub(crate) fn from_bytes(
        path: &Path,
        bytes: &[u8],
        config: NetworkConfig,
        bead_types: &[u32],
    ) -> Result<Self> {
        let file = SafeTensors::deserialize(bytes)
            .map_err(|error| unfit(path, "tensors", "safetensors", &error))?;
        Self::from_tensors(config, bead_types, |name, shape| {
            let view = file
                .tensor(name)
                .map_err(|error| unfit(path, name, "a tensor", &error))?;
            if view.dtype() != Dtype::F32 || view.shape() != shape {
                let found = format!("{:?} {:?}", view.dtype(), view.shape());
                return Err(unfit(path, name, &format!("F32 {shape:?}"), &found));
            }
            let (words, _) = view.data().as_chunks::<4>();
            Ok(words.iter().map(|&word| f32::from_le_bytes(word)).collect())
        })
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })
}

/// A metadata entry of a safetensors file.
pub(crate) fn metadata(path: &Path, bytes: &[u8], key: &str) -> Result<String> {
    let (_, header) = SafeTensors::read_metadata(bytes)
        .map_err(|error| unfit(path, "header", "safetensors", &error))?;
    let entries = header.metadata().as_ref();
    entries
        .and_then(|entries| entries.get(key).cloned())
        .ok_or_else(|| unfit(path, "metadata", key, &"none"))
}

pub(crate) fn unfit(
    path: &Path,
    place: &str,
    expected: &str,
    found: &dyn std::fmt::Display,
) -> Error {
    Error::File {
        path: path.to_owned(),
        place: place.to_owned(),
        expected: expected.to_owned(),
        found: found.to_string(),
    }
}
