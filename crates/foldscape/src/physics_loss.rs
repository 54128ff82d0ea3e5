//! The force field in the loss: energies of what a network decodes.

use crate::physics::{self, SolventModel};
use anyhow::{Context, Result, bail};
use autoencoder::{BoxError, LossContext, LossTerm, Weight, WeightedTerm};
use candle_core::Tensor;
use dynamics::random::{philox, uniform};
use forcefield_gpu::system::SoftRepulsion;
use forcefield_gpu::{
    EnergyOp, EnergyOpConfig, Engine, EngineConfig, Nonfinite, System, SystemOptions,
};
use molio::Topology;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The `[physics]` table of a training configuration.
///
/// The same energies serve training and validation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhysicsConfig {
    /// Weight of the mean energy of decoded latent interpolations; without it they do not count.
    #[serde(default)]
    pub(crate) interpolations: Option<Weight>,
    /// Weight of the mean energy of the decoded frames; without it they do not count.
    #[serde(default)]
    pub(crate) frames: Option<Weight>,
    /// A built-in force field, or OpenMM force-field XML files.
    #[serde(default = "ff14sb")]
    pub(crate) force_field: Vec<String>,
    /// What acts between atoms that are not bonded.
    #[serde(default)]
    pub(crate) nonbonded: NonbondedModel,
    /// Implicit solvent, with `nonbonded = "full"`.
    #[serde(default = "no_solvent")]
    pub(crate) solvent: SolventModel,
    /// Energies above this (kJ/mol) count as this and have no gradient; molearn's by default.
    #[serde(default = "molearn_energy_clamp")]
    pub(crate) energy_clamp: f64,
    /// Force components beyond this (kJ/mol/nm) are cut to it; molearn offers 1e8.
    #[serde(default = "no_clamp")]
    pub(crate) force_clamp: f64,
    /// What becomes of conformers without finite energy.
    #[serde(default)]
    pub(crate) nonfinite: OnNonfinite,
}

/// What acts between atoms that are not bonded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NonbondedModel {
    /// molearn's soft repulsion: atom subsets are far from neutral, so their Coulomb energy says little.
    #[default]
    Soft,
    /// A stronger soft core, zero in sound structures.
    Repel,
    /// Lennard-Jones and Coulomb.
    Full,
}

/// What becomes of conformers without finite energy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnNonfinite {
    /// They do not count, and are reported.
    #[default]
    Mask,
    /// Training stops.
    Error,
}

fn ff14sb() -> Vec<String> {
    vec!["ff14SB".to_owned()]
}

fn no_solvent() -> SolventModel {
    SolventModel::None
}

fn molearn_energy_clamp() -> f64 {
    1e34
}

fn no_clamp() -> f64 {
    f64::INFINITY
}

impl PhysicsConfig {
    /// The energy of interpolations with an adaptive weight, the rest as molearn has it.
    pub(crate) fn new(interpolations: Weight) -> Self {
        Self {
            interpolations: Some(interpolations),
            frames: None,
            force_field: ff14sb(),
            nonbonded: NonbondedModel::default(),
            solvent: no_solvent(),
            energy_clamp: molearn_energy_clamp(),
            force_clamp: no_clamp(),
            nonfinite: OnNonfinite::default(),
        }
    }

    /// The force field of these atoms: of whole residues, or of those atoms that there are.
    pub(crate) fn system(&self, topology: &Topology) -> Result<System> {
        let soft = self.nonbonded != NonbondedModel::Full;
        if soft && self.solvent != SolventModel::None {
            bail!("physics: a solvent needs nonbonded = \"full\"");
        }
        let options = if soft {
            SystemOptions::default()
        } else {
            physics::options(self.solvent)
        };
        let force_field = physics::force_field(&self.force_field)?;
        let names: BTreeSet<&str> = topology.atoms().iter().map(|a| a.name.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let system = force_field
            .for_atoms(&names)?
            .create_system(topology, &options)
            .with_context(|| {
                format!(
                    "physics: no force field for the atoms {}; where a residue calls one of them otherwise, \
                     as CHARMM's OT1 for O at a chain's end, select that name too",
                    names.join(" ")
                )
            })?;
        Ok(match self.nonbonded {
            NonbondedModel::Soft => system.with_soft_repulsion(SoftRepulsion::molearn)?,
            NonbondedModel::Repel => system.with_soft_repulsion(SoftRepulsion::repel)?,
            NonbondedModel::Full => system,
        })
    }

    /// The loss terms for these atoms.
    pub(crate) fn terms(&self, topology: &Topology) -> Result<Physics> {
        if self.interpolations.is_none() && self.frames.is_none() {
            bail!("physics: give a weight for interpolations, frames, or both");
        }
        let engine = Arc::new(Engine::new(
            &self.system(topology)?,
            EngineConfig::default(),
        )?);
        let config = EnergyOpConfig {
            energy_clamp: Some(self.energy_clamp),
            force_clamp: Some(self.force_clamp),
            nonfinite: match self.nonfinite {
                OnNonfinite::Mask => Nonfinite::Mask,
                OnNonfinite::Error => Nonfinite::Error,
            },
        };
        let masked = Arc::new(AtomicUsize::new(0));
        // the weights stand in checkpoints beside these
        let settings = toml::to_string(&Self {
            interpolations: None,
            frames: None,
            ..self.clone()
        })?;
        let term = |of: Of, weight: Option<Weight>| -> Result<Option<WeightedTerm>> {
            let Some(weight) = weight else {
                return Ok(None);
            };
            let term = DecodedEnergy {
                of,
                operation: EnergyOp::new(Arc::clone(&engine), config)?,
                settings: settings.clone(),
                masked: Arc::clone(&masked),
            };
            let term = Box::new(term);
            Ok(Some(WeightedTerm { term, weight }))
        };
        let interpolations = term(Of::Interpolations, self.interpolations)?;
        let frames = term(Of::Frames, self.frames)?;
        Ok(Physics {
            terms: interpolations.into_iter().chain(frames).collect(),
            masked,
        })
    }
}

/// What a configuration adds to the loss.
pub(crate) struct Physics {
    pub(crate) terms: Vec<WeightedTerm>,
    /// Conformers without finite energy since the count was last taken.
    pub(crate) masked: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Of {
    Interpolations,
    Frames,
}

/// Mean potential energy (kJ/mol) of decoded conformers.
///
/// Interpolations as in molearn: of neighbours in the batch, with codes z₁ and z₂, the point
/// (1 − α)z₁ + αz₂, α uniform in (0, 1).
struct DecodedEnergy {
    of: Of,
    operation: EnergyOp,
    settings: String,
    masked: Arc<AtomicUsize>,
}

impl LossTerm for DecodedEnergy {
    fn name(&self) -> &str {
        match self.of {
            Of::Interpolations => "interpolation_energy",
            Of::Frames => "frame_energy",
        }
    }

    fn settings(&self) -> String {
        self.settings.clone()
    }

    fn evaluate(&self, context: &LossContext<'_>) -> Result<Tensor, BoxError> {
        let decoded = match self.of {
            Of::Interpolations => {
                let between = interpolate(context.latent, context.seed)?;
                context.model.decode(&between)?
            }
            Of::Frames => context.decoded.clone(),
        };
        let scale = context.standardisation;
        let energies = self
            .operation
            .energies(&decoded.affine(scale.std, scale.mean)?)?;
        self.masked
            .fetch_add(energies.masked.len(), Ordering::Relaxed);
        if !energies.masked.is_empty() {
            tracing::debug!(conformers = ?energies.masked, term = self.name(), "no finite energy");
        }
        let counted = decoded.dim(0)? - energies.masked.len();
        Ok((energies.energies.sum_all()? / counted.max(1) as f64)?)
    }
}

/// One point between the codes of each pair of neighbours: `(batch, latent)` to `(batch / 2, latent)`.
///
/// A batch of one frame has itself as its neighbour, so that every batch has a value.
fn interpolate(latent: &Tensor, seed: u64) -> candle_core::Result<Tensor> {
    let n_pairs = latent.dim(0)? / 2;
    if n_pairs == 0 {
        return Ok(latent.clone());
    }
    let alpha = Tensor::from_vec(fractions(n_pairs, seed), (n_pairs, 1), latent.device())?
        .to_dtype(latent.dtype())?;
    let pairs = latent
        .narrow(0, 0, 2 * n_pairs)?
        .reshape((n_pairs, 2, latent.dim(1)?))?;
    let first = pairs.narrow(1, 0, 1)?.squeeze(1)?;
    let second = pairs.narrow(1, 1, 1)?.squeeze(1)?;
    &first + (second - &first)?.broadcast_mul(&alpha)?
}

/// `n` numbers uniform in (0, 1), of the seed alone.
fn fractions(n: usize, seed: u64) -> Vec<f32> {
    (0..n)
        .map(|pair| uniform(philox([pair as u32, 0, 0, 0], seed)[0]) as f32)
        .collect()
}

#[cfg(test)]
mod tests;
