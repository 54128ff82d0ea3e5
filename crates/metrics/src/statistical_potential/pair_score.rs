//! Sums of a pair table over the atoms of frames.

use super::{PairTable, atom_type};
use crate::Result;
use crate::error::{Error, check_length};
use crate::geometry::{CellGrid, norm, scale, subtract, vector};
use molio::{Element, Topology, Trajectory};
use rayon::prelude::*;

/// Which pairs count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairRule {
    /// Pairs at this distance or farther do not; nm.
    pub cutoff: f64,
    /// Pairs with a lesser difference of residue indices do not. 0: all pairs; 1: not those within a
    /// residue.
    pub minimum_residue_separation: usize,
    /// Pairs at this distance or closer do not; nm. Below 0: all do.
    pub ignored_below: f64,
}

/// U = Σ u(type of i, type of j, r_ij) over the pairs that count. Hydrogens and atoms whose type is
/// not in the table do not.
#[derive(Clone, Debug)]
pub struct PairScore<'a> {
    table: &'a PairTable,
    rule: PairRule,
    n_atoms: usize,
    atoms: Vec<TypedAtom>,
    untyped: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct TypedAtom {
    atom: usize,
    kind: usize,
    residue: usize,
}

impl<'a> PairScore<'a> {
    /// The atoms of `topology` that `table` knows.
    ///
    /// # Errors
    /// A cutoff that is not positive and finite.
    pub fn new(topology: &Topology, table: &'a PairTable, rule: PairRule) -> Result<Self> {
        if !(rule.cutoff > 0.0 && rule.cutoff.is_finite()) {
            return Err(Error::Argument {
                what: "cutoff of a pair potential",
                expected: "a positive length in nm",
                found: rule.cutoff.to_string(),
            });
        }
        let mut atoms = Vec::new();
        let mut untyped = Vec::new();
        for (atom, record) in topology.atoms().iter().enumerate() {
            if record.element == Element::HYDROGEN {
                continue;
            }
            let residue = &topology.residues()[record.residue];
            match table.type_index(&atom_type(&residue.name, &record.name)) {
                Some(kind) => atoms.push(TypedAtom {
                    atom,
                    kind,
                    residue: record.residue,
                }),
                None => untyped.push(atom),
            }
        }
        Ok(Self {
            table,
            rule,
            n_atoms: topology.n_atoms(),
            atoms,
            untyped,
        })
    }

    /// Number of atoms that count.
    pub fn n_scored(&self) -> usize {
        self.atoms.len()
    }

    /// Heavy atoms that the table does not know (terminal OXT, ligands, water); they count nothing.
    pub fn untyped(&self) -> &[usize] {
        &self.untyped
    }

    /// U of one frame, in the table's unit.
    ///
    /// # Errors
    /// A frame with another number of atoms, or a coordinate of a scored atom that is not finite.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<f64> {
        let mut total = 0.0;
        self.for_each_pair(positions, |_, _, u, _| total += u)?;
        Ok(total)
    }

    /// U of one frame and ∂U/∂x, `[n_atoms][3]`, in the table's unit per nm; written to `gradient`.
    ///
    /// # Errors
    /// As [`PairScore::evaluate`], or a gradient of another length.
    pub fn evaluate_with_gradient(
        &self,
        positions: &[[f32; 3]],
        gradient: &mut [[f64; 3]],
    ) -> Result<f64> {
        check_length("gradient", self.n_atoms, gradient.len())?;
        gradient.fill([0.0; 3]);
        let mut total = 0.0;
        self.for_each_pair(positions, |i, j, u, along| {
            total += u;
            for axis in 0..3 {
                gradient[i][axis] -= along[axis];
                gradient[j][axis] += along[axis];
            }
        })?;
        Ok(total)
    }

    /// U of every frame, on all threads; the error of a frame does not touch the others.
    pub fn over(&self, trajectory: &Trajectory) -> Vec<Result<f64>> {
        (0..trajectory.n_frames())
            .into_par_iter()
            .map(|frame| self.evaluate(trajectory.positions(frame)))
            .collect()
    }

    /// Calls `visit(i, j, u, du/dr · unit vector from i to j)` for every pair that counts.
    fn for_each_pair(
        &self,
        positions: &[[f32; 3]],
        mut visit: impl FnMut(usize, usize, f64, [f64; 3]),
    ) -> Result<()> {
        check_length("positions", self.n_atoms, positions.len())?;
        let points: Vec<[f32; 3]> = self.atoms.iter().map(|a| positions[a.atom]).collect();
        // a little wider than the cutoff, which is then compared in f64
        let grid = CellGrid::new(&points, (self.rule.cutoff * 1.001) as f32)?;
        grid.for_each_pair(|p, q, _| {
            let (a, b) = (self.atoms[p], self.atoms[q]);
            if a.residue.abs_diff(b.residue) < self.rule.minimum_residue_separation {
                return;
            }
            let d = subtract(vector(points[q]), vector(points[p]));
            let r = norm(d);
            if r < self.rule.cutoff && r > self.rule.ignored_below {
                let (u, slope) = self.table.evaluate(a.kind, b.kind, r);
                let along = if r > 0.0 {
                    scale(d, slope / r)
                } else {
                    [0.0; 3]
                };
                visit(a.atom, b.atom, u, along);
            }
        });
        Ok(())
    }
}
