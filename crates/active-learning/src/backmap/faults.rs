//! What a rebuilt protein must not have.

use super::rings::{pierces, small_rings};
use crate::vector::{Vector, cross, dot, norm, sub, torsion};
use molio::{Element, Topology};
use std::collections::HashMap;

/// Heavy atoms that are not bonded over three bonds or fewer clash below this, nm.
const CLASH: f64 = 0.2;

/// The shortest bond between heavy atoms of a protein is C=O, 0.123 nm, the longest S–S, 0.205 nm.
const SHORTEST_BOND: f64 = 0.11;
const LONGEST_BOND: f64 = 0.23;

/// Below this distance of successive CA atoms the peptide bond between them is cis, nm: the means are 0.38 for
/// trans and 0.29 for cis.
const CIS_BELOW: f64 = 0.33;

/// What is wrong with a structure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StructureFaults {
    /// Amino acids of the wrong hand.
    pub d_residues: usize,
    /// Cis peptide bonds between CA atoms as far apart as across trans ones.
    pub cis_bonds: usize,
    /// Pairs of heavy atoms, more than three bonds apart, nearer than 0.2 nm.
    pub clashes: usize,
    /// Bonds between heavy atoms shorter than 0.11 or longer than 0.23 nm.
    pub broken_bonds: usize,
    /// Bonds between heavy atoms that go through a ring.
    pub pierced_rings: usize,
}

impl StructureFaults {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        *self == Self::default()
    }
}

/// What to look at in the structures of one topology.
#[derive(Clone, Debug)]
pub struct StructureRules {
    /// N, CA, C, CB of each residue that has them.
    centres: Vec<[usize; 4]>,
    /// CA, C, N, CA across each peptide bond.
    peptides: Vec<[usize; 4]>,
    rings: Vec<Vec<usize>>,
    /// Bonds between heavy atoms.
    bonds: Vec<[usize; 2]>,
    heavy: Vec<usize>,
    /// For each atom those within three bonds, ascending.
    near: Vec<Vec<usize>>,
}

impl StructureRules {
    /// Finds residues, peptide bonds and rings; `topology` must have its bonds.
    pub fn new(topology: &Topology) -> Self {
        let n_atoms = topology.n_atoms();
        let is_heavy = |atom: usize| topology.atoms()[atom].element != Element::HYDROGEN;
        let find = |residue: usize, names: [&str; 4]| -> Option<[usize; 4]> {
            let mut found = [0; 4];
            for (found, name) in found.iter_mut().zip(names) {
                *found = topology.find(residue, name)?;
            }
            Some(found)
        };
        let centres = (0..topology.n_residues()).filter_map(|r| find(r, ["N", "CA", "C", "CB"]));
        let mut peptides = Vec::new();
        for &[a, b] in topology.bonds() {
            let (one, other) = (&topology.atoms()[a], &topology.atoms()[b]);
            for (c, n) in [(a, b), (b, a)] {
                let (carbon, nitrogen) = (&topology.atoms()[c], &topology.atoms()[n]);
                if one.residue == other.residue || carbon.name != "C" || nitrogen.name != "N" {
                    continue;
                }
                let ca = |residue| topology.find(residue, "CA");
                if let (Some(before), Some(after)) = (ca(carbon.residue), ca(nitrogen.residue)) {
                    peptides.push([before, c, n, after]);
                }
            }
        }
        let heavy_bonds = topology.bonds().iter().copied();
        Self {
            centres: centres.collect(),
            peptides,
            rings: small_rings(n_atoms, topology.bonds()),
            bonds: heavy_bonds
                .filter(|&[a, b]| is_heavy(a) && is_heavy(b))
                .collect(),
            heavy: (0..n_atoms).filter(|&atom| is_heavy(atom)).collect(),
            near: within_three_bonds(&topology.neighbours()),
        }
    }

    /// Counts what is wrong.
    ///
    /// # Shapes
    /// `positions`: `[n_atoms][3]`, nm.
    ///
    /// # Panics
    /// If there are fewer positions than the topology has atoms.
    pub fn faults(&self, positions: &[[f32; 3]]) -> StructureFaults {
        let at = |atom: usize| positions[atom].map(f64::from);
        let is_d = |&&[n, ca, c, cb]: &&[usize; 4]| {
            let from_ca = |atom| sub(at(atom), at(ca));
            dot(cross(from_ca(n), from_ca(c)), from_ca(cb)) < 0.0
        };
        let is_cis = |&&[before, c, n, after]: &&[usize; 4]| {
            let omega = torsion(at(before), at(c), at(n), at(after));
            let far = norm(sub(at(after), at(before))) >= CIS_BELOW;
            far && omega.abs() < std::f64::consts::FRAC_PI_2
        };
        let is_broken = |&&[a, b]: &&[usize; 2]| {
            let length = norm(sub(at(a), at(b)));
            !(SHORTEST_BOND..=LONGEST_BOND).contains(&length)
        };
        StructureFaults {
            d_residues: self.centres.iter().filter(is_d).count(),
            cis_bonds: self.peptides.iter().filter(is_cis).count(),
            clashes: self.clashes(&at),
            broken_bonds: self.bonds.iter().filter(is_broken).count(),
            pierced_rings: self.pierced(&at),
        }
    }

    fn clashes(&self, at: &dyn Fn(usize) -> Vector) -> usize {
        let mut count = 0;
        let mut cells: HashMap<[i32; 3], Vec<usize>> = HashMap::new();
        let cell = |x: Vector| x.map(|x| (x / CLASH).floor() as i32);
        for &atom in &self.heavy {
            let x = at(atom);
            let [i, j, k] = cell(x);
            for offset in 0..27 {
                let key = [
                    i + offset % 3 - 1,
                    j + offset / 3 % 3 - 1,
                    k + offset / 9 - 1,
                ];
                for &other in cells.get(&key).into_iter().flatten() {
                    let near = self.near[atom].binary_search(&other).is_ok();
                    count += usize::from(!near && norm(sub(x, at(other))) < CLASH);
                }
            }
            cells.entry([i, j, k]).or_default().push(atom);
        }
        count
    }

    fn pierced(&self, at: &dyn Fn(usize) -> Vector) -> usize {
        let mut count = 0;
        for ring in &self.rings {
            let corners: Vec<Vector> = ring.iter().map(|&atom| at(atom)).collect();
            for &[a, b] in &self.bonds {
                // no bond that reaches a ring is longer than 0.25 nm
                let reach = norm(sub(at(a), corners[0]));
                if reach < 0.6 && !ring.contains(&a) && !ring.contains(&b) {
                    count += usize::from(pierces(&corners, at(a), at(b)));
                }
            }
        }
        count
    }
}

fn within_three_bonds(neighbours: &[Vec<usize>]) -> Vec<Vec<usize>> {
    (0..neighbours.len())
        .map(|atom| {
            let mut found = vec![atom];
            let mut start = 0;
            for _ in 0..3 {
                let end = found.len();
                for index in start..end {
                    for &next in &neighbours[found[index]] {
                        if !found.contains(&next) {
                            found.push(next);
                        }
                    }
                }
                start = end;
            }
            found.sort_unstable();
            found
        })
        .collect()
}
