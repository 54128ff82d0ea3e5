//! One snapshot of a molecule.

use crate::Cell;
use serde::{Deserialize, Serialize};

/// Where the atoms are at one time, with what else the file knew.
///
/// # Shapes
/// `positions`, `velocities`, `forces`: `[n_atoms][3]`, in nm, nm/ps, kJ/mol/nm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Positions in nm.
    pub positions: Vec<[f32; 3]>,
    /// Velocities in nm/ps, where the source has them.
    pub velocities: Option<Vec<[f32; 3]>>,
    /// Forces in kJ/mol/nm, where the source has them.
    pub forces: Option<Vec<[f32; 3]>>,
    /// Periodic cell, where the source has one.
    pub cell: Option<Cell>,
    /// Time in ps, where the source has it.
    pub time: Option<f64>,
    /// Step number of the simulation, where the source has it.
    pub step: Option<i64>,
}

impl Frame {
    /// A frame that only has positions (nm).
    pub fn from_positions(positions: Vec<[f32; 3]>) -> Self {
        Self {
            positions,
            ..Self::default()
        }
    }

    /// Number of atoms.
    pub fn n_atoms(&self) -> usize {
        self.positions.len()
    }

    /// The same frame with only these atoms, in this order.
    ///
    /// # Panics
    /// If an index is not below [`Frame::n_atoms`].
    pub fn select(&self, indices: &[usize]) -> Self {
        let pick = |from: &Vec<[f32; 3]>| indices.iter().map(|&i| from[i]).collect::<Vec<_>>();
        Self {
            positions: pick(&self.positions),
            velocities: self.velocities.as_ref().map(pick),
            forces: self.forces.as_ref().map(pick),
            cell: self.cell,
            time: self.time,
            step: self.step,
        }
    }
}
