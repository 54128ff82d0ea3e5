//! Settings of force matching.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Settings of force matching.
///
/// Learning rate, batch size, plateau schedule and patience by default as in Majewski et al., Nat.
/// Commun. 14, 5739 (2023), 10.1038/s41467-023-41343-1, and its tutorials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    /// Passes over the training frames, at most. A finished run can be continued with more.
    pub epochs: usize,
    /// Frames a step.
    pub batch_size: usize,
    /// Full learning rate.
    pub learning_rate: f64,
    /// How it changes.
    pub schedule: Schedule,
    /// Pull of all parameters towards zero, times the learning rate, each step.
    pub weight_decay: f64,
    /// Memory of the gradient's mean.
    pub beta1: f64,
    /// Memory of the gradient's square.
    pub beta2: f64,
    /// Gradients of a larger norm are scaled down to this.
    pub clip_norm: Option<f64>,
    /// Memory of a running average of the parameters, 0.999 say; the averaged ones are judged and kept.
    pub average: Option<f64>,
    /// Epochs without a better validation loss before training stops; `None`: never.
    pub patience: Option<usize>,
    /// Noisy copies of each batch with the forces of their noise.
    pub denoising: Option<DenoisingConfig>,
    /// Distorted copies of some frames, at which the network is to be silent.
    pub decoys: Option<DecoyConfig>,
    /// Energies beside forces: those of labels that have them, or none beyond the priors'.
    pub energy: Option<EnergyConfig>,
    /// Seed of the order of frames and of noise.
    pub seed: u64,
}

impl Default for TrainerConfig {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch_size: 256,
            learning_rate: 5e-4,
            schedule: Schedule {
                warmup_steps: 0,
                decay: Decay::Plateau {
                    factor: 0.8,
                    patience: 10,
                    floor: 2e-3,
                },
            },
            weight_decay: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            clip_norm: None,
            average: None,
            patience: Some(30),
            denoising: None,
            decoys: None,
            energy: None,
            seed: 0,
        }
    }
}

/// Denoising: at R + σξ the forces −kTξ/σ are right on average for the density smeared out by σ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoisingConfig {
    /// σ in nm; small against the width of a bond's distribution, or bonds become soft.
    pub sigma: f64,
    /// Factor of this term in the loss.
    pub weight: f64,
}

/// Decoys: frames with strong noise, at which the network's forces should vanish and leave all to the prior.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoyConfig {
    /// Standard deviation of the displacement in nm.
    pub sigma: f64,
    /// Share of each batch's frames that get a distorted copy.
    pub share: f64,
    /// Factor of this term in the loss.
    pub weight: f64,
}

/// Energies: the variance, over a batch, of what the model's energies are off. Their mean does not count,
/// as they are known up to a constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnergyConfig {
    /// Factor of this term, in (kJ/mol)², beside the forces', in (kJ/mol/nm)²; its unit is nm⁻².
    pub weight: f64,
    /// What energies should be.
    #[serde(default)]
    pub toward: EnergyTarget,
    /// Of what the labels' energies are beyond the priors', the part that the network is to take. Where they are
    /// enthalpies rather than free energies, hidden entropy takes much of it back.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub share: f64,
}

fn whole() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_whole(share: &f64) -> bool {
    *share == 1.0
}

/// What [`EnergyConfig`] holds energies to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnergyTarget {
    /// The labels' own.
    #[default]
    Labels,
    /// The priors': the network's energies shrink. Forces within basins hardly change for it, but between basins whose
    /// barrier has no data a network is free by tens of kJ/mol, and there the priors should have the word.
    Priors,
}

/// Warm-up, then a decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Steps over which the rate grows linearly to its full value; 0 for none.
    pub warmup_steps: usize,
    /// What follows.
    pub decay: Decay,
}

/// How the rate falls after the warm-up. Floors are fractions of the full rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Decay {
    /// It does not.
    #[default]
    Constant,
    /// `floor + (1 − floor)(1 + cos πt)/2`, t from 0 to 1 over the planned steps.
    Cosine {
        /// Where it ends.
        floor: f64,
    },
    /// Times `factor` after each epoch.
    Exponential {
        /// Below 1.
        factor: f64,
    },
    /// Times `factor` whenever the validation loss has not improved for `patience` epochs.
    Plateau {
        /// Below 1.
        factor: f64,
        /// Epochs to wait.
        patience: usize,
        /// Where it ends.
        floor: f64,
    },
}

impl Schedule {
    /// Factor on the full rate at `step` (from 0) of `planned`, in `epoch`, after `reductions` plateaus.
    pub fn factor(&self, step: usize, planned: usize, epoch: usize, reductions: u32) -> f64 {
        if step < self.warmup_steps {
            return (step + 1) as f64 / self.warmup_steps as f64;
        }
        match self.decay {
            Decay::Constant => 1.0,
            Decay::Cosine { floor } => {
                let span = planned.saturating_sub(self.warmup_steps).max(1);
                let t = ((step - self.warmup_steps) as f64 / span as f64).min(1.0);
                floor + (1.0 - floor) * 0.5 * (1.0 + (PI * t).cos())
            }
            Decay::Exponential { factor } => factor.powf(epoch as f64),
            Decay::Plateau { factor, floor, .. } => factor.powi(reductions as i32).max(floor),
        }
    }
}

impl TrainerConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first that makes no sense.
    pub fn validate(&self) -> Result<()> {
        let positive = |setting, value: f64| match value {
            v if v.is_finite() && v > 0.0 => Ok(()),
            v => Err(Error::setting(setting, "above 0", v)),
        };
        let fraction = |setting, value: f64| match value {
            v if (0.0..1.0).contains(&v) => Ok(()),
            v => Err(Error::setting(setting, "0 to below 1", v)),
        };
        if self.batch_size == 0 {
            return Err(Error::setting("batch_size", "at least 1", 0));
        }
        positive("learning_rate", self.learning_rate)?;
        fraction("beta1", self.beta1)?;
        fraction("beta2", self.beta2)?;
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return Err(Error::setting(
                "weight_decay",
                "0 or above",
                self.weight_decay,
            ));
        }
        self.clip_norm
            .map_or(Ok(()), |norm| positive("clip_norm", norm))?;
        self.average
            .map_or(Ok(()), |memory| fraction("average", memory))?;
        match self.schedule.decay {
            Decay::Constant => {}
            Decay::Cosine { floor } => fraction("cosine floor", floor)?,
            Decay::Exponential { factor } => positive("exponential factor", factor)
                .and_then(|()| fraction("exponential factor", factor))?,
            Decay::Plateau { factor, floor, .. } => positive("plateau factor", factor)
                .and_then(|()| fraction("plateau factor", factor))
                .and_then(|()| fraction("plateau floor", floor))?,
        }
        if let Some(denoising) = self.denoising {
            positive("denoising sigma", denoising.sigma)?;
            positive("denoising weight", denoising.weight)?;
        }
        if let Some(energy) = self.energy {
            positive("energy weight", energy.weight)?;
            if !(0.0..=1.0).contains(&energy.share) {
                return Err(Error::setting("energy share", "0 to 1", energy.share));
            }
        }
        if let Some(decoys) = self.decoys {
            positive("decoy sigma", decoys.sigma)?;
            positive("decoy weight", decoys.weight)?;
            positive("decoy share", decoys.share)?;
            if decoys.share > 1.0 {
                return Err(Error::setting("decoy share", "up to 1", decoys.share));
            }
        }
        Ok(())
    }
}
