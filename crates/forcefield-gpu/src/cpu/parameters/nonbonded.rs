//! Terms over all pairs that have exclusions.

use crate::system::{Nonbonded, NonbondedException, SoftRepulsion};
use crate::terms::nonbonded::{Range, Soft};

/// Pairs that a term leaves out, by their lower atom.
#[derive(Debug)]
pub(in crate::cpu) struct Exclusions {
    starts: Vec<usize>,
    partners: Vec<u32>,
}

impl Exclusions {
    fn new(pairs: impl Iterator<Item = [usize; 2]>, n_atoms: usize) -> Self {
        let mut pairs: Vec<(usize, u32)> =
            pairs.map(|[a, b]| (a.min(b), a.max(b) as u32)).collect();
        pairs.sort_unstable();
        let starts = (0..=n_atoms)
            .map(|atom| pairs.partition_point(|&(lower, _)| lower < atom))
            .collect();
        Self {
            starts,
            partners: pairs.into_iter().map(|(_, upper)| upper).collect(),
        }
    }

    /// Partners of an atom that come after it, ascending.
    pub(in crate::cpu) fn after(&self, atom: usize) -> &[u32] {
        &self.partners[self.starts[atom]..self.starts[atom + 1]]
    }
}

/// Lennard-Jones and Coulomb.
#[derive(Debug)]
pub(in crate::cpu) struct ChargesAndRadii {
    /// √C · q.
    pub(in crate::cpu) charges: Vec<f32>,
    /// σ/2, nm.
    pub(in crate::cpu) half_sigmas: Vec<f32>,
    /// √ε.
    pub(in crate::cpu) root_epsilons: Vec<f32>,
    pub(in crate::cpu) range: Range,
    pub(in crate::cpu) exclusions: Exclusions,
    /// Exceptions that are more than exclusions.
    pub(in crate::cpu) exceptions: Vec<Exception>,
}

/// A pair with its own parameters.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Exception {
    pub(in crate::cpu) atoms: [usize; 2],
    /// C · qq.
    pub(in crate::cpu) charges: f32,
    pub(in crate::cpu) sigma: f32,
    pub(in crate::cpu) epsilon: f32,
}

impl ChargesAndRadii {
    pub(super) fn new(term: &Nonbonded) -> Self {
        let particles = || term.particles.iter();
        let root = Nonbonded::COULOMB.sqrt();
        let matters = |e: &&NonbondedException| e.charge_product != 0.0 || e.epsilon != 0.0;
        Self {
            charges: particles().map(|p| (root * p.charge) as f32).collect(),
            half_sigmas: particles().map(|p| (0.5 * p.sigma) as f32).collect(),
            root_epsilons: particles().map(|p| p.epsilon.sqrt() as f32).collect(),
            range: Range::new(term.method),
            exclusions: Exclusions::new(
                term.exceptions.iter().map(|e| e.atoms),
                term.particles.len(),
            ),
            exceptions: term
                .exceptions
                .iter()
                .filter(matters)
                .map(|e| Exception {
                    atoms: e.atoms,
                    charges: (Nonbonded::COULOMB * e.charge_product) as f32,
                    sigma: e.sigma as f32,
                    epsilon: e.epsilon as f32,
                })
                .collect(),
        }
    }
}

/// Soft repulsion.
#[derive(Debug)]
pub(in crate::cpu) struct SoftPairs {
    pub(in crate::cpu) soft: Soft,
    pub(in crate::cpu) exclusions: Exclusions,
}

impl SoftPairs {
    pub(super) fn new(term: &SoftRepulsion, n_atoms: usize) -> Self {
        Self {
            soft: Soft::new(term),
            exclusions: Exclusions::new(term.exclusions.iter().copied(), n_atoms),
        }
    }
}
