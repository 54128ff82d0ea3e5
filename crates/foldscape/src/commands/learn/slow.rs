//! Slow coordinates of distances between beads.

use anyhow::{Context, Result};
use metrics::tica::{Tica, TicaConfig, TicaEstimator};
use molio::Trajectory;

/// TICA of all distances between beads.
pub(super) fn fit(trajectories: &[Trajectory], lag: usize) -> Result<Tica> {
    let n = trajectories.first().map_or(0, Trajectory::n_atoms);
    let mut estimator = TicaEstimator::new(n * n.saturating_sub(1) / 2, TicaConfig::new(lag))?;
    for trajectory in trajectories.iter().filter(|t| t.n_frames() > 0) {
        estimator.add(&features(trajectory), None)?;
    }
    estimator
        .fit()
        .context("slow coordinates of the distances between beads")
}

/// The first two components of each frame, or one and zeros.
pub(super) fn project(tica: &Tica, trajectory: &Trajectory) -> Result<Vec<[f64; 2]>> {
    let projected = tica.project(&features(trajectory))?;
    let rows = projected.chunks(tica.n_components());
    Ok(rows
        .map(|row| [row[0], row.get(1).copied().unwrap_or(0.0)])
        .collect())
}

/// Distances (nm) of all pairs of beads.
pub(super) fn distances(x: &[[f32; 3]]) -> Vec<f64> {
    let distance = |i: usize, j: usize| {
        let squares = (0..3).map(|k| f64::from(x[i][k] - x[j][k]).powi(2));
        squares.sum::<f64>().sqrt()
    };
    (0..x.len())
        .flat_map(|i| (i + 1..x.len()).map(move |j| (i, j)))
        .map(|(i, j)| distance(i, j))
        .collect()
}

fn features(trajectory: &Trajectory) -> Vec<f64> {
    (0..trajectory.n_frames())
        .flat_map(|frame| distances(trajectory.positions(frame)))
        .collect()
}
