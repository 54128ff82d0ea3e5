//! Bonds by distance.

use crate::{Element, Topology};
use std::collections::HashMap;

/// Slack on top of the sum of two covalent radii (nm).
const TOLERANCE: f64 = 0.04;

/// Atoms closer than this (nm) are two copies of one atom, not bonded.
const SHORTEST: f64 = 0.05;

/// Bonds among these heavy atoms by the sum of their covalent radii.
pub(super) fn covalent_bonds(
    topology: &Topology,
    positions: &[[f32; 3]],
    atoms: &[usize],
) -> Vec<[usize; 2]> {
    let radius = |atom: usize| covalent_radius(topology.atoms()[atom].element);
    let largest = atoms.iter().map(|&atom| radius(atom)).fold(0.0, f64::max);
    close_pairs(positions, atoms, 2.0 * largest + TOLERANCE)
        .into_iter()
        .filter(|(d, [a, b])| *d > SHORTEST && *d <= radius(*a) + radius(*b) + TOLERANCE)
        .map(|(_, pair)| pair)
        .collect()
}

/// Pairs of these atoms within `cutoff` (nm), each once, with their distance.
pub(super) fn close_pairs(
    positions: &[[f32; 3]],
    atoms: &[usize],
    cutoff: f64,
) -> Vec<(f64, [usize; 2])> {
    let cell = |x: [f32; 3]| x.map(|c| (f64::from(c) / cutoff).floor() as i64);
    let mut cells = HashMap::<[i64; 3], Vec<usize>>::new();
    let mut pairs = Vec::new();
    for &atom in atoms {
        let [x, y, z] = cell(positions[atom]);
        for neighbour in 0..27 {
            let shift = [neighbour / 9 - 1, neighbour / 3 % 3 - 1, neighbour % 3 - 1];
            // coordinates beyond the range of i64 saturate; they have no neighbours worth finding
            let key = [
                x.saturating_add(shift[0]),
                y.saturating_add(shift[1]),
                z.saturating_add(shift[2]),
            ];
            for &other in cells.get(&key).into_iter().flatten() {
                let d = distance(positions, atom, other);
                if d <= cutoff {
                    pairs.push((d, [other.min(atom), other.max(atom)]));
                }
            }
        }
        cells.entry([x, y, z]).or_default().push(atom);
    }
    pairs
}

pub(super) fn distance(positions: &[[f32; 3]], a: usize, b: usize) -> f64 {
    (0..3)
        .map(|axis| (f64::from(positions[a][axis]) - f64::from(positions[b][axis])).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// Covalent radius in nm (Cordero et al. 2008; low spin for Mn, Fe, Co, sp³ for C); 0.15 nm for
/// elements heavier than xenon, which is the middle of their range.
fn covalent_radius(element: Element) -> f64 {
    RADII_ANGSTROM
        .get(usize::from(element.atomic_number()))
        .map_or(0.15, |radius| radius / 10.0)
}

#[rustfmt::skip]
const RADII_ANGSTROM: [f64; 55] = [
    0.0,
    0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41, 1.21, 1.11, 1.07, 1.05, 1.02, 1.06,
    2.03, 1.76, 1.70, 1.60, 1.53, 1.39, 1.39, 1.32, 1.26, 1.24, 1.32, 1.22, 1.22, 1.20, 1.19, 1.20, 1.20, 1.16,
    2.20, 1.95, 1.90, 1.75, 1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44, 1.42, 1.39, 1.39, 1.38, 1.39, 1.40,
];
