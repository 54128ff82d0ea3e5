//! φ and ψ of both sides.

use super::evaluate::{Weights, weighted_mean};
use super::{Comparison, Entry, RamachandranEntries, RamachandranShares, Sample};
use crate::divergence::jensen_shannon;
use crate::error::{Result, check_length};
use crate::histogram::Bins;

/// Bins around each circle of the divergence.
const BINS: usize = 36;

/// φ, ψ and Top8000 classes of every frame of one side, for frames of all replicas one after the
/// other, before the stride.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackboneTorsions {
    /// Residues that have both φ and ψ.
    pub n_residues: usize,
    /// φ and ψ in radians, `[n_frames][n_residues][2]`.
    pub phi_psi: Vec<[f32; 2]>,
    /// Favored, allowed and outlying residues of each frame.
    pub counts: Vec<[u32; 3]>,
}

impl Comparison {
    pub(super) fn add_ramachandran(&mut self, weights: &Weights) -> Result<()> {
        let Some(sides) = &self.config.torsions else {
            return Ok(());
        };
        for (side, sample) in sides.iter().zip(&self.samples) {
            check_length("frames of φ and ψ", sample.n_original, side.counts.len())?;
            let n = side.n_residues * sample.n_original;
            check_length("φ and ψ of all frames", n, side.phi_psi.len())?;
        }
        if sides.iter().any(|side| side.n_residues == 0) {
            return Ok(());
        }
        let maps =
            |side: usize, weights: &[f64]| map(&sides[side], &self.samples[side], weights, BINS);
        let of = |u: &[f64], v: &[f64], side: usize| -> Result<f64> {
            jensen_shannon(&maps(0, u)?, &maps(side, v)?)
        };
        let shares = [0, 1].map(|side| {
            [0, 1, 2].map(|class| class_shares(&sides[side], &self.samples[side], class))
        });
        let outliers = |side: usize, weights: &[f64]| weighted_mean(&shares[side][2], weights);
        let estimates = |side: usize| {
            let [favored, allowed, outlier] = [0, 1, 2]
                .map(|class| weights.estimate(side, |w| weighted_mean(&shares[side][class], w)));
            RamachandranShares {
                favored,
                allowed,
                outlier,
            }
        };
        let outlier_entry: Entry = weights.entry(
            |u, v| Ok((outliers(1, v) - outliers(0, u)).abs()),
            |u, v| Ok((outliers(0, v) - outliers(0, u)).abs()),
        )?;
        self.summary.ramachandran = Some(RamachandranEntries {
            jensen_shannon: weights.entry(|u, v| of(u, v, 1), |u, v| of(u, v, 0))?,
            outliers: outlier_entry,
            reference: estimates(0),
            model: estimates(1),
        });
        let [reference, model] = [
            map(&sides[0], &self.samples[0], &weights.reference, 2 * BINS)?,
            map(&sides[1], &self.samples[1], &weights.model, 2 * BINS)?,
        ];
        self.maps = Some([reference, model]);
        // What is left are the maps; the angles of all frames are not needed any more.
        self.config.torsions = None;
        Ok(())
    }
}

/// Shares of φ/ψ in square bins, rows along φ, the first at the lowest ψ.
fn map(side: &BackboneTorsions, sample: &Sample, weights: &[f64], n: usize) -> Result<Vec<f64>> {
    let circle = Bins::around_the_circle(n)?;
    let mut shares = vec![0.0; n * n];
    for (&origin, weight) in sample.origins.iter().zip(weights) {
        let first = origin as usize * side.n_residues;
        for [phi, psi] in &side.phi_psi[first..first + side.n_residues] {
            if phi.is_finite() && psi.is_finite() {
                let (x, y) = (circle.index(f64::from(*phi)), circle.index(f64::from(*psi)));
                shares[y * n + x] += weight;
            }
        }
    }
    Ok(shares)
}

/// The share of residues of one class in each usable frame.
fn class_shares(side: &BackboneTorsions, sample: &Sample, class: usize) -> Vec<f64> {
    let counts = sample
        .origins
        .iter()
        .map(|&frame| side.counts[frame as usize]);
    counts
        .map(|counts| f64::from(counts[class]) / f64::from(counts.iter().sum::<u32>().max(1)))
        .collect()
}
