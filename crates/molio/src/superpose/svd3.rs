//! Singular vectors of a 3×3 matrix by one-sided Jacobi rotations.

/// Right-handed orthonormal triples (u₀,u₁,u₂), (v₀,v₁,v₂) with M ≈ Σₖ ± sₖ uₖ vₖᵀ, s₀ ≥ s₁ ≥ s₂.
///
/// The third vectors are cross products of the first two, so the sign that a reflection would need
/// falls on the smallest singular value. nalgebra's 3×3 routine works on MᵀM, which loses half the
/// digits of small singular values (planar structures); Jacobi rotations of the columns do not.
///
/// # References
/// M. R. Hestenes, J. Soc. Indust. Appl. Math. 6, 51 (1958), 10.1137/0106005.
pub(super) fn leading_singular_pairs(m: &[[f64; 3]; 3]) -> ([[f64; 3]; 3], [[f64; 3]; 3]) {
    // columns of M and of the accumulated V
    let mut columns: [[f64; 3]; 3] = std::array::from_fn(|j| [m[0][j], m[1][j], m[2][j]]);
    let mut v = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    // convergence is quadratic: five sweeps do for f64, the limit only guards against rounding cycles
    for _ in 0..30 {
        let mut turned = false;
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            turned |= orthogonalise(&mut columns, &mut v, p, q);
        }
        if !turned {
            break;
        }
    }
    let mut order = [0, 1, 2];
    let norms = columns.map(|c| dot(c, c).sqrt());
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]));
    let [first, second, _] = order;

    let v0 = v[first];
    let v1 = v[second];
    let u0 = unit(columns[first], norms[first]).unwrap_or(v0);
    let negligible = norms[second] <= norms[first] * 1e-15;
    let u1 = if norms[first] == 0.0 {
        v1
    } else if negligible {
        perpendicular(u0)
    } else {
        // orthogonal up to rounding relative to the larger column; made so exactly
        let c = columns[second];
        let overlap = dot(c, u0);
        let c = std::array::from_fn(|i| c[i] - overlap * u0[i]);
        unit(c, dot(c, c).sqrt()).unwrap_or_else(|| perpendicular(u0))
    };
    ([u0, u1, cross(u0, u1)], [v0, v1, cross(v0, v1)])
}

/// Turns columns `p` and `q` so that they become orthogonal; whether that was needed.
fn orthogonalise(columns: &mut [[f64; 3]; 3], v: &mut [[f64; 3]; 3], p: usize, q: usize) -> bool {
    let alpha = dot(columns[p], columns[p]);
    let beta = dot(columns[q], columns[q]);
    let gamma = dot(columns[p], columns[q]);
    if gamma.abs() <= 1e-16 * (alpha * beta).sqrt() || gamma == 0.0 {
        return false;
    }
    let zeta = (beta - alpha) / (2.0 * gamma);
    let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cos = 1.0 / (1.0 + t * t).sqrt();
    let sin = cos * t;
    for matrix in [columns, v] {
        for i in 0..3 {
            let (a, b) = (matrix[p][i], matrix[q][i]);
            matrix[p][i] = cos * a - sin * b;
            matrix[q][i] = sin * a + cos * b;
        }
    }
    true
}

fn unit(v: [f64; 3], norm: f64) -> Option<[f64; 3]> {
    (norm > 0.0).then(|| v.map(|c| c / norm))
}

/// Some unit vector at right angles to the unit vector `u`.
fn perpendicular(u: [f64; 3]) -> [f64; 3] {
    let smallest = (0..3)
        .min_by(|&a, &b| u[a].abs().total_cmp(&u[b].abs()))
        .unwrap_or(0);
    let mut axis = [0.0; 3];
    axis[smallest] = 1.0;
    let c = cross(u, axis);
    let norm = dot(c, c).sqrt();
    c.map(|x| x / norm)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The triples are orthonormal and diagonalise M.
        #[test]
        fn diagonalises(entries in prop::array::uniform9(-3.0f64..3.0), scale in -12i32..12, rank in 1usize..4) {
            let scale = 10f64.powi(scale);
            let mut m = [[0.0; 3]; 3];
            for i in 0..3 {
                for j in 0..3 {
                    m[i][j] = entries[3 * i + j] * scale;
                }
            }
            // lower ranks: repeat rows
            for i in rank..3 {
                m[i] = m[0];
            }
            let (u, v) = leading_singular_pairs(&m);
            let largest = m.iter().flatten().fold(0.0f64, |a, b| a.max(b.abs()));
            for a in 0..3 {
                for b in 0..3 {
                    let expected = f64::from(u8::from(a == b));
                    prop_assert!((dot(u[a], u[b]) - expected).abs() < 1e-12);
                    prop_assert!((dot(v[a], v[b]) - expected).abs() < 1e-12);
                    let mv: [f64; 3] = std::array::from_fn(|i| dot(m[i], v[b]));
                    if a != b {
                        prop_assert!(dot(u[a], mv).abs() < 1e-12 * largest, "{u:?} {v:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn zero_matrix_gives_the_identity() {
        let (u, v) = leading_singular_pairs(&[[0.0; 3]; 3]);
        assert_eq!(u, v);
    }
}
