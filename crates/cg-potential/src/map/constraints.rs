//! Groups of atoms that a simulation's constraints hold together.

use crate::{Error, Result};
use molio::{Element, Topology};

/// Atoms joined by constrained distances, as a partition of all atoms.
///
/// The force that a constraint exerts is not in the force field's forces. It cancels from a bead's
/// force only if all atoms that it joins enter with the same weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintGroups {
    group_of: Vec<usize>,
    n_groups: usize,
}

impl ConstraintGroups {
    /// No constraints: every atom on its own.
    pub fn none(n_atoms: usize) -> Self {
        Self {
            group_of: (0..n_atoms).collect(),
            n_groups: n_atoms,
        }
    }

    /// The groups that constrained pairs make.
    ///
    /// # Errors
    /// [`Error::Setting`] for an atom that does not exist.
    pub fn from_pairs(n_atoms: usize, pairs: &[[usize; 2]]) -> Result<Self> {
        let mut parent: Vec<usize> = (0..n_atoms).collect();
        for &[a, b] in pairs {
            if a >= n_atoms || b >= n_atoms {
                let expected = format!("atoms below {n_atoms}");
                return Err(Error::setting("constraint", expected, a.max(b)));
            }
            let (a, b) = (root(&mut parent, a), root(&mut parent, b));
            parent[a.max(b)] = a.min(b);
        }
        let mut number = vec![None; n_atoms];
        let mut n_groups = 0;
        let group_of = (0..n_atoms)
            .map(|atom| {
                let top = root(&mut parent, atom);
                *number[top].get_or_insert_with(|| {
                    n_groups += 1;
                    n_groups - 1
                })
            })
            .collect();
        Ok(Self { group_of, n_groups })
    }

    /// Every bond with a hydrogen, the usual constraints of MD.
    ///
    /// # Errors
    /// [`Error::Setting`] for a topology with hydrogens but without bonds.
    pub fn hydrogens(atoms: &Topology) -> Result<Self> {
        let light = |atom: usize| atoms.atoms()[atom].element == Element::HYDROGEN;
        let pairs: Vec<[usize; 2]> = atoms
            .bonds()
            .iter()
            .filter(|bond| bond.iter().any(|&atom| light(atom)))
            .copied()
            .collect();
        if pairs.is_empty() && (0..atoms.n_atoms()).any(light) {
            return Err(Error::setting("constraints", "bonds of hydrogens", "none"));
        }
        Self::from_pairs(atoms.n_atoms(), &pairs)
    }

    /// Bonds whose length deviates by less than `tolerance` (nm) over the frames.
    ///
    /// Constrained bonds vary by the constraint solver's tolerance and the rounding of files, 10⁻⁵ nm;
    /// the stiffest free bonds by 3·10⁻³ nm. 2·10⁻⁴ nm tells them apart.
    ///
    /// # Shapes
    /// `positions`: `[n_frames][n_atoms][3]` in nm, flat; 20 frames far apart in time are enough.
    ///
    /// # Errors
    /// [`Error::Length`] for positions that are not of whole frames, [`Error::Setting`] for fewer than
    /// three frames.
    pub fn detect(atoms: &Topology, positions: &[[f32; 3]], tolerance: f64) -> Result<Self> {
        let n_atoms = atoms.n_atoms();
        if n_atoms == 0 || !positions.len().is_multiple_of(n_atoms) {
            return Err(Error::Length {
                what: "positions of frames",
                expected: positions.len().div_ceil(n_atoms.max(1)) * n_atoms,
                found: positions.len(),
            });
        }
        let n_frames = positions.len() / n_atoms;
        if n_frames < 3 {
            return Err(Error::setting("frames", "at least 3", n_frames));
        }
        let rigid = |&&[a, b]: &&[usize; 2]| {
            let lengths = positions.chunks_exact(n_atoms).map(|x| {
                let squares = (0..3).map(|i| f64::from(x[a][i] - x[b][i]).powi(2));
                squares.sum::<f64>().sqrt()
            });
            let mean = lengths.clone().sum::<f64>() / n_frames as f64;
            let variance = lengths.map(|r| (r - mean).powi(2)).sum::<f64>() / n_frames as f64;
            variance.sqrt() < tolerance
        };
        let pairs: Vec<[usize; 2]> = atoms.bonds().iter().filter(rigid).copied().collect();
        Self::from_pairs(n_atoms, &pairs)
    }

    /// Number of atoms.
    pub fn n_atoms(&self) -> usize {
        self.group_of.len()
    }

    /// Number of groups, single atoms included.
    pub fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// The group of each atom.
    pub fn group_of(&self) -> &[usize] {
        &self.group_of
    }

    /// The atoms of each group.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.n_groups];
        for (atom, &group) in self.group_of.iter().enumerate() {
            members[group].push(atom);
        }
        members
    }
}

fn root(parent: &mut [usize], mut atom: usize) -> usize {
    while parent[atom] != atom {
        parent[atom] = parent[parent[atom]];
        atom = parent[atom];
    }
    atom
}
