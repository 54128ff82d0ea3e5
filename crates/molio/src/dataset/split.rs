//! Which frames are for training, which to choose a model by, which to judge it by.

use crate::{Error, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Frame indices for training, validation (early stopping, choice of model) and test, each ascending.
///
/// Neighbouring frames of a simulation are almost copies of each other, so a random choice of frames
/// puts near-duplicates of the training frames into the test set. The default everywhere is
/// therefore [`Split::blocks`]; [`Split::random`] is there for those who ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Frames to learn from.
    pub train: Vec<usize>,
    /// Frames to choose by while learning.
    pub validation: Vec<usize>,
    /// Frames that no choice has seen.
    pub test: Vec<usize>,
}

/// How large the held-out parts are; the rest is for training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fractions {
    /// Fraction for validation, 0 to 1.
    pub validation: f64,
    /// Fraction for test, 0 to 1.
    pub test: f64,
}

impl Split {
    /// Whole blocks of consecutive frames are held out; which ones, the seed decides.
    ///
    /// Each source trajectory (`sources`: consecutive ranges of frames) is cut into `n_blocks` blocks of
    /// equal length, or into single frames if it is shorter than that. At each border between two
    /// parts `gap` frames are left out of the part that matters less (test before validation before
    /// training), so that no frame is correlated with one of another part.
    ///
    /// # Errors
    /// [`Error::Argument`] for fractions that leave nothing to train on, too few blocks to hold out
    /// what is asked for, or no frames.
    pub fn blocks(
        sources: &[Range<usize>],
        fractions: Fractions,
        n_blocks: usize,
        gap: usize,
        seed: u64,
    ) -> Result<Self> {
        if n_blocks == 0 {
            return Err(Error::argument("number of blocks", "at least 1", "0"));
        }
        let mut blocks = Vec::new();
        for source in sources {
            let n_blocks = n_blocks.min(source.len());
            for block in 0..n_blocks {
                let start = source.start + block * source.len() / n_blocks;
                let end = source.start + (block + 1) * source.len() / n_blocks;
                blocks.push((start..end).collect());
            }
        }
        let mut split = Self::from_groups(blocks, fractions, seed)?;
        split.leave_gap(sources, gap);
        split.check_trainable("the gap between blocks")?;
        Ok(split)
    }

    /// Whole clusters are held out; which ones, the seed decides.
    ///
    /// `labels` holds each frame's cluster. Held-out clusters test whether a model reaches what it has
    /// not seen.
    ///
    /// # Errors
    /// As [`Split::blocks`].
    pub fn clusters(labels: &[usize], fractions: Fractions, seed: u64) -> Result<Self> {
        let mut groups = std::collections::BTreeMap::<usize, Vec<usize>>::new();
        for (frame, &label) in labels.iter().enumerate() {
            groups.entry(label).or_default().push(frame);
        }
        Self::from_groups(groups.into_values().collect(), fractions, seed)
    }

    /// The caller's own choice; frames in none of the lists are not used.
    ///
    /// # Errors
    /// [`Error::Argument`] for an index beyond `n_frames`, a frame in two lists or twice in one, or an
    /// empty training list.
    pub fn indices(
        n_frames: usize,
        train: Vec<usize>,
        validation: Vec<usize>,
        test: Vec<usize>,
    ) -> Result<Self> {
        let mut split = Self {
            train,
            validation,
            test,
        };
        split.sort();
        split.check(n_frames)?;
        Ok(split)
    }

    /// Random single frames are held out. On frames that are correlated in time the held-out errors
    /// come out too small.
    ///
    /// # Errors
    /// As [`Split::blocks`].
    pub fn random(n_frames: usize, fractions: Fractions, seed: u64) -> Result<Self> {
        Self::from_groups((0..n_frames).map(|f| vec![f]).collect(), fractions, seed)
    }

    /// Number of frames in all parts.
    pub fn n_frames(&self) -> usize {
        self.train.len() + self.validation.len() + self.test.len()
    }

    /// Checks that the split fits `n_frames` frames: indices that exist, none twice, some to train on.
    ///
    /// # Errors
    /// [`Error::Argument`] that says what is wrong.
    pub fn check(&self, n_frames: usize) -> Result<()> {
        let mut seen = vec![false; n_frames];
        for &frame in self.train.iter().chain(&self.validation).chain(&self.test) {
            if frame >= n_frames {
                return Err(Error::argument(
                    "split by indices",
                    format!("frames below {n_frames}"),
                    format!("frame {frame}"),
                ));
            }
            if std::mem::replace(&mut seen[frame], true) {
                return Err(Error::argument(
                    "split by indices",
                    "each frame once, in one part",
                    format!("frame {frame} twice"),
                ));
            }
        }
        self.check_trainable("the split")
    }

    /// Shuffles the groups and fills test, then validation, up to their fractions.
    fn from_groups(mut groups: Vec<Vec<usize>>, fractions: Fractions, seed: u64) -> Result<Self> {
        let n_frames: usize = groups.iter().map(Vec::len).sum();
        let Fractions { validation, test } = fractions;
        let usable = |f: f64| (0.0..1.0).contains(&f);
        if !(usable(validation) && usable(test) && validation + test < 1.0) {
            return Err(Error::argument(
                "held-out fractions",
                "two numbers from 0 whose sum is below 1",
                format!("validation {validation}, test {test}"),
            ));
        }
        let n_groups = groups.len();
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        groups.shuffle(&mut generator);
        let mut split = Self::default();
        for (part, fraction) in [(&mut split.test, test), (&mut split.validation, validation)] {
            let target = fraction * n_frames as f64;
            while let Some(group) = groups.last() {
                // stop where adding the next group leads further from the target than it is now
                let now = part.len() as f64;
                let then = now + group.len() as f64;
                let wanted = target > 0.0 && (part.is_empty() || then - target < target - now);
                if !wanted {
                    break;
                }
                part.extend(groups.pop().unwrap_or_default());
            }
        }
        split.train = groups.concat();
        split.sort();
        let missing = (validation > 0.0 && split.validation.is_empty())
            || (test > 0.0 && split.test.is_empty())
            || split.train.is_empty();
        if missing {
            return Err(Error::argument(
                "split",
                "enough blocks, clusters or frames for every part",
                format!("{n_groups} of them, {n_frames} frames in all"),
            ));
        }
        Ok(split)
    }

    fn leave_gap(&mut self, sources: &[Range<usize>], gap: usize) {
        if gap == 0 {
            return;
        }
        let near = |frame: usize, part: &[usize]| {
            let Some(source) = sources.iter().find(|s| s.contains(&frame)) else {
                return false;
            };
            let low = frame.saturating_sub(gap).max(source.start);
            let high = frame.saturating_add(gap).min(source.end - 1);
            let next = part.partition_point(|&other| other < low);
            part.get(next).is_some_and(|&other| other <= high)
        };
        let Self {
            train,
            validation,
            test,
        } = self;
        validation.retain(|&frame| !near(frame, test));
        train.retain(|&frame| !near(frame, test) && !near(frame, validation));
    }

    fn check_trainable(&self, what: &'static str) -> Result<()> {
        if self.train.is_empty() {
            return Err(Error::argument(
                what,
                "at least one frame to train on",
                "none",
            ));
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.train.sort_unstable();
        self.validation.sort_unstable();
        self.test.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One source of a hundred frames.
    const HUNDRED: &[Range<usize>] = std::slice::from_ref(&(0..100));

    const TENTHS: Fractions = Fractions {
        validation: 0.1,
        test: 0.1,
    };

    #[test]
    fn blocks_are_contiguous_and_cover_everything() {
        let split = Split::blocks(HUNDRED, TENTHS, 10, 0, 7).unwrap();
        split.check(100).unwrap();
        assert_eq!(split.n_frames(), 100);
        assert_eq!((split.validation.len(), split.test.len()), (10, 10));
        assert_eq!(split.test[9] - split.test[0], 9);
        assert_eq!(split.test[0] % 10, 0);
        assert_eq!(split, Split::blocks(HUNDRED, TENTHS, 10, 0, 7).unwrap());
        let others = (0..20).any(|s| Split::blocks(HUNDRED, TENTHS, 10, 0, s).unwrap() != split);
        assert!(others, "the seed decides which blocks are held out");
    }

    #[test]
    fn gaps_part_the_parts() {
        let sources = [0..60, 60..160];
        for seed in 0..20 {
            let split = Split::blocks(&sources, TENTHS, 10, 2, seed).unwrap();
            for &held in split.test.iter().chain(&split.validation) {
                for &frame in &split.train {
                    let same_source = (held < 60) == (frame < 60);
                    assert!(!same_source || held.abs_diff(frame) > 2, "{held} {frame}");
                }
            }
        }
    }

    #[test]
    fn clusters_stay_whole() {
        let labels: Vec<usize> = (0..100).map(|f| f % 7).collect();
        let split = Split::clusters(&labels, TENTHS, 1).unwrap();
        let held: Vec<usize> = split.test.iter().map(|&f| labels[f]).collect();
        assert!(split.train.iter().all(|&f| !held.contains(&labels[f])));
    }

    #[test]
    fn impossible_splits_are_refused() {
        let too_much = Fractions {
            validation: 0.5,
            test: 0.5,
        };
        assert!(Split::random(10, too_much, 0).is_err());
        assert!(Split::random(0, TENTHS, 0).is_err());
        assert!(Split::random(2, TENTHS, 0).is_err());
        assert!(Split::blocks(HUNDRED, TENTHS, 0, 0, 0).is_err());
        assert!(Split::blocks(HUNDRED, TENTHS, 10, usize::MAX, 0).is_err());
        assert!(Split::indices(5, vec![0, 1], vec![1], vec![]).is_err());
        assert!(Split::indices(5, vec![0, 5], vec![], vec![]).is_err());
        assert!(Split::indices(5, vec![], vec![1], vec![]).is_err());
        assert!(Split::indices(5, vec![4, 0], vec![1], vec![]).is_ok());
    }

    #[test]
    fn nothing_held_out_is_allowed() {
        let none = Fractions {
            validation: 0.0,
            test: 0.0,
        };
        assert_eq!(Split::random(3, none, 0).unwrap().train, [0, 1, 2]);
    }
}
