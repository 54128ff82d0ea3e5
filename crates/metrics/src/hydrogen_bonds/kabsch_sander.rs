//! Backbone hydrogen bonds by electrostatic energy, as DSSP uses them.

use crate::Result;
use crate::backbone::Backbone;
use crate::error::{Error, check_length};
use crate::geometry::{CellGrid, Vector, add, norm, scale, subtract, vector};
use molio::Topology;

/// q₁q₂·332 kcal/mol·Å with q₁ = 0.42 e, q₂ = 0.20 e, in kJ/mol·nm.
const COUPLING: f64 = 0.42 * 0.20 * 332.0 * 4.184 * 0.1;
/// Bonds are below −0.5 kcal/mol; kJ/mol.
pub(crate) const BOND_ENERGY: f64 = -0.5 * 4.184;
/// What DSSP gives atoms that overlap; kJ/mol.
const LEAST_ENERGY: f64 = -9.9 * 4.184;
/// Atoms closer than this overlap; nm.
const LEAST_DISTANCE: f64 = 0.05;
/// Residues whose CA are farther apart are not looked at; nm.
const ALPHA_CUTOFF: f32 = 0.9;

/// A backbone hydrogen bond N–H···O=C between two residues, by residue index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackboneBond {
    /// Residue of N–H.
    pub donor: usize,
    /// Residue of O=C.
    pub acceptor: usize,
    /// E in kJ/mol, negative.
    pub energy: f64,
}

/// E = q₁q₂ (1/r(ON) + 1/r(CH) − 1/r(OH) − 1/r(CN)), a bond where E < −0.5 kcal/mol.
///
/// H is placed 0.1 nm from N, opposite to the C=O of the residue before; the file's own hydrogens are
/// not looked at. Proline and the first residue of a chain donate nothing. Of each donor the two
/// strongest bonds are kept.
///
/// # References
/// Kabsch, Sander, Biopolymers 1983, 10.1002/bip.360221211.
#[derive(Clone, Debug)]
pub struct KabschSander {
    n_atoms: usize,
    /// Residues with all of N, CA, C, O.
    pub(crate) residues: Vec<Peptide>,
}

/// A residue that takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peptide {
    pub(crate) index: usize,
    n: usize,
    pub(crate) ca: usize,
    c: usize,
    o: usize,
    proline: bool,
    /// Whether the residue before it in the list is bonded to it.
    pub(crate) linked: bool,
}

impl KabschSander {
    /// The residues of `topology` that have a whole backbone.
    pub fn new(topology: &Topology) -> Self {
        let backbone = Backbone::new(topology);
        let mut residues: Vec<Peptide> = Vec::new();
        for (index, atoms) in backbone.residues.iter().enumerate() {
            if let (Some(n), Some(ca), Some(c), Some(o)) = (atoms.n, atoms.ca, atoms.c, atoms.o) {
                let before = residues.last().map(|r: &Peptide| r.index);
                residues.push(Peptide {
                    index,
                    n,
                    ca,
                    c,
                    o,
                    proline: topology.residues()[index].name == "PRO",
                    linked: before.is_some() && before == backbone.previous(index),
                });
            }
        }
        Self {
            n_atoms: topology.n_atoms(),
            residues,
        }
    }

    /// The bonds of one frame, by donor, the strongest first.
    ///
    /// # Errors
    /// A frame with another number of atoms, or a backbone coordinate that is not finite.
    pub fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Vec<BackboneBond>> {
        let acceptors = self.best_acceptors(positions)?;
        let mut bonds = Vec::new();
        for (donor, best) in acceptors.iter().enumerate() {
            for &(acceptor, energy) in best.iter().filter(|(_, energy)| *energy < BOND_ENERGY) {
                bonds.push(BackboneBond {
                    donor: self.residues[donor].index,
                    acceptor: self.residues[acceptor].index,
                    energy,
                });
            }
        }
        Ok(bonds)
    }

    /// For each entry of `residues`, its two best acceptors (entries too) and their energies.
    pub(crate) fn best_acceptors(&self, positions: &[[f32; 3]]) -> Result<Vec<Vec<(usize, f64)>>> {
        check_length("positions", self.n_atoms, positions.len())?;
        let at = |atom: usize| vector(positions[atom]);
        if let Some(index) = self
            .residues
            .iter()
            .flat_map(|r| [r.n, r.ca, r.c, r.o])
            .find(|&atom| positions[atom].iter().any(|x| !x.is_finite()))
        {
            return Err(Error::NotFinite {
                what: "backbone positions",
                index,
                value: f64::NAN,
            });
        }
        let alphas: Vec<[f32; 3]> = self.residues.iter().map(|r| positions[r.ca]).collect();
        let grid = CellGrid::new(&alphas, ALPHA_CUTOFF)?;
        let mut best = Vec::with_capacity(self.residues.len());
        for (i, donor) in self.residues.iter().enumerate() {
            let mut acceptors: Vec<(usize, f64)> = Vec::new();
            if let Some(h) = self.hydrogen(i, &at) {
                grid.for_each_near(i, |j, _| {
                    // its own peptide bond
                    if j + 1 == i {
                        return;
                    }
                    let acceptor = &self.residues[j];
                    let e = energy(at(donor.n), h, at(acceptor.c), at(acceptor.o));
                    acceptors.push((j, e));
                });
            }
            acceptors.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            acceptors.truncate(2);
            best.push(acceptors);
        }
        Ok(best)
    }

    fn hydrogen(&self, i: usize, at: &impl Fn(usize) -> Vector) -> Option<Vector> {
        let donor = &self.residues[i];
        if donor.proline || !donor.linked {
            return None;
        }
        let before = &self.residues[i - 1];
        let direction = subtract(at(before.c), at(before.o));
        Some(add(at(donor.n), scale(direction, 0.1 / norm(direction))))
    }
}

fn energy(n: Vector, h: Vector, c: Vector, o: Vector) -> f64 {
    let r = |a, b| norm(subtract(a, b));
    let (on, ch, oh, cn) = (r(o, n), r(c, h), r(o, h), r(c, n));
    if [on, ch, oh, cn].iter().any(|r| *r < LEAST_DISTANCE) {
        return LEAST_ENERGY;
    }
    (COUPLING * (1.0 / on + 1.0 / ch - 1.0 / oh - 1.0 / cn)).max(LEAST_ENERGY)
}
