//! Hydrogen bonds: by geometry (Baker & Hubbard) and by energy (Kabsch & Sander).

mod baker_hubbard;
mod kabsch_sander;

pub use baker_hubbard::{BakerHubbard, BakerHubbardConfig, HydrogenBond};
pub(crate) use kabsch_sander::BOND_ENERGY;
pub use kabsch_sander::{BackboneBond, KabschSander};
