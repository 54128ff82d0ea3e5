//! Positions with noise, and forces that are right for them.

use super::optimal::{is_singular, singular};
use super::{CgMap, ForceMap, ForceMoments, apply};
use crate::{Error, Result};
use dynamics::random::{Purpose, counter, normals, philox};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// A map to noisy beads y = x + σξ, whose forces mix those of the atoms with those of the noise.
///
/// The beads y are new particles, tied to the beads x by springs of kT/σ²; the pair has the force
/// −kTξ/σ on y and its opposite on the atoms of x. Any weights on the atoms then give a force whose
/// mean is the mean force at y, so the weights can be those of least noise. The price is a density that
/// is smeared out by σ.
///
/// # References
/// A. E. P. Durumeric et al., arXiv:2407.01286 (2024).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseMap {
    map: CgMap,
    sigma: f64,
    /// kT/σ in kJ/mol/nm.
    strength: f64,
    seed: u64,
    forces: ForceMap,
    /// δ_IJ − Σ_a w_Ia M_Ja, row by row.
    mixing: Vec<f64>,
}

impl ForceMoments {
    /// The noisy map of least ⟨|F|²⟩ for σ (nm) at a temperature (K).
    ///
    /// ξ being independent of the forces, its share of the second moments is known: the weights of
    /// bead I solve (P + (kT/σ)² MᵀM + λC) w = (kT/σ)² Mᵀ e_I. `regularisation` as in
    /// [`ForceMoments::optimal_map`].
    ///
    /// # Errors
    /// [`Error::Setting`] for σ or a temperature that is not above 0, or no frames; [`Error::ForceMap`]
    /// for a singular system.
    pub fn noise_map(
        &self,
        map: &CgMap,
        sigma: f64,
        temperature: f64,
        regularisation: f64,
        seed: u64,
    ) -> Result<NoiseMap> {
        for (setting, value) in [("noise sigma", sigma), ("temperature", temperature)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::setting(setting, "above 0", value));
            }
        }
        let (moments, n_frames) = self.symmetric();
        if n_frames == 0 {
            return Err(Error::setting("frames with forces", "at least one", 0));
        }
        let groups = self.groups();
        let strength = dynamics::BOLTZMANN * temperature / sigma;
        let n = groups.n_groups();
        let mut by_group = DMatrix::zeros(map.n_beads(), n);
        for (bead, row) in map.rows().iter().enumerate() {
            for &(atom, weight) in row {
                by_group[(bead, groups.group_of()[atom])] += weight;
            }
        }
        let mut system = moments / (3.0 * n_frames as f64);
        let scale = system.diagonal().mean();
        for &group in groups.group_of() {
            system[(group, group)] += regularisation * scale;
        }
        system += by_group.tr_mul(&by_group) * strength.powi(2);
        let right = by_group.transpose() * strength.powi(2);
        let solver = system.full_piv_lu();
        if is_singular(&solver) {
            return Err(singular(0));
        }
        let weights = solver.solve(&right).ok_or_else(|| singular(0))?;
        let mixing =
            DMatrix::identity(map.n_beads(), map.n_beads()) - weights.tr_mul(&by_group.transpose());
        let row = |bead: usize| {
            let atoms = groups.group_of().iter().enumerate();
            atoms
                .map(|(atom, &group)| (atom, weights[(group, bead)]))
                .collect()
        };
        Ok(NoiseMap {
            forces: ForceMap::new(map.n_atoms(), (0..map.n_beads()).map(row).collect())?,
            map: map.clone(),
            sigma,
            strength,
            seed,
            mixing: mixing.transpose().as_slice().to_vec(),
        })
    }

    /// P summed over frames and axes, and the number of frames.
    fn symmetric(&self) -> (DMatrix<f64>, usize) {
        let lower = self.lower();
        let mut full = lower + lower.transpose();
        for i in 0..full.nrows() {
            full[(i, i)] *= 0.5;
        }
        (full, self.n_frames())
    }
}

impl NoiseMap {
    /// Noisy positions (nm) of frame `index` and their forces (kJ/mol/nm); the noise depends on the seed
    /// and the index alone.
    ///
    /// # Panics
    /// If the lengths do not fit the map.
    pub fn apply(
        &self,
        index: u64,
        positions: &[[f32; 3]],
        forces: &[[f32; 3]],
        bead_positions: &mut [[f32; 3]],
        bead_forces: &mut [[f32; 3]],
    ) {
        self.map.positions(positions, bead_positions);
        apply(self.forces.rows(), self.map.n_atoms(), forces, bead_forces);
        let noise: Vec<[f32; 4]> = (0..bead_positions.len())
            .map(|bead| {
                normals(philox(
                    counter(Purpose::Jitter, bead as u32, 0, index),
                    self.seed,
                ))
            })
            .collect();
        for (bead, (x, f)) in bead_positions.iter_mut().zip(bead_forces).enumerate() {
            for axis in 0..3 {
                x[axis] += (self.sigma * f64::from(noise[bead][axis])) as f32;
                let pull: f64 = noise
                    .iter()
                    .enumerate()
                    .map(|(other, xi)| {
                        self.mixing[bead * noise.len() + other] * f64::from(xi[axis])
                    })
                    .sum();
                f[axis] -= (self.strength * pull) as f32;
            }
        }
    }

    /// The part of the force map that acts on atoms.
    pub fn atomic_forces(&self) -> &ForceMap {
        &self.forces
    }
}
