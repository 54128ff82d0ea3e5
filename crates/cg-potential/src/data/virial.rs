//! Whether forces belong to the ensemble that their frames were drawn from.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Fewest blocks from which a standard error is taken.
const BLOCKS: usize = 16;

/// Collects −Σ F·(x − x̄) of frames, x̄ being the mean position of a frame's beads.
///
/// In equilibrium −⟨Σ F·x⟩ is kT for each degree of freedom, whatever the potential: 3n − 3 of n beads
/// without their translation. Mapped forces that belong to the mapped positions keep to it; those of a wrong
/// map, or in other units, do not.
///
/// # Examples
/// Two beads on a spring of k = 100 kJ/mol/nm², stretched by 0.1 nm over no length: −F·x = 100 · 0.1².
/// ```
/// let mut virial = cg_potential::Virial::default();
/// virial.add(&[[0.0; 3], [0.1, 0.0, 0.0]], &[[10.0, 0.0, 0.0], [-10.0, 0.0, 0.0]])?;
/// virial.add(&[[0.0; 3], [0.2, 0.0, 0.0]], &[[20.0, 0.0, 0.0], [-20.0, 0.0, 0.0]])?;
/// let balance = virial.balance().unwrap();
/// assert!((balance.mean - 2.5).abs() < 1e-5);
/// assert!((balance.expected(300.0) - 3.0 * 2.494).abs() < 1e-2);
/// # Ok::<(), cg_potential::Error>(())
/// ```
///
/// # References
/// R. Clausius, Phil. Mag. 40, 122 (1870). Errors by blocks: H. Flyvbjerg, H. G. Petersen, J. Chem. Phys.
/// 91, 461 (1989), 10.1063/1.457480.
#[derive(Clone, Debug, Default)]
pub struct Virial {
    n_beads: usize,
    values: Vec<f64>,
}

/// The mean of a [`Virial`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VirialBalance {
    /// −⟨Σ F·(x − x̄)⟩ in kJ/mol.
    pub mean: f64,
    /// Its standard error from blocks of frames in kJ/mol; a lower bound where series are shorter than the
    /// memory of the forces.
    pub standard_error: f64,
    /// 3n − 3.
    pub degrees_of_freedom: usize,
}

impl Virial {
    /// Adds a frame: positions (nm) and forces (kJ/mol/nm), frames in their order in time.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of beads than before, or of forces than of positions.
    pub fn add(&mut self, positions: &[[f32; 3]], forces: &[[f32; 3]]) -> Result<()> {
        if self.values.is_empty() {
            self.n_beads = positions.len();
        }
        let lengths = [
            ("beads of a frame", self.n_beads, positions.len()),
            ("forces of a frame", positions.len(), forces.len()),
        ];
        for (what, expected, found) in lengths {
            if expected != found {
                return Err(Error::Length {
                    what,
                    expected,
                    found,
                });
            }
        }
        let n = positions.len().max(1) as f64;
        let mut sum = 0.0;
        for axis in 0..3 {
            let mean = positions.iter().map(|x| f64::from(x[axis])).sum::<f64>() / n;
            let products = positions.iter().zip(forces);
            sum += products
                .map(|(x, f)| f64::from(f[axis]) * (f64::from(x[axis]) - mean))
                .sum::<f64>();
        }
        self.values.push(-sum);
        Ok(())
    }

    /// The mean and its error; `None` of fewer than two frames.
    pub fn balance(&self) -> Option<VirialBalance> {
        let n = self.values.len();
        if n < 2 {
            return None;
        }
        let mean = self.values.iter().sum::<f64>() / n as f64;
        // blocks twice as long each time, until they are too few: correlation makes the estimate grow
        let mut blocks = self.values.clone();
        let mut largest = error_of_mean(&blocks);
        while blocks.len() / 2 >= BLOCKS {
            let pairs = blocks.chunks_exact(2);
            blocks = pairs.map(|pair| 0.5 * (pair[0] + pair[1])).collect();
            largest = largest.max(error_of_mean(&blocks));
        }
        Some(VirialBalance {
            mean,
            standard_error: largest,
            degrees_of_freedom: 3 * self.n_beads.saturating_sub(1),
        })
    }
}

impl VirialBalance {
    /// What the mean should be at a temperature (K): (3n − 3)·kT in kJ/mol.
    pub fn expected(&self, temperature: f64) -> f64 {
        self.degrees_of_freedom as f64 * dynamics::BOLTZMANN * temperature
    }

    /// How many standard errors the mean is from what it should be at a temperature (K).
    pub fn deviation(&self, temperature: f64) -> f64 {
        (self.mean - self.expected(temperature)).abs() / self.standard_error.max(f64::MIN_POSITIVE)
    }
}

fn error_of_mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n * (n - 1.0))).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    /// Frames of two beads, one at rest, the other in a harmonic well; `scale` times its forces.
    fn well(scale: f32, memory: f64) -> VirialBalance {
        const KELVIN: f64 = 320.0;
        let width = (dynamics::BOLTZMANN * KELVIN / 250.0).sqrt();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut x = [0.0; 3];
        let mut virial = Virial::default();
        for _ in 0..20_000 {
            x = x.map(|x: f64| memory * x + (1.0 - memory * memory).sqrt() * width * normal());
            let force = x.map(|x| scale * (-250.0 * x) as f32);
            let back = force.map(|f| -f);
            virial
                .add(&[[0.0; 3], x.map(|x| x as f32)], &[back, force])
                .unwrap();
        }
        virial.balance().unwrap()
    }

    #[test]
    fn forces_of_the_ensemble_are_in_balance() {
        let balance = well(1.0, 0.0);
        assert_eq!(balance.degrees_of_freedom, 3);
        assert!(balance.deviation(320.0) < 4.0, "{balance:?}");
        assert!(balance.standard_error < 0.02 * balance.mean);
        // in other units, or of another temperature, they are not
        assert!(well(4.184, 0.0).deviation(320.0) > 50.0);
        assert!(balance.deviation(360.0) > 5.0);
    }

    #[test]
    fn memory_widens_the_error() {
        let (free, slow) = (well(1.0, 0.0), well(1.0, 0.98));
        // values of squares forget with the square: (1 + 0.96)/(1 − 0.96) = 49 times the variance
        let ratio = slow.standard_error / free.standard_error;
        assert!((4.0..12.0).contains(&ratio), "{ratio}");
        assert!(slow.deviation(320.0) < 4.0, "{slow:?}");
    }

    #[test]
    fn frames_of_another_size_are_errors() {
        let mut virial = Virial::default();
        assert!(virial.balance().is_none());
        virial.add(&[[0.0; 3]; 2], &[[0.0; 3]; 2]).unwrap();
        assert!(virial.add(&[[0.0; 3]; 3], &[[0.0; 3]; 3]).is_err());
        assert!(virial.add(&[[0.0; 3]; 2], &[[0.0; 3]; 3]).is_err());
    }
}
