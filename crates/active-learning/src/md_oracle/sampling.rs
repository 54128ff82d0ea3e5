//! What is recorded while the replicas run.

use super::{MdOracleConfig, ProjectFunction};
use crate::{BoxError, Label};
use dynamics::Propagator;
use molio::Frame;

/// Labels of each replica along the way.
pub(super) fn along_the_way<P: Propagator>(
    propagator: &mut P,
    config: &MdOracleConfig,
    project: &ProjectFunction,
) -> Result<Vec<Vec<Label>>, BoxError> {
    propagator.advance(config.release_steps)?;
    let mut labels: Vec<Vec<Label>> = vec![Vec::new(); propagator.n_replicas()];
    record(
        propagator,
        config,
        project,
        &mut |replica, _, frame, energy| {
            labels[replica].push(Label {
                frame,
                force_errors: None,
                energy,
            });
        },
    )?;
    Ok(labels)
}

/// Of each replica that ran to the end one label: beads, mean force, standard error of the block means.
pub(super) fn mean_forces<P: Propagator>(
    propagator: &mut P,
    config: &MdOracleConfig,
    project: &ProjectFunction,
) -> Result<Vec<Option<Label>>, BoxError> {
    let n_replicas = propagator.n_replicas();
    let mut means: Vec<Option<BlockMeans>> = vec![None; n_replicas];
    record(
        propagator,
        config,
        project,
        &mut |replica, record, frame, energy| {
            let means =
                means[replica].get_or_insert_with(|| BlockMeans::new(&frame, config.n_blocks));
            means.add(record * config.n_blocks / config.n_records, &frame, energy);
        },
    )?;
    let whole = |means: &BlockMeans| means.n_records == config.n_records;
    let means = means.into_iter().map(|means| means.filter(whole));
    Ok(means.map(|means| means.map(BlockMeans::label)).collect())
}

/// Calls `keep` with replica, record, projected frame and energy, until a replica stops moving.
fn record<P: Propagator>(
    propagator: &mut P,
    config: &MdOracleConfig,
    project: &ProjectFunction,
    keep: &mut dyn FnMut(usize, usize, Frame, Option<f64>),
) -> Result<(), BoxError> {
    let n_replicas = propagator.n_replicas();
    let mut last: Vec<Vec<[f32; 3]>> = Vec::with_capacity(n_replicas);
    for replica in 0..n_replicas {
        last.push(propagator.frame(replica)?.positions);
    }
    let mut moving = vec![true; n_replicas];
    for record in 0..config.n_records {
        propagator.advance(config.every)?;
        for replica in 0..n_replicas {
            if !moving[replica] {
                continue;
            }
            let frame = propagator.frame(replica)?;
            if frame.positions == last[replica] {
                moving[replica] = false;
                continue;
            }
            last[replica].clone_from(&frame.positions);
            let beads = project(&frame)?;
            let forces = beads.forces.as_deref().unwrap_or_default();
            let numbers = beads.positions.iter().chain(forces).flatten();
            if forces.len() == beads.n_atoms() && numbers.clone().all(|x| x.is_finite()) {
                keep(replica, record, beads, propagator.potential_energy(replica));
            } else {
                moving[replica] = false;
            }
        }
    }
    Ok(())
}

/// Sums of forces by block of records.
#[derive(Clone)]
struct BlockMeans {
    positions: Vec<[f32; 3]>,
    sums: Vec<Vec<[f64; 3]>>,
    counts: Vec<usize>,
    /// Sum of the energies; `None` once one is not known.
    energy: Option<f64>,
    n_records: usize,
}

impl BlockMeans {
    fn new(frame: &Frame, n_blocks: usize) -> Self {
        Self {
            positions: frame.positions.clone(),
            sums: vec![vec![[0.0; 3]; frame.n_atoms()]; n_blocks],
            counts: vec![0; n_blocks],
            energy: Some(0.0),
            n_records: 0,
        }
    }

    fn add(&mut self, block: usize, frame: &Frame, energy: Option<f64>) {
        let forces = frame.forces.as_deref().unwrap_or_default();
        for (sum, force) in self.sums[block].iter_mut().zip(forces) {
            for axis in 0..3 {
                sum[axis] += f64::from(force[axis]);
            }
        }
        self.counts[block] += 1;
        self.energy = self.energy.zip(energy).map(|(sum, energy)| sum + energy);
        self.n_records += 1;
    }

    fn label(self) -> Label {
        let n_blocks = self.sums.len() as f64;
        let n_beads = self.positions.len();
        let (mut forces, mut errors) = (vec![[0.0; 3]; n_beads], vec![[0.0; 3]; n_beads]);
        for bead in 0..n_beads {
            for axis in 0..3 {
                let blocks = self.sums.iter().zip(&self.counts);
                let means: Vec<f64> = blocks.map(|(s, &n)| s[bead][axis] / n as f64).collect();
                let total: f64 = self.sums.iter().map(|s| s[bead][axis]).sum();
                forces[bead][axis] = (total / self.n_records as f64) as f32;
                let mean = means.iter().sum::<f64>() / n_blocks;
                let squares: f64 = means.iter().map(|m| (m - mean).powi(2)).sum();
                errors[bead][axis] = (squares / (n_blocks * (n_blocks - 1.0))).sqrt() as f32;
            }
        }
        Label {
            frame: Frame {
                forces: Some(forces),
                ..Frame::from_positions(self.positions)
            },
            force_errors: Some(errors),
            energy: self.energy.map(|sum| sum / self.n_records as f64),
        }
    }
}
