//! Force fields for some of a protein's atoms, as molearn trains on.
//!
//! An atom that stays keeps its type and charge; a bond, angle, torsion or 1-4 pair stays where all
//! its atoms do. Nothing is added in place of what goes, so the molecule is no longer neutral and has
//! no side chains: its Coulomb energy says little, which is why [`System::with_soft_repulsion`]
//! replaces it.

use crate::forcefield::definition::{Patch, Template};
use crate::system::SoftRepulsion;
use crate::templates::describe;
use crate::{Error, ForceField, Result, System};
use molio::Topology;
use std::collections::HashSet;

/// The atoms that molearn's models are made of.
pub const MOLEARN_ATOMS: [&str; 5] = ["CA", "C", "N", "CB", "O"];

impl ForceField {
    /// The same force field for structures that have only the atoms with these names.
    ///
    /// Beside every residue template stands one with only these atoms, which fits residues that
    /// match no whole template. Without side chains many of them fit the same atoms; then the name
    /// of the residue decides, with `N` or `C` before it at the ends of a chain, and `HIS` and
    /// `HSE` standing for `HIE`.
    ///
    /// # Errors
    /// [`Error::Options`] without names.
    ///
    /// # Examples
    /// ```
    /// use forcefield_gpu::{ForceField, MOLEARN_ATOMS};
    /// let backbone = ForceField::ff14sb()?.for_atoms(&MOLEARN_ATOMS)?;
    /// # Ok::<(), forcefield_gpu::Error>(())
    /// ```
    pub fn for_atoms(&self, names: &[&str]) -> Result<Self> {
        if names.is_empty() {
            return Err(Error::Options("a subset of no atoms".to_owned()));
        }
        let kept: HashSet<&str> = names.iter().copied().collect();
        let mut definition = self.definition.clone();
        for template in &self.definition.templates {
            if let Some(patch) = removal(template, &kept) {
                let pair = (template.name.clone(), patch.name.clone());
                definition.allowed_patches.push(pair);
                definition.patches.push(patch);
            }
        }
        Ok(Self::new(definition))
    }
}

/// A patch that leaves only the kept atoms; `None` where all or none are.
fn removal(template: &Template, kept: &HashSet<&str>) -> Option<Patch> {
    let gone = template
        .atoms
        .iter()
        .filter(|atom| !kept.contains(atom.name.as_str()));
    let removed: Vec<String> = gone.map(|atom| atom.name.clone()).collect();
    if removed.is_empty() || removed.len() == template.atoms.len() {
        return None;
    }
    let external = template
        .external_bonds
        .iter()
        .map(|&atom| &template.atoms[atom].name);
    Some(Patch {
        name: format!("{}-subset", template.name),
        // A disulfide goes with its sulphur.
        removed_external_bonds: external
            .filter(|name| removed.contains(name))
            .cloned()
            .collect(),
        removed_atoms: removed,
        ..Patch::default()
    })
}

/// Indices of the atoms with these names, in order: what to give [`Topology::select`].
///
/// # Errors
/// [`Error::Options`] where a residue has none of them, with the residue; a subset with a gap would
/// lose the bonds across it in silence.
pub fn subset_atoms(topology: &Topology, names: &[&str]) -> Result<Vec<usize>> {
    let mut chosen = Vec::new();
    for (index, residue) in topology.residues().iter().enumerate() {
        let before = chosen.len();
        let wanted = |atom: &usize| names.contains(&topology.atoms()[*atom].name.as_str());
        chosen.extend(residue.atoms.clone().filter(wanted));
        if chosen.len() == before {
            let residue = describe(topology, index);
            let names = names.join(", ");
            return Err(Error::Options(format!(
                "residue {residue} has no atom {names}"
            )));
        }
    }
    Ok(chosen)
}

impl System {
    /// The same system with a soft repulsion in place of Lennard-Jones, Coulomb and solvent:
    /// [`SoftRepulsion::molearn`] or [`SoftRepulsion::repel`], given the pairs that are at most two
    /// bonds apart.
    ///
    /// # Errors
    /// [`Error::Options`] for a system without the non-bonded term whose exclusions say which pairs
    /// those are.
    pub fn with_soft_repulsion(
        mut self,
        repulsion: impl FnOnce(Vec<[usize; 2]>) -> SoftRepulsion,
    ) -> Result<Self> {
        let Some(nonbonded) = self.nonbonded.take() else {
            let message = "a soft repulsion needs the exclusions of a non-bonded term";
            return Err(Error::Options(message.to_owned()));
        };
        let excluded = nonbonded
            .exceptions
            .iter()
            .filter(|e| e.charge_product == 0.0 && e.epsilon == 0.0)
            .map(|e| e.atoms);
        self.soft_repulsion = Some(repulsion(excluded.collect()));
        self.generalized_born = None;
        self.validate()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disulfide_goes_with_its_sulphur() {
        let force_field = ForceField::ff14sb().unwrap();
        let cystine = force_field
            .definition
            .templates
            .iter()
            .find(|t| t.name == "CYX")
            .unwrap();
        let kept = MOLEARN_ATOMS.into_iter().collect();
        let patch = removal(cystine, &kept).unwrap();
        assert_eq!(patch.removed_external_bonds, ["SG"]);
        assert_eq!(cystine.atoms.len() - patch.removed_atoms.len(), 5);
        assert!(force_field.for_atoms(&[]).is_err());
    }
}
