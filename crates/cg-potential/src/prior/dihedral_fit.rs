//! Fourier series of free energies of dihedral angles.

use super::fit::least_squares;
use super::histogram::Point;
use super::terms::FourierTerm;
use crate::Result;

pub(super) struct Waves {
    pub(super) terms: Vec<FourierTerm>,
    /// The series at the points, with its constant.
    pub(super) fitted: Vec<f64>,
}

/// Least squares of c + Σ (aₙ cos nφ + bₙ sin nφ), n = 1 … `n_terms`; with `select`, the n_terms of
/// least Akaike information N ln(RSS/N) + 2(2n + 1).
pub(super) fn fit_waves(
    name: &str,
    points: &[Point],
    weights: &[f64],
    n_terms: u32,
    select: bool,
) -> Result<Waves> {
    let mut best: Option<(f64, Waves)> = None;
    for n in if select { 1 } else { n_terms }..=n_terms {
        let waves = series(name, points, weights, n)?;
        let squares: f64 = points
            .iter()
            .zip(weights)
            .zip(&waves.fitted)
            .map(|((point, weight), fitted)| weight * (point.free_energy - fitted).powi(2))
            .sum();
        let count = points.len() as f64;
        let information = count * (squares / count).max(1e-300).ln() + 2.0 * f64::from(2 * n + 1);
        if best.as_ref().is_none_or(|(least, _)| information < *least) {
            best = Some((information, waves));
        }
    }
    best.map_or_else(
        || series(name, points, weights, n_terms),
        |(_, waves)| Ok(waves),
    )
}

fn series(name: &str, points: &[Point], weights: &[f64], n_terms: u32) -> Result<Waves> {
    let fill = |phi: f64, row: &mut [f64]| {
        row[0] = 1.0;
        for n in 1..=n_terms as usize {
            let (sin, cos) = (n as f64 * phi).sin_cos();
            row[2 * n - 1] = cos;
            row[2 * n] = sin;
        }
    };
    let size = 2 * n_terms as usize + 1;
    let solution = least_squares(name, points, weights, size, fill)?;
    let mut row = vec![0.0; size];
    let fitted = points
        .iter()
        .map(|point| {
            fill(point.x, &mut row);
            row.iter().zip(&solution).map(|(f, c)| f * c).sum()
        })
        .collect();
    let terms = (1..=n_terms)
        .map(|periodicity| {
            let n = periodicity as usize;
            let (cos, sin) = (solution[2 * n - 1], solution[2 * n]);
            FourierTerm {
                periodicity,
                k: cos.hypot(sin),
                phase: sin.atan2(cos),
            }
        })
        .collect();
    Ok(Waves { terms, fitted })
}
