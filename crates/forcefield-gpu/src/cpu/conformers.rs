//! Conformers in the lanes: sixteen conformers of a block go through every term together.
//!
//! All lanes hold the same pair of atoms, so every parameter is a broadcast, and what depends on the
//! atoms' classes (necks, exclusions) is decided once for sixteen conformers.

mod bonded;
mod born;
mod pairs;

use super::instruction_set::Kernel;
use super::parameters::Parameters;
use crate::TermEnergies;
use crate::terms::bonded::Vector;
use crate::terms::lane::Lane;
use dynamics::{LANES, Lanes};

/// Per-thread working memory.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    born: born::Scratch,
}

/// Evaluates a block.
pub(super) struct Block<'a> {
    pub(super) parameters: &'a Parameters,
    /// `[n_atoms][3]`, nm.
    pub(super) positions: &'a [[Lanes; 3]],
    /// `[n_atoms][3]`, overwritten, kJ/mol/nm.
    pub(super) forces: &'a mut [[Lanes; 3]],
    pub(super) scratch: &'a mut Scratch,
    /// Whether to do the terms over all pairs.
    pub(super) all_pairs: bool,
}

/// f64 sums, one a conformer.
type Sums = [f64; LANES];

impl Kernel for Block<'_> {
    type Output = [TermEnergies; LANES];

    #[inline(always)]
    fn run<L: Lane>(self) -> Self::Output {
        let Self {
            parameters,
            positions,
            forces,
            scratch,
            all_pairs,
        } = self;
        forces.fill([Lanes::ZERO; 3]);
        let bonded = &parameters.bonded;
        let bond = bonded::bonds::<L>(bonded, positions, forces);
        let angle = bonded::angles::<L>(bonded, positions, forces);
        let torsion = bonded::torsions::<L>(bonded, positions, forces);
        let cmap = bonded::maps::<L>(bonded, positions, forces);
        let restraint = bonded::restraints(bonded, positions, forces);
        let mut nonbonded = [0.0; LANES];
        let mut solvation = [0.0; LANES];
        if let Some(term) = &parameters.nonbonded {
            pairs::exceptions::<L>(term, positions, forces, &mut nonbonded);
        }
        if all_pairs && let Some(term) = &parameters.nonbonded {
            pairs::nonbonded::<L>(term, positions, forces, &mut nonbonded);
        }
        if all_pairs && let Some(term) = &parameters.soft {
            pairs::soft::<L>(term, positions, forces, &mut nonbonded);
        }
        if all_pairs && let Some(term) = &parameters.born {
            born::solvation::<L>(term, positions, forces, &mut scratch.born, &mut solvation);
        }
        std::array::from_fn(|lane| TermEnergies {
            bond: bond[lane],
            angle: angle[lane],
            torsion: torsion[lane],
            cmap: cmap[lane],
            nonbonded: nonbonded[lane],
            solvation: solvation[lane],
            restraint: restraint[lane],
        })
    }
}

#[inline(always)]
fn load<L: Lane>(from: &[Lanes; 3]) -> Vector<L> {
    [L::load(&from[0]), L::load(&from[1]), L::load(&from[2])]
}

#[inline(always)]
fn add_to<L: Lane>(to: &mut [Lanes; 3], force: Vector<L>) {
    for axis in 0..3 {
        (L::load(&to[axis]) + force[axis]).store(&mut to[axis]);
    }
}

#[inline(always)]
fn subtract_from<L: Lane>(to: &mut [Lanes; 3], force: Vector<L>) {
    for axis in 0..3 {
        (L::load(&to[axis]) - force[axis]).store(&mut to[axis]);
    }
}
