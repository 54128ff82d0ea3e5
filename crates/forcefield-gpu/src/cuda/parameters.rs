//! A system's parameters on a device: mirrors of the structs of `kernels/system.cuh`.

mod bonded;
mod born;
mod pairs;

use super::launcher::{Arguments, DeviceData, Launcher};
use crate::{Result, System};
use bonded::{Bonded, BondedArguments};
use pairs::{Has, Pairs, PairsArguments};
use std::sync::Arc;

/// f32 or f64, as a kernel's pairs have it.
pub(super) trait Real: DeviceData + std::fmt::Debug {
    fn from_f64(x: f64) -> Self;
    /// An index, as the bits of a number.
    fn from_index(index: u32) -> Self;
}

impl Real for f32 {
    fn from_f64(x: f64) -> Self {
        x as Self
    }
    fn from_index(index: u32) -> Self {
        Self::from_bits(index)
    }
}

impl Real for f64 {
    fn from_f64(x: f64) -> Self {
        x
    }
    fn from_index(index: u32) -> Self {
        Self::from_bits(u64::from(index))
    }
}

/// `System` of the kernels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct SystemArguments<R> {
    bonded: BondedArguments,
    pairs: PairsArguments<R>,
    pub(super) n_atoms: u32,
    /// log₂ of the number of forces that an atom's sum has at most.
    sum_bits: u32,
}

// SAFETY: sizes are compared below, in `system.cuh` and, by the emulation, at every launch.
unsafe impl<R: Real> Arguments for SystemArguments<R> {}

const _: () = assert!(
    size_of::<SystemArguments<f32>>() == 264 && size_of::<SystemArguments<f64>>() == 320,
    "as in system.cuh"
);

/// The parameters, and the arrays that they point to.
#[derive(Debug)]
pub(super) struct Parameters<R> {
    pub(super) arguments: SystemArguments<R>,
    /// Bits of 2ᵇ forces, the most that an atom's sum has.
    pub(super) sum_bits: u32,
    pairs: Pairs<R>,
    _bonded: Bonded,
}

impl<R: Real> Parameters<R> {
    /// Copies a validated system to the device.
    ///
    /// # Errors
    /// If there is too little memory.
    pub(super) fn new(launcher: &Arc<dyn Launcher>, system: &System) -> Result<Self> {
        let bonded = Bonded::new(launcher, system)?;
        let pairs = Pairs::new(launcher, system)?;
        let sum_bits = sum_bits(system);
        Ok(Self {
            arguments: SystemArguments {
                bonded: bonded.arguments(),
                pairs: pairs.arguments(),
                n_atoms: system.n_atoms() as u32,
                sum_bits,
            },
            sum_bits,
            pairs,
            _bonded: bonded,
        })
    }

    /// Terms over all pairs that there are.
    pub(super) fn has(&self) -> Has {
        self.pairs.has
    }
}

/// Parts into which the sum over the partners of an atom is divided at most.
pub(super) const MAX_SLICES: u32 = 64;

/// Every term counts as one force on each of its atoms, every part of a sum over pairs as one.
fn sum_bits(system: &System) -> u32 {
    let mut counts = vec![3 * u64::from(MAX_SLICES); system.n_atoms()];
    let mut count = |atoms: &[usize]| atoms.iter().for_each(|&atom| counts[atom] += 1);
    system.bonds.iter().for_each(|term| count(&term.atoms));
    system.angles.iter().for_each(|term| count(&term.atoms));
    system.torsions.iter().for_each(|term| count(&term.atoms));
    system
        .ryckaert_bellemans_torsions
        .iter()
        .for_each(|term| count(&term.atoms));
    for term in &system.cmap.torsions {
        count(&term.phi);
        count(&term.psi);
    }
    system
        .restraints
        .iter()
        .for_each(|term| count(&[term.atom]));
    for term in system.nonbonded.iter().flat_map(|term| &term.exceptions) {
        count(&term.atoms);
    }
    let most = counts.into_iter().max().unwrap_or(1);
    most.next_power_of_two().trailing_zeros()
}
