//! Several networks instead of one.

use anyhow::{Context, Result, bail, ensure};
use cg_potential::{CgModel, CgPotential, Committee, ForceModel, Network};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Networks that differ in their first weights only.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommitteeConfig {
    /// How many; the seed of each is one more than that of the one before.
    pub(crate) members: usize,
}

/// What is trained.
pub(crate) enum Trainee {
    Single(Network),
    Committee(Committee),
}

impl Trainee {
    pub(crate) fn new(mut networks: Vec<Network>) -> Result<Self> {
        ensure!(
            !networks.is_empty(),
            "committee.members: expected at least 1, found 0"
        );
        if networks.len() == 1 {
            return Ok(Self::Single(networks.remove(0)));
        }
        Ok(Self::Committee(Committee::from_members(&networks)?))
    }

    pub(crate) fn model(&mut self) -> &mut dyn ForceModel {
        match self {
            Self::Single(network) => network,
            Self::Committee(committee) => committee,
        }
    }

    pub(crate) fn members(&self) -> Vec<Network> {
        match self {
            Self::Single(network) => vec![network.clone()],
            Self::Committee(committee) => (0..committee.n_members())
                .map(|index| committee.member(index))
                .collect(),
        }
    }

    /// Variance of the members' forces in each frame, (kJ/mol/nm)²; none of a single network.
    pub(crate) fn force_variance(&self, positions: &[[f32; 3]]) -> Option<Vec<f64>> {
        match self {
            Self::Single(_) => None,
            Self::Committee(committee) => Some(committee.force_variance(positions)),
        }
    }
}

/// Models of one committee, which share beads and priors.
pub(crate) fn load_members(paths: &[PathBuf]) -> Result<Vec<CgModel>> {
    let models = paths.iter().map(|path| Ok(CgModel::load(path)?));
    let models: Vec<CgModel> = models.collect::<Result<_>>()?;
    if let Some(odd) = models.iter().position(|m| m.priors != models[0].priors) {
        bail!(
            "{}: other priors than those of {}; members of a committee share them",
            paths[odd].display(),
            paths[0].display()
        );
    }
    Ok(models)
}

/// The mean energy of the members.
pub(crate) fn mean_potential(models: &[CgModel]) -> Result<CgPotential> {
    let networks: Vec<Network> = models.iter().map(|model| model.network.clone()).collect();
    let first = models.first().context("no model")?;
    Ok(CgPotential::mean(&networks, first.priors.clone())?)
}

/// Where a member's model is: the first has the name of a single network's.
pub(crate) fn member_file(folder: &Path, member: usize) -> PathBuf {
    match member {
        0 => folder.join("model.safetensors"),
        _ => folder.join(format!("member-{member}.safetensors")),
    }
}
