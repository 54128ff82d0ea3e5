//! Two samples sorted together once, compared under many sets of weights.

/// The values of two samples in one ascending order. Sorting is what costs; a bootstrap only
/// changes the weights of the frames.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    values: Vec<f64>,
    /// Frame of the value in its sample; the second sample's are negative, from −1.
    owners: Vec<i64>,
}

impl Merged {
    /// Values `[n_frames][per_frame]` of both samples, finite.
    pub(crate) fn new(u: &[f64], u_per_frame: usize, v: &[f64], v_per_frame: usize) -> Self {
        let first = u
            .iter()
            .enumerate()
            .map(|(i, &x)| (x, (i / u_per_frame.max(1)) as i64));
        let second = v
            .iter()
            .enumerate()
            .map(|(i, &x)| (x, -1 - (i / v_per_frame.max(1)) as i64));
        let mut all: Vec<(f64, i64)> = first.chain(second).collect();
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (values, owners) = all.into_iter().unzip();
        Self { values, owners }
    }

    /// Wasserstein-1 distance with these weights of the frames.
    pub(crate) fn distance(&self, u_weights: &[f64], v_weights: &[f64]) -> f64 {
        let mut sum = 0.0;
        self.differences(u_weights, v_weights, |difference, width| {
            sum += difference.abs() * width;
        });
        sum
    }

    /// The same around the circle, for values in [−π, π).
    pub(crate) fn circular_distance(&self, u_weights: &[f64], v_weights: &[f64]) -> f64 {
        let mut steps = Vec::with_capacity(self.values.len() + 1);
        let mut covered = 0.0;
        self.differences(u_weights, v_weights, |difference, width| {
            covered += width;
            steps.push((difference, width));
        });
        // Beyond the last value and before the first both distribution functions agree.
        steps.push((0.0, std::f64::consts::TAU - covered));
        let median = weighted_median(&mut steps);
        steps
            .iter()
            .map(|(difference, width)| (difference - median).abs() * width)
            .sum()
    }

    /// F − G between each value and the next, with the distance between them.
    fn differences(&self, u_weights: &[f64], v_weights: &[f64], mut step: impl FnMut(f64, f64)) {
        let (mut u_total, mut v_total) = (0.0, 0.0);
        for &owner in &self.owners {
            if owner >= 0 {
                u_total += u_weights[owner as usize];
            } else {
                v_total += v_weights[(-1 - owner) as usize];
            }
        }
        let (mut u_sum, mut v_sum) = (0.0, 0.0);
        for i in 0..self.values.len().saturating_sub(1) {
            let owner = self.owners[i];
            if owner >= 0 {
                u_sum += u_weights[owner as usize];
            } else {
                v_sum += v_weights[(-1 - owner) as usize];
            }
            let width = self.values[i + 1] - self.values[i];
            if width > 0.0 {
                step(u_sum / u_total - v_sum / v_total, width);
            }
        }
    }
}

/// A value that has half of the weight on either side, by repeated partition.
fn weighted_median(pairs: &mut [(f64, f64)]) -> f64 {
    let half = 0.5 * pairs.iter().map(|pair| pair.1).sum::<f64>();
    let mut below = 0.0;
    let mut rest: &mut [(f64, f64)] = pairs;
    loop {
        let n = rest.len();
        if n <= 1 {
            return rest.first().map_or(0.0, |pair| pair.0);
        }
        let (lower, middle, upper) = rest.select_nth_unstable_by(n / 2, |a, b| a.0.total_cmp(&b.0));
        let lower_weight: f64 = lower.iter().map(|pair| pair.1).sum();
        if below + lower_weight > half {
            rest = lower;
        } else if below + lower_weight + middle.1 >= half || upper.is_empty() {
            return middle.0;
        } else {
            below += lower_weight + middle.1;
            rest = upper;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_halves_the_weight() {
        let mut pairs = vec![(5.0, 1.0), (1.0, 1.0), (3.0, 10.0), (2.0, 1.0), (9.0, 1.0)];
        assert_eq!(weighted_median(&mut pairs), 3.0);
        let mut pairs = vec![(5.0, 10.0), (1.0, 1.0), (3.0, 1.0), (2.0, 1.0)];
        assert_eq!(weighted_median(&mut pairs), 5.0);
    }
}
