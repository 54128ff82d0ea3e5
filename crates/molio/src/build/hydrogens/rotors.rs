//! Hydroxyl, thiol and carboxyl hydrogens turn towards acceptors and away from the rest.

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
                let score = score(blueprint, scaffold, obstacles, (atom, position), around)
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
            atom != group.atoms[0]
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
/// overlap with whatever is nearer than 0.24 nm (heavy atoms) or 0.2 nm (hydrogens).
fn score(
    blueprint: &Blueprint,
    scaffold: &Scaffold,
    obstacles: &[Obstacle],
    (hydrogen, position): (usize, Vector),
    around: &[usize],
) -> f64 {
    let atoms = blueprint.topology().atoms();
    let mut sum = 0.0;
    for &other in around {
        if other == hydrogen || !scaffold.known[other] {
            continue;
        }
        let d = (scaffold.positions[other] - position).norm().max(0.01);
        if d > CUTOFF {
            continue;
        }
        let charge = charge(blueprint, other);
        sum += charge * (1.0 / d - 1.0 / CUTOFF);
        let contact = match atoms[other].element {
            Element::HYDROGEN => 0.20,
            Element::OXYGEN | Element::NITROGEN if charge < 0.0 => 0.165,
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
