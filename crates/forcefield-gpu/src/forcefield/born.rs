//! Radii and screening factors of the generalised Born models, by element and neighbours.
//!
//! Values are those of AmberTools' `mbondi` sets (Bondi, J. Phys. Chem. 1964, 68, 441,
//! DOI 10.1021/j100785a001, as modified by Onufriev et al. 2004 and Nguyen et al. 2013) as OpenMM's
//! `implicit/*.xml` apply them.

use crate::system::{BornModel, BornParticle};
use molio::{Element, Topology};

/// Residues with the nucleic-acid parameters of GBn2.
const NUCLEIC: [&str; 8] = ["A", "C", "G", "U", "DA", "DC", "DG", "DT"];

/// Parameters of every atom for `model`.
///
/// `template_names(atom)` gives the names of the atom's residue template and of the atom in it, so
/// that radii that go by name (the guanidinium hydrogens of mbondi3) do not hang on the spelling of
/// the file the structure came from.
pub(crate) fn particles(
    model: BornModel,
    topology: &Topology,
    charges: &[f64],
    template_names: &dyn Fn(usize) -> (String, String),
) -> Vec<BornParticle> {
    let neighbours = topology.neighbours();
    (0..topology.n_atoms())
        .map(|atom| {
            let element = topology.atoms()[atom].element;
            let angstrom = match model {
                BornModel::Hct => mbondi(topology, &neighbours, atom),
                BornModel::Obc1 | BornModel::Obc2 => mbondi2(topology, &neighbours, atom),
                BornModel::Gbn => bondi(element),
                BornModel::Gbn2 => mbondi3(topology, &neighbours, atom, template_names),
            };
            let nucleic = NUCLEIC.contains(&topology.residue_of(atom).name.as_str());
            let [usual, gbn, gbn2, gbn2_nucleic] = screening(element);
            let screen = match model {
                BornModel::Hct | BornModel::Obc1 | BornModel::Obc2 => usual,
                BornModel::Gbn => gbn,
                BornModel::Gbn2 if nucleic => gbn2_nucleic,
                BornModel::Gbn2 => gbn2,
            };
            let alpha_beta_gamma = match model {
                BornModel::Gbn2 => alpha_beta_gamma(element, nucleic),
                BornModel::Hct | BornModel::Obc1 | BornModel::Obc2 | BornModel::Gbn => [0.0; 3],
            };
            BornParticle {
                charge: charges[atom],
                radius: angstrom / 10.0,
                screen,
                alpha_beta_gamma,
            }
        })
        .collect()
}

/// Å.
fn bondi(element: Element) -> f64 {
    match element.symbol() {
        "H" => 1.2,
        "C" | "Cl" => 1.7,
        "N" => 1.55,
        "Si" => 2.1,
        "P" => 1.85,
        "S" => 1.8,
        _ => 1.5,
    }
}

/// Å; hydrogen by the atom it is bound to.
fn mbondi(topology: &Topology, neighbours: &[Vec<usize>], atom: usize) -> f64 {
    let element = topology.atoms()[atom].element;
    if element != Element::HYDROGEN {
        return bondi(element);
    }
    match host(topology, neighbours, atom) {
        Some(Element::CARBON | Element::NITROGEN) => 1.3,
        Some(Element::OXYGEN | Element::SULPHUR) => 0.8,
        _ => 1.2,
    }
}

/// Å; hydrogen on nitrogen is larger.
fn mbondi2(topology: &Topology, neighbours: &[Vec<usize>], atom: usize) -> f64 {
    let element = topology.atoms()[atom].element;
    if element == Element::HYDROGEN && host(topology, neighbours, atom) == Some(Element::NITROGEN) {
        return 1.3;
    }
    bondi(element)
}

/// Å; mbondi2 with smaller carboxylate oxygens and guanidinium hydrogens.
fn mbondi3(
    topology: &Topology,
    neighbours: &[Vec<usize>],
    atom: usize,
    template_names: &dyn Fn(usize) -> (String, String),
) -> f64 {
    if is_carboxylate_oxygen(topology, neighbours, atom) {
        return 1.4;
    }
    if topology.atoms()[atom].element == Element::HYDROGEN {
        let (residue, name) = template_names(atom);
        let arginine = matches!(residue.as_str(), "ARG" | "NARG" | "CARG");
        if arginine && (name.starts_with("HH") || name.starts_with("HE")) {
            return 1.17;
        }
    }
    mbondi2(topology, neighbours, atom)
}

/// The element of the first atom that an atom is bound to.
fn host(topology: &Topology, neighbours: &[Vec<usize>], atom: usize) -> Option<Element> {
    let first = neighbours[atom].first()?;
    Some(topology.atoms()[*first].element)
}

/// Bound to a carbon alone, which has three neighbours, another oxygen among them.
fn is_carboxylate_oxygen(topology: &Topology, neighbours: &[Vec<usize>], atom: usize) -> bool {
    let element = |index: usize| topology.atoms()[index].element;
    if element(atom) != Element::OXYGEN {
        return false;
    }
    let [carbon] = neighbours[atom][..] else {
        return false;
    };
    element(carbon) == Element::CARBON
        && neighbours[carbon].len() == 3
        && neighbours[carbon]
            .iter()
            .any(|&n| n != atom && element(n) == Element::OXYGEN)
}

/// For HCT and OBC, for GBn, for GBn2, for GBn2 in nucleic acids.
fn screening(element: Element) -> [f64; 4] {
    match element.symbol() {
        "H" => [0.85, 1.09085413633, 1.425952, 1.696538],
        "C" => [0.72, 0.48435382330, 1.058554, 1.268902],
        "N" => [0.79, 0.700147318409, 0.733599, 1.4259728],
        "O" => [0.85, 1.06557401132, 1.061039, 0.1840098],
        "F" => [0.88, 0.5, 0.5, 0.5],
        "P" => [0.86, 0.5, 0.5, 1.5450597],
        "S" => [0.96, 0.602256336067, -0.703469, 0.05],
        _ => [0.8, 0.5, 0.5, 0.5],
    }
}

/// α, β, γ of GBn2.
fn alpha_beta_gamma(element: Element, nucleic: bool) -> [f64; 3] {
    match (element.symbol(), nucleic) {
        ("H", false) => [0.788440, 0.798699, 0.437334],
        ("C", false) => [0.733756, 0.506378, 0.205844],
        ("N", false) => [0.503364, 0.316828, 0.192915],
        ("O" | "S", false) => [0.867814, 0.876635, 0.387882],
        ("H", true) => [0.537050, 0.362861, 0.116704],
        ("C", true) => [0.331670, 0.196842, 0.093422],
        ("N", true) => [0.686311, 0.463189, 0.138722],
        ("O" | "S", true) => [0.606344, 0.463006, 0.142262],
        ("P", true) => [0.418365, 0.290054, 0.1064245],
        _ => [1.0, 0.8, 4.851],
    }
}
