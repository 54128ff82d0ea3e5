//! Divergences of two histograms on the same bins.

use crate::error::{Error, Result, check_count, check_length};

/// Kullback–Leibler divergence Σ p ln(p/q) of the reference `p` from the model `q`, in nats.
///
/// Both are normalised; then shares of `q` below `floor` are raised to it, so that one empty bin
/// does not make the divergence infinite. The floor is part of the number: state it.
///
/// # Errors
/// If the histograms have other lengths, a share is negative or not finite, all are zero, or the
/// floor is not a positive number.
///
/// # Examples
/// ```
/// use metrics::divergence::kullback_leibler;
/// let kl = kullback_leibler(&[0.5, 0.5], &[0.25, 0.75], 1e-6)?;
/// assert!((kl - 0.5 * (4f64 / 3.0).ln()).abs() < 1e-12);
/// # Ok::<(), metrics::Error>(())
/// ```
///
/// # References
/// S. Kullback, R. A. Leibler, Ann. Math. Stat. 1951, 22, 79, doi:10.1214/aoms/1177729694.
pub fn kullback_leibler(p: &[f64], q: &[f64], floor: f64) -> Result<f64> {
    let (p, q) = normalised(p, q)?;
    if !(floor > 0.0 && floor < 1.0) {
        return Err(Error::Argument {
            what: "floor of a divergence",
            expected: "a share between 0 and 1",
            found: floor.to_string(),
        });
    }
    let terms = p.iter().zip(&q).filter(|(p, _)| **p > 0.0);
    Ok(terms.map(|(p, q)| p * (p / q.max(floor)).ln()).sum())
}

/// Jensen–Shannon divergence ½ KL(p‖m) + ½ KL(q‖m), m = ½ (p + q), in nats: between 0 and ln 2,
/// and without any floor.
///
/// # Errors
/// As [`kullback_leibler`].
///
/// # References
/// J. Lin, IEEE Trans. Inf. Theory 1991, 37, 145, doi:10.1109/18.61115.
pub fn jensen_shannon(p: &[f64], q: &[f64]) -> Result<f64> {
    let (p, q) = normalised(p, q)?;
    let half = |p: f64, q: f64| {
        if p > 0.0 {
            0.5 * p * (2.0 * p / (p + q)).ln()
        } else {
            0.0
        }
    };
    Ok(p.iter()
        .zip(&q)
        .map(|(&p, &q)| half(p, q) + half(q, p))
        .sum())
}

fn normalised(p: &[f64], q: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
    check_count("bins of a divergence", 1, p.len())?;
    check_length("bins of the second histogram", p.len(), q.len())?;
    let one = |shares: &[f64]| -> Result<Vec<f64>> {
        let shares = crate::wasserstein::checked_weights(shares.len(), Some(shares))?;
        let sum: f64 = shares.iter().sum();
        Ok(shares.iter().map(|share| share / sum).collect())
    };
    Ok((one(p)?, one(q)?))
}
