//! Atoms that are in each other's way.

use super::Open;
use crate::Element;
use crate::build::blueprint::{Blueprint, Scaffold};
use crate::build::geometry::Vector;

/// An atom that is not part of what is built: of a ligand, an ion, water.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Obstacle {
    pub(crate) position: Vector,
    /// nm
    pub(crate) radius: f64,
}

/// How far a side chain reaches from its CA, NH1 of arginine being the farthest, nm.
const REACH: f64 = 0.75;

/// Half the distance at which two atoms of this element begin to overlap, nm: 0.9 of the radii of
/// A. Bondi, J. Phys. Chem. 68, 441 (1964), 10.1021/j100785a001.
pub(crate) fn contact_radius(element: Element) -> f64 {
    let radius = match element {
        Element::CARBON => 0.170,
        Element::NITROGEN => 0.155,
        Element::OXYGEN => 0.152,
        Element::HYDROGEN => 0.110,
        _ => 0.180,
    };
    0.9 * radius
}

/// The heavy atoms around a residue that can be in its way.
pub(super) struct Surroundings {
    atoms: Vec<Around>,
}

struct Around {
    /// Index in the blueprint; none for an obstacle.
    atom: Option<usize>,
    position: Vector,
    radius: f64,
    polar: bool,
}

impl Surroundings {
    pub(super) fn new(
        blueprint: &Blueprint,
        scaffold: &Scaffold,
        obstacles: &[Obstacle],
        open: &Open<'_>,
    ) -> Self {
        let planned = &blueprint.residues()[open.residue];
        let atoms = blueprint.topology().atoms();
        let centre = centre(blueprint, scaffold, open.residue);
        let within =
            |position: Vector| (position - centre).norm_squared() < (REACH + 0.35f64).powi(2);
        let own = |atom: usize| {
            planned.atoms.contains(&atom) && open.rules.iter().any(|rule| rule.atom == atom)
        };
        let mut around = Vec::new();
        for &residue in &open.neighbours {
            for atom in blueprint.residues()[residue].atoms.clone() {
                let position = scaffold.positions[atom];
                let there = scaffold.known[atom] && !blueprint.is_hydrogen(atom);
                if there && within(position) && !own(atom) {
                    let element = atoms[atom].element;
                    around.push(Around {
                        atom: Some(atom),
                        position,
                        radius: contact_radius(element),
                        polar: is_polar(element),
                    });
                }
            }
        }
        for obstacle in obstacles
            .iter()
            .filter(|obstacle| within(obstacle.position))
        {
            around.push(Around {
                atom: None,
                position: obstacle.position,
                radius: obstacle.radius,
                polar: false,
            });
        }
        Self { atoms: around }
    }
}

fn is_polar(element: Element) -> bool {
    matches!(element, Element::NITROGEN | Element::OXYGEN)
}

fn centre(blueprint: &Blueprint, scaffold: &Scaffold, residue: usize) -> Vector {
    let planned = &blueprint.residues()[residue];
    let ca = planned.backbone[1].filter(|&atom| scaffold.known[atom]);
    // a cap stands where its neighbour does
    let beside = || {
        let next = planned.next.or(planned.previous)?;
        blueprint.residues()[next].backbone[1]
    };
    ca.or_else(beside)
        .map_or_else(Vector::zeros, |atom| scaffold.positions[atom])
}

/// Residues whose atoms may meet those of `residue`, itself among them.
pub(super) fn neighbours(blueprint: &Blueprint, scaffold: &Scaffold, residue: usize) -> Vec<usize> {
    let here = centre(blueprint, scaffold, residue);
    let reach = 2.0 * REACH + 0.35;
    (0..blueprint.residues().len())
        .filter(|&other| {
            let there = centre(blueprint, scaffold, other);
            (there - here).norm_squared() < reach * reach
        })
        .collect()
}

/// What it costs that `atom` at `position` overlaps its surroundings: Σ 40 (1 − d²/R²)² over atoms
/// closer than R = r₁ + r₂, except those within three bonds. N and O may come 0.03 nm closer to each other.
pub(super) fn overlap(
    blueprint: &Blueprint,
    surroundings: &Surroundings,
    atom: usize,
    position: Vector,
) -> f64 {
    let element = blueprint.topology().atoms()[atom].element;
    let (radius, polar) = (contact_radius(element), is_polar(element));
    let mut sum = 0.0;
    for around in &surroundings.atoms {
        let slack = if polar && around.polar { 0.03 } else { 0.0 };
        let contact = radius + around.radius - slack;
        let squared = (position - around.position).norm_squared();
        if squared >= contact * contact {
            continue;
        }
        let bonded = around
            .atom
            .is_some_and(|other| blueprint.near(atom).binary_search(&other).is_ok());
        if !bonded {
            let share = 1.0 - squared / (contact * contact);
            sum += 40.0 * share * share;
        }
    }
    sum
}
