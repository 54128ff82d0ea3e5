//! Standard errors of anything computed from correlated frames.

use crate::error::{Error, Result, check_count};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Moving-block bootstrap over replicas and blocks of time.
///
/// Each resample draws as many replicas as there are, with replacement (where there are several),
/// and fills each with blocks of consecutive frames of the drawn replica, so that correlation in
/// time is kept within blocks. The result is how often each frame was drawn, to multiply weights
/// with; replica and block are drawn by a seeded counter, the same on any number of threads.
///
/// # References
/// H. R. Künsch, Ann. Stat. 1989, 17, 1217, doi:10.1214/aos/1176347265.
///
/// # Examples
/// ```
/// use metrics::bootstrap::Blocks;
/// let blocks = Blocks::new(&[100, 50], 10)?;
/// let counts = blocks.resample(7, 0);
/// assert_eq!(counts.len(), 150);
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    lengths: Vec<usize>,
    block: usize,
}

impl Blocks {
    /// Replicas with these numbers of frames, in blocks of `block` frames.
    ///
    /// # Errors
    /// If there are no frames, or a block has none.
    pub fn new(lengths: &[usize], block: usize) -> Result<Self> {
        check_count("frames to resample", 1, lengths.iter().sum())?;
        if block == 0 {
            return Err(Error::Argument {
                what: "frames in a block",
                expected: "at least 1",
                found: "0".to_owned(),
            });
        }
        Ok(Self {
            lengths: lengths.iter().copied().filter(|&n| n > 0).collect(),
            block,
        })
    }

    /// Frames in a block.
    pub fn block(&self) -> usize {
        self.block
    }

    /// How often each frame appears in resample `index`.
    pub fn resample(&self, seed: u64, index: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(index);
        let starts: Vec<usize> = self
            .lengths
            .iter()
            .scan(0, |sum, n| Some(std::mem::replace(sum, *sum + n)))
            .collect();
        let mut counts = vec![0.0; self.lengths.iter().sum()];
        for _ in 0..self.lengths.len() {
            let replica = random.random_range(0..self.lengths.len());
            let (start, n) = (starts[replica], self.lengths[replica]);
            let block = self.block.min(n);
            let mut left = n;
            while left > 0 {
                let first = random.random_range(0..=n - block);
                let taken = block.min(left);
                for count in &mut counts[start + first..start + first + taken] {
                    *count += 1.0;
                }
                left -= taken;
            }
        }
        counts
    }
}

/// Lags up to which none is left out.
const EVERY_LAG: usize = 1000;

/// Number of frames after which a series has forgotten itself, 1 + 2 Σ ρ(t) up to the first
/// correlation below zero: how many frames are worth one independent one.
///
/// Every lag up to a thousand frames is summed, and beyond them ever fewer, each standing for those
/// around it: a long series that forgets slowly would take the square of its length in steps.
///
/// # References
/// J. D. Chodera et al., J. Chem. Theory Comput. 2007, 3, 26, doi:10.1021/ct0502864.
pub fn statistical_inefficiency(series: &[f64]) -> f64 {
    let n = series.len();
    let mean = series.iter().sum::<f64>() / n.max(1) as f64;
    let variance = series.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n.max(1) as f64;
    if variance.is_nan() || variance <= 0.0 {
        return 1.0;
    }
    let mut inefficiency = 1.0;
    let (mut lag, mut every) = (1, 1);
    while lag < n / 2 {
        let products = series
            .iter()
            .zip(&series[lag..])
            .map(|(a, b)| (a - mean) * (b - mean));
        let correlation = products.sum::<f64>() / ((n - lag) as f64 * variance);
        if correlation <= 0.0 {
            break;
        }
        inefficiency += 2.0 * correlation * (1.0 - lag as f64 / n as f64) * every as f64;
        every += usize::from(lag >= EVERY_LAG);
        lag += every;
    }
    inefficiency
}

/// Standard deviation of the values that are finite; `None` if there are fewer than two.
pub fn standard_error(values: &[f64]) -> Option<f64> {
    let finite: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    let n = finite.len() as f64;
    if finite.len() < 2 {
        return None;
    }
    let mean = finite.iter().sum::<f64>() / n;
    let squares: f64 = finite
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    Some((squares / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_mean_of_independent_frames() {
        // σ/√n for blocks of one frame.
        let series: Vec<f64> = (0..400)
            .map(|i| ((i * 7919) % 400) as f64 / 400.0)
            .collect();
        let blocks = Blocks::new(&[400], 1).unwrap();
        let means: Vec<f64> = (0..500)
            .map(|index| {
                let counts = blocks.resample(3, index);
                counts.iter().zip(&series).map(|(c, x)| c * x).sum::<f64>() / 400.0
            })
            .collect();
        let expected = (1.0f64 / 12.0 / 400.0).sqrt();
        assert!((standard_error(&means).unwrap() / expected - 1.0).abs() < 0.1);
    }

    #[test]
    fn resamples_keep_the_number_of_frames_of_equal_replicas() {
        let blocks = Blocks::new(&[30, 30, 30], 7).unwrap();
        for index in 0..20 {
            assert_eq!(blocks.resample(1, index).iter().sum::<f64>(), 90.0);
        }
        assert_eq!(blocks.resample(1, 4), blocks.resample(1, 4));
        assert_ne!(blocks.resample(1, 4), blocks.resample(1, 5));
    }

    #[test]
    fn lags_that_are_left_out_hardly_change_the_inefficiency() {
        // An autoregressive series with correlation time τ has 1 + 2 Σ exp(−t/τ) ≈ 2τ.
        let tau = 2000.0f64;
        let keep = (-1.0 / tau).exp();
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut value = 0.0;
        let series: Vec<f64> = (0..400_000)
            .map(|_| {
                let noise: f64 = random.random_range(-1.0..1.0);
                value = keep * value + noise;
                value
            })
            .collect();
        let found = statistical_inefficiency(&series);
        assert!((found / (2.0 * tau) - 1.0).abs() < 0.3, "{found}");
        // A ramp forgets itself after a third of its length; with every lag this takes minutes.
        let ramp: Vec<f64> = (0..300_000).map(f64::from).collect();
        let share = statistical_inefficiency(&ramp) / 300_000.0;
        let short: Vec<f64> = (0..1_900).map(f64::from).collect();
        let exact = statistical_inefficiency(&short) / 1_900.0;
        assert!((share / exact - 1.0).abs() < 0.01, "{share} {exact}");
    }

    #[test]
    fn a_slow_series_is_inefficient() {
        let fast: Vec<f64> = (0..1000).map(|i| f64::from((i * 7919) % 1000)).collect();
        assert!(statistical_inefficiency(&fast) < 3.0);
        let slow: Vec<f64> = (0..1000).map(|i| f64::from(i / 100)).collect();
        assert!(statistical_inefficiency(&slow) > 50.0);
    }
}
