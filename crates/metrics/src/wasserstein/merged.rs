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

    /// The same around the circle, for values in [−π, π): the least ∫|F − G − c| over all c.
    pub(crate) fn circular_distance(&self, u_weights: &[f64], v_weights: &[f64]) -> f64 {
        let median = self.median_difference(u_weights, v_weights);
        let (mut sum, mut covered) = (0.0, 0.0);
        self.differences(u_weights, v_weights, |difference, width| {
            covered += width;
            sum += (difference - median).abs() * width;
        });
        // Beyond the last value and before the first both distribution functions agree.
        sum + median.abs() * (std::f64::consts::TAU - covered)
    }

    /// The F − G that has half of the circle on either side, or one within 10⁻⁹ of it: counted in bins,
    /// then in bins of the bin that holds it, because a list of all would be larger than the values.
    fn median_difference(&self, u_weights: &[f64], v_weights: &[f64]) -> f64 {
        let n_bins = self.entries.len().next_power_of_two().clamp(256, 65_536);
        let (mut low, mut span) = (-1.0 - 1e-9, 2.0 + 2e-9);
        let (mut below, mut median) = (0.0, 0.0);
        while span > 1e-9 {
            let mut widths = vec![0.0; n_bins];
            // One of the differences in each bin: where they are few, the median is exact.
            let mut members = vec![0.0; n_bins];
            let mut count = |difference: f64, width: f64| {
                let place = (difference - low) / span * n_bins as f64;
                if (0.0..n_bins as f64).contains(&place) {
                    widths[place as usize] += width;
                    members[place as usize] = difference;
                }
            };
            let mut covered = 0.0;
            self.differences(u_weights, v_weights, |difference, width| {
                covered += width;
                count(difference, width);
            });
            count(0.0, std::f64::consts::TAU - covered);
            let mut holds = 0;
            for (bin, width) in widths.iter().enumerate().filter(|(_, width)| **width > 0.0) {
                (holds, median) = (bin, members[bin]);
                if below + width >= std::f64::consts::PI {
                    break;
                }
                below += width;
            }
            span /= n_bins as f64;
            low += holds as f64 * span;
        }
        median
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
    fn the_constant_around_the_circle_is_the_best_one() {
        let u: Vec<f64> = (0..700)
            .map(|i| (0.37 * f64::from(i)).sin() * 3.0)
            .collect();
        let v: Vec<f64> = (0..500)
            .map(|i| (0.11 * f64::from(i * i)).cos() * 2.0 + 1.0)
            .collect();
        let merged = Merged::new(&u, 1, &v, 1);
        let (ones, twos) = (vec![1.0; 700], vec![2.0; 500]);
        let found = merged.circular_distance(&ones, &twos);
        let with = |c: f64| {
            let (mut sum, mut covered) = (0.0, 0.0);
            merged.differences(&ones, &twos, |difference, width| {
                sum += (difference - c).abs() * width;
                covered += width;
            });
            sum + c.abs() * (std::f64::consts::TAU - covered)
        };
        let best = (0..=20_000).map(|i| with(f64::from(i) * 1e-4 - 1.0));
        let best = best.fold(f64::INFINITY, f64::min);
        assert!(
            found <= best + 1e-12 && found > best - 1e-4,
            "{found} {best}"
        );
        assert!(found < merged.distance(&ones, &twos));
    }
}
