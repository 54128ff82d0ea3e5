//! Which atoms are bonded, from residue templates, names and distances.

mod hydrogens;
mod proximity;

use crate::residue_templates::{heavy_bonds, pdb_atom_name};
use crate::superpose::check_finite;
use crate::{Element, Error, Place, ResidueKind, Result, Topology, residue_kind};
use hydrogens::parent;
use proximity::{close_pairs, covalent_bonds, distance};
use std::collections::HashMap;
use std::path::PathBuf;

/// Longest C–N and O3'–P bond between residues (nm); a real one has 0.133 and 0.161 nm, the ends of a
/// missing loop are farther apart than 0.25 nm.
const LONGEST_LINK: f64 = 0.2;

/// Longest S–S bond (nm); a real one has 0.205 nm, van der Waals contact is at 0.36 nm.
const LONGEST_DISULFIDE: f64 = 0.25;

/// Farthest that a hydrogen may be from the atom its name says (nm) before distances are believed.
const LONGEST_TO_HYDROGEN: f64 = 0.2;

/// Adds the bonds that follow from what the residues are and, with positions, from distances.
///
/// - Heavy atoms of the standard amino acids and nucleotides, their variants and caps: by template.
/// - Hydrogens: by name, in the spellings of PDB 2 and 3, AMBER, CHARMM and GROMACS; where the name says
///   nothing, or names an atom beyond 0.2 nm, the nearest heavy atom of the residue.
/// - Water: each hydrogen to the oxygen.
/// - Between neighbouring residues of a chain: C–N and O3'–P, if not beyond 0.2 nm. Without positions they
///   are bonded unless the first has a terminal OXT, since a missing loop then shows nowhere.
/// - Disulfides: Sγ pairs within 0.25 nm, the closest first, each Sγ once.
/// - Atoms that no template knows: within the residue by covalent radii (sum + 0.04 nm).
///
/// Bonds that are there already stay. Ions stay alone. Without positions, atoms that only distances
/// could bond stay unbonded. Molecules must be whole: a periodic cell is not taken into account.
///
/// # Shapes
/// `positions`: `[n_atoms][3]` in nm.
///
/// # Errors
/// [`Error::AtomCount`], [`Error::NotFinite`].
///
/// # Examples
/// ```
/// use molio::*;
/// let mut builder = TopologyBuilder::default();
/// builder.start_residue("HOH", 1, None, true);
/// for name in ["O", "H1", "H2"] {
///     builder.add_atom(AtomRecord::new(name, Element::guess(name, "HOH")));
/// }
/// let mut topology = builder.build();
/// assign_bonds(&mut topology, None)?;
/// assert_eq!(topology.bonds(), [[0, 1], [0, 2]]);
/// # Ok::<(), Error>(())
/// ```
///
/// # References
/// Covalent radii: B. Cordero et al., Dalton Trans. 2832 (2008), 10.1039/b801115j.
pub fn assign_bonds(topology: &mut Topology, positions: Option<&[[f32; 3]]>) -> Result<()> {
    if let Some(positions) = positions {
        if positions.len() != topology.n_atoms() {
            return Err(Error::AtomCount {
                path: PathBuf::from("positions to find bonds by"),
                place: Place::File,
                expected: topology.n_atoms(),
                found: positions.len(),
            });
        }
        check_finite(positions, "positions to find bonds by", 0)?;
    }
    let mut bonds = topology.bonds().to_vec();
    for residue in 0..topology.n_residues() {
        match residue_kind(&topology.residues()[residue].name) {
            ResidueKind::Ion => {}
            ResidueKind::Water => bond_water(topology, residue, &mut bonds),
            ResidueKind::Protein | ResidueKind::Nucleic | ResidueKind::Other => {
                bond_within(topology, residue, positions, &mut bonds);
            }
        }
    }
    bond_neighbours(topology, positions, &mut bonds);
    if let Some(positions) = positions {
        bond_disulfides(topology, positions, &mut bonds);
    }
    topology.set_bonds(bonds)
}

fn bond_water(topology: &Topology, residue: usize, bonds: &mut Vec<[usize; 2]>) {
    let atoms = topology.residues()[residue].atoms.clone();
    let is = |atom: &usize, element| topology.atoms()[*atom].element == element;
    if let Some(oxygen) = atoms.clone().find(|atom| is(atom, Element::OXYGEN)) {
        bonds.extend(
            atoms
                .filter(|atom| is(atom, Element::HYDROGEN))
                .map(|hydrogen| [oxygen, hydrogen]),
        );
    }
}

fn bond_within(
    topology: &Topology,
    residue: usize,
    positions: Option<&[[f32; 3]]>,
    bonds: &mut Vec<[usize; 2]>,
) {
    let Some(first) = topology.residues().get(residue) else {
        return;
    };
    let mut of_name = HashMap::new();
    let mut heavy = Vec::new();
    let mut hydrogens = Vec::new();
    for atom in first.atoms.clone() {
        match topology.atoms()[atom].element {
            Element::HYDROGEN => hydrogens.push(atom),
            Element::UNKNOWN => {}
            _ => {
                let name = pdb_atom_name(&first.name, &topology.atoms()[atom].name);
                of_name.entry(name.into_owned()).or_insert(atom);
                heavy.push(atom);
            }
        }
    }
    let mut known = vec![false; first.atoms.len()];
    for (a, b) in heavy_bonds(&first.name) {
        if let (Some(&a), Some(&b)) = (of_name.get(a), of_name.get(b)) {
            bonds.push([a, b]);
            known[a - first.atoms.start] = true;
            known[b - first.atoms.start] = true;
        }
    }
    if let Some(positions) = positions {
        let unknown = |atom: usize| !known[atom - first.atoms.start];
        if heavy.iter().any(|&atom| unknown(atom)) {
            for [a, b] in covalent_bonds(topology, positions, &heavy) {
                if unknown(a) || unknown(b) {
                    bonds.push([a, b]);
                }
            }
        }
    }
    for hydrogen in hydrogens {
        let named = parent(&first.name, &topology.atoms()[hydrogen].name, &of_name);
        if let Some(parent) = nearest_if_better(named, hydrogen, &heavy, positions) {
            bonds.push([parent, hydrogen]);
        }
    }
}

/// The atom that a hydrogen's name says, unless it is far away and another one near.
fn nearest_if_better(
    named: Option<usize>,
    hydrogen: usize,
    heavy: &[usize],
    positions: Option<&[[f32; 3]]>,
) -> Option<usize> {
    let Some(positions) = positions else {
        return named;
    };
    let far = |atom: usize| distance(positions, atom, hydrogen);
    if named.is_some_and(|atom| far(atom) <= LONGEST_TO_HYDROGEN) {
        return named;
    }
    heavy
        .iter()
        .copied()
        .min_by(|&a, &b| far(a).total_cmp(&far(b)))
        .filter(|&atom| far(atom) <= LONGEST_TO_HYDROGEN)
        .or(named)
}

fn bond_neighbours(
    topology: &Topology,
    positions: Option<&[[f32; 3]]>,
    bonds: &mut Vec<[usize; 2]>,
) {
    for chain in topology.chains() {
        for residue in chain.residues.clone().skip(1) {
            let kinds = [residue - 1, residue].map(|r| residue_kind(&topology.residues()[r].name));
            for (from, to, kind) in [
                ("C", "N", ResidueKind::Protein),
                ("O3'", "P", ResidueKind::Nucleic),
                ("O3*", "P", ResidueKind::Nucleic),
            ] {
                let (Some(a), Some(b)) =
                    (topology.find(residue - 1, from), topology.find(residue, to))
                else {
                    continue;
                };
                let close = match positions {
                    // distance decides, so that modified residues are linked as well
                    Some(positions) => distance(positions, a, b) <= LONGEST_LINK,
                    None => kinds == [kind; 2] && !has_terminal_oxygen(topology, residue - 1),
                };
                if close {
                    bonds.push([a, b]);
                }
            }
        }
    }
}

fn has_terminal_oxygen(topology: &Topology, residue: usize) -> bool {
    ["OXT", "OT2", "OC2"]
        .iter()
        .any(|name| topology.find(residue, name).is_some())
}

fn bond_disulfides(topology: &Topology, positions: &[[f32; 3]], bonds: &mut Vec<[usize; 2]>) {
    let sulphurs: Vec<usize> = topology
        .atoms()
        .iter()
        .enumerate()
        .filter(|(_, atom)| atom.name == "SG" && atom.element == Element::SULPHUR)
        .map(|(index, _)| index)
        .collect();
    let mut pairs = close_pairs(positions, &sulphurs, LONGEST_DISULFIDE);
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut used = vec![false; topology.n_atoms()];
    for (_, [a, b]) in pairs {
        if !used[a] && !used[b] {
            used[a] = true;
            used[b] = true;
            bonds.push([a, b]);
        }
    }
}
