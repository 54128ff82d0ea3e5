//! RMSD of all pairs of frames, block by block.

use crate::Result;
use crate::error::{Error, check_count, check_indices};
use molio::{Trajectory, rmsd_from_inner_product};
use nalgebra::{DMatrix, DMatrixView, Dyn, MatrixView};
use rayon::prelude::*;
use std::ops::Range;

/// Frames along each side of a block; the inner products of a block then fit in the cache.
const BLOCK: usize = 32;

/// Least RMSDs, over all rigid motions, among frames.
///
/// The 3×3 inner products of all pairs of frames in a block are one matrix product of their
/// coordinates, in f64; each then gives its RMSD through the quaternion characteristic polynomial.
/// Memory is that of the coordinates in f64 and of what the caller asks for.
///
/// # References
/// Theobald, Acta Cryst. A 2005, 10.1107/S0108767305015266.
#[derive(Clone, Debug)]
pub struct PairwiseRmsd {
    n_atoms: usize,
    /// `[n_frames][3][n_atoms]`, centred.
    coordinates: Vec<f64>,
    squares: Vec<f64>,
}

impl PairwiseRmsd {
    /// Takes the atoms `atoms` (all, if `None`) of every frame.
    ///
    /// # Errors
    /// No frames or atoms, an index that is not that of an atom, or a coordinate that is not finite.
    pub fn new(trajectory: &Trajectory, atoms: Option<&[usize]>) -> Result<Self> {
        let all: Vec<usize>;
        let atoms = match atoms {
            Some(atoms) => atoms,
            None => {
                all = (0..trajectory.n_atoms()).collect();
                &all
            }
        };
        check_count("frames of pairwise RMSDs", 1, trajectory.n_frames())?;
        check_count("atoms of pairwise RMSDs", 1, atoms.len())?;
        check_indices("pairwise RMSD", trajectory.n_atoms(), atoms.iter().copied())?;
        let n_atoms = atoms.len();
        let mut coordinates = vec![0.0; trajectory.n_frames() * 3 * n_atoms];
        let squares = coordinates
            .par_chunks_mut(3 * n_atoms)
            .enumerate()
            .map(|(frame, out)| center(trajectory.positions(frame), atoms, out))
            .collect::<Vec<f64>>();
        if let Some(frame) = squares.iter().position(|square| !square.is_finite()) {
            return Err(Error::NotFinite {
                what: "frames of pairwise RMSDs",
                index: frame,
                value: squares[frame],
            });
        }
        Ok(Self {
            n_atoms,
            coordinates,
            squares,
        })
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.squares.len()
    }

    /// RMSDs in nm of the frames `rows` to the frames `columns`, `[rows][columns]`, on this thread.
    ///
    /// # Panics
    /// If a range goes beyond the frames.
    pub fn block(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<f32> {
        let mut out = vec![0.0; rows.len() * columns.len()];
        let width = columns.len();
        for start in (0..rows.len()).step_by(BLOCK) {
            let part = rows.start + start..(rows.start + start + BLOCK).min(rows.end);
            let out = &mut out[start * width..(start + part.len()) * width];
            self.fill(part, columns.clone(), out, width);
        }
        out
    }

    /// The whole matrix in nm, `[n_frames][n_frames]`, symmetric with zeros on the diagonal, on all
    /// threads. It takes 4 n² bytes; [`PairwiseRmsd::block`] serves those who have not got them.
    pub fn matrix(&self) -> Vec<f32> {
        let n = self.n_frames();
        let mut matrix = vec![0.0f32; n * n];
        // the upper triangle, in rows of blocks of which the first are the longest
        matrix
            .par_chunks_mut(BLOCK * n)
            .enumerate()
            .for_each(|(block, out)| {
                let rows = block * BLOCK..((block + 1) * BLOCK).min(n);
                let start = rows.start;
                self.fill(rows, start..n, &mut out[start..], n);
            });
        for i in 0..n {
            matrix[i * n + i] = 0.0;
            for j in i + 1..n {
                matrix[j * n + i] = matrix[i * n + j];
            }
        }
        matrix
    }

    /// Writes RMSDs of `rows` to `columns` to `out`, whose rows are `stride` apart.
    fn fill(&self, rows: Range<usize>, columns: Range<usize>, out: &mut [f32], stride: usize) {
        // the transpose as a view with exchanged strides: nalgebra's own transposed product is slow
        let (n, height) = (self.n_atoms, 3 * rows.len());
        let a = MatrixView::<'_, f64, Dyn, Dyn, Dyn, Dyn>::from_slice_with_strides_generic(
            self.slice(&rows),
            Dyn(height),
            Dyn(n),
            Dyn(n),
            Dyn(1),
        );
        let mut products = DMatrix::<f64>::zeros(0, 0);
        for start in columns.clone().step_by(BLOCK) {
            let part = start..(start + BLOCK).min(columns.end);
            if products.ncols() != 3 * part.len() {
                products = DMatrix::zeros(3 * rows.len(), 3 * part.len());
            }
            // rows of the product: axes of the frames in `rows`; columns: those of `part`
            products.gemm(1.0, &a, &self.vectors(&part), 0.0);
            for (p, i) in rows.clone().enumerate() {
                for (q, j) in part.clone().enumerate() {
                    let m = std::array::from_fn(|x| {
                        std::array::from_fn(|y| products[(3 * p + x, 3 * q + y)])
                    });
                    let squares = self.squares[i] + self.squares[j];
                    let rmsd = rmsd_from_inner_product(&m, squares, self.n_atoms);
                    out[p * stride + (j - columns.start)] = rmsd as f32;
                }
            }
        }
    }

    /// One column for each axis of each frame.
    fn vectors(&self, frames: &Range<usize>) -> DMatrixView<'_, f64> {
        DMatrixView::from_slice(self.slice(frames), self.n_atoms, 3 * frames.len())
    }

    fn slice(&self, frames: &Range<usize>) -> &[f64] {
        let size = 3 * self.n_atoms;
        &self.coordinates[frames.start * size..frames.end * size]
    }
}

/// Centred coordinates, axis by axis, and the sum of their squares.
fn center(positions: &[[f32; 3]], atoms: &[usize], out: &mut [f64]) -> f64 {
    let n = atoms.len();
    let mut squares = 0.0;
    for axis in 0..3 {
        let out = &mut out[axis * n..(axis + 1) * n];
        for (out, &atom) in out.iter_mut().zip(atoms) {
            *out = f64::from(positions[atom][axis]);
        }
        let mean = out.iter().sum::<f64>() / n as f64;
        for out in out {
            *out -= mean;
            squares += *out * *out;
        }
    }
    squares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_matrix_agree_with_single_rmsds() {
        let (n_frames, n_atoms) = (70, 9);
        let positions: Vec<[f32; 3]> = (0..n_frames * n_atoms)
            .map(|i| [0, 1, 2].map(|k| ((i * 7919 + k * 104_729) % 1000) as f32 / 500.0))
            .collect();
        let trajectory = Trajectory::from_positions(n_atoms, positions).unwrap();
        let pairwise = PairwiseRmsd::new(&trajectory, None).unwrap();
        let matrix = pairwise.matrix();
        let block = pairwise.block(3..69, 40..70);
        for i in 0..n_frames {
            for j in 0..n_frames {
                let expected =
                    molio::rmsd(trajectory.positions(i), trajectory.positions(j)).unwrap();
                let got = matrix[i * n_frames + j];
                assert!(
                    (f64::from(got) - expected).abs() < 1e-5,
                    "{i} {j} {got} {expected}"
                );
                if (3..69).contains(&i) && j >= 40 {
                    assert!((block[(i - 3) * 30 + j - 40] - got).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn a_frame_that_is_not_finite_is_named() {
        let trajectory =
            Trajectory::from_positions(1, vec![[0.0; 3], [f32::NAN, 0.0, 0.0]]).unwrap();
        let error = PairwiseRmsd::new(&trajectory, None).unwrap_err();
        assert!(matches!(error, Error::NotFinite { index: 1, .. }));
    }
}
