//! What the force field says of decoded structures, with and without it in the training.

use crate::physics_loss::PhysicsConfig;
use anyhow::Result;
use autoencoder::Generator;
use dynamics::Batch;
use dynamics::random::{philox, uniform};
use forcefield_gpu::{Engine, EngineConfig, Nonfinite};
use molio::Dataset;
use serde::Serialize;

/// Points between held-out frames that are decoded.
const SAMPLES: usize = 400;
/// Frames whose energies are the yardstick, at most.
const MOST_FRAMES: usize = 2000;

/// Energies (kJ/mol) in the force field of the loss.
pub(super) struct Energies {
    /// Of the data, sorted.
    pub(super) data: Vec<f64>,
    /// Along the decoded path between two frames.
    pub(super) path: Pair,
    /// Of points between random pairs of held-out frames, sorted.
    pub(super) between: Pair,
}

/// The same of two models.
pub(super) struct Pair {
    pub(super) with_physics: Vec<f64>,
    pub(super) without: Vec<f64>,
}

/// What `summary.json` tells of it: medians in kJ/mol.
#[derive(Serialize)]
pub(super) struct PhysicsSummary {
    pub(super) data_energy: f64,
    pub(super) interpolation_energy: f64,
    pub(super) interpolation_energy_without: f64,
    pub(super) rmsd_without_angstrom: f64,
    decoded: usize,
}

impl Energies {
    pub(super) fn summary(&self, rmsd_without_angstrom: f64) -> PhysicsSummary {
        PhysicsSummary {
            data_energy: quantile(&self.data, 0.5),
            interpolation_energy: quantile(&self.between.with_physics, 0.5),
            interpolation_energy_without: quantile(&self.between.without, 0.5),
            rmsd_without_angstrom,
            decoded: self.between.with_physics.len(),
        }
    }
}

impl PhysicsSummary {
    /// The table on the terminal.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "energy between held-out frames",
                format!(
                    "{:.0} kJ/mol, median of decoded points",
                    self.interpolation_energy
                ),
            ),
            (
                "same, trained without force field",
                format!(
                    "{:.0} kJ/mol, held-out RMSD {:.2} Å",
                    self.interpolation_energy_without, self.rmsd_without_angstrom
                ),
            ),
            (
                "energy of the data",
                format!("{:.0} kJ/mol, median", self.data_energy),
            ),
        ]
    }
}

/// Compares two models of the same frames; `ends` are those of the path.
pub(super) fn compare(
    physics: &PhysicsConfig,
    dataset: &Dataset,
    with_physics: &Generator,
    without: &Generator,
    ends: [usize; 2],
    n_points: usize,
    seed: u64,
) -> Result<Energies> {
    let system = physics.system(dataset.topology())?;
    let engine = Engine::new(&system, EngineConfig::default())?;
    let stride = dataset.n_frames().div_ceil(MOST_FRAMES);
    let mut frames = Vec::new();
    for index in (0..dataset.n_frames()).step_by(stride) {
        frames.extend(dataset.positions(index)?);
    }
    let data = sorted(energies(&engine, &frames)?);
    let of = |generator: &Generator| -> Result<[Vec<f64>; 2]> {
        let path = generator.interpolate(
            &dataset.positions(ends[0])?,
            &dataset.positions(ends[1])?,
            n_points,
        )?;
        let between = generator.decode(&codes_between(generator, dataset, seed)?)?;
        Ok([
            energies(&engine, path.all_positions())?,
            sorted(energies(&engine, between.all_positions())?),
        ])
    };
    let ([path_with, between_with], [path_without, between_without]) =
        (of(with_physics)?, of(without)?);
    Ok(Energies {
        data,
        path: Pair {
            with_physics: path_with,
            without: path_without,
        },
        between: Pair {
            with_physics: between_with,
            without: between_without,
        },
    })
}

/// Points on the lines between the codes of random pairs of held-out frames.
fn codes_between(generator: &Generator, dataset: &Dataset, seed: u64) -> Result<Vec<Vec<f32>>> {
    let held_out = &dataset.split().test;
    let pick = |word: u32| held_out[(uniform(word) * held_out.len() as f64) as usize];
    (0..SAMPLES)
        .map(|sample| {
            let words = philox([sample as u32, 0, 0, 0], seed);
            let first = generator.encode(&dataset.positions(pick(words[0]))?)?;
            let second = generator.encode(&dataset.positions(pick(words[1]))?)?;
            let alpha = uniform(words[2]) as f32;
            let point = first.iter().zip(&second).map(|(a, b)| a + alpha * (b - a));
            Ok(point.collect())
        })
        .collect()
}

/// Conformers without finite energy have an infinite one here, so that they stay the worst of all.
fn energies(engine: &Engine, positions: &[[f32; 3]]) -> Result<Vec<f64>> {
    let n_atoms = dynamics::Potential::n_atoms(engine);
    let mut batch = Batch::from_positions(n_atoms, positions);
    let evaluation = engine.evaluate(&mut batch, Nonfinite::Mask)?;
    let total = |energy: f64| {
        if energy.is_finite() {
            energy
        } else {
            f64::INFINITY
        }
    };
    Ok(evaluation
        .energies
        .iter()
        .map(|e| total(e.total()))
        .collect())
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which a part `q` of sorted values lies.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((q * last as f64).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}
