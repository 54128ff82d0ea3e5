//! Eigenvalues of symmetric matrices, and of pairs of them.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector};

/// Eigenvalues by falling magnitude with their eigenvectors as columns.
pub(crate) fn symmetric_eigen(matrix: DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let eigen = matrix.symmetric_eigen();
    let n = eigen.eigenvalues.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| {
        eigen.eigenvalues[b]
            .abs()
            .total_cmp(&eigen.eigenvalues[a].abs())
    });
    let values = DVector::from_iterator(n, order.iter().map(|&i| eigen.eigenvalues[i]));
    let columns: Vec<_> = order
        .iter()
        .map(|&i| eigen.eigenvectors.column(i))
        .collect();
    let vectors = if columns.is_empty() {
        DMatrix::zeros(0, 0)
    } else {
        DMatrix::from_columns(&columns)
    };
    (values, vectors)
}

/// L with L Lᵀ = C⁻¹ on the directions along which C is not negligible.
///
/// Directions whose eigenvalue is below `epsilon` (absolute, in the square of the features' unit)
/// are left out; where rounding made eigenvalues negative, so are those no larger than the most
/// negative one, and all but the largest `most`.
///
/// # Errors
/// [`Error::Undetermined`] if no direction is left.
pub(crate) fn inverse_root(
    covariance: DMatrix<f64>,
    epsilon: f64,
    most: Option<usize>,
) -> Result<DMatrix<f64>> {
    let (values, vectors) = symmetric_eigen(covariance);
    let least = values.min();
    let cutoff = if least < 0.0 {
        epsilon.max(1e-16 - least)
    } else {
        epsilon
    };
    let rank = values
        .iter()
        .take_while(|value| value.abs() >= cutoff)
        .count();
    if rank == 0 || !values.iter().all(|value| value.is_finite()) {
        return Err(Error::Undetermined {
            what: "the inverse of a covariance matrix",
            reason: format!("no direction has a variance above {cutoff:e}"),
        });
    }
    let rank = most.map_or(rank, |most| rank.min(most.max(1)));
    let mut root = vectors.columns(0, rank).into_owned();
    for (mut column, value) in root.column_iter_mut().zip(values.iter()) {
        column /= value.sqrt();
    }
    Ok(root)
}

/// Turns each column so that its entry of largest magnitude is positive.
pub(crate) fn canonical_signs(vectors: &mut DMatrix<f64>) {
    for mut column in vectors.column_iter_mut() {
        let largest = column.iter().copied().fold(0.0f64, |largest, value| {
            if value.abs() > largest.abs() {
                value
            } else {
                largest
            }
        });
        if largest < 0.0 {
            column.neg_mut();
        }
    }
}
