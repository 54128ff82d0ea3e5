//! What a residue's atoms are, whatever a file calls them.

use super::blueprint::{Blueprint, describe};
use super::library::ResidueForm;
use crate::residue_templates::pdb_atom_name;
use crate::{Element, Error, Result, Topology};

/// The atoms of one residue of a file under PDB names; hydrogens by the heavy atom they are on.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The form that the residue's name says.
    pub(crate) form: ResidueForm,
    /// PDB name and index.
    heavy: Vec<(String, usize)>,
    /// PDB name of the heavy atom, own name, and index.
    hydrogens: Vec<(String, String, usize)>,
}

/// Farthest that a hydrogen is from the atom it is on: S–H with some allowance, nm.
const LONGEST_TO_HYDROGEN: f32 = 0.16;

/// Finds out what the atoms of residue `index` are. The topology needs its bonds; with positions, a
/// hydrogen whose heavy atom is not there counts as none.
///
/// # Errors
/// [`Error::Argument`] for a residue that no template describes.
pub(crate) fn canonical_names(
    topology: &Topology,
    positions: Option<&[[f32; 3]]>,
    index: usize,
) -> Result<Names> {
    let residue = &topology.residues()[index];
    let form = ResidueForm::from_name(&residue.name).ok_or_else(|| {
        Error::argument(
            "a residue to build",
            "a standard amino acid, or a cap ACE, NME, NHE",
            describe(topology, index),
        )
    })?;
    let mut heavy = Vec::new();
    for atom in residue.atoms.clone() {
        if topology.atoms()[atom].element != Element::HYDROGEN {
            let name = heavy_name(form, &residue.name, &topology.atoms()[atom].name);
            heavy.push((name, atom));
        }
    }
    let mut hydrogens = Vec::new();
    let whole = |[a, b]: [usize; 2]| {
        positions.is_none_or(|positions| {
            let square = |x: usize| (positions[a][x] - positions[b][x]).powi(2);
            (0..3).map(square).sum::<f32>() < LONGEST_TO_HYDROGEN * LONGEST_TO_HYDROGEN
        })
    };
    let start = topology
        .bonds()
        .partition_point(|bond| bond[0] < residue.atoms.start);
    let bonds = topology.bonds()[start..].iter();
    for &[a, b] in bonds.take_while(|bond| bond[0] < residue.atoms.end) {
        for (parent, hydrogen) in [(a, b), (b, a)] {
            let here = residue.atoms.contains(&hydrogen);
            let is_hydrogen = topology.atoms()[hydrogen].element == Element::HYDROGEN;
            if here && is_hydrogen && whole([a, b]) {
                let name = heavy.iter().find(|(_, atom)| *atom == parent);
                if let Some((name, _)) = name {
                    let own = topology.atoms()[hydrogen].name.clone();
                    hydrogens.push((name.clone(), own, hydrogen));
                }
            }
        }
    }
    hydrogens.sort_by_key(|(.., atom)| *atom);
    Ok(Names {
        form,
        heavy,
        hydrogens,
    })
}

/// A heavy atom's name in the library.
fn heavy_name(form: ResidueForm, residue: &str, name: &str) -> String {
    match (form.name(), name) {
        // AMBER's older name, and CHARMM's, of the methyl carbon of NME
        ("NME", "CH3" | "CA") => "C".to_owned(),
        ("ACE", "CA" | "CAY") => "CH3".to_owned(),
        ("MET", "SE") => "SD".to_owned(),
        // only at an end are these the PDB's O and OXT
        ("ACE" | "NME" | "NHE", name) => name.to_owned(),
        _ => pdb_atom_name(residue, name).into_owned(),
    }
}

impl Names {
    /// The heavy atom called `name`.
    pub(crate) fn heavy(&self, name: &str) -> Option<usize> {
        self.heavy
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, atom)| *atom)
    }

    /// All heavy atoms under their PDB names.
    pub(crate) fn heavy_atoms(&self) -> &[(String, usize)] {
        &self.heavy
    }

    /// Hydrogens on the heavy atom called `parent`.
    pub(crate) fn n_hydrogens_on(&self, parent: &str) -> usize {
        let on = |(name, ..): &&(String, String, usize)| name == parent;
        self.hydrogens.iter().filter(on).count()
    }

    /// The form of this amino acid that has these hydrogens; that of the name if none has.
    pub(crate) fn form_by_hydrogens(&self) -> ResidueForm {
        let fits = |form: &ResidueForm| {
            std::ptr::eq(form.template(), self.form.template())
                && form.template().hydrogens.iter().all(|rule| {
                    let wanted = rule.names.iter().filter(|name| form.has_hydrogen(name));
                    wanted.count() == self.n_hydrogens_on(rule.parent)
                })
        };
        if fits(&self.form) {
            return self.form;
        }
        // a deuteron on the other carboxyl oxygen is the same acid
        ResidueForm::all().find(fits).unwrap_or(self.form)
    }

    /// Pairs of a hydrogen here and its counterpart in residue `index` of the blueprint: by name where
    /// all names on a heavy atom are the PDB's, else in turn. Superfluous ones have none.
    pub(crate) fn hydrogens(&self, blueprint: &Blueprint, index: usize) -> Vec<(usize, usize)> {
        let topology = blueprint.topology();
        let mut pairs = Vec::new();
        for group in &blueprint.residues()[index].hydrogens {
            let parent = &topology.atoms()[group.parent].name;
            let mut wanted = group.atoms.clone();
            wanted.sort_unstable();
            let here: Vec<_> = self
                .hydrogens
                .iter()
                .filter(|(name, ..)| name == parent)
                .collect();
            let named = |own: &str| {
                wanted
                    .iter()
                    .copied()
                    .find(|&atom| topology.atoms()[atom].name == own)
            };
            if here.iter().all(|(_, own, _)| named(own).is_some()) {
                pairs.extend(
                    here.iter()
                        .filter_map(|(_, own, atom)| Some((*atom, named(own)?))),
                );
            } else {
                pairs.extend(here.iter().map(|(.., atom)| *atom).zip(wanted));
            }
        }
        pairs
    }
}
