//! Size of a conformer: radius of gyration and end-to-end distance.

use crate::Result;
use crate::error::{Error, check_finite, check_indices, check_length};
use molio::Topology;

/// How atoms count in [`RadiusOfGyration`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// By mass.
    Mass,
    /// All the same.
    Equal,
}

/// Rg = √(Σ wᵢ |xᵢ − x̄|² / Σ wᵢ) with x̄ = Σ wᵢ xᵢ / Σ wᵢ.
///
/// # Examples
/// ```
/// use metrics::gyration::RadiusOfGyration;
/// let rg = RadiusOfGyration::from_weights(&[1.0, 1.0]).unwrap();
/// let value = rg.evaluate(&[[0.0; 3], [2.0, 0.0, 0.0]]).unwrap();
/// assert!((value - 1.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RadiusOfGyration {
    weights: Vec<f32>,
    total: f64,
}

impl RadiusOfGyration {
    /// The radius of gyration of all atoms of `topology`.
    ///
    /// # Errors
    /// No atoms; with [`Weighting::Mass`], atoms that together have no mass (beads).
    pub fn new(topology: &Topology, weighting: Weighting) -> Result<Self> {
        Self::from_weights(&match weighting {
            Weighting::Mass => (0..topology.n_atoms()).map(|i| topology.mass(i)).collect(),
            Weighting::Equal => vec![1.0; topology.n_atoms()],
        })
    }

    /// The radius of gyration with these weights; 0 leaves an atom out.
    ///
    /// # Errors
    /// A weight that is negative or not finite, or a sum that is not positive.
    pub fn from_weights(weights: &[f64]) -> Result<Self> {
        check_finite("weights of the radius of gyration", weights)?;
        let total: f64 = weights.iter().sum();
        if !(total > 0.0 && total.is_finite()) || weights.iter().any(|w| *w < 0.0) {
            return Err(Error::Argument {
                what: "weights of the radius of gyration",
                expected: "finite numbers ≥ 0 with a positive sum",
                found: format!("{} numbers with the sum {total}", weights.len()),
            });
        }
        Ok(Self {
            weights: weights.iter().map(|&w| w as f32).collect(),
            total,
        })
    }

    /// The value in nm in one frame.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<f64> {
        check_length("positions", self.weights.len(), positions.len())?;
        // relative to the first atom: far from the origin, squares would lose the digits that matter
        let origin = positions[0];
        let mut sums = [0.0f64; 4];
        for (positions, weights) in positions.chunks(BLOCK).zip(self.weights.chunks(BLOCK)) {
            let block = moments(positions, weights, origin);
            for (sum, block) in sums.iter_mut().zip(block) {
                *sum += block;
            }
        }
        let [x, y, z, squares] = sums.map(|sum| sum / self.total);
        Ok((squares - x * x - y * y - z * z).max(0.0).sqrt())
    }
}

/// Distance in nm of two atoms, as a rule the first and the last of a chain.
///
/// # Errors
/// An index that is not that of an atom.
pub fn end_to_end(positions: &[[f32; 3]], first: usize, last: usize) -> Result<f64> {
    check_indices("an end", positions.len(), [first, last])?;
    Ok(crate::geometry::distance(positions[first], positions[last]))
}

/// The atoms between which [`end_to_end`] is measured, for each chain of two or more residues: the
/// first and last CA, in chains without CA the first and last atom.
pub fn chain_ends(topology: &Topology) -> Vec<[usize; 2]> {
    let mut ends = Vec::new();
    for chain in topology.chains().iter().filter(|c| c.residues.len() > 1) {
        let mut alphas = chain
            .residues
            .clone()
            .filter(|&residue| !is_single_atom(topology, residue))
            .filter_map(|residue| topology.find(residue, "CA"));
        let (first, last) = (alphas.next(), alphas.next_back());
        let residues = &topology.residues()[chain.residues.clone()];
        let pair = match (first, last) {
            (Some(first), Some(last)) => [first, last],
            _ => [
                residues[0].atoms.start,
                residues[residues.len() - 1].atoms.end.saturating_sub(1),
            ],
        };
        if pair[0] < pair[1] {
            ends.push(pair);
        }
    }
    ends
}

/// A calcium ion is called CA too, in a residue called CA.
fn is_single_atom(topology: &Topology, residue: usize) -> bool {
    let residue = &topology.residues()[residue];
    residue.atoms.len() == 1 && residue.name.starts_with("CA")
}

const BLOCK: usize = 32;

/// Σw·x, Σw·y, Σw·z, Σw·|x|² of up to [`BLOCK`] atoms; the sums are short enough for f64 lanes.
#[inline]
fn moments(positions: &[[f32; 3]], weights: &[f32], origin: [f32; 3]) -> [f64; 4] {
    let mut sums = [0.0f64; 4];
    for (p, &w) in positions.iter().zip(weights) {
        let [x, y, z] = [p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]].map(f64::from);
        let w = f64::from(w);
        sums[0] += w * x;
        sums[1] += w * y;
        sums[2] += w * z;
        sums[3] += w * (x * x + y * y + z * z);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cube_has_half_its_diagonal() {
        let corners: Vec<[f32; 3]> = (0..8)
            .map(|i| [i & 1, (i >> 1) & 1, (i >> 2) & 1].map(|bit| 100.0 + bit as f32))
            .collect();
        let rg = RadiusOfGyration::from_weights(&[12.0; 8]).unwrap();
        assert!((rg.evaluate(&corners).unwrap() - 0.75f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn weights_without_a_sum_are_refused() {
        assert!(RadiusOfGyration::from_weights(&[]).is_err());
        assert!(RadiusOfGyration::from_weights(&[0.0; 3]).is_err());
        assert!(RadiusOfGyration::from_weights(&[1.0, -0.5]).is_err());
        let rg = RadiusOfGyration::from_weights(&[1.0; 3]).unwrap();
        assert!(rg.evaluate(&[[0.0; 3]; 2]).is_err());
    }
}
