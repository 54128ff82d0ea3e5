//! Library rules with the atoms they speak of.

use super::{PlannedResidue, amide_hydrogens};
use crate::build::library::{HeavyRule, Shape, TorsionRule};
use crate::{Error, Result, Topology};

/// One way to place a heavy atom.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) atom: usize,
    /// Parent, its neighbour, and the atom that the torsion starts from.
    pub(crate) references: [usize; 3],
    /// nm
    pub(crate) length: f64,
    /// rad
    pub(crate) angle: f64,
    pub(crate) torsion: Torsion,
}

/// Where a torsion angle comes from, rad.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Torsion {
    Fixed(f64),
    /// χ of this index and what to add.
    Chi(usize, f64),
    /// That of another atom on the same parent, and what to add.
    Beside(usize, f64),
}

/// The hydrogens of one heavy atom.
#[derive(Clone, Debug)]
pub(crate) struct Hydrogens {
    pub(crate) parent: usize,
    /// Heavy atoms bonded to the parent: towards the backbone first.
    pub(crate) heavy: Vec<usize>,
    /// A neighbour of the only heavy neighbour, where there is only one, to measure torsions from.
    pub(crate) reference: Option<usize>,
    /// In the order of the shape's places; their final names are sorted.
    pub(crate) atoms: Vec<usize>,
    pub(crate) shape: Shape,
}

/// Bonds of all residues, and between them.
///
/// # Errors
/// [`Error::Argument`] for a disulfide without two SG.
pub(super) fn bonds(
    topology: &Topology,
    residues: &[PlannedResidue],
    disulfides: &[[usize; 2]],
) -> Result<Vec<[usize; 2]>> {
    let mut bonds = Vec::new();
    for (index, residue) in residues.iter().enumerate() {
        let find = |name: &str| resolve(topology, residues, index, name);
        let template = residue.form.template();
        let mut bond =
            |a: Option<usize>, b: Option<usize>| bonds.extend(a.zip(b).map(<[_; 2]>::from));
        let [n, ca, c, o] = residue.backbone;
        if !residue.form.is_cap() {
            bond(n, ca);
            bond(ca, c);
            bond(c, o);
            bond(c, find("OXT"));
            for name in amide_hydrogens(residue.form, residue.previous.is_none()) {
                bond(n, find(name));
            }
        }
        // the cap's carbonyl carbon is placed from the residue after it, and bonded to its nitrogen
        for rule in template.heavy {
            bond(find(rule.references[0]), find(rule.name));
        }
        for [a, b] in template.closures {
            bond(find(a), find(b));
        }
        for rule in template.hydrogens {
            for name in rule.names {
                bond(find(rule.parent), find(name));
            }
        }
        if let Some(previous) = residue.previous {
            bond(residues[previous].backbone[2], n);
        }
    }
    for pair in disulfides {
        let sulphur = |residue: usize| {
            let cystine = residues
                .get(residue)
                .is_some_and(|r| r.form.name() == "CYX");
            cystine.then(|| topology.find(residue, "SG")).flatten()
        };
        match pair.map(sulphur) {
            [Some(a), Some(b)] if a != b => bonds.push([a, b]),
            _ => {
                return Err(Error::argument(
                    "a disulfide",
                    "two residues CYX",
                    format!("residues {} and {}, counted from 0", pair[0], pair[1]),
                ));
            }
        }
    }
    Ok(bonds)
}

/// The atom that a rule calls `name`: with `-` and `+` in the residue before and after.
fn resolve(
    topology: &Topology,
    residues: &[PlannedResidue],
    residue: usize,
    name: &str,
) -> Option<usize> {
    let (residue, name) = match name.split_at_checked(1) {
        Some(("-", rest)) => (residues[residue].previous?, rest),
        Some(("+", rest)) => (residues[residue].next?, rest),
        _ => (residue, name),
    };
    topology.find(residue, name)
}

pub(super) fn add_rules(
    topology: &Topology,
    neighbours: &[Vec<usize>],
    residues: &mut [PlannedResidue],
) {
    for index in 0..residues.len() {
        let mut rules = backbone_rules(topology, residues, index);
        let template = residues[index].form.template();
        for rule in template.heavy {
            rules.extend(planned(topology, residues, index, rule));
        }
        let hydrogens = hydrogens(topology, neighbours, residues, index, &rules);
        residues[index].rules = rules;
        residues[index].hydrogens = hydrogens;
    }
}

fn planned(
    topology: &Topology,
    residues: &[PlannedResidue],
    residue: usize,
    rule: &HeavyRule,
) -> Option<Rule> {
    let find = |name: &str| resolve(topology, residues, residue, name);
    let [parent, second, third] = rule.references.map(find);
    Some(Rule {
        atom: find(rule.name)?,
        references: [parent?, second?, third?],
        length: rule.length_angstrom / 10.0,
        angle: rule.angle_degrees.to_radians(),
        torsion: match rule.torsion {
            TorsionRule::Fixed(degrees) => Torsion::Fixed(degrees.to_radians()),
            TorsionRule::Chi(chi, degrees) => Torsion::Chi(chi, degrees.to_radians()),
        },
    })
}

/// The carbonyl's oxygens; the rest of the backbone is given. Lengths and angles as in the library.
fn backbone_rules(topology: &Topology, residues: &[PlannedResidue], index: usize) -> Vec<Rule> {
    let residue = &residues[index];
    let [Some(n), Some(ca), Some(c), Some(o)] = residue.backbone else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    let next = residue.next.and_then(|next| residues[next].backbone[0]);
    let oxt = topology.find(index, "OXT");
    let mut rule = |atom, from, length, degrees: f64, torsion| {
        rules.push(Rule {
            atom,
            references: [c, ca, from],
            length,
            angle: degrees.to_radians(),
            torsion,
        });
    };
    // opposite to the next nitrogen or to the other oxygen; else as in a strand, ψ = 140°
    let opposite = std::f64::consts::PI;
    let (length, angle) = if oxt.is_some() {
        (0.1249, 118.4)
    } else {
        (0.1231, 120.8)
    };
    for other in [next, oxt].into_iter().flatten() {
        rule(o, n, length, angle, Torsion::Beside(other, opposite));
    }
    rule(o, n, length, angle, Torsion::Fixed((-40f64).to_radians()));
    if let Some(oxt) = oxt {
        rule(oxt, n, length, angle, Torsion::Beside(o, opposite));
    }
    rules
}

fn hydrogens(
    topology: &Topology,
    neighbours: &[Vec<usize>],
    residues: &[PlannedResidue],
    index: usize,
    rules: &[Rule],
) -> Vec<Hydrogens> {
    let residue = &residues[index];
    let group = |parent: usize, names: &[&str], shape: Shape| {
        let atoms: Vec<usize> = names
            .iter()
            .filter_map(|name| topology.find(index, name))
            .collect();
        let is_heavy = |atom: &usize| topology.atoms()[*atom].element != crate::Element::HYDROGEN;
        let mut heavy: Vec<usize> = neighbours[parent]
            .iter()
            .copied()
            .filter(is_heavy)
            .collect();
        let toward = rules.iter().find(|rule| rule.atom == parent);
        if let Some(rule) = toward {
            heavy.sort_by_key(|&atom| (atom != rule.references[0], atom));
        }
        let reference = match (heavy[..].as_ref(), toward) {
            ([only], Some(rule)) if rule.references[0] == *only => Some(rule.references[1]),
            ([only], _) => neighbours[*only]
                .iter()
                .copied()
                .filter(|atom| *atom != parent && is_heavy(atom))
                .min_by_key(|&atom| (Some(atom) != residue.backbone[2], atom)),
            _ => None,
        };
        (!atoms.is_empty()).then_some(Hydrogens {
            parent,
            heavy,
            reference,
            atoms,
            shape,
        })
    };
    let mut groups = Vec::new();
    if !residue.form.is_cap()
        && let Some(n) = residue.backbone[0]
    {
        let starts = residue.previous.is_none();
        let shape = if starts {
            Shape::Tetrahedral
        } else {
            Shape::Planar
        };
        groups.extend(group(n, amide_hydrogens(residue.form, starts), shape));
    }
    for rule in residue.form.template().hydrogens {
        if let Some(parent) = topology.find(index, rule.parent) {
            groups.extend(group(parent, rule.names, rule.shape));
        }
    }
    groups
}
