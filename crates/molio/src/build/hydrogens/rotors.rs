//! Hydroxyl, thiol and carboxyl hydrogens turn towards acceptors and away from the rest, methyl and ammonium
//! groups away from what they overlap.

use super::sites;
use crate::Element;
use crate::build::blueprint::{Blueprint, Hydrogens, Scaffold};
use crate::build::geometry::Vector;
use crate::build::library::Shape;
use crate::build::side_chains::Obstacle;

/// Farthest atom that a hydrogen takes notice of, nm.
const CUTOFF: f64 = 0.45;

/// Angles that a free hydrogen tries.
const STEPS: usize = 24;

/// Angles that a group of three tries.
const STEPS_OF_THREE: usize = 24;

/// Overlap, see [`overlap`], up to which a group of three stays staggered.
const TOLERATED: f64 = 8.0;

/// What it costs a group of three to be eclipsed, in the units of [`overlap`].
const ECLIPSED: f64 = 10.0;

/// Turns methyl and ammonium groups that overlap their surroundings to where they do so least.
pub(super) fn turn_threes(
    blueprint: &Blueprint,
    scaffold: &mut Scaffold,
    obstacles: &[Obstacle],
    groups: &[&Hydrogens],
) {
    let rest = std::f64::consts::PI;
    for _ in 0..3 {
        let mut changed = false;
        for group in groups {
            let around = around(blueprint, scaffold, group);
            let overlap_at = |positions: &[Vector], scaffold: &Scaffold| -> f64 {
                positions
                    .iter()
                    .map(|&position| overlap(blueprint, scaffold, obstacles, position, &around))
                    .sum()
            };
            let now: Vec<Vector> = group.atoms.iter().map(|&a| scaffold.positions[a]).collect();
            if overlap_at(&now, scaffold) <= TOLERATED {
                continue;
            }
            let mut best = (f64::INFINITY, now.clone());
            for step in 0..STEPS_OF_THREE {
                let turn = step as f64 / STEPS_OF_THREE as f64 * std::f64::consts::TAU / 3.0;
                let positions = sites(blueprint, scaffold, group, rest + turn);
                let score =
                    overlap_at(&positions, scaffold) + ECLIPSED * 0.5 * (1.0 - (3.0 * turn).cos());
                // the first of equals stays
                if score < best.0 - 1e-9 {
                    best = (score, positions);
                }
            }
            for (&atom, (new, old)) in group.atoms.iter().zip(best.1.iter().zip(&now)) {
                changed |= (new - old).norm_squared() > 1e-12;
                scaffold.set(atom, *new);
            }
        }
        if !changed {
            break;
        }
    }
}

/// Turns each of these hydrogens to where its score is least, several times, so that they agree.
pub(super) fn turn_rotors(
    blueprint: &Blueprint,
    scaffold: &mut Scaffold,
    obstacles: &[Obstacle],
    rotors: &[&Hydrogens],
) {
    let around: Vec<Vec<usize>> = rotors
        .iter()
        .map(|group| around(blueprint, scaffold, group))
        .collect();
    for _ in 0..3 {
        let mut changed = false;
        for (group, around) in rotors.iter().zip(&around) {
            let atom = group.atoms[0];
            let mut best = (f64::INFINITY, scaffold.positions[atom]);
            for turn in turns(group) {
                let Some(&position) = sites(blueprint, scaffold, group, turn).first() else {
                    continue;
                };
                let score = score(blueprint, scaffold, obstacles, position, around)
                    + strain(blueprint, group, turn);
                // the first of equals stays
                if score < best.0 - 1e-9 {
                    best = (score, position);
                }
            }
            changed |= (best.1 - scaffold.positions[atom]).norm_squared() > 1e-12;
            scaffold.set(atom, best.1);
        }
        if !changed {
            break;
        }
    }
}

fn turns(group: &Hydrogens) -> impl Iterator<Item = f64> {
    let trans = std::f64::consts::PI;
    let n = if group.shape == Shape::PlanarTurnable {
        2
    } else {
        STEPS
    };
    (0..n).map(move |step| trans + step as f64 * std::f64::consts::TAU / n as f64)
}

/// Preference for staggered hydroxyls, and for carboxylic acids whose hydrogen is cis to the other
/// oxygen; of the order of a weak hydrogen bond in [`score`].
fn strain(blueprint: &Blueprint, group: &Hydrogens, turn: f64) -> f64 {
    let oxygens = |heavy: &usize| {
        let atoms = blueprint.topology().atoms();
        let is_oxygen = |atom: &&usize| atoms[**atom].element == Element::OXYGEN;
        blueprint.neighbours()[*heavy]
            .iter()
            .filter(is_oxygen)
            .count()
    };
    let acid = group.heavy.iter().any(|heavy| oxygens(heavy) > 1);
    match group.shape {
        Shape::Tetrahedral => 0.5 * (1.0 + (3.0 * turn).cos()),
        Shape::PlanarTurnable if acid => 1.5 * (1.0 + turn.cos()),
        Shape::Planar | Shape::PlanarTurnable => 0.0,
    }
}

/// Atoms within reach of wherever the hydrogen turns.
fn around(blueprint: &Blueprint, scaffold: &Scaffold, group: &Hydrogens) -> Vec<usize> {
    let parent = scaffold.positions[group.parent];
    let reach = CUTOFF + 0.14;
    (0..blueprint.topology().n_atoms())
        .filter(|&atom| {
            !group.atoms.contains(&atom)
                && (scaffold.positions[atom] - parent).norm_squared() < reach * reach
                && !blueprint
                    .near(group.parent)
                    .binary_search(&atom)
                    .is_ok_and(|_| {
                        // the parent itself and its neighbours are where they are at any turn
                        atom == group.parent || group.heavy.contains(&atom)
                    })
        })
        .collect()
}

/// Lower is better: attraction to acceptors, repulsion from polar hydrogens, both falling as 1/r, and
/// [`overlap`].
fn score(
    blueprint: &Blueprint,
    scaffold: &Scaffold,
    obstacles: &[Obstacle],
    position: Vector,
    around: &[usize],
) -> f64 {
    let mut sum = overlap(blueprint, scaffold, obstacles, position, around);
    for &other in around.iter().filter(|&&other| scaffold.known[other]) {
        let d = (scaffold.positions[other] - position).norm().max(0.01);
        if d <= CUTOFF {
            sum += charge(blueprint, other) * (1.0 / d - 1.0 / CUTOFF);
        }
    }
    sum
}

/// Per hundred, how far a hydrogen at `position` is inside whatever is nearer than 0.165 nm (acceptors), 0.24 nm
/// (other heavy atoms) or 0.2 nm (hydrogens).
fn overlap(
    blueprint: &Blueprint,
    scaffold: &Scaffold,
    obstacles: &[Obstacle],
    position: Vector,
    around: &[usize],
) -> f64 {
    let atoms = blueprint.topology().atoms();
    let mut sum = 0.0;
    for &other in around.iter().filter(|&&other| scaffold.known[other]) {
        let d = (scaffold.positions[other] - position).norm().max(0.01);
        let contact = match atoms[other].element {
            Element::HYDROGEN => 0.20,
            Element::OXYGEN | Element::NITROGEN if charge(blueprint, other) < 0.0 => 0.165,
            _ => 0.24,
        };
        if d < contact {
            sum += 100.0 * (1.0 - d / contact);
        }
    }
    for obstacle in obstacles {
        let d = (obstacle.position - position).norm();
        let contact = obstacle.radius + 0.08;
        if d < contact {
            sum += 100.0 * (1.0 - d / contact);
        }
    }
    sum
}

/// A rough charge: negative for what accepts a hydrogen bond, positive for a hydrogen that gives one.
fn charge(blueprint: &Blueprint, atom: usize) -> f64 {
    let atoms = blueprint.topology().atoms();
    let neighbours = &blueprint.neighbours()[atom];
    match atoms[atom].element {
        Element::OXYGEN => -0.6,
        // an aromatic nitrogen without hydrogen
        Element::NITROGEN
            if neighbours.len() == 2 && !neighbours.iter().any(|&n| blueprint.is_hydrogen(n)) =>
        {
            -0.5
        }
        Element::HYDROGEN => {
            let polar = neighbours
                .iter()
                .any(|&heavy| matches!(atoms[heavy].element, Element::OXYGEN | Element::NITROGEN));
            if polar { 0.4 } else { 0.0 }
        }
        _ => 0.0,
    }
}
