//! Positions and velocities of one block of replicas, wide enough not to lose small steps.

use crate::{LANES, Lanes};

/// One `f64` of each lane of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Wide(pub(crate) [f64; LANES]);

impl Wide {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// Where a block is: what a step reads and what it writes.
///
/// Positions and velocities are `f64`: at 4 fs a displacement is some 1e-3 nm, of which an `f32`
/// position of a few nm keeps three or four digits only. The potential sees `rounded`, and its
/// `f32` forces are the only rounding that dynamics adds to.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// nm.
    pub(crate) positions: Vec<[Wide; 3]>,
    /// nm/ps.
    pub(crate) velocities: Vec<[Wide; 3]>,
    /// Positions rounded to `f32`, nm.
    pub(crate) rounded: Vec<[Lanes; 3]>,
    /// kJ/mol/nm.
    pub(crate) forces: Vec<[Lanes; 3]>,
    /// kJ/mol.
    pub(crate) energies: [f64; LANES],
}

impl Phase {
    pub(crate) fn new(n_atoms: usize) -> Self {
        Self {
            positions: vec![[Wide::ZERO; 3]; n_atoms],
            velocities: vec![[Wide::ZERO; 3]; n_atoms],
            rounded: vec![[Lanes::ZERO; 3]; n_atoms],
            forces: vec![[Lanes::ZERO; 3]; n_atoms],
            energies: [0.0; LANES],
        }
    }

    /// Rounds the positions of all lanes for the potential.
    pub(crate) fn round(&mut self) {
        for (rounded, position) in self.rounded.iter_mut().zip(&self.positions) {
            for axis in 0..3 {
                for lane in 0..LANES {
                    rounded[axis].0[lane] = position[axis].0[lane] as f32;
                }
            }
        }
    }

    /// Copies where one lane is and how it moves.
    pub(crate) fn copy_motion_from(&mut self, other: &Self, lane: usize) {
        for atom in 0..self.positions.len() {
            for axis in 0..3 {
                self.positions[atom][axis].0[lane] = other.positions[atom][axis].0[lane];
                self.velocities[atom][axis].0[lane] = other.velocities[atom][axis].0[lane];
                self.rounded[atom][axis].0[lane] = other.rounded[atom][axis].0[lane];
            }
        }
    }

    /// Copies energy and forces of one lane.
    pub(crate) fn copy_forces_from(&mut self, other: &Self, lane: usize) {
        for (force, other) in self.forces.iter_mut().zip(&other.forces) {
            for axis in 0..3 {
                force[axis].0[lane] = other[axis].0[lane];
            }
        }
        self.energies[lane] = other.energies[lane];
    }

    /// Copies one lane of this phase onto another of its lanes.
    pub(crate) fn repeat_lane(&mut self, from: usize, to: usize) {
        for atom in 0..self.positions.len() {
            for axis in 0..3 {
                self.positions[atom][axis].0[to] = self.positions[atom][axis].0[from];
                self.velocities[atom][axis].0[to] = self.velocities[atom][axis].0[from];
                self.rounded[atom][axis].0[to] = self.rounded[atom][axis].0[from];
                self.forces[atom][axis].0[to] = self.forces[atom][axis].0[from];
            }
        }
        self.energies[to] = self.energies[from];
    }
}

/// For each lane, whether all of its numbers are finite.
#[inline(always)]
pub(crate) fn finite_lanes(numbers: &[[Lanes; 3]]) -> [bool; LANES] {
    // 0·x is 0 for every finite x, and NaN else
    let mut sums = [0.0_f32; LANES];
    for number in numbers {
        for axis in 0..3 {
            for lane in 0..LANES {
                sums[lane] += number[axis].0[lane] * 0.0;
            }
        }
    }
    sums.map(|sum| sum == 0.0)
}
