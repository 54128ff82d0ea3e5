//! From atoms to beads: positions and forces.

mod beads;
mod constraints;
mod force_map;
mod noise_map;
mod optimal;

pub use beads::{BeadDefinition, Mapping};
pub use constraints::ConstraintGroups;
pub use force_map::{ForceMap, ForceMapKind};
pub use noise_map::NoiseMap;
pub use optimal::ForceMoments;

use crate::{Error, Result};
use molio::Topology;
use serde::{Deserialize, Serialize};

/// A linear map from the positions of atoms to those of beads, x_I = Σ_a M_Ia x_a, Σ_a M_Ia = 1.
///
/// Forces need a map of their own ([`ForceMap`]): which one is right depends on the constraints of
/// the simulation that they come from.
///
/// # Examples
/// ```
/// use cg_potential::{CgMap, Mapping};
/// use molio::{AtomRecord, Element, TopologyBuilder};
///
/// let mut builder = TopologyBuilder::default();
/// for number in 1..=2 {
///     builder.start_residue("GLY", number, None, false);
///     builder.add_atom(AtomRecord::new("N", Element::NITROGEN));
///     builder.add_atom(AtomRecord::new("CA", Element::CARBON));
/// }
/// let map = CgMap::new(&builder.build(), &Mapping::Ca)?;
/// let mut beads = [[0.0; 3]; 2];
/// map.positions(&[[9.0; 3], [1.0; 3], [9.0; 3], [2.0; 3]], &mut beads);
/// assert_eq!(beads, [[1.0; 3], [2.0; 3]]);
/// assert_eq!(map.beads().bonds(), [[0, 1]]);
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgMap {
    n_atoms: usize,
    beads: Topology,
    rows: Vec<Vec<(usize, f64)>>,
}

impl CgMap {
    /// The map of a topology of atoms.
    ///
    /// # Errors
    /// [`Error::Setting`] for a topology without the atoms that the mapping needs, an atom that does
    /// not exist or stands in two beads, weights that are negative or sum to nothing.
    pub fn new(atoms: &Topology, mapping: &Mapping) -> Result<Self> {
        let (definitions, bonds) = mapping.resolve(atoms)?;
        if definitions.is_empty() {
            return Err(Error::setting("mapping", "at least one bead", 0));
        }
        let mut owner = vec![None; atoms.n_atoms()];
        let mut rows = Vec::with_capacity(definitions.len());
        for (bead, definition) in definitions.iter().enumerate() {
            let total: f64 = definition.atoms.iter().map(|&(_, weight)| weight).sum();
            let sound = definition
                .atoms
                .iter()
                .all(|&(_, w)| w.is_finite() && w > 0.0);
            if definition.atoms.is_empty() || !sound {
                let found = format!(
                    "{:?} of bead {bead} ({})",
                    definition.atoms, definition.name
                );
                return Err(Error::setting(
                    "mapping",
                    "atoms with weights above 0",
                    found,
                ));
            }
            for &(atom, _) in &definition.atoms {
                match owner.get_mut(atom) {
                    Some(owner @ None) => *owner = Some(bead),
                    Some(Some(other)) => {
                        let found = format!("atom {atom} in beads {other} and {bead}");
                        return Err(Error::setting("mapping", "each atom in one bead", found));
                    }
                    None => {
                        let expected = format!("atoms below {}", atoms.n_atoms());
                        return Err(Error::setting("mapping", expected, atom));
                    }
                }
            }
            rows.push(
                definition
                    .atoms
                    .iter()
                    .map(|&(a, w)| (a, w / total))
                    .collect(),
            );
        }
        Ok(Self {
            n_atoms: atoms.n_atoms(),
            beads: beads::topology(atoms, &definitions, &bonds)?,
            rows,
        })
    }

    /// Atoms of a frame before mapping.
    pub fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    /// Beads of a frame after mapping.
    pub fn n_beads(&self) -> usize {
        self.rows.len()
    }

    /// The beads with their residues and bonds.
    pub fn beads(&self) -> &Topology {
        &self.beads
    }

    /// For each bead, atoms and their weights, which sum to 1.
    pub fn rows(&self) -> &[Vec<(usize, f64)>] {
        &self.rows
    }

    /// Maps positions (nm).
    ///
    /// # Panics
    /// If `atoms` or `beads` have other lengths than [`CgMap::n_atoms`] and [`CgMap::n_beads`].
    pub fn positions(&self, atoms: &[[f32; 3]], beads: &mut [[f32; 3]]) {
        apply(&self.rows, self.n_atoms, atoms, beads);
    }
}

/// Σ_a w_a v_a for each row, summed in f64.
fn apply(rows: &[Vec<(usize, f64)>], n_atoms: usize, atoms: &[[f32; 3]], beads: &mut [[f32; 3]]) {
    assert_eq!((atoms.len(), beads.len()), (n_atoms, rows.len()));
    for (bead, row) in beads.iter_mut().zip(rows) {
        *bead = std::array::from_fn(|axis| {
            let terms = row
                .iter()
                .map(|&(atom, w)| w * f64::from(atoms[atom][axis]));
            terms.sum::<f64>() as f32
        });
    }
}

#[cfg(test)]
mod tests;
