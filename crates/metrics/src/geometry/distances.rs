//! Distances of pairs of atoms.

use crate::Result;
use crate::error::{check_indices, check_length};
use molio::Trajectory;
use rayon::prelude::*;

/// Mean length of runs from which pairs are taken run by run.
const WORTH_A_ROW: usize = 8;

/// Distances of pairs of atoms.
///
/// Lists in which the first atom stays while the second goes on by one (as all pairs of a set do) are
/// computed many pairs at a time.
///
/// # Examples
/// ```
/// let pairs = metrics::geometry::Distances::new(2, vec![[0, 1]]).unwrap();
/// assert_eq!(pairs.evaluate(&[[0.0; 3], [0.3, 0.4, 0.0]]).unwrap(), [0.5]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    n_atoms: usize,
    groups: Vec<[usize; 2]>,
    /// First atom, first of the second atoms, how many; empty if runs are too short to be worth it.
    runs: Vec<[usize; 3]>,
}

impl Distances {
    /// Measures these pairs in frames of `n_atoms` atoms.
    ///
    /// # Errors
    /// An index that is not below `n_atoms`.
    pub fn new(n_atoms: usize, groups: Vec<[usize; 2]>) -> Result<Self> {
        check_indices("a distance", n_atoms, groups.iter().flatten().copied())?;
        let mut runs: Vec<[usize; 3]> = Vec::new();
        for &[a, b] in &groups {
            match runs.last_mut() {
                Some([first, start, length]) if *first == a && *start + *length == b => {
                    *length += 1;
                }
                _ => runs.push([a, b, 1]),
            }
        }
        if groups.len() < WORTH_A_ROW * runs.len() {
            runs = Vec::new();
        }
        Ok(Self {
            n_atoms,
            groups,
            runs,
        })
    }

    /// The pairs of atoms.
    pub fn groups(&self) -> &[[usize; 2]] {
        &self.groups
    }

    /// The distances (nm) in one frame, in the order of the pairs.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<f32>> {
        let mut out = vec![0.0; self.groups.len()];
        self.evaluate_into(positions, &mut out)?;
        Ok(out)
    }

    /// The distances (nm) in one frame, written to `out`.
    ///
    /// # Errors
    /// A frame with another number of atoms, or an `out` that is not as long as the pairs.
    pub fn evaluate_into(&self, positions: &[[f32; 3]], out: &mut [f32]) -> Result<()> {
        check_length("positions", self.n_atoms, positions.len())?;
        check_length("output", self.groups.len(), out.len())?;
        if self.runs.is_empty() {
            for (out, &[a, b]) in out.iter_mut().zip(&self.groups) {
                let (a, b) = (positions[a], positions[b]);
                let d = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
                *out = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
            }
            return Ok(());
        }
        let axes = Axes::new(positions);
        let mut rest = out;
        for &[first, start, length] in &self.runs {
            let (row, tail) = rest.split_at_mut(length);
            axes.row(positions[first], start, row);
            rest = tail;
        }
        Ok(())
    }

    /// The distances (nm) in every frame, `[n_frames][n_pairs]`.
    ///
    /// # Errors
    /// A trajectory with another number of atoms.
    pub fn over(&self, trajectory: &Trajectory) -> Result<Vec<f32>> {
        let n = self.groups.len();
        let mut out = vec![0.0; trajectory.n_frames() * n];
        if n > 0 {
            out.par_chunks_mut(n)
                .enumerate()
                .try_for_each(|(frame, out)| {
                    self.evaluate_into(trajectory.positions(frame), out)
                })?;
        }
        Ok(out)
    }
}

/// Distances (nm) of all pairs i < j of `positions`, row by row: (0,1), (0,2), … (1,2), …
///
/// # Shapes
/// `n (n − 1) / 2` values.
pub fn all_distances(positions: &[[f32; 3]]) -> Vec<f32> {
    let n = positions.len();
    let mut out = vec![0.0; n * n.saturating_sub(1) / 2];
    fill_all(positions, &mut out);
    out
}

/// As [`all_distances`], written to `out`, whose memory can so be used again.
///
/// # Errors
/// An `out` that does not have n (n − 1) / 2 values.
pub fn all_distances_into(positions: &[[f32; 3]], out: &mut [f32]) -> Result<()> {
    let n = positions.len();
    check_length("output", n * n.saturating_sub(1) / 2, out.len())?;
    fill_all(positions, out);
    Ok(())
}

fn fill_all(positions: &[[f32; 3]], out: &mut [f32]) {
    let axes = Axes::new(positions);
    let mut rest = out;
    for (i, &center) in positions.iter().enumerate() {
        let (row, tail) = rest.split_at_mut(positions.len() - 1 - i);
        axes.row(center, i + 1, row);
        rest = tail;
    }
}

/// Coordinates axis by axis.
struct Axes([Vec<f32>; 3]);

impl Axes {
    fn new(positions: &[[f32; 3]]) -> Self {
        Self([0, 1, 2].map(|axis| positions.iter().map(|p| p[axis]).collect()))
    }

    /// Distances of `center` to the points from `start` on.
    fn row(&self, center: [f32; 3], start: usize, out: &mut [f32]) {
        let n = out.len();
        let [x0, y0, z0] = center;
        let xs = &self.0[0][start..start + n];
        let ys = &self.0[1][start..start + n];
        let zs = &self.0[2][start..start + n];
        for k in 0..n {
            let (dx, dy, dz) = (xs[k] - x0, ys[k] - y0, zs[k] - z0);
            out[k] = (dx * dx + dy * dy + dz * dz).sqrt();
        }
    }
}
