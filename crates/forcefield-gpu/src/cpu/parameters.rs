//! A system's parameters as the kernels want them: f32, merged, looked up by class.

mod bonded;
mod born;
mod nonbonded;

pub(super) use bonded::Bonded;
pub(super) use born::Born;
pub(super) use nonbonded::{ChargesAndRadii, Exclusions, SoftPairs};

use crate::{Result, System};

/// Everything the kernels read.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) n_atoms: usize,
    pub(super) bonded: Bonded,
    pub(super) nonbonded: Option<ChargesAndRadii>,
    pub(super) soft: Option<SoftPairs>,
    pub(super) born: Option<Born>,
}

impl Parameters {
    /// # Errors
    /// If the system is not valid.
    pub(super) fn new(system: &System) -> Result<Self> {
        system.validate()?;
        Ok(Self {
            n_atoms: system.n_atoms(),
            bonded: Bonded::new(system),
            nonbonded: system.nonbonded.as_ref().map(ChargesAndRadii::new),
            soft: system
                .soft_repulsion
                .as_ref()
                .map(|term| SoftPairs::new(term, system.n_atoms())),
            born: system.generalized_born.as_ref().map(Born::new),
        })
    }
}
