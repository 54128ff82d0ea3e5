//! Fast RMSD after superposition, without the superposition: the quaternion characteristic polynomial.

use super::{check_finite, check_pair, no_atoms};
use crate::{Error, Place, Result};
use std::path::PathBuf;

/// Lanes that run side by side; also what the arrays of a frame are padded to.
const LANES: usize = 4;

/// The least RMSD (nm) of two structures over all proper rigid motions.
///
/// # Shapes
/// `[n_atoms][3]` each, in nm.
///
/// # Errors
/// As [`superpose`](super::superpose).
///
/// # Examples
/// ```
/// let a = [[0.0, 0.0, 0.0], [0.2, 0.0, 0.0]];
/// let b = [[0.0, 0.0, 0.0], [0.0, 0.4, 0.0]];
/// // laid over each other, each end is off by 0.1 nm
/// assert!((molio::rmsd(&a, &b).unwrap() - 0.1).abs() < 1e-7);
/// ```
///
/// # References
/// D. L. Theobald, Acta Cryst. A 61, 478 (2005), 10.1107/S0108767305015266.
pub fn rmsd(a: &[[f32; 3]], b: &[[f32; 3]]) -> Result<f64> {
    check_pair(a, b)?;
    let mut frames = CentredFrames::with_capacity(a.len(), 2);
    frames.push_unchecked(a);
    frames.push_unchecked(b);
    Ok(frames.rmsd(0, 1))
}

/// The least RMSD of two centred structures, from Mᵢⱼ = Σ aᵢ bⱼ over atoms and the sum of both
/// structures' squared coordinates; for callers that get many M at once from a matrix product.
///
/// # Examples
/// ```
/// // (±0.1, 0, 0) and (0, ±0.2, 0)
/// let m = [[0.0, 0.04, 0.0], [0.0; 3], [0.0; 3]];
/// let rmsd = molio::rmsd_from_inner_product(&m, 0.02 + 0.08, 2);
/// assert!((rmsd - 0.1).abs() < 1e-7);
/// ```
pub fn rmsd_from_inner_product(m: &[[f64; 3]; 3], squares: f64, n_atoms: usize) -> f64 {
    let start = 0.5 * squares;
    let largest = largest_root(m, start);
    (2.0 * (start - largest).max(0.0) / n_atoms as f64).sqrt()
}

/// Frames centred once and stored axis by axis, for many fast RMSDs among them.
///
/// An RMSD is √((G_A + G_B − 2λ)/N): G is the sum of a frame's squared coordinates, λ the largest root
/// of the characteristic polynomial of the 4×4 key matrix made from the 3×3 inner product M of the two
/// frames. M is summed in f64 from f32 coordinates; λ is found by Newton's method from above.
///
/// # Shapes
/// Stored as `[n_frames][3][n_atoms]` f32 (padded with zeros), which is as much memory as the frames.
///
/// # References
/// D. L. Theobald, Acta Cryst. A 61, 478 (2005), 10.1107/S0108767305015266;
/// P. Liu, D. K. Agrafiotis, D. L. Theobald, J. Comput. Chem. 31, 1561 (2010), 10.1002/jcc.21439.
#[derive(Clone, Debug)]
pub struct CentredFrames {
    n_atoms: usize,
    padded: usize,
    coordinates: Vec<f32>,
    traces: Vec<f64>,
}

impl CentredFrames {
    /// No frames yet, each to have `n_atoms` atoms.
    ///
    /// # Errors
    /// [`Error::Argument`] for zero atoms.
    pub fn new(n_atoms: usize) -> Result<Self> {
        if n_atoms == 0 {
            return Err(no_atoms());
        }
        Ok(Self::with_capacity(n_atoms, 0))
    }

    /// Frames from `[n_frames][n_atoms][3]` positions in nm.
    ///
    /// # Errors
    /// [`Error::AtomCount`] if the length is no multiple of `n_atoms`, and as [`CentredFrames::push`].
    pub fn from_positions(n_atoms: usize, positions: &[[f32; 3]]) -> Result<Self> {
        let mut frames = Self::new(n_atoms)?;
        frames
            .coordinates
            .reserve_exact(positions.len() / n_atoms * 3 * frames.padded);
        for frame in positions.chunks(n_atoms) {
            frames.push(frame)?;
        }
        Ok(frames)
    }

    /// Adds a frame, `[n_atoms][3]` in nm.
    ///
    /// # Errors
    /// [`Error::AtomCount`] for another number of atoms, [`Error::NotFinite`] for a NaN coordinate.
    pub fn push(&mut self, positions: &[[f32; 3]]) -> Result<()> {
        if positions.len() != self.n_atoms {
            return Err(Error::AtomCount {
                path: PathBuf::from("frames to compare by RMSD"),
                place: Place::Frame(self.n_frames()),
                expected: self.n_atoms,
                found: positions.len(),
            });
        }
        check_finite(positions, "frames to compare by RMSD", self.n_frames())?;
        self.push_unchecked(positions);
        Ok(())
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.traces.len()
    }

    /// The least RMSD in nm of frames `a` and `b`.
    ///
    /// # Panics
    /// If there are no such frames.
    pub fn rmsd(&self, a: usize, b: usize) -> f64 {
        let m = inner_product(self.coordinates(a), self.coordinates(b), self.padded);
        rmsd_from_inner_product(&m, self.traces[a] + self.traces[b], self.n_atoms)
    }

    /// RMSDs in nm of frame `a` to all frames, into `out` (`[n_frames]`).
    ///
    /// # Panics
    /// If there is no such frame, or `out` has another length.
    pub fn rmsd_to_all(&self, a: usize, out: &mut [f32]) {
        use rayon::prelude::*;
        assert_eq!(out.len(), self.n_frames(), "one RMSD per frame");
        // a frame of some hundred atoms takes a microsecond; chunks keep the threads' overhead small
        out.par_chunks_mut(64).enumerate().for_each(|(chunk, out)| {
            for (offset, out) in out.iter_mut().enumerate() {
                *out = self.rmsd(a, 64 * chunk + offset) as f32;
            }
        });
    }

    fn with_capacity(n_atoms: usize, n_frames: usize) -> Self {
        let padded = n_atoms.next_multiple_of(LANES);
        Self {
            n_atoms,
            padded,
            coordinates: Vec::with_capacity(n_frames * 3 * padded),
            traces: Vec::with_capacity(n_frames),
        }
    }

    fn push_unchecked(&mut self, positions: &[[f32; 3]]) {
        let mut centre = [0.0f64; 3];
        for x in positions {
            for (c, x) in centre.iter_mut().zip(x) {
                *c += f64::from(*x);
            }
        }
        let centre = centre.map(|c| c / self.n_atoms as f64);
        let mut trace = 0.0;
        for axis in 0..3 {
            for x in positions {
                let c = (f64::from(x[axis]) - centre[axis]) as f32;
                trace += f64::from(c) * f64::from(c);
                self.coordinates.push(c);
            }
            let padding = self.padded - self.n_atoms;
            self.coordinates.extend(std::iter::repeat_n(0.0, padding));
        }
        self.traces.push(trace);
    }

    fn coordinates(&self, frame: usize) -> &[f32] {
        &self.coordinates[frame * 3 * self.padded..(frame + 1) * 3 * self.padded]
    }
}

/// Mᵢⱼ = Σ aᵢ bⱼ over atoms, for frames stored axis by axis; products of f32 are exact in f64.
fn inner_product(a: &[f32], b: &[f32], padded: usize) -> [[f64; 3]; 3] {
    let mut sums = [[0.0f64; LANES]; 9];
    let lanes = |from: &[f32], axis: usize, start: usize| -> [f64; LANES] {
        let part = &from[axis * padded + start..axis * padded + start + LANES];
        std::array::from_fn(|lane| f64::from(part[lane]))
    };
    for start in (0..padded).step_by(LANES) {
        let a: [_; 3] = std::array::from_fn(|axis| lanes(a, axis, start));
        let b: [_; 3] = std::array::from_fn(|axis| lanes(b, axis, start));
        for i in 0..3 {
            for j in 0..3 {
                for lane in 0..LANES {
                    sums[3 * i + j][lane] += a[i][lane] * b[j][lane];
                }
            }
        }
    }
    std::array::from_fn(|i| std::array::from_fn(|j| sums[3 * i + j].iter().sum()))
}

/// A slope of the characteristic polynomial at its root below this share of λ³ marks a root that nearly
/// coincides with the next: rounding then moves it by more than 1e-11 of its size.
const FLAT: f64 = 1e-5;

/// The largest root of λ⁴ + c₂λ² + c₁λ + c₀, the characteristic polynomial of the key matrix
/// (Theobald's equations 7 to 10), from a `start` that is not below it.
fn largest_root(m: &[[f64; 3]; 3], start: f64) -> f64 {
    let k = key_matrix(m);
    let c2 = -2.0 * m.iter().flatten().map(|x| x * x).sum::<f64>();
    let c1 = -8.0 * determinant3(m);
    let c0 = determinant4(&k);
    let mut lambda = start;
    // from above the largest root Newton's steps go down monotonically, a handful of them to a single root
    for _ in 0..60 {
        let square = lambda * lambda;
        let b = (square + c2) * lambda;
        let a = b + c1;
        let slope = 2.0 * square * lambda + b + a;
        // also where all roots are zero
        if slope <= FLAT * square * lambda {
            return largest_eigenvalue(&k);
        }
        let next = lambda - (a * lambda + c0) / slope;
        // rounding lets a step go up once it has arrived
        if next.is_nan() || next >= lambda {
            break;
        }
        if lambda - next <= 1e-14 * lambda.abs() {
            lambda = next;
            break;
        }
        lambda = next;
    }
    lambda
}

/// Slower than the polynomial, and exact to rounding where two eigenvalues coincide (atoms on a line, say).
fn largest_eigenvalue(k: &[[f64; 4]; 4]) -> f64 {
    nalgebra::Matrix4::from_fn(|row, column| k[row][column])
        .symmetric_eigenvalues()
        .max()
}

fn key_matrix(m: &[[f64; 3]; 3]) -> [[f64; 4]; 4] {
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = *m;
    [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, -xx + yy - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, -xx - yy + zz],
    ]
}

fn determinant3(m: &[[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

/// By 2×2 minors of the upper and the lower pair of rows.
fn determinant4(k: &[[f64; 4]; 4]) -> f64 {
    let minor =
        |row: usize, p: usize, q: usize| k[row][p] * k[row + 1][q] - k[row][q] * k[row + 1][p];
    minor(0, 0, 1) * minor(2, 2, 3) - minor(0, 0, 2) * minor(2, 1, 3)
        + minor(0, 0, 3) * minor(2, 1, 2)
        + minor(0, 1, 2) * minor(2, 0, 3)
        - minor(0, 1, 3) * minor(2, 0, 2)
        + minor(0, 2, 3) * minor(2, 0, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::superpose::superpose;
    use proptest::prelude::*;

    fn coordinates(n: usize) -> impl Strategy<Value = Vec<[f32; 3]>> {
        prop::collection::vec(prop::array::uniform3(-3.0f32..3.0), n)
    }

    proptest! {
        /// Both ways to the RMSD agree, whatever the structures.
        #[test]
        fn agrees_with_kabsch((a, b) in (1usize..40).prop_flat_map(|n| (coordinates(n), coordinates(n)))) {
            let kabsch = superpose(&a, &b, None).unwrap().rmsd;
            let qcp = rmsd(&a, &b).unwrap();
            prop_assert!((kabsch - qcp).abs() < 1e-6 * (1.0 + kabsch), "{kabsch} {qcp}");
        }

        /// A rigid motion changes nothing.
        #[test]
        fn is_invariant(a in coordinates(30), angle in 0.0f32..6.3, shift in prop::array::uniform3(-9.0f32..9.0)) {
            let (sin, cos) = angle.sin_cos();
            let moved: Vec<[f32; 3]> = a.iter()
                .map(|[x, y, z]| [cos * x - sin * y + shift[0], sin * x + cos * y + shift[1], z + shift[2]])
                .collect();
            prop_assert!(rmsd(&a, &moved).unwrap() < 2e-5);
        }
    }

    /// Two atoms lie on a line, so the key matrix has its largest eigenvalue twice, or nearly so.
    #[test]
    fn atoms_nearly_on_a_line() {
        let a = [[0.0, 0.0, 0.0], [0.7, 0.1, -2.8], [1.4, 0.2001, -5.6]];
        for turn in [0.0f32, 0.4, 1.9] {
            let (sin, cos) = turn.sin_cos();
            let b = a.map(|[x, y, z]| {
                [
                    1.01 * (cos * x - sin * y),
                    1.01 * (sin * x + cos * y),
                    1.01 * z,
                ]
            });
            for n in [2, 3] {
                let kabsch = superpose(&a[..n], &b[..n], None).unwrap().rmsd;
                let qcp = rmsd(&a[..n], &b[..n]).unwrap();
                assert!((kabsch - qcp).abs() < 1e-7, "{kabsch} {qcp}");
            }
        }
    }

    #[test]
    fn a_row_of_the_matrix_is_its_entries() {
        let positions: Vec<[f32; 3]> = (0..5 * 200u32)
            .map(|i| [0, 1, 2].map(|k| ((i * 7919 + k * 104_729) % 1000) as f32 / 500.0))
            .collect();
        let frames = CentredFrames::from_positions(5, &positions).unwrap();
        let mut row = vec![0.0; 200];
        frames.rmsd_to_all(3, &mut row);
        for (other, value) in row.iter().enumerate() {
            assert_eq!(*value, frames.rmsd(3, other) as f32);
            let direct = superpose(
                &positions[15..20],
                &positions[5 * other..5 * other + 5],
                None,
            )
            .unwrap()
            .rmsd;
            assert!((direct - f64::from(*value)).abs() < 1e-5);
        }
        assert!(row[3] < 1e-6);
        assert!(CentredFrames::from_positions(3, &positions[..4]).is_err());
    }
}
