//! Quartic energies of angles: two wells and walls on both sides.

use super::fit::least_squares;
use super::histogram::Point;
use crate::Result;

/// Points at which the slope beyond the data is looked at, on each side.
const N_BEYOND: usize = 100;

pub(super) struct Quartic {
    /// aₙ of Σ aₙ cosⁿ θ, n = 1 … 4, kJ/mol.
    pub(super) coefficients: [f64; 4],
    /// The polynomial at the points, with its constant.
    pub(super) fitted: Vec<f64>,
}

/// Least squares of a quartic of cos θ; `None` if there are too few points for one, or if it falls anywhere
/// beyond the data, where nothing would then keep beads from going.
pub(super) fn fit_quartic(
    name: &str,
    points: &[Point],
    weights: &[f64],
) -> Result<Option<Quartic>> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(None);
    };
    if points.len() < 8 {
        return Ok(None);
    }
    // powers of numbers between −1 and 1 around the middle are told apart best
    let centre = 0.5 * (first.x + last.x);
    let spread = 0.5 * (last.x - first.x);
    let solution = least_squares(name, points, weights, 5, |x, row| {
        let u = (x - centre) / spread;
        let mut power = 1.0;
        for entry in row {
            *entry = power;
            power *= u;
        }
    })?;
    let value = |x: f64| {
        let u = (x - centre) / spread;
        solution.iter().rev().fold(0.0, |sum, c| sum * u + c)
    };
    let coefficients = expanded(&solution, centre, spread);
    let slope = |x: f64| {
        let [a, b, c, d] = coefficients;
        a + x * (2.0 * b + x * (3.0 * c + x * 4.0 * d))
    };
    let beyond = |from: f64, to: f64| {
        (0..=N_BEYOND).map(move |i| from + (to - from) * i as f64 / N_BEYOND as f64)
    };
    let rises = beyond(last.x, 1.0).all(|x| slope(x) > 0.0)
        && beyond(first.x, -1.0).all(|x| slope(x) < 0.0);
    if !(rises && coefficients[3] > 0.0) {
        return Ok(None);
    }
    Ok(Some(Quartic {
        coefficients,
        fitted: points.iter().map(|point| value(point.x)).collect(),
    }))
}

/// Coefficients of x … x⁴ of Σ cₙ ((x − centre)/spread)ⁿ.
fn expanded(solution: &[f64], centre: f64, spread: f64) -> [f64; 4] {
    // Horner's rule on polynomials instead of numbers
    let mut polynomial = [0.0; 5];
    for &c in solution.iter().rev() {
        for n in (0..5).rev() {
            let lower = if n > 0 { polynomial[n - 1] } else { 0.0 };
            polynomial[n] = (lower - centre * polynomial[n]) / spread;
        }
        polynomial[0] += c;
    }
    [polynomial[1], polynomial[2], polynomial[3], polynomial[4]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(energy: impl Fn(f64) -> f64, from: f64, to: f64) -> Vec<Point> {
        let at = |i: i32| from + (to - from) * f64::from(i) / 30.0;
        (0..=30)
            .map(|i| Point {
                x: at(i),
                free_energy: energy(at(i)),
                count: 100.0,
            })
            .collect()
    }

    #[test]
    fn two_wells_come_back() {
        let energy = |x: f64| 3.0 + 200.0 * ((x + 0.4).powi(2) - 0.09).powi(2);
        let points = points(energy, -0.85, 0.1);
        let fit = fit_quartic("angle", &points, &vec![1.0; points.len()]).unwrap();
        let fit = fit.expect("rises on both sides");
        for (point, fitted) in points.iter().zip(&fit.fitted) {
            assert!((point.free_energy - fitted).abs() < 1e-9);
        }
        let [a, b, c, d] = fit.coefficients;
        let value = |x: f64| x * (a + x * (b + x * (c + x * d)));
        let difference = energy(0.9) - energy(-0.9);
        assert!((value(0.9) - value(-0.9) - difference).abs() < 1e-8 * difference.abs());
    }

    #[test]
    fn what_falls_beyond_the_data_is_refused() {
        // a well whose sides bend over
        let falling = points(|x| 50.0 * x * x - 60.0 * x.powi(4), -0.5, 0.5);
        let weights = vec![1.0; falling.len()];
        assert!(fit_quartic("angle", &falling, &weights).unwrap().is_none());
        let few = &falling[..5];
        assert!(fit_quartic("angle", few, &weights[..5]).unwrap().is_none());
    }
}
