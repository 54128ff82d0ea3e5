//! The VAMP-2 score: how well features resolve slow motion, without assuming reversibility.

use crate::error::{Result, check_count, check_length};
use crate::tica::eigen::inverse_root;
use crate::tica::moments::Moments;

/// VAMP-2 score of trajectories: 1 + ‖C₀₀^(−½) C₀ₜ Cₜₜ^(−½)‖², where the 1 counts the constant
/// function. The higher, the more slow motion the features hold.
///
/// Directions of variance below `epsilon` (in the square of the features' unit) are left out. The
/// score of the data it was fitted to grows with the number of features; compare models on data
/// held out with [`vamp2_score`] of both parts.
///
/// # Shapes
/// Each trajectory `[n_frames][n_features]`.
///
/// # Errors
/// If rows are not whole, a value is not finite, there is no lagged pair, or nothing varies.
///
/// # References
/// H. Wu, F. Noé, J. Nonlinear Sci. 2020, 30, 23, doi:10.1007/s00332-019-09567-y.
pub fn vamp2_score<T: Copy + Into<f64> + Sync>(
    n_features: usize,
    trajectories: &[&[T]],
    lag: usize,
    epsilon: f64,
) -> Result<f64> {
    // Rows of both ends side by side: their covariance holds C₀₀, C₀ₜ and Cₜₜ as blocks.
    let mut moments = Moments::new(2 * n_features);
    for rows in trajectories {
        let n_frames = rows.len() / n_features.max(1);
        check_length("features", n_frames * n_features, rows.len())?;
        crate::tica::check_input(rows, None, n_frames)?;
        moments.add(n_frames.saturating_sub(lag), None, |row, column| {
            let early = &rows[row * n_features..(row + 1) * n_features];
            let late = &rows[(row + lag) * n_features..(row + lag + 1) * n_features];
            for (value, &x) in column.iter_mut().zip(early.iter().chain(late)) {
                *value = x.into();
            }
        });
    }
    check_count("lagged pairs of frames", 1, moments.weight as usize)?;
    let covariance = moments.covariance();
    let block = |row: usize, column: usize| {
        let corner = (row * n_features, column * n_features);
        covariance
            .view(corner, (n_features, n_features))
            .into_owned()
    };
    let early = inverse_root(block(0, 0), epsilon, None)?;
    let late = inverse_root(block(1, 1), epsilon, None)?;
    let koopman = early.tr_mul(&(block(0, 1) * late));
    Ok(1.0 + koopman.norm_squared())
}
