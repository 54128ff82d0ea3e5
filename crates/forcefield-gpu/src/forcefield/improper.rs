//! Which improper torsions there are, and in which order their atoms stand.
//!
//! The energy of an improper torsion depends on the order of its atoms, and each family of force
//! fields has its own rule. They are OpenMM's here, to the letter.

use super::bonded::Molecule;
use super::definition::{Ordering, TorsionRule};
use molio::Element;
use std::collections::HashMap;

/// Rules with the ordering of the force they come from.
type Rules<P> = [(TorsionRule<P>, Ordering)];

/// All orders of the three outer atoms.
const PERMUTATIONS: [[usize; 3]; 6] = [
    [1, 2, 3],
    [1, 3, 2],
    [2, 1, 3],
    [2, 3, 1],
    [3, 1, 2],
    [3, 2, 1],
];

/// Impropers of a `PeriodicTorsionForce`: atoms in order, index of the rule, its ordering.
///
/// As in OpenMM 8.6, the order found for the first centre with some types is used for every later
/// centre whose atom and ascending neighbours have the same types, even where the rule, applied to
/// that centre itself, would put symmetric atoms the other way round.
pub(super) fn periodic<P>(
    molecule: &Molecule<'_>,
    rules: &Rules<P>,
) -> Vec<([usize; 4], usize, Ordering)> {
    let mut cache: HashMap<[usize; 4], Option<([usize; 4], usize)>> = HashMap::new();
    let mut found = Vec::new();
    for &atoms in &molecule.connectivity.impropers {
        let types = molecule.types(atoms);
        let known = *cache
            .entry(types)
            .or_insert_with(|| order(molecule, rules, atoms));
        if let Some((positions, index)) = known {
            found.push((
                positions.map(|position| atoms[position]),
                index,
                rules[index].1,
            ));
        }
    }
    found
}

/// Impropers of an `RBTorsionForce`, each ordered by itself.
pub(super) fn each<P>(
    molecule: &Molecule<'_>,
    rules: &Rules<P>,
) -> Vec<([usize; 4], usize, Ordering)> {
    let impropers = molecule.connectivity.impropers.iter();
    impropers
        .filter_map(|&atoms| {
            let (positions, index) = order(molecule, rules, atoms)?;
            Some((
                positions.map(|position| atoms[position]),
                index,
                rules[index].1,
            ))
        })
        .collect()
}

/// The rule for a centre and three neighbours, and the order of the four as positions in `atoms`.
/// The last rule without wildcards wins over the first with them.
fn order<P>(
    molecule: &Molecule<'_>,
    rules: &Rules<P>,
    atoms: [usize; 4],
) -> Option<([usize; 4], usize)> {
    let types = molecule.types(atoms);
    let definition = molecule.definition;
    let mut found = None;
    for (index, (rule, ordering)) in rules.iter().enumerate() {
        let wildcard = rule.has_wildcard();
        if found.is_some() && wildcard {
            continue;
        }
        if !definition.accepts(rule.patterns[0], types[0]) {
            continue;
        }
        let fitting = PERMUTATIONS.into_iter().find(|permutation| {
            let outer = permutation.map(|position| types[position]);
            definition.accepts_all(&rule.patterns[1..], &outer)
        });
        if let Some(outer) = fitting {
            let positions = match ordering {
                Ordering::Smirnoff => [0, outer[0], outer[1], outer[2]],
                Ordering::Charmm if !wildcard => [0, outer[0], outer[1], outer[2]],
                Ordering::Default | Ordering::Charmm => by_element(molecule, atoms, outer),
                Ordering::Amber => by_residue(molecule, atoms, outer, wildcard),
            };
            found = Some((positions, index));
        }
    }
    found
}

/// Carbon before other elements, then heavy before light, then by index; the centre third.
fn by_element(molecule: &Molecule<'_>, atoms: [usize; 4], outer: [usize; 3]) -> [usize; 4] {
    let [mut first, mut second, last] = outer;
    let element = |position: usize| molecule.topology.atoms()[atoms[position]].element;
    let (a, b) = (element(first), element(second));
    let swap = if a == b {
        atoms[first] > atoms[second]
    } else {
        a != Element::CARBON && (b == Element::CARBON || a.mass() < b.mass())
    };
    if swap {
        std::mem::swap(&mut first, &mut second);
    }
    [first, second, 0, last]
}

/// Symmetric outer atoms ascending by residue and place in the template; the centre third.
fn by_residue(
    molecule: &Molecule<'_>,
    atoms: [usize; 4],
    outer: [usize; 3],
    wildcard: bool,
) -> [usize; 4] {
    let place = |position: usize| {
        let atom = atoms[position];
        let residue = molecule.topology.atoms()[atom].residue;
        (residue, molecule.assignment.template_atoms[atom])
    };
    let alike = |a: usize, b: usize| {
        let (a, b) = (atoms[a], atoms[b]);
        if wildcard {
            molecule.topology.atoms()[a].element == molecule.topology.atoms()[b].element
        } else {
            molecule.assignment.atom_types[a] == molecule.assignment.atom_types[b]
        }
    };
    let [mut second, mut third, mut fourth] = outer;
    if alike(second, fourth) && place(second) > place(fourth) {
        std::mem::swap(&mut second, &mut fourth);
    }
    if alike(third, fourth) && place(third) > place(fourth) {
        std::mem::swap(&mut third, &mut fourth);
    }
    if (wildcard || alike(second, third)) && place(second) > place(third) {
        std::mem::swap(&mut second, &mut third);
    }
    [second, third, 0, fourth]
}
