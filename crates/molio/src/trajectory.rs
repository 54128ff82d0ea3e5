//! Many frames of one topology in memory.

use crate::{Cell, Error, Frame, Place, Result};
use std::path::PathBuf;

/// Frames in memory: one flat array of positions, and what else the frames carried.
///
/// # Shapes
/// Positions `[n_frames][n_atoms][3]` f32 in nm, contiguous, frame after frame.
///
/// # Examples
/// ```
/// use molio::{Frame, Trajectory};
/// let mut trajectory = Trajectory::new(2);
/// trajectory.push(&Frame::from_positions(vec![[0.0; 3], [0.1, 0.0, 0.0]])).unwrap();
/// assert_eq!(trajectory.positions(0)[1], [0.1, 0.0, 0.0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    n_atoms: usize,
    positions: Vec<[f32; 3]>,
    velocities: Option<Vec<[f32; 3]>>,
    forces: Option<Vec<[f32; 3]>>,
    cells: Vec<Option<Cell>>,
    times: Vec<Option<f64>>,
    steps: Vec<Option<i64>>,
}

impl Trajectory {
    /// An empty trajectory of frames with `n_atoms` atoms.
    pub fn new(n_atoms: usize) -> Self {
        Self {
            n_atoms,
            ..Self::default()
        }
    }

    /// A trajectory that only has positions (nm), `[n_frames][n_atoms][3]`.
    ///
    /// # Errors
    /// [`Error::AtomCount`] if the length is not a multiple of `n_atoms`.
    pub fn from_positions(n_atoms: usize, positions: Vec<[f32; 3]>) -> Result<Self> {
        let n_frames = positions.len().checked_div(n_atoms).unwrap_or(0);
        if n_frames * n_atoms != positions.len() {
            return Err(in_memory(
                n_frames,
                n_atoms,
                positions.len() - n_frames * n_atoms,
            ));
        }
        Ok(Self {
            n_atoms,
            positions,
            cells: vec![None; n_frames],
            times: vec![None; n_frames],
            steps: vec![None; n_frames],
            ..Self::default()
        })
    }

    /// Appends a frame. Velocities and forces are kept as long as every frame has them.
    ///
    /// # Errors
    /// [`Error::AtomCount`] if the frame has another number of atoms.
    pub fn push(&mut self, frame: &Frame) -> Result<()> {
        if frame.n_atoms() != self.n_atoms {
            return Err(in_memory(self.n_frames(), self.n_atoms, frame.n_atoms()));
        }
        let first = self.cells.is_empty();
        self.positions.extend_from_slice(&frame.positions);
        extend(&mut self.velocities, frame.velocities.as_deref(), first);
        extend(&mut self.forces, frame.forces.as_deref(), first);
        self.cells.push(frame.cell);
        self.times.push(frame.time);
        self.steps.push(frame.step);
        Ok(())
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.cells.len()
    }

    /// Number of atoms of each frame.
    pub fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    /// Positions of frame `index` in nm.
    ///
    /// # Panics
    /// If there is no such frame; so for the other accessors by index.
    pub fn positions(&self, index: usize) -> &[[f32; 3]] {
        &self.positions[index * self.n_atoms..(index + 1) * self.n_atoms]
    }

    /// Positions of frame `index`, to change.
    pub fn positions_mut(&mut self, index: usize) -> &mut [[f32; 3]] {
        &mut self.positions[index * self.n_atoms..(index + 1) * self.n_atoms]
    }

    /// Velocities of frame `index` in nm/ps, if every frame has them.
    pub fn velocities(&self, index: usize) -> Option<&[[f32; 3]]> {
        Some(&self.velocities.as_ref()?[index * self.n_atoms..(index + 1) * self.n_atoms])
    }

    /// Forces of frame `index` in kJ/mol/nm, if every frame has them.
    pub fn forces(&self, index: usize) -> Option<&[[f32; 3]]> {
        Some(&self.forces.as_ref()?[index * self.n_atoms..(index + 1) * self.n_atoms])
    }

    /// Cell of frame `index`.
    pub fn cell(&self, index: usize) -> Option<Cell> {
        self.cells[index]
    }

    /// Time of frame `index` in ps.
    pub fn time(&self, index: usize) -> Option<f64> {
        self.times[index]
    }

    /// Step number of frame `index`.
    pub fn step(&self, index: usize) -> Option<i64> {
        self.steps[index]
    }

    /// All positions, `[n_frames][n_atoms][3]`.
    pub fn all_positions(&self) -> &[[f32; 3]] {
        &self.positions
    }

    /// A copy of frame `index`.
    pub fn frame(&self, index: usize) -> Frame {
        Frame {
            positions: self.positions(index).to_vec(),
            velocities: self.velocities(index).map(<[_]>::to_vec),
            forces: self.forces(index).map(<[_]>::to_vec),
            cell: self.cells[index],
            time: self.times[index],
            step: self.steps[index],
        }
    }
}

fn extend(kept: &mut Option<Vec<[f32; 3]>>, new: Option<&[[f32; 3]]>, first: bool) {
    match (kept.as_mut(), new) {
        (Some(kept), Some(new)) => kept.extend_from_slice(new),
        (None, Some(new)) if first => *kept = Some(new.to_vec()),
        _ => *kept = None,
    }
}

fn in_memory(frame: usize, expected: usize, found: usize) -> Error {
    Error::AtomCount {
        path: PathBuf::from("frames in memory"),
        place: Place::Frame(frame),
        expected,
        found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forces_are_kept_only_if_every_frame_has_them() {
        let with = Frame {
            forces: Some(vec![[1.0; 3]]),
            ..Frame::from_positions(vec![[0.0; 3]])
        };
        let without = Frame::from_positions(vec![[0.0; 3]]);
        let mut trajectory = Trajectory::new(1);
        trajectory.push(&with).unwrap();
        trajectory.push(&with).unwrap();
        assert_eq!(trajectory.forces(1), Some(&[[1.0; 3]][..]));
        trajectory.push(&without).unwrap();
        trajectory.push(&with).unwrap();
        assert_eq!(trajectory.forces(0), None);
    }

    #[test]
    fn another_number_of_atoms_is_refused() {
        let mut trajectory = Trajectory::new(2);
        let error = trajectory
            .push(&Frame::from_positions(vec![[0.0; 3]]))
            .unwrap_err();
        assert!(matches!(
            error,
            Error::AtomCount {
                expected: 2,
                found: 1,
                ..
            }
        ));
        assert!(Trajectory::from_positions(2, vec![[0.0; 3]; 3]).is_err());
    }
}
