//! The configuration file of `foldscape cg train`.

use super::committee::CommitteeConfig;
use super::labels::{Constraints, NoiseConfig};
use anyhow::{Context, Result, bail, ensure};
use cg_potential::{
    BeadGraph, BeadTypes, ForceMapKind, Network, NetworkConfig, NoiseFloorConfig, PriorConfig,
    RefinementConfig, SplitConfig, TrainerConfig,
};
use molio::Topology;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A whole run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) data: DataConfig,
    #[serde(default)]
    pub(crate) map: MapConfig,
    /// Noise on the beads, with a map of forces that makes use of it, if wanted.
    pub(crate) noise: Option<NoiseConfig>,
    #[serde(default)]
    pub(crate) prior: PriorConfig,
    /// `name` of a published network, `seed`, `bead_types`, and any setting of a network to change.
    #[serde(default)]
    network: toml::Table,
    #[serde(default)]
    pub(crate) training: TrainerConfig,
    /// Several networks instead of one, if wanted.
    pub(crate) committee: Option<CommitteeConfig>,
    /// Refinement by relative entropy after force matching, if wanted.
    pub(crate) refinement: Option<RefinementConfig>,
    pub(crate) output: OutputConfig,
}

/// All-atom frames with forces, or beads with mean forces and their standard errors (then with `forces = "slice"`
/// and `constraints = "none"` in `[map]`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataConfig {
    /// Trajectories; `*` in a name stands for anything. Standard errors of forces are taken from `force_errors`
    /// in `.npz` files, or `NAME-errors.npy` beside others; energies, for `[training.energy]`, from `energies` or
    /// `NAME-energies.npy`.
    pub(crate) trajectories: Vec<PathBuf>,
    /// Topology of their atoms, with hydrogens.
    pub(crate) topology: PathBuf,
    /// Temperature of the simulation (K).
    pub(crate) temperature: f64,
    /// Of frames of a replica exchange (`foldscape md --exchange`), the table beside them that has each
    /// replica's temperature at each frame: only frames of `temperature` are taken.
    pub(crate) temperatures: Option<PathBuf>,
    /// Frames of each file to leave out at its start.
    #[serde(default)]
    pub(crate) skip: usize,
    /// Takes every n-th of the others.
    #[serde(default = "one")]
    pub(crate) stride: usize,
    /// How frames are held out.
    #[serde(default)]
    pub(crate) split: SplitConfig,
    /// How the noise of the forces is estimated.
    #[serde(default)]
    pub(crate) noise_floor: NoiseFloorConfig,
}

/// From atoms to beads.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MapConfig {
    /// `ca`, `ca_cb` or `backbone`.
    pub(crate) beads: String,
    /// Which map of forces.
    pub(crate) forces: ForceMapKind,
    /// What the simulation constrained.
    pub(crate) constraints: Constraints,
}

impl Default for MapConfig {
    fn default() -> Self {
        Self {
            beads: "ca".to_owned(),
            forces: ForceMapKind::default(),
            constraints: Constraints::default(),
        }
    }
}

/// Where results go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputConfig {
    /// Folder for the run, relative to the configuration file.
    pub(crate) folder: PathBuf,
}

/// The network of a run.
pub(crate) struct NetworkChoice {
    pub(crate) config: NetworkConfig,
    pub(crate) bead_types: BeadTypes,
    pub(crate) seed: u64,
}

impl Config {
    /// Reads a configuration; relative paths in it are relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let mut config: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for trajectory in &mut config.data.trajectories {
            *trajectory = folder.join(&*trajectory);
        }
        config.data.topology = folder.join(&config.data.topology);
        if let Some(table) = &mut config.data.temperatures {
            *table = folder.join(&*table);
        }
        config.output.folder = folder.join(&config.output.folder);
        config
            .network()
            .with_context(|| path.display().to_string())?;
        let place = path.display();
        if let Some(refinement) = &config.refinement {
            let checked = refinement.validate(config.data.temperature);
            checked.with_context(|| place.to_string())?;
        }
        if let Some(committee) = config.committee {
            let found = committee.members;
            ensure!(
                (1..=64).contains(&found),
                "{place}: committee.members: expected 1 to 64, found {found}"
            );
            ensure!(
                config.refinement.is_none() || found == 1,
                "{place}: refinement: expected a single network, found a committee of {found}"
            );
        }
        Ok(config)
    }

    /// The named network with the changes that the file asks for.
    pub(crate) fn network(&self) -> Result<NetworkChoice> {
        NetworkChoice::new(&self.network)
    }
}

impl NetworkChoice {
    /// The network that a table names, with the changes that it asks for.
    pub(crate) fn new(table: &toml::Table) -> Result<Self> {
        let mut changes = table.clone();
        let name = match changes.remove("name") {
            None => "ucsc".to_owned(),
            Some(toml::Value::String(name)) => name,
            Some(other) => bail!("network.name: expected a name, found {other}"),
        };
        let seed = match changes.remove("seed") {
            None => 0,
            Some(toml::Value::Integer(seed)) if seed >= 0 => seed as u64,
            Some(other) => bail!("network.seed: expected a number from 0, found {other}"),
        };
        let bead_types = match changes.remove("bead_types") {
            Some(types) => types.try_into().context("network.bead_types")?,
            None => match name.as_str() {
                "majewski" => BeadTypes::Majewski,
                "torchmd-cg" => BeadTypes::TorchmdCg,
                "mlcg" => BeadTypes::Mlcg,
                _ => BeadTypes::Ucsc,
            },
        };
        let mut settings = serde_json::to_value(NetworkConfig::named(&name)?)?;
        for (key, value) in changes {
            ensure!(
                settings.get(&key).is_some(),
                "network.{key}: no such setting"
            );
            settings[&key] = serde_json::to_value(value)?;
        }
        let config: NetworkConfig = serde_json::from_value(settings).context("network")?;
        config.validate()?;
        Ok(Self {
            config,
            bead_types,
            seed,
        })
    }

    /// The network of these beads, with weights drawn from `seed`.
    pub(crate) fn network(&self, beads: &Topology, seed: u64) -> Result<Network> {
        let types = self.types(beads)?;
        let mut network = Network::new(self.config.clone(), &types, seed)?;
        let residues: Vec<i32> = (0..beads.n_atoms())
            .map(|b| beads.atoms()[b].residue as i32)
            .collect();
        network.set_residues(&residues)?;
        Ok(network)
    }

    /// In words that tell one run from another.
    pub(crate) fn description(&self, seed: u64) -> Result<String> {
        let config = serde_json::to_string(&self.config)?;
        Ok(format!("{config} seed {seed}"))
    }

    /// Numbers of bead types: by the network's dictionary for CA beads, else in the order of the types' names.
    fn types(&self, beads: &Topology) -> Result<Vec<u32>> {
        let residues = (0..beads.n_atoms()).map(|bead| beads.residue_of(bead).name.as_str());
        if beads.atoms().iter().all(|bead| bead.name == "CA") {
            return Ok(self.bead_types.numbers(residues)?);
        }
        let graph = BeadGraph::new(beads)?;
        let mut names: Vec<&String> = graph.types().iter().collect();
        names.sort();
        names.dedup();
        let number = |kind: &String| {
            names
                .binary_search(&kind)
                .map_or(0, |place| place as u32 + 1)
        };
        Ok(graph.types().iter().map(number).collect())
    }
}

fn one() -> usize {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        [data]
        trajectories = ["a.trr"]
        topology = "a.pdb"
        temperature = 340
        [network]
        name = "majewski"
        layers = 2
        [output]
        folder = "out"
    "#;

    #[test]
    fn settings_change_the_named_network() {
        let config: Config = toml::from_str(SMALL).unwrap();
        let network = config.network().unwrap();
        assert_eq!((network.config.layers, network.config.hidden), (2, 128));
        assert_eq!(network.bead_types, BeadTypes::Majewski);
        assert_eq!(config.map.forces, ForceMapKind::Optimal);
    }

    #[test]
    fn the_example_is_a_configuration() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/coarse_grain.toml");
        let config = Config::read(&path).unwrap();
        assert!(config.data.topology.exists());
        assert_eq!(config.committee.unwrap().members, 3);
    }

    #[test]
    fn unknown_keys_are_errors() {
        let unknown = SMALL.replace("layers = 2", "layer = 2");
        let config: Config = toml::from_str(&unknown).unwrap();
        let error = config.network().err().unwrap().to_string();
        assert!(error.contains("network.layer"), "{error}");
        for (from, to) in [
            ("folder", "file"),
            ("temperature", "temprature"),
            ("[network]", "[training]\nrate = 1\n[network]"),
            ("[network]", "[prior]\nwall = 1\n[network]"),
            ("[network]", "[map]\nbead = \"ca\"\n[network]"),
        ] {
            let text = SMALL.replace(from, to);
            assert!(toml::from_str::<Config>(&text).is_err(), "{text}");
        }
    }
}
