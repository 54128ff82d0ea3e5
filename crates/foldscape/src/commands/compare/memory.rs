//! What a comparison keeps of its frames, and whether there is room for it.
//!
//! Distances between distributions need all values at once, so memory grows with the frames that are
//! used. A trajectory of any size is compared within a bound by taking fewer of them, which changes what
//! a lag time means: so this says which stride fits, and does not choose it.

use anyhow::{Result, ensure};
use std::path::PathBuf;

/// Bytes for each CA atom of a frame: positions as read and as compared (2 · 12), φ and ψ (8), the
/// values of one distribution (8) and the same in order (16).
const BYTES_PER_ATOM: usize = 56;
/// Bytes for each frame besides: weights and their resamples, slow coordinates, states.
const BYTES_PER_FRAME: usize = 1024;
const GIGABYTE: f64 = 1e9;

/// The memory that frames may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// Gigabytes.
    most: f64,
    stride: usize,
    taken: f64,
}

impl Memory {
    pub(super) fn new(most: f64, stride: usize) -> Result<Self> {
        ensure!(
            most > 0.0,
            "--memory must be more than 0 gigabytes, not {most}"
        );
        Ok(Self {
            most,
            stride,
            taken: 0.0,
        })
    }

    /// Looks before anything is read whether the frames of these files will fit, as far as the formats
    /// tell how many there are. The numbers of CA atoms are those of reference and model.
    pub(super) fn check(&self, sides: [(&[PathBuf], usize); 2]) -> Result<()> {
        let (mut all, mut n_frames) = (0.0, 0);
        for (files, n_atoms) in sides {
            for file in files {
                let n = molio::open(file)?.n_frames()?.unwrap_or(0);
                all += n as f64 * gigabytes(n_atoms);
                n_frames += n;
            }
        }
        let needed = all / self.stride as f64;
        ensure!(
            needed <= self.most,
            "{} frames take about {needed:.1} GB of memory, more than the {} of --memory: take every \
             n-th with --stride {} or more, or allow more memory",
            n_frames.div_ceil(self.stride),
            self.most,
            (all / self.most).ceil()
        );
        Ok(())
    }

    /// Counts a frame that is kept; an error when there is no room for it, which only happens with
    /// files that do not tell beforehand how many frames they hold.
    pub(super) fn take(&mut self, n_atoms: usize) -> Result<()> {
        self.taken += gigabytes(n_atoms);
        ensure!(
            self.taken <= self.most,
            "the frames up to here take {} GB of memory, as much as --memory allows: take fewer with a \
             --stride above {}, or allow more memory",
            self.most,
            self.stride
        );
        Ok(())
    }
}

/// Gigabytes for a frame.
fn gigabytes(n_atoms: usize) -> f64 {
    (BYTES_PER_ATOM * n_atoms + BYTES_PER_FRAME) as f64 / GIGABYTE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_files_without_a_number_are_counted_as_they_come() {
        // 56 · 100 + 1024 bytes a frame: 6.6 kB
        let mut memory = Memory::new(20e-6, 3).unwrap();
        for _ in 0..3 {
            memory.take(100).unwrap();
        }
        let message = memory.take(100).unwrap_err().to_string();
        assert!(message.contains("--stride above 3"), "{message}");
        assert!(Memory::new(f64::NAN, 1).is_err());
    }
}
