//! Root-mean-square deviations: of frames from a reference, and of all pairs of frames.

mod pairwise;

pub use pairwise::PairwiseRmsd;

use crate::Result;
use crate::error::{check_count, check_indices, check_length};
use crate::geometry::map_frames;
use molio::Trajectory;

/// What is laid over the reference before deviations are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment<'a> {
    /// Nothing: positions are compared as they are.
    None,
    /// The atoms that are measured.
    Measured,
    /// These atoms.
    Atoms(&'a [usize]),
}

/// RMSD of frames from a reference.
///
/// √(Σᵢ |R xᵢ + t − yᵢ|² / n) over the n measured atoms: squared distances are averaged over atoms,
/// not over atoms and axes.
///
/// # Examples
/// ```
/// use metrics::rmsd::{Alignment, Rmsd};
/// let reference = [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
/// let moved = reference.map(|[x, y, z]| [x + 0.3, y, z + 0.4]);
/// let fixed = Rmsd::new(&reference, None, Alignment::None).unwrap();
/// assert!((fixed.evaluate(&moved).unwrap() - 0.5).abs() < 1e-7);
/// let aligned = Rmsd::new(&reference, None, Alignment::Measured).unwrap();
/// assert!(aligned.evaluate(&moved).unwrap() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Rmsd {
    reference: Vec<[f32; 3]>,
    measured: Vec<usize>,
    aligned: Option<Vec<usize>>,
    same: bool,
}

impl Rmsd {
    /// Deviations of the atoms `measured` (all of them, if `None`) from `reference` (nm), after
    /// alignment.
    ///
    /// # Errors
    /// No atoms to measure or align, or an index that is not that of an atom.
    pub fn new(
        reference: &[[f32; 3]],
        measured: Option<&[usize]>,
        alignment: Alignment<'_>,
    ) -> Result<Self> {
        let measured = measured.map_or_else(|| (0..reference.len()).collect(), <[usize]>::to_vec);
        let (aligned, same) = match alignment {
            Alignment::None => (None, false),
            Alignment::Measured => (Some(measured.clone()), true),
            Alignment::Atoms(atoms) => (Some(atoms.to_vec()), false),
        };
        for list in [Some(&measured), aligned.as_ref()].into_iter().flatten() {
            check_count("atoms of an RMSD", 1, list.len())?;
            check_indices("an RMSD", reference.len(), list.iter().copied())?;
        }
        Ok(Self {
            reference: reference.to_vec(),
            measured,
            aligned,
            same,
        })
    }

    /// The value in nm in one frame.
    ///
    /// # Errors
    /// A frame with another number of atoms; with alignment, a coordinate that is not finite.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<f64> {
        check_length("positions", self.reference.len(), positions.len())?;
        let pick = |from: &[[f32; 3]], atoms: &[usize]| -> Vec<[f32; 3]> {
            atoms.iter().map(|&atom| from[atom]).collect()
        };
        let Some(aligned) = &self.aligned else {
            return Ok(self.deviation(positions));
        };
        let mobile = pick(positions, aligned);
        let fixed = pick(&self.reference, aligned);
        if self.same {
            return Ok(molio::rmsd(&mobile, &fixed)?);
        }
        let motion = molio::superpose(&mobile, &fixed, None)?;
        let mut moved = positions.to_vec();
        motion.apply(&mut moved);
        Ok(self.deviation(&moved))
    }

    /// The value in nm in every frame, on all threads.
    ///
    /// # Errors
    /// As [`Rmsd::evaluate`], of the first frame that has one.
    pub fn over(&self, trajectory: &Trajectory) -> Result<Vec<f64>> {
        map_frames(trajectory, |positions| self.evaluate(positions))
            .into_iter()
            .collect()
    }

    fn deviation(&self, positions: &[[f32; 3]]) -> f64 {
        let squares: f64 = self
            .measured
            .iter()
            .map(|&atom| crate::geometry::distance(positions[atom], self.reference[atom]).powi(2))
            .sum();
        (squares / self.measured.len() as f64).sqrt()
    }
}
