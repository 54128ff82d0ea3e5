//! Bonds, angles and dihedrals of the chain of CA atoms: the terms of a CA model.

use super::Backbone;
use crate::Result;
use crate::geometry::{Angles, Distances, Torsions};
use molio::Topology;

/// Virtual bonds, angles and dihedrals of consecutive, linked CA atoms; none across a chain break.
#[derive(Clone, Debug)]
pub struct VirtualChain {
    /// CA(i)–CA(i+1), nm.
    pub bonds: Distances,
    /// CA(i)–CA(i+1)–CA(i+2), rad.
    pub angles: Angles,
    /// CA(i)–CA(i+1)–CA(i+2)–CA(i+3), rad.
    pub dihedrals: Torsions,
}

impl VirtualChain {
    /// The chain of CA atoms of `topology`.
    ///
    /// # Errors
    /// None that a topology made by `molio` can cause.
    pub fn new(topology: &Topology) -> Result<Self> {
        let backbone = Backbone::new(topology);
        let n_atoms = topology.n_atoms();
        Ok(Self {
            bonds: Distances::new(n_atoms, runs(&backbone))?,
            angles: Angles::new(n_atoms, runs(&backbone))?,
            dihedrals: Torsions::new(n_atoms, runs(&backbone))?,
        })
    }
}

/// Every N consecutive CA atoms.
fn runs<const N: usize>(backbone: &Backbone) -> Vec<[usize; N]> {
    let n_residues = backbone.residues.len();
    let mut groups = Vec::new();
    for start in 0..(n_residues + 1).saturating_sub(N) {
        let linked = backbone.linked[start..start + N - 1].iter().all(|l| *l);
        let mut group = [0; N];
        let complete = (0..N).all(|k| {
            backbone.residues[start + k]
                .ca
                .inspect(|&ca| group[k] = ca)
                .is_some()
        });
        if linked && complete {
            groups.push(group);
        }
    }
    groups
}
