//! Hydrogens at ideal geometry; those that can turn look for hydrogen bonds.

mod rotors;

use super::blueprint::{Blueprint, Hydrogens, Scaffold};
use super::geometry::{Vector, perpendicular, place, unit};
use super::library::Shape;
use super::side_chains::Obstacle;
use crate::Element;
use rotors::{turn_rotors, turn_threes};

/// H–C–H in a methylene group, rad.
const METHYLENE: f64 = 109.5 * std::f64::consts::PI / 180.0;

/// Places the hydrogens that are missing; all heavy atoms must be known.
pub(crate) fn place_hydrogens(
    blueprint: &Blueprint,
    scaffold: &mut Scaffold,
    obstacles: &[Obstacle],
) {
    let (mut rotors, mut threes) = (Vec::new(), Vec::new());
    for residue in blueprint.residues() {
        for group in &residue.hydrogens {
            if group.atoms.iter().all(|&atom| scaffold.known[atom]) {
                continue;
            }
            let any_known = group.atoms.iter().any(|&atom| scaffold.known[atom]);
            let turn = rest_turn(scaffold, group);
            let sites = sites(blueprint, scaffold, group, turn);
            fill(scaffold, group, &sites);
            if is_rotor(group) && !any_known {
                rotors.push(group);
            } else if group.heavy.len() == 1 && group.atoms.len() == 3 && !any_known {
                threes.push(group);
            }
        }
    }
    turn_rotors(blueprint, scaffold, obstacles, &rotors);
    turn_threes(blueprint, scaffold, obstacles, &threes);
}

/// A single hydrogen at the end of a chain, which may turn.
fn is_rotor(group: &Hydrogens) -> bool {
    group.heavy.len() == 1 && group.atoms.len() == 1 && group.shape != Shape::Planar
}

/// The torsion angle at which the first hydrogen of a group at a chain's end stands: that which a known
/// one of them asks for, else staggered or, in a plane, trans.
fn rest_turn(scaffold: &Scaffold, group: &Hydrogens) -> f64 {
    let known = group
        .atoms
        .iter()
        .position(|&atom| scaffold.known[atom])
        .filter(|_| group.shape == Shape::Tetrahedral);
    match (known, group.heavy[..].as_ref(), group.reference) {
        (Some(place), &[second], Some(third)) => {
            let [parent, second, third] =
                [group.parent, second, third].map(|atom| scaffold.positions[atom]);
            let seen = scaffold.positions[group.atoms[place]];
            super::geometry::torsion(third, second, parent, seen)
                - place as f64 * std::f64::consts::TAU / 3.0
        }
        _ => std::f64::consts::PI,
    }
}

/// Bond length to hydrogen, nm: at equilibrium in ff14SB.
fn length(blueprint: &Blueprint, group: &Hydrogens) -> f64 {
    match blueprint.topology().atoms()[group.parent].element {
        Element::OXYGEN => 0.0960,
        Element::NITROGEN => 0.1010,
        Element::SULPHUR => 0.1336,
        _ if group.shape == Shape::Planar => 0.1080,
        _ => 0.1090,
    }
}

/// Angle between a bond to hydrogen and the one before at a chain's end, rad.
fn bend(blueprint: &Blueprint, group: &Hydrogens) -> f64 {
    let degrees = match blueprint.topology().atoms()[group.parent].element {
        Element::SULPHUR => 96.0,
        Element::OXYGEN if group.shape == Shape::PlanarTurnable => 113.0,
        Element::OXYGEN => 108.5,
        _ if group.shape == Shape::Planar => 120.0,
        _ => 109.5,
    };
    f64::to_radians(degrees)
}

/// Where the hydrogens of a group belong, in the order of its atoms. `turn` is the torsion angle of the
/// first one at a chain's end, rad.
fn sites(blueprint: &Blueprint, scaffold: &Scaffold, group: &Hydrogens, turn: f64) -> Vec<Vector> {
    let parent = scaffold.positions[group.parent];
    let length = length(blueprint, group);
    let toward: Vec<Vector> = group
        .heavy
        .iter()
        .map(|&atom| unit(scaffold.positions[atom] - parent))
        .collect();
    match (toward[..].as_ref(), group.shape) {
        (&[_], shape) => {
            let second = scaffold.positions[group.heavy[0]];
            let axis = unit(second - parent);
            let third = group
                .reference
                .map_or(second + perpendicular(axis), |atom| {
                    scaffold.positions[atom]
                });
            let step = match shape {
                Shape::Tetrahedral => std::f64::consts::TAU / 3.0,
                Shape::Planar | Shape::PlanarTurnable => std::f64::consts::PI,
            };
            let angle = bend(blueprint, group);
            (0..group.atoms.len())
                .map(|index| {
                    place(
                        [parent, second, third],
                        length,
                        angle,
                        turn + index as f64 * step,
                    )
                })
                .collect()
        }
        (&[a, b], Shape::Tetrahedral) => {
            let away = -unit(a + b);
            let normal = unit(a.cross(&b));
            let (sin, cos) = (METHYLENE / 2.0).sin_cos();
            let both = [cos * away - sin * normal, cos * away + sin * normal];
            both.iter()
                .take(group.atoms.len())
                .map(|direction| parent + length * direction)
                .collect()
        }
        (all, _) => {
            let sum: Vector = all.iter().sum();
            vec![parent - length * unit(sum); group.atoms.len()]
        }
    }
}

/// Gives each missing hydrogen its site; known ones take the sites nearest to them.
fn fill(scaffold: &mut Scaffold, group: &Hydrogens, sites: &[Vector]) {
    let mut taken = vec![false; sites.len()];
    for &atom in group.atoms.iter().filter(|&&atom| scaffold.known[atom]) {
        let far = |site: &usize| (sites[*site] - scaffold.positions[atom]).norm_squared();
        let nearest = (0..sites.len())
            .filter(|&site| !taken[site])
            .min_by(|a, b| far(a).total_cmp(&far(b)));
        if let Some(site) = nearest {
            taken[site] = true;
        }
    }
    for (place, &atom) in group.atoms.iter().enumerate() {
        if scaffold.known[atom] {
            continue;
        }
        // its own site, unless a known hydrogen under another name is there
        let site = Some(place)
            .filter(|&site| !taken[site])
            .or_else(|| taken.iter().position(|taken| !taken));
        if let Some(site) = site {
            taken[site] = true;
            scaffold.set(atom, sites[site]);
        }
    }
}
