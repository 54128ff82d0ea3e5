//! Root-mean-square fluctuation of each atom.

use crate::Result;
use crate::error::{check_count, check_length};
use molio::Trajectory;

/// RMSFᵢ = √⟨|xᵢ − rᵢ|²⟩ in nm, r being the mean over frames or `reference`; `[n_atoms]`.
///
/// Frames are taken as they are: superpose them first where that is meant.
///
/// # Shapes
/// `reference`: `[n_atoms][3]` in nm.
///
/// # Errors
/// No frames, or a reference with another number of atoms.
///
/// # Examples
/// ```
/// let positions = vec![[0.0; 3], [0.0; 3], [0.0; 3], [0.2, 0.0, 0.0]];
/// let trajectory = molio::Trajectory::from_positions(2, positions).unwrap();
/// let rmsf = metrics::rmsf::rmsf(&trajectory, None).unwrap();
/// assert!(rmsf[0] == 0.0 && (rmsf[1] - 0.1).abs() < 1e-7);
/// ```
pub fn rmsf(trajectory: &Trajectory, reference: Option<&[[f32; 3]]>) -> Result<Vec<f64>> {
    let n_frames = trajectory.n_frames();
    let n_atoms = trajectory.n_atoms();
    check_count("frames of an RMSF", 1, n_frames)?;
    let center = match reference {
        Some(reference) => {
            check_length("reference of an RMSF", n_atoms, reference.len())?;
            reference.iter().map(|x| x.map(f64::from)).collect()
        }
        None => mean_positions(trajectory),
    };
    let mut squares = vec![0.0; n_atoms];
    for frame in 0..n_frames {
        let atoms = trajectory.positions(frame).iter().zip(&center);
        for (square, (x, r)) in squares.iter_mut().zip(atoms) {
            *square += (0..3)
                .map(|a| (f64::from(x[a]) - r[a]).powi(2))
                .sum::<f64>();
        }
    }
    Ok(squares
        .iter()
        .map(|square| (square / n_frames as f64).sqrt())
        .collect())
}

/// Mean position of each atom in nm, `[n_atoms][3]`; zeros if there are no frames.
pub fn mean_positions(trajectory: &Trajectory) -> Vec<[f64; 3]> {
    let mut mean = vec![[0.0; 3]; trajectory.n_atoms()];
    for frame in 0..trajectory.n_frames() {
        for (mean, x) in mean.iter_mut().zip(trajectory.positions(frame)) {
            for (mean, x) in mean.iter_mut().zip(x) {
                *mean += f64::from(*x);
            }
        }
    }
    let n_frames = trajectory.n_frames().max(1) as f64;
    for mean in &mut mean {
        *mean = mean.map(|x| x / n_frames);
    }
    mean
}
