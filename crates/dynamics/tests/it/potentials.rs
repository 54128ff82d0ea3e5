//! Small potentials whose answers are known.

use dynamics::{Batch, BoxError, Energies, Integrator, Potential, Replica, SimulationConfig};

/// ½k|r|² for every atom.
#[derive(Clone, Debug)]
pub(crate) struct Wells {
    pub(crate) n_atoms: usize,
    pub(crate) k: f32,
}

impl Potential for Wells {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        for (force, position) in f.iter_mut().zip(x) {
            *force = position.map(|x| -self.k * x);
        }
        Ok(x.iter()
            .flatten()
            .map(|&x| f64::from(0.5 * self.k * x * x))
            .sum())
    }
}

/// ½k(r − r₀)² between pairs, ½k₀|r|² for every atom, and 4ε[(σ/r)¹² − (σ/r)⁶] between all pairs
/// that have no spring.
#[derive(Clone, Debug, Default)]
pub(crate) struct Springs {
    pub(crate) n_atoms: usize,
    /// Atoms, length (nm), k (kJ/mol/nm²).
    pub(crate) springs: Vec<([usize; 2], f64, f64)>,
    pub(crate) well: f64,
    /// σ (nm), ε (kJ/mol).
    pub(crate) lennard_jones: Option<(f64, f64)>,
}

impl Potential for Springs {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        let mut forces = vec![[0.0_f64; 3]; self.n_atoms];
        let mut energy = 0.0;
        let mut pair = |a: usize, b: usize, of_length: &dyn Fn(f64) -> (f64, f64)| {
            let r = [0, 1, 2].map(|axis| f64::from(x[a][axis]) - f64::from(x[b][axis]));
            let length = r.iter().map(|x| x * x).sum::<f64>().sqrt();
            let (value, slope_by_length) = of_length(length);
            for axis in 0..3 {
                forces[a][axis] -= slope_by_length * r[axis];
                forces[b][axis] += slope_by_length * r[axis];
            }
            energy += value;
        };
        for &([a, b], r0, k) in &self.springs {
            pair(a, b, &|r| {
                let slope = if r0 == 0.0 { k } else { k * (r - r0) / r };
                (0.5 * k * (r - r0) * (r - r0), slope)
            });
        }
        if let Some((sigma, epsilon)) = self.lennard_jones {
            for a in 0..self.n_atoms {
                for b in 0..a {
                    if !self.springs.iter().any(|s| s.0 == [a, b] || s.0 == [b, a]) {
                        pair(a, b, &|r| {
                            let s6 = (sigma / r).powi(6);
                            let energy = 4.0 * epsilon * (s6 * s6 - s6);
                            (energy, -24.0 * epsilon * (2.0 * s6 * s6 - s6) / (r * r))
                        });
                    }
                }
            }
        }
        for atom in 0..self.n_atoms {
            for axis in 0..3 {
                let x = f64::from(x[atom][axis]);
                energy += 0.5 * self.well * x * x;
                f[atom][axis] = (forces[atom][axis] - self.well * x) as f32;
            }
        }
        Ok(energy)
    }
}

/// A chain of beads 0.38 nm apart with Lennard-Jones repulsion and attraction.
pub(crate) fn chain(n_atoms: usize) -> Springs {
    Springs {
        n_atoms,
        springs: (1..n_atoms).map(|i| ([i - 1, i], 0.38, 5000.0)).collect(),
        well: 0.0,
        lennard_jones: Some((0.4, 1.0)),
    }
}

/// A zigzag start for [`chain`].
pub(crate) fn zigzag(n_atoms: usize, seed: usize) -> Vec<[f32; 3]> {
    (0..n_atoms)
        .map(|i| {
            let wave = |k: usize| 0.01 * ((7 * i + 13 * k + 5 * seed) as f32).sin();
            [
                0.3 * i as f32 + wave(0),
                0.23 * (i % 2) as f32 + wave(1),
                wave(2),
            ]
        })
        .collect()
}

/// Four carbons in wells, each with three hydrogens at constrained distances.
pub(crate) fn methyls() -> (Springs, Vec<f64>, Vec<dynamics::Constraint>, Vec<[f32; 3]>) {
    let (mut masses, mut constraints, mut start, mut springs) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for group in 0..4 {
        let carbon = 4 * group;
        masses.extend([7.0, 2.675, 2.675, 2.675]);
        let centre = [0.3 * group as f32, 0.0, 0.0];
        start.push(centre);
        for h in 0..3 {
            constraints.push(dynamics::Constraint {
                atoms: [carbon, carbon + 1 + h],
                distance: 0.109,
            });
            springs.push(([carbon + 1 + h, carbon + 1 + (h + 1) % 3], 0.178, 2.0e4));
            let angle = 2.0944 * h as f32;
            start.push([centre[0] + 0.036, 0.103 * angle.cos(), 0.103 * angle.sin()]);
        }
        if group > 0 {
            springs.push(([carbon - 4, carbon], 0.3, 1.0e3));
        }
    }
    let potential = Springs {
        n_atoms: 16,
        springs,
        well: 50.0,
        lennard_jones: None,
    };
    (potential, masses, constraints, start)
}

/// Any potential, all conformers in one call.
pub(crate) struct Together<P>(pub(crate) P);

impl<P: Potential> Potential for Together<P> {
    fn n_atoms(&self) -> usize {
        self.0.n_atoms()
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        self.0.energy_forces(x, f)
    }
    fn energy_forces_batch(&self, batch: &mut Batch) -> Result<Energies, BoxError> {
        self.0.energy_forces_batch(batch)
    }
    fn evaluates_by_block(&self) -> bool {
        false
    }
}

pub(crate) fn config(
    masses: Vec<f64>,
    temperatures: &[f64],
    integrator: Integrator,
) -> SimulationConfig {
    SimulationConfig {
        masses,
        replicas: Replica::numbered(temperatures),
        integrator,
        time_step: 0.004,
        constraints: Vec::new(),
        constraint_tolerance: 1e-6,
        seed: 0x5eed_f01d_5cab_e001,
    }
}

/// Mean of independent samples, and its standard error.
pub(crate) fn mean_and_error(samples: &[f64]) -> (f64, f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let variance = samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

pub(crate) fn assert_within_five_sigma(samples: &[f64], expected: f64, what: &str) {
    let (mean, error) = mean_and_error(samples);
    let sigmas = (mean - expected) / error;
    assert!(
        sigmas.abs() < 5.0,
        "{what}: {mean} ± {error}, expected {expected}"
    );
    // an error bar that says nothing would pass anything
    assert!(
        error < 0.05 * expected.abs(),
        "{what}: ± {error} is too wide"
    );
}
