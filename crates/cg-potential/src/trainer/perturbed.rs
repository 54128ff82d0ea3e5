//! Copies of frames with noise, and what the network should say there.

use super::{DecoyConfig, DenoisingConfig, ForceTrainer};
use dynamics::random::{Purpose, counter, normals, philox};

/// Streams of noise, told apart by the replica's place in the counter.
const DENOISING: u32 = 0;
const DECOYS: u32 = 1;
/// Choice of frames without labels.
pub(super) const UNLABELLED: u32 = 2;

/// Positions, targets, and the factor of their loss.
pub(super) struct Perturbed {
    pub(super) positions: Vec<[f32; 3]>,
    pub(super) targets: Vec<[f32; 3]>,
    pub(super) factor: f64,
}

impl ForceTrainer<'_> {
    /// What a step adds to its batch.
    pub(super) fn perturbed(&self, positions: &[[f32; 3]]) -> Vec<Perturbed> {
        let denoising = self.config.denoising.map(|c| self.denoising(positions, c));
        let decoys = self.config.decoys.map(|c| self.decoys(positions, c));
        denoising.into_iter().chain(decoys).collect()
    }

    /// R + σξ with −kTξ/σ minus the prior's forces.
    fn denoising(&self, positions: &[[f32; 3]], config: DenoisingConfig) -> Perturbed {
        let strength = dynamics::BOLTZMANN * self.set.temperature / config.sigma;
        let noise = self.noise(positions.len(), DENOISING);
        let moved = shifted(positions, &noise, config.sigma);
        let n = self.set.data.n_beads();
        let mut targets = vec![[0.0f32; 3]; moved.len()];
        for (targets, x) in targets.chunks_exact_mut(n).zip(moved.chunks_exact(n)) {
            self.set.priors.energy_forces(x, targets);
        }
        for (target, xi) in targets.iter_mut().zip(&noise) {
            *target = std::array::from_fn(|axis| {
                (-strength * f64::from(xi[axis]) - f64::from(target[axis])) as f32
            });
        }
        Perturbed {
            positions: moved,
            targets,
            factor: config.weight,
        }
    }

    /// Strongly distorted frames with nothing for the network to do.
    fn decoys(&self, positions: &[[f32; 3]], config: DecoyConfig) -> Perturbed {
        let n = self.set.data.n_beads();
        let n_frames = positions.len() / n;
        let chosen = ((config.share * n_frames as f64).ceil() as usize).clamp(1, n_frames) * n;
        let noise = self.noise(chosen, DECOYS);
        Perturbed {
            positions: shifted(&positions[..chosen], &noise, config.sigma),
            targets: vec![[0.0; 3]; chosen],
            factor: config.weight,
        }
    }

    /// Normal deviates that depend on seed, step and place only.
    fn noise(&self, n: usize, stream: u32) -> Vec<[f32; 4]> {
        let step = self.progress.step as u64;
        let at = |i: usize| counter(Purpose::Jitter, i as u32, stream, step);
        (0..n)
            .map(|i| normals(philox(at(i), self.config.seed)))
            .collect()
    }
}

fn shifted(positions: &[[f32; 3]], noise: &[[f32; 4]], sigma: f64) -> Vec<[f32; 3]> {
    let pairs = positions.iter().zip(noise);
    pairs
        .map(|(x, xi)| std::array::from_fn(|axis| x[axis] + sigma as f32 * xi[axis]))
        .collect()
}
