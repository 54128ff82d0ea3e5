//! Two samples sorted together once, compared under many sets of weights.

use rayon::prelude::*;

/// The values of two samples in one ascending order. Sorting is what costs; a bootstrap only
/// changes the weights of the frames.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    /// Each value with its frame in its sample; the second sample's frames are negative, from −1.
    entries: Vec<(f64, i64)>,
    /// Whether both samples are the same values, which then stand here once.
    same: bool,
}

impl Merged {
    /// Values `[n_frames][per_frame]` of both samples, finite.
    pub(crate) fn new(u: &[f64], u_per_frame: usize, v: &[f64], v_per_frame: usize) -> Self {
        let mut entries = Vec::with_capacity(u.len() + v.len());
        entries.extend(owned(u, u_per_frame));
        entries.extend(owned(v, v_per_frame).map(|(x, frame)| (x, -1 - frame)));
        Self::sorted(entries, false)
    }

    /// One sample, to be compared with itself under two sets of weights.
    pub(crate) fn of_one(values: &[f64], per_frame: usize) -> Self {
        Self::sorted(owned(values, per_frame).collect(), true)
    }

    fn sorted(mut entries: Vec<(f64, i64)>, same: bool) -> Self {
        entries.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Self { entries, same }
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
        let mut steps = Vec::with_capacity(self.entries.len() + 1);
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
        let add = |owner: i64, u_sum: &mut f64, v_sum: &mut f64| {
            if self.same {
                *u_sum += u_weights[owner as usize];
                *v_sum += v_weights[owner as usize];
            } else if owner >= 0 {
                *u_sum += u_weights[owner as usize];
            } else {
                *v_sum += v_weights[(-1 - owner) as usize];
            }
        };
        let (mut u_total, mut v_total) = (0.0, 0.0);
        for &(_, owner) in &self.entries {
            add(owner, &mut u_total, &mut v_total);
        }
        let (mut u_sum, mut v_sum) = (0.0, 0.0);
        for pair in self.entries.windows(2) {
            add(pair[0].1, &mut u_sum, &mut v_sum);
            let width = pair[1].0 - pair[0].0;
            if width > 0.0 {
                step(u_sum / u_total - v_sum / v_total, width);
            }
        }
    }
}

/// Values with their frames.
fn owned(values: &[f64], per_frame: usize) -> impl Iterator<Item = (f64, i64)> {
    let per_frame = per_frame.max(1);
    let numbered = values.iter().enumerate();
    numbered.map(move |(i, &x)| (x, (i / per_frame) as i64))
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
    fn a_sample_against_itself_is_two_copies_of_it() {
        let values = [0.3, -1.2, 2.0, 0.7, 0.1, -0.4];
        let (u, v) = ([1.0, 2.0, 0.0], [0.5, 0.0, 3.0]);
        let (one, two) = (
            Merged::of_one(&values, 2),
            Merged::new(&values, 2, &values, 2),
        );
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14 && a > 0.1, "{a} {b}");
        close(one.distance(&u, &v), two.distance(&u, &v));
        close(one.circular_distance(&u, &v), two.circular_distance(&u, &v));
    }

    #[test]
    fn the_median_halves_the_weight() {
        let mut pairs = vec![(5.0, 1.0), (1.0, 1.0), (3.0, 10.0), (2.0, 1.0), (9.0, 1.0)];
        assert_eq!(weighted_median(&mut pairs), 3.0);
        let mut pairs = vec![(5.0, 10.0), (1.0, 1.0), (3.0, 1.0), (2.0, 1.0)];
        assert_eq!(weighted_median(&mut pairs), 5.0);
    }
}
