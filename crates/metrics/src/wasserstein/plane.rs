//! Transport in the plane.

use super::lattice::Lattice;
use super::simplex::transport_cost;
use super::{checked_weights, weights_of};
use crate::error::{Error, Result, check_count, check_length};

/// Least cost of turning the masses `a` at `points` into the masses `b` at the same points, with
/// Euclidean distance as cost: the exact Wasserstein-1 distance of two histograms. Both are
/// normalised to one.
///
/// What both have in common stays where it is, which is optimal because the cost is a metric; only
/// the differences enter the network simplex.
///
/// # Errors
/// If masses do not fit the points, are negative, not finite, or all zero.
///
/// # Examples
/// ```
/// use metrics::wasserstein::transport;
/// let points = [[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]];
/// let cost = transport(&points, &[1.0, 0.0, 0.0], &[0.0, 0.5, 0.5])?;
/// assert!((cost - 3.0).abs() < 1e-12);
/// # Ok::<(), metrics::Error>(())
/// ```
pub fn transport(points: &[[f64; 2]], a: &[f64], b: &[f64]) -> Result<f64> {
    check_count("points of a transport", 1, points.len())?;
    crate::error::check_finite("points of a transport", points.as_flattened())?;
    let a = checked_weights(points.len(), Some(a))?;
    let b = checked_weights(points.len(), Some(b))?;
    let (a_sum, b_sum) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    let differences = a.iter().zip(&b).map(|(a, b)| a / a_sum - b / b_sum);
    let (mut from, mut to) = (Vec::new(), Vec::new());
    let (mut supply, mut demand) = (Vec::new(), Vec::new());
    for (point, difference) in points.iter().zip(differences) {
        if difference > 0.0 {
            from.push(*point);
            supply.push(difference);
        } else if difference < 0.0 {
            to.push(*point);
            demand.push(-difference);
        }
    }
    // Rounding may leave a difference between what is sent and what is expected.
    let moved = supply.iter().sum::<f64>();
    let expected = demand.iter().sum::<f64>();
    if moved <= 0.0 || expected <= 0.0 {
        return Ok(0.0);
    }
    demand.iter_mut().for_each(|d| *d *= moved / expected);
    let cells = from
        .len()
        .checked_mul(to.len())
        .filter(|&cells| cells <= 100_000_000);
    let Some(cells) = cells else {
        return Err(Error::Argument {
            what: "points of a transport",
            expected: "at most 100 million pairs of a source and a sink",
            found: format!("{} sources, {} sinks", from.len(), to.len()),
        });
    };
    let mut cost = Vec::with_capacity(cells);
    for p in &from {
        cost.extend(to.iter().map(|q| (p[0] - q[0]).hypot(p[1] - q[1])));
    }
    transport_cost(&supply, &demand, &cost)
}

/// Exact Wasserstein-1 distance of two weighted clouds in the plane after binning both on one
/// lattice.
///
/// The lattice has `n_bins` cells along each axis over the middle 98 % of both clouds together and
/// goes on for ever with the same cells: one outlying frame neither coarsens the grid nor vanishes
/// from it. Binning changes the distance by at most the diagonal of a cell.
///
/// # Shapes
/// Clouds `[n_frames][2]`, weights `[n_frames]`.
///
/// # Errors
/// If a cloud is empty, a coordinate is not finite, weights do not fit, or there are no bins.
pub fn wasserstein_2d(
    u: &[[f64; 2]],
    u_weights: Option<&[f64]>,
    v: &[[f64; 2]],
    v_weights: Option<&[f64]>,
    n_bins: usize,
) -> Result<f64> {
    for cloud in [u, v] {
        weights_of(cloud.as_flattened(), None)?;
    }
    let (u_weights, v_weights) = (
        checked_weights(u.len(), u_weights)?,
        checked_weights(v.len(), v_weights)?,
    );
    check_length("bins along an axis", n_bins.clamp(1, 1000), n_bins)?;
    let lattice = Lattice::new(u, v, n_bins);
    lattice.distance(&u_weights, &v_weights)
}
