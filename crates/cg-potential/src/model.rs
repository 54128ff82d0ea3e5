//! A whole coarse-grained model in one file.

use crate::network::file;
use crate::{CgPotential, Error, Network, NetworkConfig, Priors, Result};
use molio::Topology;
use safetensors::{Dtype, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Key of the description among a file's metadata.
const KEY: &str = "foldscape.cg-model";
const VERSION: u32 = 1;

/// Network, priors and beads: all that a simulation needs.
///
/// # File
/// safetensors. Tensors are those of [`Network::tensors`], f32; the metadata entry
/// `foldscape.cg-model` holds the rest as JSON: version, network configuration, bead types, residues,
/// priors, topology of the beads, temperature, and whatever the maker added as `notes`.
#[derive(Clone, Debug)]
pub struct CgModel {
    /// The network.
    pub network: Network,
    /// Prior terms.
    pub priors: Priors,
    /// The beads, their residues and bonds.
    pub beads: Topology,
    /// Temperature of the data, K.
    pub temperature: f64,
    /// What the maker wants to remember: maps, data, split, losses.
    pub notes: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    version: u32,
    network: NetworkConfig,
    bead_types: Vec<u32>,
    residues: Vec<i32>,
    priors: Priors,
    beads: Topology,
    temperature: f64,
    notes: serde_json::Value,
}

impl CgModel {
    /// Puts a model together.
    ///
    /// # Errors
    /// [`Error::Length`] if the parts are of different numbers of beads; [`Error::Setting`] for a
    /// temperature that is not positive.
    pub fn new(
        network: Network,
        priors: Priors,
        beads: Topology,
        temperature: f64,
    ) -> Result<Self> {
        let expected = network.bead_types().len();
        for (what, found) in [
            ("beads of the priors", priors.n_beads()),
            ("beads of the topology", beads.n_atoms()),
        ] {
            if found != expected {
                return Err(Error::Length {
                    what,
                    expected,
                    found,
                });
            }
        }
        if !(temperature > 0.0 && temperature.is_finite()) {
            return Err(Error::setting("temperature", "positive", temperature));
        }
        Ok(Self {
            network,
            priors,
            beads,
            temperature,
            notes: serde_json::Value::Null,
        })
    }

    /// The potential to simulate.
    ///
    /// # Errors
    /// As [`CgPotential::new`].
    pub fn potential(&self) -> Result<CgPotential> {
        CgPotential::new(&self.network, self.priors.clone())
    }

    /// Writes the model so that `path` holds, at any time, either what it held or all of it.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::File`] for notes that cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let description = Description {
            version: VERSION,
            network: self.network.config().clone(),
            bead_types: self.network.bead_types().to_vec(),
            residues: self.network.residues().to_vec(),
            priors: self.priors.clone(),
            beads: self.beads.clone(),
            temperature: self.temperature,
            notes: self.notes.clone(),
        };
        let unfit = |found: &dyn std::fmt::Display| {
            file::unfit(path, KEY, "a model that can be written", found)
        };
        let text = serde_json::to_string(&description).map_err(|error| unfit(&error))?;
        let values: Vec<u8> = self
            .network
            .parameters()
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let tensors: Vec<(&str, TensorView<'_>)> = self
            .network
            .tensors()
            .iter()
            .map(|tensor| {
                let part = &values[4 * tensor.range.start..4 * tensor.range.end];
                let view = TensorView::new(Dtype::F32, tensor.shape.clone(), part);
                view.map(|view| (&tensor.name[..], view))
            })
            .collect::<Result<_, _>>()
            .map_err(|error| unfit(&error))?;
        let metadata = HashMap::from([(KEY.to_owned(), text)]);
        let bytes =
            safetensors::serialize(tensors, Some(metadata)).map_err(|error| unfit(&error))?;
        replace(path, &bytes).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads what [`CgModel::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] for a file that is not a whole model; those of the parts.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = file::read(path)?;
        let text = file::metadata(path, &bytes, KEY)?;
        let description: Description = serde_json::from_str(&text)
            .map_err(|error| file::unfit(path, KEY, "a description of a model", &error))?;
        if description.version != VERSION {
            let expected = format!("version {VERSION}");
            return Err(file::unfit(path, KEY, &expected, &description.version));
        }
        let types = &description.bead_types;
        let mut network = Network::from_bytes(path, &bytes, description.network, types)?;
        network.set_residues(&description.residues)?;
        let mut model = Self::new(
            network,
            description.priors,
            description.beads,
            description.temperature,
        )?;
        model.notes = description.notes;
        Ok(model)
    }
}

/// Writes a file beside `path`, then renames it.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    let write = || {
        let mut file = std::fs::File::create(&partial)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    };
    write().inspect_err(|_| {
        // the error of interest is the first
        let _ = std::fs::remove_file(&partial);
    })
}
