//! The Wasserstein recipe of the published benchmark, for numbers that compare with its tables.
//!
//! Gaussian kernel densities (Scott's bandwidth) of both samples are evaluated on a grid over their
//! joint range ± 10 % of it, normalised to one, and moved by exact transport with Euclidean cost:
//! 25 × 25 points in the plane, 100 on a line. Its known weaknesses are part of it: smoothing gives
//! a floor that depends on the number of samples, one outlier coarsens the grid, and angles are not
//! periodic. [`wasserstein_2d`](super::wasserstein_2d) and its neighbours have none of them.
//!
//! # References
//! arXiv:2510.17187 (the benchmark); `report_generator/kullback_leibler_divergence.py` of
//! BioMedAI-UCSC/CGML_Benchmark (the definition).

use super::{checked_weights, plane::transport, weights_of};
use crate::density::GaussianKde;
use crate::error::Result;

/// Points along each axis of the plane.
const GRID: usize = 25;
/// Points on a line.
const LINE: usize = 100;

/// The published distance in the plane, for TIC 1 and TIC 2.
///
/// # Errors
/// If a cloud has fewer than three frames or lies on a line, a value is not finite, or weights do
/// not fit.
pub fn wasserstein_2d(
    u: &[[f64; 2]],
    u_weights: Option<&[f64]>,
    v: &[[f64; 2]],
    v_weights: Option<&[f64]>,
) -> Result<f64> {
    let axis = |axis: usize| joint_range(u.iter().chain(v).map(|p| p[axis]), GRID);
    for (cloud, weights) in [(u, u_weights), (v, v_weights)] {
        weights_of(cloud.as_flattened(), None)?;
        checked_weights(cloud.len(), weights)?;
    }
    let (x, y) = (axis(0), axis(1));
    let points: Vec<[f64; 2]> = x
        .iter()
        .flat_map(|&x| y.iter().map(move |&y| [x, y]))
        .collect();
    let density = |cloud: &[[f64; 2]], weights| -> Result<Vec<f64>> {
        let kde = GaussianKde::new(2, cloud.as_flattened(), weights)?;
        kde.evaluate(points.as_flattened())
    };
    transport(&points, &density(u, u_weights)?, &density(v, v_weights)?)
}

/// The published distance on a line, for TICs, bonds, angles, dihedrals and radii of gyration.
///
/// # Errors
/// As [`wasserstein_2d`].
pub fn wasserstein_1d(
    u: &[f64],
    u_weights: Option<&[f64]>,
    v: &[f64],
    v_weights: Option<&[f64]>,
) -> Result<f64> {
    let (u_checked, v_checked) = (weights_of(u, u_weights)?, weights_of(v, v_weights)?);
    let grid = joint_range(u.iter().chain(v).copied(), LINE);
    let a = GaussianKde::new(1, u, Some(&u_checked))?.evaluate(&grid)?;
    let b = GaussianKde::new(1, v, Some(&v_checked))?.evaluate(&grid)?;
    super::wasserstein_1d(&grid, Some(&a), &grid, Some(&b))
}

/// `n` points over the range of the values ± 10 %, ends included.
fn joint_range(values: impl Iterator<Item = f64>, n: usize) -> Vec<f64> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let margin = 0.1 * (high - low);
    let (low, span) = (low - margin, high - low + 2.0 * margin);
    (0..n)
        .map(|i| low + span * i as f64 / (n - 1) as f64)
        .collect()
}
