//! How much models that saw the same data disagree.

use crate::{BoxError, Error, Result};
use dynamics::{Batch, Potential};
use molio::Trajectory;

/// Frames that are evaluated at a time.
const CHUNK: usize = 1024;

/// For each frame, the largest standard deviation of a bead's force (kJ/mol/nm) over a committee of
/// potentials: σ = max over beads of √(Σₘ |fₘ − f̄|² / M). The score of query by committee, for
/// [`Ranked`](crate::Ranked).
///
/// # Errors
/// [`Error::Setting`] for fewer than two members, or members and frames of different sizes, or a force
/// that is not finite; [`Error::Part`] where a member cannot be evaluated.
///
/// # Examples
/// ```
/// use active_learning::committee_force_deviation;
/// use dynamics::{BoxError, Potential};
///
/// struct Well(f32);
/// impl Potential for Well {
///     fn n_atoms(&self) -> usize {
///         1
///     }
///     fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
///         f[0] = x[0].map(|x| -self.0 * x);
///         Ok(0.0)
///     }
/// }
///
/// let frames = molio::Trajectory::from_positions(1, vec![[0.0; 3], [3.0, 0.0, 4.0]])?;
/// let deviations = committee_force_deviation(&[&Well(1.0), &Well(3.0)], &frames)?;
/// assert_eq!(deviations, [0.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
///
/// # References
/// H. S. Seung, M. Opper, H. Sompolinsky, *Query by committee*, COLT '92, 287 (1992),
/// <https://doi.org/10.1145/130385.130417>.
pub fn committee_force_deviation(
    members: &[&dyn Potential],
    frames: &Trajectory,
) -> Result<Vec<f64>> {
    let n_atoms = frames.n_atoms();
    if members.len() < 2 {
        let what = "number of members of a committee";
        return Err(Error::setting(what, "at least 2", members.len()));
    }
    if let Some(member) = members.iter().find(|m| m.n_atoms() != n_atoms) {
        let what = "atoms of a member of the committee";
        return Err(Error::setting(what, n_atoms, member.n_atoms()));
    }
    let mut deviations = Vec::with_capacity(frames.n_frames());
    let mut forces = vec![[0.0; 3]; n_atoms];
    for first in (0..frames.n_frames()).step_by(CHUNK) {
        let n = CHUNK.min(frames.n_frames() - first);
        let positions = &frames.all_positions()[first * n_atoms..(first + n) * n_atoms];
        let mut sums = vec![[0.0_f64; 4]; n * n_atoms];
        for member in members {
            let mut batch = Batch::from_positions(n_atoms, positions);
            member.energy_forces_batch(&mut batch).map_err(failed)?;
            for conformer in 0..n {
                batch.copy_forces(conformer, &mut forces);
                for (sum, force) in sums[conformer * n_atoms..].iter_mut().zip(&forces) {
                    let force = force.map(f64::from);
                    for axis in 0..3 {
                        sum[axis] += force[axis];
                    }
                    sum[3] += force.iter().map(|f| f * f).sum::<f64>();
                }
            }
        }
        let m = members.len() as f64;
        for frame in sums.chunks(n_atoms) {
            // Σ|f − f̄|² = Σ|f|² − |Σf|²/M
            let variances = frame
                .iter()
                .map(|[x, y, z, squares]| ((squares - (x * x + y * y + z * z) / m) / m).max(0.0));
            let largest = variances.fold(0.0, |a: f64, b| if b.is_nan() { b } else { a.max(b) });
            if frame.as_flattened().iter().any(|x| !x.is_finite()) {
                let what = "a force of a member of the committee";
                return Err(Error::setting(what, "finite", "not finite"));
            }
            deviations.push(largest.sqrt());
        }
    }
    Ok(deviations)
}

fn failed(source: BoxError) -> Error {
    Error::Part {
        part: "committee",
        round: 0,
        source,
    }
}
