//! Least-squares superposition of two structures, and the RMSD that is left after it.

mod qcp;
mod svd3;

pub use qcp::{CentredFrames, rmsd, rmsd_from_inner_product};

use crate::{Error, Frame, Place, Result};
use std::path::PathBuf;
use svd3::leading_singular_pairs;

/// A proper rigid motion, x′ = R·x + t, that lays one structure over another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Superposition {
    /// R, by rows; its determinant is +1.
    pub rotation: [[f64; 3]; 3],
    /// t in nm.
    pub translation: [f64; 3],
    /// The (weighted) RMSD in nm that remains.
    pub rmsd: f64,
}

impl Superposition {
    /// Moves one point (nm).
    pub fn apply_to(&self, x: [f32; 3]) -> [f32; 3] {
        let rotated = rotate(&self.rotation, x.map(f64::from));
        std::array::from_fn(|axis| (rotated[axis] + self.translation[axis]) as f32)
    }

    /// Moves positions (nm) in place; they may be more, or other, atoms than those fitted.
    pub fn apply(&self, positions: &mut [[f32; 3]]) {
        for x in positions {
            *x = self.apply_to(*x);
        }
    }

    /// Moves a frame in place: positions are moved; velocities, forces and the cell's vectors turned.
    pub fn apply_to_frame(&self, frame: &mut Frame) {
        self.apply(&mut frame.positions);
        for vectors in [&mut frame.velocities, &mut frame.forces]
            .into_iter()
            .flatten()
        {
            for v in vectors {
                *v = rotate(&self.rotation, v.map(f64::from)).map(|c| c as f32);
            }
        }
        if let Some(cell) = &mut frame.cell {
            cell.vectors = cell.vectors.map(|v| rotate(&self.rotation, v));
        }
    }
}

/// The proper rigid motion of `mobile` that minimises its weighted RMSD to `reference` (Kabsch).
///
/// E² = Σᵢ wᵢ |R·xᵢ + t − yᵢ|² / Σᵢ wᵢ is least for R = V·U′ᵀ, where M = Σ wᵢ xᵢ yᵢᵀ = U·S·Vᵀ (both
/// sets centred) and U′ is U with its last column turned round if R would be a reflection. Mirror
/// images are therefore never laid over each other; collinear and planar sets get one of their
/// equally good rotations.
///
/// # Shapes
/// `mobile`, `reference`: `[n_atoms][3]` in nm; `weights`: `[n_atoms]`, e.g. masses, or 0 and 1 to fit
/// some atoms only. Without weights all count the same.
///
/// # Errors
/// [`Error::AtomCount`] for different lengths, [`Error::NotFinite`] for a NaN coordinate,
/// [`Error::Argument`] for no atoms at all, or weights that are negative or sum to zero.
///
/// # Examples
/// ```
/// // a quarter turn about z, and a shift
/// let mobile = [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]];
/// let reference = [[1.0, 2.0, 0.0], [-1.0, 1.0, 0.0], [1.0, 1.0, 3.0]];
/// let motion = molio::superpose(&mobile, &reference, None).unwrap();
/// assert!(motion.rmsd < 1e-7);
/// assert!((motion.rotation[0][1] + 1.0).abs() < 1e-7);
/// assert!((motion.translation[0] - 1.0).abs() < 1e-7);
/// ```
///
/// # References
/// W. Kabsch, Acta Cryst. A 32, 922 (1976), 10.1107/S0567739476001873; A 34, 827 (1978),
/// 10.1107/S0567739478001680.
pub fn superpose(
    mobile: &[[f32; 3]],
    reference: &[[f32; 3]],
    weights: Option<&[f64]>,
) -> Result<Superposition> {
    check_pair(mobile, reference)?;
    let total = check_weights(mobile.len(), weights)?;
    let weight = |atom: usize| weights.map_or(1.0, |w| w[atom]);
    let mobile_centre = centroid(mobile, weight, total);
    let reference_centre = centroid(reference, weight, total);

    let mut covariance = [[0.0; 3]; 3];
    for (atom, (x, y)) in mobile.iter().zip(reference).enumerate() {
        let x = difference(*x, mobile_centre);
        let y = difference(*y, reference_centre);
        for (row, x) in covariance.iter_mut().zip(x) {
            for (entry, y) in row.iter_mut().zip(y) {
                *entry += weight(atom) * x * y;
            }
        }
    }
    let (u, v) = leading_singular_pairs(&covariance);
    // R = Σₖ vₖ uₖᵀ; u and v are both right-handed, so R is proper
    let rotation: [[f64; 3]; 3] =
        std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| v[k][i] * u[k][j]).sum()));
    let turned = rotate(&rotation, mobile_centre);
    let translation = std::array::from_fn(|axis| reference_centre[axis] - turned[axis]);

    // summed directly: the formula through the singular values cancels for close structures
    let mut squares = 0.0;
    for (atom, (x, y)) in mobile.iter().zip(reference).enumerate() {
        let x = rotate(&rotation, difference(*x, mobile_centre));
        let y = difference(*y, reference_centre);
        squares += weight(atom) * (0..3).map(|i| (x[i] - y[i]).powi(2)).sum::<f64>();
    }
    Ok(Superposition {
        rotation,
        translation,
        rmsd: (squares / total).sqrt(),
    })
}

fn check_pair(mobile: &[[f32; 3]], reference: &[[f32; 3]]) -> Result<()> {
    if mobile.len() != reference.len() {
        return Err(Error::AtomCount {
            path: PathBuf::from("superposition"),
            place: Place::File,
            expected: reference.len(),
            found: mobile.len(),
        });
    }
    if mobile.is_empty() {
        return Err(no_atoms());
    }
    check_finite(mobile, "structure to superpose", 0)?;
    check_finite(reference, "reference of the superposition", 0)
}

fn check_weights(n_atoms: usize, weights: Option<&[f64]>) -> Result<f64> {
    let Some(weights) = weights else {
        return Ok(n_atoms as f64);
    };
    let total: f64 = weights.iter().sum();
    let usable = weights.iter().all(|w| *w >= 0.0) && total > 0.0 && total.is_finite();
    if weights.len() != n_atoms || !usable {
        return Err(Error::argument(
            "weights of a superposition",
            format!("{n_atoms} finite numbers, none negative, not all zero"),
            format!("{} numbers that sum to {total}", weights.len()),
        ));
    }
    Ok(total)
}

fn no_atoms() -> Error {
    Error::argument("superposition", "at least one atom", "none")
}

/// Refuses NaN and infinite coordinates of frame `frame` of `source`.
pub(crate) fn check_finite(positions: &[[f32; 3]], source: &str, frame: usize) -> Result<()> {
    for (atom, x) in positions.iter().enumerate() {
        if let Some(&value) = x.iter().find(|c| !c.is_finite()) {
            return Err(Error::NotFinite {
                path: PathBuf::from(source),
                place: Place::Frame(frame),
                atom,
                value,
            });
        }
    }
    Ok(())
}

fn centroid(positions: &[[f32; 3]], weight: impl Fn(usize) -> f64, total: f64) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for (atom, x) in positions.iter().enumerate() {
        for (sum, x) in sum.iter_mut().zip(x) {
            *sum += weight(atom) * f64::from(*x);
        }
    }
    sum.map(|s| s / total)
}

fn difference(x: [f32; 3], origin: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| f64::from(x[axis]) - origin[axis])
}

fn rotate(rotation: &[[f64; 3]; 3], x: [f64; 3]) -> [f64; 3] {
    rotation.map(|row| row[0] * x[0] + row[1] * x[1] + row[2] * x[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirror_images_do_not_superpose() {
        let mobile = [
            [0.0f32, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.5, 0.0],
            [0.0, 0.0, 2.0],
        ];
        let mirrored = mobile.map(|[x, y, z]| [x, y, -z]);
        let motion = superpose(&mobile, &mirrored, None).unwrap();
        let r = motion.rotation;
        let determinant = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1])
            - r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0])
            + r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
        assert!((determinant - 1.0).abs() < 1e-12);
        assert!(motion.rmsd > 0.1);
        assert!((motion.rmsd - rmsd(&mobile, &mirrored).unwrap()).abs() < 1e-7);
    }

    #[test]
    fn few_and_collinear_atoms_superpose() {
        let one = superpose(&[[1.0, 2.0, 3.0]], &[[0.0; 3]], None).unwrap();
        assert_eq!(one.apply_to([1.0, 2.0, 3.0]), [0.0; 3]);
        let line: Vec<[f32; 3]> = (0..5).map(|i| [i as f32, 0.0, 0.0]).collect();
        let turned: Vec<[f32; 3]> = (0..5).map(|i| [0.0, 0.0, i as f32]).collect();
        assert!(superpose(&line, &turned, None).unwrap().rmsd < 1e-6);
        assert!(rmsd(&line, &turned).unwrap() < 1e-3);
    }

    #[test]
    fn weights_choose_the_atoms_that_are_fitted() {
        let mobile = [
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [9.0, 9.0, 9.0],
        ];
        let reference = [
            [0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [-1.0, 0.0, 0.0],
            [5.0, -3.0, 1.0],
        ];
        let motion = superpose(&mobile, &reference, Some(&[1.0, 1.0, 1.0, 0.0])).unwrap();
        assert!(motion.rmsd < 1e-7);
        assert!(superpose(&mobile, &reference, Some(&[0.0; 4])).is_err());
        assert!(superpose(&mobile, &reference, Some(&[1.0, -1.0, 1.0, 1.0])).is_err());
        assert!(superpose(&mobile, &reference, Some(&[f64::NAN; 4])).is_err());
    }

    #[test]
    fn forces_turn_but_do_not_shift() {
        let motion = superpose(
            &[[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]],
            &[[1.0, 2.0, 0.0], [-1.0, 1.0, 0.0], [1.0, 1.0, 3.0]],
            None,
        )
        .unwrap();
        let mut frame = Frame {
            forces: Some(vec![[1.0, 0.0, 0.0]]),
            ..Frame::from_positions(vec![[1.0, 0.0, 0.0]])
        };
        motion.apply_to_frame(&mut frame);
        let force = frame.forces.unwrap()[0];
        assert!((force[1] - 1.0).abs() < 1e-6 && force[0].abs() < 1e-6);
        assert!((frame.positions[0][1] - 2.0).abs() < 1e-6);
    }

    #[test]
    fn bad_input_is_refused() {
        assert!(matches!(
            superpose(&[], &[], None),
            Err(Error::Argument { .. })
        ));
        assert!(matches!(
            superpose(&[[0.0; 3]], &[], None),
            Err(Error::AtomCount { .. })
        ));
        let nan = [[0.0, f32::NAN, 0.0]];
        assert!(matches!(
            superpose(&nan, &[[0.0; 3]], None),
            Err(Error::NotFinite { atom: 0, .. })
        ));
        assert!(rmsd(&nan, &[[0.0; 3]]).is_err());
    }
}
