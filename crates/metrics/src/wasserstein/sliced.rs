//! Mean of one-dimensional distances over directions.

use super::{Merged, checked_weights};
use crate::error::{Result, check_count, check_finite, check_length};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Sliced Wasserstein-1 distance of two weighted clouds: the mean over `n_directions` random unit
/// vectors of the exact distance of the projections. The same seed gives the same directions.
///
/// # Shapes
/// Clouds `[n_frames][n_dimensions]`.
///
/// # Errors
/// If a cloud is empty or ragged, a value is not finite, or weights do not fit.
///
/// # References
/// N. Bonneel, J. Rabin, G. Peyré, H. Pfister, J. Math. Imaging Vis. 2015, 51, 22,
/// doi:10.1007/s10851-014-0506-3.
pub fn sliced_wasserstein(
    n_dimensions: usize,
    u: &[f64],
    u_weights: Option<&[f64]>,
    v: &[f64],
    v_weights: Option<&[f64]>,
    n_directions: usize,
    seed: u64,
) -> Result<f64> {
    check_count("dimensions of a cloud", 1, n_dimensions)?;
    check_count("directions", 1, n_directions)?;
    for cloud in [u, v] {
        let n = cloud.len() / n_dimensions;
        check_count("frames of a cloud", 1, n)?;
        check_length("cloud", n * n_dimensions, cloud.len())?;
        check_finite("cloud", cloud)?;
    }
    let u_weights = checked_weights(u.len() / n_dimensions, u_weights)?;
    let v_weights = checked_weights(v.len() / n_dimensions, v_weights)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let directions: Vec<Vec<f64>> = (0..n_directions)
        .map(|_| unit_vector(n_dimensions, &mut random))
        .collect();
    let distances: Vec<f64> = directions
        .par_iter()
        .map(|direction| {
            let along = |cloud: &[f64]| -> Vec<f64> {
                let rows = cloud.chunks_exact(n_dimensions);
                rows.map(|row| row.iter().zip(direction).map(|(x, d)| x * d).sum())
                    .collect()
            };
            Merged::new(&along(u), 1, &along(v), 1).distance(&u_weights, &v_weights)
        })
        .collect();
    Ok(distances.iter().sum::<f64>() / n_directions as f64)
}

/// A direction from the uniform distribution on the sphere.
fn unit_vector(n: usize, random: &mut impl Rng) -> Vec<f64> {
    loop {
        // Box–Muller; normal coordinates have no preferred direction.
        let normal = |random: &mut dyn rand::RngCore| {
            let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
            radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
        };
        let vector: Vec<f64> = (0..n).map(|_| normal(random)).collect();
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 1e-12 {
            return vector.iter().map(|x| x / length).collect();
        }
    }
}
