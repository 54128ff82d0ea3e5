//! Alignment of many frames to one reference, or to their own mean.

use crate::superpose::{check_finite, superpose};
use crate::{Error, Place, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// When the alignment to the mean has settled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanAlignment {
    /// Most rounds of superposing all frames and averaging them.
    pub max_iterations: usize,
    /// Settled once the mean moves by less than this RMSD (nm) from one round to the next.
    pub tolerance: f64,
}

impl Default for MeanAlignment {
    /// Fifty rounds, 1e-6 nm: below what f32 coordinates of a protein resolve.
    fn default() -> Self {
        Self {
            max_iterations: 50,
            tolerance: 1e-6,
        }
    }
}

/// The mean structure that frames were aligned to.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanStructure {
    /// Mean positions `[n_atoms][3]` in nm, their (weighted) centroid at the origin.
    pub positions: Vec<[f32; 3]>,
    /// Rounds taken.
    pub iterations: usize,
    /// RMSD (nm) between the last two means.
    pub change: f64,
    /// Whether `change` came below the tolerance.
    pub converged: bool,
}

/// Superposes every frame on `reference` in place.
///
/// # Shapes
/// `positions`: `[n_frames][n_atoms][3]` in nm with the `n_atoms` of `reference`; `weights`: `[n_atoms]`.
///
/// # Errors
/// [`Error::AtomCount`] if `positions` is no whole number of frames, else as [`superpose`].
pub fn align_to(
    positions: &mut [[f32; 3]],
    reference: &[[f32; 3]],
    weights: Option<&[f64]>,
) -> Result<()> {
    whole_frames(positions.len(), reference.len())?;
    positions
        .par_chunks_mut(reference.len())
        .try_for_each(|frame| {
            superpose(frame, reference, weights)?.apply(frame);
            Ok(())
        })
}

/// Superposes every frame on the mean of all superposed frames, in place (generalised Procrustes
/// analysis without scaling).
///
/// Starts from the first frame; each round superposes all frames on the current mean and averages
/// them. Frames end centred on the origin.
///
/// # Shapes
/// `positions`: `[n_frames][n_atoms][3]` in nm; `weights`: `[n_atoms]`.
///
/// # Errors
/// [`Error::Argument`] without frames or atoms, else as [`align_to`].
///
/// # References
/// J. C. Gower, Psychometrika 40, 33 (1975), 10.1007/BF02291478.
pub fn align_to_mean(
    positions: &mut [[f32; 3]],
    n_atoms: usize,
    weights: Option<&[f64]>,
    settled: MeanAlignment,
) -> Result<MeanStructure> {
    whole_frames(positions.len(), n_atoms)?;
    let frames: Vec<usize> = (0..positions.len() / n_atoms).collect();
    let read = |index: usize, out: &mut [[f32; 3]]| {
        out.copy_from_slice(&positions[index * n_atoms..(index + 1) * n_atoms]);
        Ok(())
    };
    let mean = mean_structure(&read, &frames, n_atoms, weights, settled)?;
    align_to(positions, &mean.positions, weights)?;
    Ok(mean)
}

/// Copies the frame with this index.
type ReadFrame<'a> = dyn Fn(usize, &mut [[f32; 3]]) -> Result<()> + 'a;

/// The mean of the given frames after superposition on it; the frames themselves stay as they are.
///
/// `read` copies one frame; frames are read anew in every round, a bounded number at a time, and
/// summed in their order, so that the result depends neither on where they are kept nor on threads.
pub(crate) fn mean_structure(
    read: &ReadFrame<'_>,
    frames: &[usize],
    n_atoms: usize,
    weights: Option<&[f64]>,
    settled: MeanAlignment,
) -> Result<MeanStructure> {
    let Some(&first) = frames.first() else {
        return Err(Error::argument(
            "alignment to the mean",
            "at least one frame",
            "none",
        ));
    };
    let mut mean = vec![[0.0f32; 3]; n_atoms];
    read(first, &mut mean)?;
    check_finite(&mean, "frames to align", first)?;
    centre(&mut mean, weights);
    let mut result = MeanStructure {
        positions: mean,
        iterations: 0,
        change: f64::INFINITY,
        converged: false,
    };
    let chunk = frames_per_chunk(n_atoms);
    let mut buffer = vec![[0.0f32; 3]; chunk.min(frames.len()) * n_atoms];
    while result.iterations < settled.max_iterations && !result.converged {
        let mut sums = vec![[0.0f64; 3]; n_atoms];
        for indices in frames.chunks(chunk) {
            let buffer = &mut buffer[..indices.len() * n_atoms];
            for (&index, out) in indices.iter().zip(buffer.chunks_mut(n_atoms)) {
                read(index, out)?;
            }
            align_to(buffer, &result.positions, weights)?;
            add_frames(&mut sums, buffer);
        }
        let mut mean: Vec<[f32; 3]> = sums
            .iter()
            .map(|sum| sum.map(|s| (s / frames.len() as f64) as f32))
            .collect();
        centre(&mut mean, weights);
        result.change = superpose(&mean, &result.positions, weights)?.rmsd;
        result.converged = result.change < settled.tolerance;
        result.positions = mean;
        result.iterations += 1;
    }
    Ok(result)
}

/// How many frames to hold at once: some ten megabytes, whatever their size.
pub(crate) fn frames_per_chunk(n_atoms: usize) -> usize {
    ((1 << 20) / n_atoms.max(1)).clamp(1, 1024)
}

/// Moves the (weighted) centroid to the origin.
pub(crate) fn centre(positions: &mut [[f32; 3]], weights: Option<&[f64]>) {
    let weight = |atom: usize| weights.map_or(1.0, |w| w[atom]);
    let total: f64 = (0..positions.len()).map(weight).sum();
    for axis in 0..3 {
        let sum: f64 = positions
            .iter()
            .enumerate()
            .map(|(atom, x)| weight(atom) * f64::from(x[axis]))
            .sum();
        let centre = sum / total;
        for x in positions.iter_mut() {
            x[axis] = (f64::from(x[axis]) - centre) as f32;
        }
    }
}

/// Adds whole frames to per-atom sums: threads over atoms, frames in order.
fn add_frames(sums: &mut [[f64; 3]], frames: &[[f32; 3]]) {
    let n_atoms = sums.len();
    sums.par_chunks_mut(256)
        .enumerate()
        .for_each(|(part, sums)| {
            for frame in frames.chunks(n_atoms) {
                for (sum, x) in sums.iter_mut().zip(&frame[part * 256..]) {
                    for axis in 0..3 {
                        sum[axis] += f64::from(x[axis]);
                    }
                }
            }
        });
}

fn whole_frames(n_positions: usize, n_atoms: usize) -> Result<()> {
    if n_atoms == 0 {
        return Err(Error::argument("alignment", "at least one atom", "none"));
    }
    if !n_positions.is_multiple_of(n_atoms) {
        return Err(Error::AtomCount {
            path: PathBuf::from("frames to align"),
            place: Place::Frame(n_positions / n_atoms),
            expected: n_atoms,
            found: n_positions % n_atoms,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bent chain that breathes, each frame turned and shifted differently.
    fn tumbling(n_frames: usize, n_atoms: usize) -> Vec<[f32; 3]> {
        let mut positions = Vec::new();
        for frame in 0..n_frames {
            let angle = frame as f32 * 0.7;
            let (sin, cos) = angle.sin_cos();
            let breath = 1.0 + 0.05 * (frame as f32).sin();
            for atom in 0..n_atoms {
                let t = atom as f32 * 0.4;
                let [x, y, z] = [t.cos() * breath, 0.7 * t.sin(), 0.1 * t * breath];
                positions.push([
                    cos * x - sin * y + angle,
                    sin * x + cos * y - 2.0 * angle,
                    z + 1.0,
                ]);
            }
        }
        positions
    }

    #[test]
    fn the_mean_of_aligned_frames_is_the_mean_reported() {
        let mut positions = tumbling(20, 30);
        let mean = align_to_mean(&mut positions, 30, None, MeanAlignment::default()).unwrap();
        assert!(mean.converged && mean.iterations < 20, "{mean:?}");
        for atom in 0..30 {
            for axis in 0..3 {
                let average = (0..20)
                    .map(|f| f64::from(positions[f * 30 + atom][axis]))
                    .sum::<f64>()
                    / 20.0;
                assert!((average - f64::from(mean.positions[atom][axis])).abs() < 2e-6);
            }
        }
    }

    #[test]
    fn where_frames_start_does_not_matter() {
        let mut once = tumbling(20, 30);
        align_to_mean(&mut once, 30, None, MeanAlignment::default()).unwrap();
        let mut twice = once.clone();
        align_to_mean(&mut twice, 30, None, MeanAlignment::default()).unwrap();
        let motion = superpose(&twice, &once, None).unwrap();
        assert!(motion.rmsd < 1e-5);
    }

    #[test]
    fn bad_input_is_refused() {
        let settled = MeanAlignment::default();
        assert!(align_to_mean(&mut [], 3, None, settled).is_err());
        assert!(align_to_mean(&mut [[0.0; 3]; 4], 3, None, settled).is_err());
        assert!(align_to_mean(&mut [[0.0; 3]; 4], 0, None, settled).is_err());
        assert!(align_to_mean(&mut [[f32::NAN; 3]; 4], 2, None, settled).is_err());
    }
}
