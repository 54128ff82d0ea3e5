//! Backbone atoms that a file leaves out.

use crate::build::{Blueprint, Scaffold, Vector, place, single};
use crate::superpose;
use std::f64::consts::PI;

/// How well atoms that are there must fit the ideal group, nm: more is no such group.
const WORST_FIT: f64 = 0.03;

/// How much better a cis peptide bond must fit than a trans one, nm.
const CIS_GAIN: f64 = 0.005;

/// Places N, CA and C that are missing where at least three atoms of a rigid group they belong to are there:
/// the peptide group CA, C, O, N, CA on either side, or N, CA, C, CB of their residue. Where several groups
/// have a say, the mean of what they say. What is placed helps to place the rest; some may stay missing.
pub(super) fn rebuild(blueprint: &Blueprint, scaffold: &mut Scaffold) {
    let groups = groups(blueprint);
    loop {
        let mut sums = vec![(Vector::zeros(), 0.0); scaffold.known.len()];
        for group in &groups {
            for (atom, position) in group.missing(blueprint, scaffold) {
                sums[atom].0 += position;
                sums[atom].1 += 1.0;
            }
        }
        let mut found = false;
        for (atom, (sum, count)) in sums.into_iter().enumerate() {
            if count > 0.0 {
                scaffold.set(atom, sum / count);
                found = true;
            }
        }
        if !found {
            return;
        }
    }
}

/// Atoms of the blueprint, and the shapes that they can have together.
struct Group {
    atoms: Vec<usize>,
    shapes: Vec<Vec<[f32; 3]>>,
}

fn groups(blueprint: &Blueprint) -> Vec<Group> {
    let mut groups = Vec::new();
    let peptides = [peptide_group(PI), peptide_group(0.0)];
    let acid = acid_group();
    for (index, residue) in blueprint.residues().iter().enumerate() {
        let [n, ca, c, o] = residue.backbone;
        if let Some(next) = residue.next {
            let [next_n, next_ca, ..] = blueprint.residues()[next].backbone;
            groups.push(Group::new(&[ca, c, o, next_n, next_ca], &peptides));
        }
        if !residue.form.is_cap() {
            let cb = blueprint.topology().find(index, "CB");
            groups.push(Group::new(&[n, ca, c, cb], std::slice::from_ref(&acid)));
        }
    }
    groups
}

impl Group {
    fn new(atoms: &[Option<usize>], shapes: &[Vec<Vector>]) -> Self {
        let there: Vec<usize> = (0..atoms.len()).filter(|&i| atoms[i].is_some()).collect();
        let pick = |shape: &Vec<Vector>| there.iter().map(|&i| single(shape[i])).collect();
        Self {
            atoms: atoms.iter().copied().flatten().collect(),
            shapes: shapes.iter().map(pick).collect(),
        }
    }

    /// Where N, CA and C of the group that are not known belong.
    fn missing(&self, blueprint: &Blueprint, scaffold: &Scaffold) -> Vec<(usize, Vector)> {
        let (known, missing): (Vec<usize>, Vec<usize>) =
            (0..self.atoms.len()).partition(|&i| scaffold.known[self.atoms[i]]);
        let is_backbone = |i: &usize| {
            let atom = self.atoms[*i];
            ["N", "CA", "C"].contains(&blueprint.topology().atoms()[atom].name.as_str())
        };
        let missing: Vec<usize> = missing.into_iter().filter(is_backbone).collect();
        if known.len() < 3 || missing.is_empty() {
            return Vec::new();
        }
        let target: Vec<[f32; 3]> = known
            .iter()
            .map(|&i| single(scaffold.positions[self.atoms[i]]))
            .collect();
        let mut best: Option<(f64, Vec<(usize, Vector)>)> = None;
        for shape in &self.shapes {
            let from: Vec<[f32; 3]> = known.iter().map(|&i| shape[i]).collect();
            let Ok(motion) = superpose(&from, &target, None) else {
                continue;
            };
            let least = best.as_ref().map_or(WORST_FIT, |(rmsd, _)| rmsd - CIS_GAIN);
            if motion.rmsd < least {
                let placed = missing.iter().map(|&i| {
                    let position = motion.apply_to(shape[i]).map(f64::from);
                    (self.atoms[i], Vector::from(position))
                });
                best = Some((motion.rmsd, placed.collect()));
            }
        }
        best.map(|(_, placed)| placed).unwrap_or_default()
    }
}

/// CA, C, O, N, CA in a plane, ω as given; after R. A. Engh and R. Huber, Acta Cryst. A 47, 392 (1991),
/// 10.1107/S0108767391001071.
fn peptide_group(omega: f64) -> Vec<Vector> {
    let degrees = f64::to_radians;
    let ca = Vector::zeros();
    let c = Vector::new(0.1525, 0.0, 0.0);
    let n = place([c, ca, Vector::y()], 0.1329, degrees(116.2), 0.0);
    let o = place([c, ca, n], 0.1231, degrees(120.8), PI);
    let next = place([n, c, ca], 0.1458, degrees(121.7), omega);
    vec![ca, c, o, n, next]
}

/// N, CA, C, CB of an L residue.
fn acid_group() -> Vec<Vector> {
    let degrees = f64::to_radians;
    let ca = Vector::zeros();
    let n = Vector::new(0.1458, 0.0, 0.0);
    let c = place([ca, n, Vector::y()], 0.1525, degrees(111.2), 0.0);
    // torsion C–N–CA–CB
    let cb = place([ca, n, c], 0.1530, degrees(110.4), degrees(-122.6));
    vec![n, ca, c, cb]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_shapes_of_residues() {
        let ca_ca = |omega| {
            let group = peptide_group(omega);
            (group[0] - group[4]).norm()
        };
        assert!((ca_ca(PI) - 0.380).abs() < 0.002);
        assert!((ca_ca(0.0) - 0.285).abs() < 0.01);
        let group = acid_group();
        let [n, ca, c, cb] = [group[0], group[1], group[2], group[3]];
        assert!((n - ca).cross(&(c - ca)).dot(&(cb - ca)) > 0.0, "L");
    }
}
