//! The backbone from its torsion angles.

use super::blueprint::{Blueprint, Scaffold, Torsion};
use super::geometry::{Vector, place};
use crate::{Error, Result};
use std::f64::consts::PI;

/// Torsion angles of a residue, rad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Torsions {
    /// C(i−1)–N–CA–C; without meaning in the first residue, unless a cap is before it.
    pub phi: f64,
    /// N–CA–C–N(i+1); in the last residue, that of its oxygen plus 180°.
    pub psi: f64,
    /// CA(i−1)–C(i−1)–N–CA: of the bond that leads to this residue.
    pub omega: f64,
    /// χ₁ to χ₄; what is `None` is chosen from rotamers.
    pub chi: [Option<f64>; 4],
}

impl Torsions {
    /// φ and ψ in degrees, a trans peptide bond, and side chains from rotamers.
    pub fn degrees(phi: f64, psi: f64) -> Self {
        Self {
            phi: phi.to_radians(),
            psi: psi.to_radians(),
            omega: PI,
            chi: [None; 4],
        }
    }
}

/// Bond lengths (nm) and angles (rad) of a residue's backbone, after Engh & Huber 1991.
struct Ideal {
    n_ca: f64,
    ca_c: f64,
    /// C(i−1)–N
    c_n: f64,
    n_ca_c: f64,
    /// CA(i−1)–C(i−1)–N
    ca_c_n: f64,
    c_n_ca: f64,
}

fn ideal(name: &str, previous: Option<&str>) -> Ideal {
    let (n_ca, ca_c, c_n, n_ca_c, c_n_ca) = match name {
        "GLY" => (0.1451, 0.1516, 0.1329, 112.5f64, 120.6f64),
        "PRO" => (0.1466, 0.1525, 0.1341, 111.8, 122.6),
        _ => (0.1458, 0.1525, 0.1329, 111.2, 121.7),
    };
    let ca_c_n: f64 = match (name, previous) {
        ("PRO", _) => 116.9,
        (_, Some("GLY")) => 116.4,
        _ => 116.2,
    };
    Ideal {
        n_ca,
        ca_c,
        c_n,
        n_ca_c: n_ca_c.to_radians(),
        ca_c_n: ca_c_n.to_radians(),
        c_n_ca: c_n_ca.to_radians(),
    }
}

/// Places N, CA, C of every residue, the last O, and those side-chain atoms whose χ is given.
///
/// # Errors
/// [`Error::Argument`] for gaps, several chains, a number of torsions that is not that of amino acids,
/// or angles that are not finite.
pub(super) fn place_backbone(
    blueprint: &Blueprint,
    scaffold: &mut Scaffold,
    torsions: &[Torsions],
) -> Result<()> {
    check(blueprint, torsions)?;
    let mut before: Option<(&str, [Vector; 3], f64)> = None;
    let acids = blueprint.residues().iter().filter(|r| !r.form.is_cap());
    for (residue, angles) in acids.zip(torsions) {
        let name = residue.form.name();
        let ideal = ideal(name, before.map(|(name, ..)| name));
        let [n, ca, c] = match before {
            None => {
                let bend = PI - ideal.n_ca_c;
                let n = Vector::zeros();
                let ca = Vector::new(ideal.n_ca, 0.0, 0.0);
                [
                    n,
                    ca,
                    ca + ideal.ca_c * Vector::new(bend.cos(), bend.sin(), 0.0),
                ]
            }
            Some((_, [n, ca, c], psi)) => {
                let new_n = place([c, ca, n], ideal.c_n, ideal.ca_c_n, psi);
                let new_ca = place([new_n, c, ca], ideal.n_ca, ideal.c_n_ca, angles.omega);
                let new_c = place([new_ca, new_n, c], ideal.ca_c, ideal.n_ca_c, angles.phi);
                [new_n, new_ca, new_c]
            }
        };
        for (atom, position) in residue.backbone.into_iter().zip([n, ca, c]) {
            if let Some(atom) = atom {
                scaffold.set(atom, position);
            }
        }
        before = Some((name, [n, ca, c], angles.psi));
    }
    place_ends(blueprint, scaffold, torsions);
    place_chi(blueprint, scaffold, torsions);
    Ok(())
}

fn check(blueprint: &Blueprint, torsions: &[Torsions]) -> Result<()> {
    let residues = blueprint.residues();
    let n_acids = residues.iter().filter(|r| !r.form.is_cap()).count();
    if residues.iter().skip(1).any(|r| r.previous.is_none()) {
        return Err(Error::argument(
            "a protein to build from torsion angles",
            "one chain without gaps",
            "several stretches",
        ));
    }
    if torsions.len() != n_acids {
        return Err(Error::argument(
            "torsion angles",
            format!("those of {n_acids} amino acids"),
            torsions.len().to_string(),
        ));
    }
    let finite = |t: &Torsions| {
        let chi = t.chi.iter().flatten();
        [t.phi, t.psi, t.omega]
            .iter()
            .chain(chi)
            .all(|a| a.is_finite())
    };
    if let Some(index) = torsions.iter().position(|t| !finite(t)) {
        return Err(Error::argument(
            "torsion angles",
            "finite numbers",
            format!("another in residue {}", index + 1),
        ));
    }
    Ok(())
}

/// The oxygen of the last residue, and a cap before the first.
fn place_ends(blueprint: &Blueprint, scaffold: &mut Scaffold, torsions: &[Torsions]) {
    let residues = blueprint.residues();
    let last = residues.iter().rev().find(|r| !r.form.is_cap());
    if let (Some(last), Some(angles)) = (last, torsions.last())
        && let [Some(_), Some(_), Some(_), Some(o)] = last.backbone
    {
        // the last rule is the one that needs no other atom
        if let Some(rule) = last.rules.iter().rfind(|rule| rule.atom == o) {
            let from = rule.references.map(|atom| scaffold.positions[atom]);
            scaffold.set(o, place(from, rule.length, rule.angle, angles.psi + PI));
        }
    }
    if let (Some(cap), Some(angles)) = (residues.first(), torsions.first())
        && cap.form.is_cap()
    {
        place_by_chi(cap, scaffold, &[Some(angles.phi)]);
    }
}

fn place_chi(blueprint: &Blueprint, scaffold: &mut Scaffold, torsions: &[Torsions]) {
    let acids = blueprint.residues().iter().filter(|r| !r.form.is_cap());
    for (residue, angles) in acids.zip(torsions) {
        let mut chi = angles.chi;
        if residue.form.name() == "PRO" {
            // the pucker ties CB–CA–N–CD to χ₁
            chi[1] = chi[0].map(|chi| -0.505 * chi);
        }
        if chi.iter().any(Option::is_some) {
            place_by_chi(residue, scaffold, &chi);
        }
    }
}

fn place_by_chi(
    residue: &super::blueprint::PlannedResidue,
    scaffold: &mut Scaffold,
    chi: &[Option<f64>],
) {
    for rule in &residue.rules {
        let ready = rule.references.iter().all(|&atom| scaffold.known[atom]);
        let turn = match rule.torsion {
            Torsion::Fixed(turn) => Some(turn),
            Torsion::Chi(index, offset) => {
                chi.get(index).copied().flatten().map(|chi| chi + offset)
            }
            Torsion::Beside(..) => None,
        };
        let carbonyl = residue.backbone[3] == Some(rule.atom) && !residue.form.is_cap();
        if let (true, Some(turn), false) = (ready, turn, carbonyl || scaffold.known[rule.atom]) {
            let from = rule.references.map(|atom| scaffold.positions[atom]);
            scaffold.set(rule.atom, place(from, rule.length, rule.angle, turn));
        }
    }
}
