//! Frames of a model that a campaign can use.

use crate::{Error, Result};
use molio::Trajectory;
use serde::{Deserialize, Serialize};

/// How many frames a model gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sampled {
    pub(super) n_frames: usize,
    pub(super) n_not_finite: usize,
}

/// Positions and times of the frames in which every number is finite, and how many there were.
pub(super) fn finite_frames(given: &Trajectory, n_beads: usize) -> Result<(Trajectory, Sampled)> {
    if given.n_frames() > 0 && given.n_atoms() != n_beads {
        let what = "beads of a proposed frame";
        return Err(Error::setting(what, n_beads, given.n_atoms()));
    }
    let mut finite = Trajectory::new(n_beads);
    for index in 0..given.n_frames() {
        let numbers = given.positions(index).iter().flatten();
        if numbers.copied().all(f32::is_finite) {
            let mut frame = given.frame(index);
            (frame.velocities, frame.forces) = (None, None);
            finite.push(&frame)?;
        }
    }
    let counts = Sampled {
        n_frames: finite.n_frames(),
        n_not_finite: given.n_frames() - finite.n_frames(),
    };
    Ok((finite, counts))
}
