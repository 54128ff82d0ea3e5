//! Handedness of the CA atoms.

use crate::Result;
use crate::backbone::Backbone;
use crate::error::check_length;
use crate::geometry::{cross, dot, subtract, vector};
use molio::Topology;

/// Handedness of a residue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handedness {
    /// L, as ribosomes make them.
    L,
    /// D, the mirror image.
    D,
}

/// Finds D residues by the sign of V = (N − CA) × (C − CA) · (CB − CA), positive for L.
///
/// Residues are kept by index, so equal numbers in several chains do not collide. Residues without N,
/// CA, C or CB (glycine, CA-only models, caps) have no handedness.
#[derive(Clone, Debug)]
pub struct Chirality {
    n_atoms: usize,
    n_residues: usize,
    /// Residue, and its N, CA, C, CB.
    centers: Vec<(usize, [usize; 4])>,
}

impl Chirality {
    /// The chiral centres of `topology`.
    pub fn new(topology: &Topology) -> Self {
        let backbone = Backbone::new(topology);
        let center = |(index, atoms): (usize, &crate::backbone::ResidueBackbone)| {
            let glycine = topology.residues()[index].name == "GLY";
            let group = [atoms.n?, atoms.ca?, atoms.c?, atoms.cb?];
            (!glycine).then_some((index, group))
        };
        Self {
            n_atoms: topology.n_atoms(),
            n_residues: topology.n_residues(),
            centers: backbone
                .residues
                .iter()
                .enumerate()
                .filter_map(center)
                .collect(),
        }
    }

    /// V in nm³ of each residue, `[n_residues]`; `None` where it has none.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn volumes(&self, positions: &[[f32; 3]]) -> Result<Vec<Option<f64>>> {
        check_length("positions", self.n_atoms, positions.len())?;
        let mut volumes = vec![None; self.n_residues];
        for &(residue, group) in &self.centers {
            let [n, ca, c, cb] = group.map(|atom| vector(positions[atom]));
            let normal = cross(subtract(n, ca), subtract(c, ca));
            volumes[residue] = Some(dot(normal, subtract(cb, ca)));
        }
        Ok(volumes)
    }

    /// Handedness of each residue, `[n_residues]`; `None` where it has none, is exactly planar, or has
    /// coordinates that are not finite.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<Option<Handedness>>> {
        let hand = |volume: f64| {
            if volume > 0.0 {
                Some(Handedness::L)
            } else if volume < 0.0 {
                Some(Handedness::D)
            } else {
                None
            }
        };
        let volumes = self.volumes(positions)?;
        Ok(volumes.into_iter().map(|v| v.and_then(hand)).collect())
    }

    /// Number of D residues.
    ///
    /// # Errors
    /// A frame with another number of atoms.
    pub fn count_d(&self, positions: &[[f32; 3]]) -> Result<usize> {
        let hands = self.evaluate(positions)?;
        Ok(hands.iter().filter(|h| **h == Some(Handedness::D)).count())
    }
}
