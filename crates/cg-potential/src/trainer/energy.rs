//! Energies beside forces.

use super::perturbed::UNLABELLED;
use super::{EnergyConfig, EnergyTarget, ForceTrainer, TrainingSet};
use crate::{Error, Result};
use dynamics::random::{Purpose, counter, philox};

/// What the network's own energies should be, kJ/mol: its share of the labels' minus those of the priors, or nothing.
pub(super) fn targets(set: &TrainingSet<'_>, config: EnergyConfig) -> Result<Vec<f64>> {
    if config.toward == EnergyTarget::Priors {
        return Ok(vec![0.0; set.data.n_frames()]);
    }
    let energies = set
        .data
        .energies()
        .ok_or_else(|| Error::setting("energy term", "labels with energies", "none"))?;
    let n = set.data.n_beads();
    let n_frames = energies.len().max(1) as f64;
    let frames = set.data.positions().chunks_exact(n).zip(energies);
    let mut targets: Vec<f64> = frames
        .map(|(positions, energy)| {
            let wide: Vec<[f64; 3]> = positions.iter().map(|x| x.map(f64::from)).collect();
            let priors = set.priors.energy_forces_f64(&wide, &mut vec![[0.0; 3]; n]);
            config.share * (energy - priors)
        })
        .collect();
    // frames without labels have 0, which is what labels have on average
    let mean = targets.iter().sum::<f64>() / n_frames;
    targets.iter_mut().for_each(|target| *target -= mean);
    Ok(targets)
}

impl ForceTrainer<'_> {
    /// Adds the gradient of w·⟨(e − ⟨e⟩)²⟩ over a batch and as many frames without labels, if there are any, e being the
    /// model's energy minus the target.
    pub(super) fn add_energy_gradient(
        &self,
        frames: &[usize],
        positions: &[[f32; 3]],
        gradient: &mut [f32],
    ) {
        let (Some(EnergyConfig { weight, .. }), Some(targets)) =
            (self.config.energy, &self.energy_targets)
        else {
            return;
        };
        let positions = [positions, &self.unlabelled(frames.len())].concat();
        let scales = scales(weight, &self.energy_errors(frames, &positions, targets));
        self.model.energy_gradient(&positions, &scales, gradient);
    }

    /// So many frames without labels, drawn by seed and step.
    fn unlabelled(&self, n_frames: usize) -> Vec<[f32; 3]> {
        let n = self.set.data.n_beads();
        let all = self.set.data.unlabelled();
        let n_all = (all.len() / n.max(1)) as u64;
        if n_all == 0 {
            return Vec::new();
        }
        let step = self.progress.step as u64;
        let draw = |i| {
            let words = philox(
                counter(Purpose::Jitter, i as u32, UNLABELLED, step),
                self.config.seed,
            );
            ((u64::from(words[0]) * n_all) >> 32) as usize
        };
        let chosen = (0..n_frames).map(draw);
        chosen
            .flat_map(|frame| &all[frame * n..(frame + 1) * n])
            .copied()
            .collect()
    }

    /// √⟨(e − ⟨e⟩)²⟩ over the validation frames.
    pub(super) fn energy_deviation(&self) -> Option<f64> {
        let targets = self.energy_targets.as_ref()?;
        let frames = &self.set.split.validation;
        if frames.is_empty() {
            return None;
        }
        let positions = self.set.data.positions_of(frames);
        let errors = self.energy_errors(frames, &positions, targets);
        Some((errors.iter().map(|e| e * e).sum::<f64>() / frames.len() as f64).sqrt())
    }

    /// What the energies of frames, and of those without labels after them, are off, less its mean.
    fn energy_errors(&self, frames: &[usize], positions: &[[f32; 3]], targets: &[f64]) -> Vec<f64> {
        let mut forces = vec![[0.0; 3]; positions.len()];
        let energies = self.model.energies_forces(positions, &mut forces);
        let mut targets: Vec<f64> = frames.iter().map(|&frame| targets[frame]).collect();
        targets.resize(energies.len(), 0.0);
        errors(&energies, &targets)
    }
}

/// e − ⟨e⟩.
pub(super) fn errors(energies: &[f64], targets: &[f64]) -> Vec<f64> {
    let pairs = energies.iter().zip(targets);
    let mut errors: Vec<f64> = pairs.map(|(energy, target)| energy - target).collect();
    let mean = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    errors.iter_mut().for_each(|e| *e -= mean);
    errors
}

/// 2w(e − ⟨e⟩)/n, the loss's derivatives over energies: the mean's own meets Σ (e − ⟨e⟩) = 0.
pub(super) fn scales(weight: f64, errors: &[f64]) -> Vec<f32> {
    let factor = 2.0 * weight / errors.len().max(1) as f64;
    errors.iter().map(|e| (factor * e) as f32).collect()
}

#[cfg(test)]
mod tests;
