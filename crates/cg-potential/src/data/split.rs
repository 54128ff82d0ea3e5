//! Which frames teach, which judge, which are kept for the end.

use super::ForceData;
use crate::{Error, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How frames are held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// Fraction of blocks that decides when to stop.
    pub validation: f64,
    /// Fraction of blocks that training never sees.
    pub test: f64,
    /// Blocks over all trajectories together, at least one a trajectory.
    pub blocks: usize,
    /// Frames left out on both sides of a border between blocks.
    pub gap: usize,
    /// Decides which blocks are held out.
    pub seed: u64,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            validation: 0.1,
            test: 0.0,
            blocks: 40,
            gap: 2,
            seed: 0,
        }
    }
}

/// Frame indices by use, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForceSplit {
    /// Frames that the parameters see.
    pub train: Vec<usize>,
    /// Frames that decide when to stop and which parameters are best.
    pub validation: Vec<usize>,
    /// Frames that nothing in training sees.
    pub test: Vec<usize>,
}

impl ForceData {
    /// Splits by blocks of time: neighbouring frames are alike, so random frames would be judged by
    /// what was learned by heart.
    ///
    /// # Errors
    /// [`Error::Setting`] for fractions that leave no training frames, or too few frames for so many
    /// blocks.
    pub fn split(&self, config: &SplitConfig) -> Result<ForceSplit> {
        let SplitConfig {
            validation, test, ..
        } = *config;
        let fractions = [validation, test, 1.0 - validation - test];
        if !fractions.iter().all(|f| (0.0..=1.0).contains(f)) || fractions[2] <= 0.0 {
            let found = format!("validation {validation}, test {test}");
            return Err(Error::setting("split", "fractions below 1 together", found));
        }
        let mut blocks = Vec::new();
        let n_frames = self.n_frames();
        for series in self.series() {
            let share = config.blocks as f64 * series.len() as f64 / n_frames as f64;
            let n = (share.round() as usize).clamp(1, series.len());
            for index in 0..n {
                let at = |i: usize| series.start + i * series.len() / n;
                let (start, end) = (at(index), at(index + 1));
                let start = if index == 0 {
                    start
                } else {
                    start + config.gap
                };
                let end = if index + 1 == n {
                    end
                } else {
                    end.saturating_sub(config.gap)
                };
                if start < end {
                    blocks.push(start..end);
                }
            }
        }
        let mut order: Vec<usize> = (0..blocks.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(config.seed));
        let count = |fraction: f64| {
            let exact = fraction * blocks.len() as f64;
            // who asks for some gets some
            if fraction > 0.0 {
                exact.round().max(1.0) as usize
            } else {
                0
            }
        };
        let (n_validation, n_test) = (count(validation), count(test));
        if n_validation + n_test >= blocks.len() {
            let found = format!("{} blocks of {n_frames} frames", blocks.len());
            return Err(Error::setting(
                "split",
                "more blocks, or more frames",
                found,
            ));
        }
        let mut split = ForceSplit::default();
        for (place, &block) in order.iter().enumerate() {
            let frames = blocks[block].clone();
            match place {
                _ if place < n_validation => split.validation.extend(frames),
                _ if place < n_validation + n_test => split.test.extend(frames),
                _ => split.train.extend(frames),
            }
        }
        for frames in [&mut split.train, &mut split.validation, &mut split.test] {
            frames.sort_unstable();
        }
        Ok(split)
    }
}
