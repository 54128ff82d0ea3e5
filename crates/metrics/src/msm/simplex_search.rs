//! Minimum of a function of a few variables without derivatives.

/// The place of a minimum near `start`, by the simplex search with its usual constants, started
/// anew from where it ended until that no longer helps.
///
/// # References
/// J. A. Nelder, R. Mead, Comput. J. 1965, 7, 308, doi:10.1093/comjnl/7.4.308.
pub(super) fn minimise(start: &[f64], function: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut best = start.to_vec();
    let mut value = function(&best);
    for _ in 0..20 {
        let found = search(&best, &function);
        let lower = function(&found);
        let gain = value - lower;
        if gain.is_nan() || gain <= 0.0 {
            break;
        }
        (best, value) = (found, lower);
        if gain <= 1e-12 * value.abs() {
            break;
        }
    }
    best
}

fn search(start: &[f64], function: &impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let n = start.len();
    let mut corners = vec![(start.to_vec(), function(start))];
    for axis in 0..n {
        let mut corner = start.to_vec();
        corner[axis] = if corner[axis] == 0.0 {
            2.5e-4
        } else {
            1.05 * corner[axis]
        };
        let value = function(&corner);
        corners.push((corner, value));
    }
    for _ in 0..500 * n {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (least, most) = (corners[0].1, corners[n].1);
        if (most - least).abs() <= 1e-14 * least.abs() {
            break;
        }
        let centre: Vec<f64> = (0..n)
            .map(|axis| corners[..n].iter().map(|c| c.0[axis]).sum::<f64>() / n as f64)
            .collect();
        // The worst corner moved along the line through the centre of the others.
        let along = |from: &[f64], factor: f64| {
            let place: Vec<f64> = centre
                .iter()
                .zip(from)
                .map(|(c, w)| c + factor * (c - w))
                .collect();
            let value = function(&place);
            (place, value)
        };
        let reflected = along(&corners[n].0, 1.0);
        let new = if reflected.1 < least {
            let expanded = along(&corners[n].0, 2.0);
            if expanded.1 < reflected.1 {
                expanded
            } else {
                reflected
            }
        } else if reflected.1 < corners[n - 1].1 {
            reflected
        } else {
            let contracted = if reflected.1 < most {
                along(&corners[n].0, 0.5)
            } else {
                along(&corners[n].0, -0.5)
            };
            if contracted.1 < most.min(reflected.1) {
                contracted
            } else {
                shrink(&mut corners, function);
                continue;
            }
        };
        corners[n] = new;
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners.swap_remove(0).0
}

/// Moves all corners half-way to the best one.
fn shrink(corners: &mut [(Vec<f64>, f64)], function: &impl Fn(&[f64]) -> f64) {
    let best = corners[0].0.clone();
    for corner in &mut corners[1..] {
        corner
            .0
            .iter_mut()
            .zip(&best)
            .for_each(|(x, b)| *x = 0.5 * (*x + b));
        corner.1 = function(&corner.0);
    }
}

#[cfg(test)]
mod tests {
    use super::minimise;

    #[test]
    fn the_valley_of_rosenbrock() {
        let valley = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let found = minimise(&[-1.2, 1.0], valley);
        assert!(
            (found[0] - 1.0).abs() < 1e-5 && (found[1] - 1.0).abs() < 1e-5,
            "{found:?}"
        );
    }
}
