//! The control.

use crate::{BoxError, Selector};
use dynamics::random::{philox, uniform};
use molio::Trajectory;

/// Candidates drawn at random, without repetition: what every other selector has to beat.
///
/// What is drawn depends on the seed and on the numbers of candidates and known frames, so rounds of a
/// campaign draw differently.
///
/// # Examples
/// ```
/// use active_learning::{RandomChoice, Selector};
/// let frames = molio::Trajectory::from_positions(1, vec![[0.0; 3]; 10])?;
/// let chosen = RandomChoice { seed: 4 }.select(&frames, &frames, 3)?;
/// assert_eq!(chosen.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomChoice {
    /// Seed of the draw.
    pub seed: u64,
}

impl Selector for RandomChoice {
    fn select(
        &self,
        candidates: &Trajectory,
        known: &Trajectory,
        budget: usize,
    ) -> Result<Vec<usize>, BoxError> {
        let n = candidates.n_frames();
        let mut indices: Vec<usize> = (0..n).collect();
        let n_known = known.n_frames() as u64;
        let budget = budget.min(n);
        for place in 0..budget {
            let counter = [
                place as u32,
                n as u32,
                n_known as u32,
                (n_known >> 32) as u32,
            ];
            let words = philox(counter, self.seed);
            let within = (uniform(words[0]) * (n - place) as f64) as usize;
            indices.swap(place, place + within.min(n - place - 1));
        }
        indices.truncate(budget);
        Ok(indices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candidate_is_equally_likely() {
        let frames = Trajectory::from_positions(1, vec![[0.0; 3]; 8]).unwrap();
        let mut counts = [0_u32; 8];
        for seed in 0..4000 {
            let chosen = RandomChoice { seed }.select(&frames, &frames, 3).unwrap();
            let mut unique = chosen.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), 3);
            chosen.iter().for_each(|&c| counts[c] += 1);
        }
        // 1500 expected, variance 4000·(3/8)·(5/8)
        for count in counts {
            assert!(
                (f64::from(count) - 1500.0).abs() < 5.0 * 937.5_f64.sqrt(),
                "{counts:?}"
            );
        }
        let all = RandomChoice { seed: 1 }
            .select(&frames, &frames, 99)
            .unwrap();
        assert_eq!(all.len(), 8);
    }
}
