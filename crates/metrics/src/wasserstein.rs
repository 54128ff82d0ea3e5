//! Wasserstein-1 distances: how far probability has to move to turn one distribution into another,
//! in the unit of the quantity itself.
//!
//! - [`wasserstein_1d`]: exact, from sorted samples with weights, no bins.
//! - [`wasserstein_circular`]: exact for angles, around the circle.
//! - [`wasserstein_2d`]: exact transport between histograms on one lattice.
//! - [`sliced_wasserstein`]: mean over directions, for clouds of any dimension.
//! - [`published`]: the recipe of the published benchmark, to compare with its numbers.

mod lattice;
mod merged;
mod plane;
pub mod published;
mod simplex;
mod sliced;

pub(crate) use lattice::Lattice;
pub(crate) use merged::Merged;
pub use plane::{transport, wasserstein_2d};
pub use sliced::sliced_wasserstein;

use crate::error::{Error, Result, check_count, check_length};

/// Exact Wasserstein-1 distance of two weighted samples on a line, ∫|F(x) − G(x)| dx.
///
/// # Errors
/// If a sample is empty, a value is not finite, or weights do not fit, are negative or all zero.
///
/// # Examples
/// ```
/// use metrics::wasserstein::wasserstein_1d;
/// assert_eq!(wasserstein_1d(&[0.0, 1.0], None, &[3.0], None)?, 2.5);
/// # Ok::<(), metrics::Error>(())
/// ```
///
/// # References
/// S. S. Vallender, Theory Probab. Appl. 1974, 18, 784, doi:10.1137/1118101.
pub fn wasserstein_1d(
    u: &[f64],
    u_weights: Option<&[f64]>,
    v: &[f64],
    v_weights: Option<&[f64]>,
) -> Result<f64> {
    let (u_weights, v_weights) = (weights_of(u, u_weights)?, weights_of(v, v_weights)?);
    Ok(Merged::new(u, 1, v, 1).distance(&u_weights, &v_weights))
}

/// Exact Wasserstein-1 distance of two weighted samples of angles in radians, with the distance
/// around the circle: minₐ ∫|F(x) − G(x) − a| dx. Never above π.
///
/// # Errors
/// As [`wasserstein_1d`].
///
/// # Examples
/// ```
/// use metrics::wasserstein::wasserstein_circular;
/// let distance = wasserstein_circular(&[3.1], None, &[-3.1], None)?;
/// assert!((distance - (std::f64::consts::TAU - 6.2)).abs() < 1e-12);
/// # Ok::<(), metrics::Error>(())
/// ```
///
/// # References
/// J. Rabin, J. Delon, Y. Gousseau, J. Math. Imaging Vis. 2011, 41, 147,
/// doi:10.1007/s10851-011-0284-0.
pub fn wasserstein_circular(
    u: &[f64],
    u_weights: Option<&[f64]>,
    v: &[f64],
    v_weights: Option<&[f64]>,
) -> Result<f64> {
    let (u_weights, v_weights) = (weights_of(u, u_weights)?, weights_of(v, v_weights)?);
    let wrap = |values: &[f64]| values.iter().map(|a| wrap_angle(*a)).collect::<Vec<_>>();
    Ok(Merged::new(&wrap(u), 1, &wrap(v), 1).circular_distance(&u_weights, &v_weights))
}

/// The angle's equal in [−π, π).
pub(crate) fn wrap_angle(angle: f64) -> f64 {
    let turned = (angle + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU);
    turned - std::f64::consts::PI
}

/// The weights of a sample, one each without any; checked.
pub(crate) fn weights_of(values: &[f64], weights: Option<&[f64]>) -> Result<Vec<f64>> {
    check_count("values of a sample", 1, values.len())?;
    crate::error::check_finite("values of a sample", values)?;
    checked_weights(values.len(), weights)
}

/// Weights for so many samples, one each without any; checked.
pub(crate) fn checked_weights(n: usize, weights: Option<&[f64]>) -> Result<Vec<f64>> {
    let Some(weights) = weights else {
        return Ok(vec![1.0; n]);
    };
    check_length("weights of a sample", n, weights.len())?;
    crate::error::check_finite("weights of a sample", weights)?;
    if weights.iter().any(|&w| w < 0.0) || weights.iter().sum::<f64>() <= 0.0 {
        return Err(Error::Argument {
            what: "weights of a sample",
            expected: "no negative weight and a positive sum",
            found: format!("a sum of {}", weights.iter().sum::<f64>()),
        });
    }
    Ok(weights.to_vec())
}
