//! Known frames of all atoms, from which those that resemble them are made.

use crate::vector::checksum;
use crate::{Error, Result};
use molio::{Topology, Trajectory, rmsd, superpose};

/// Frames of all atoms with where their beads are.
pub(super) struct Templates {
    atoms: Trajectory,
    beads: Trajectory,
    /// For each atom the bead that it moves with.
    carriers: Vec<usize>,
}

/// Templates among which one is drawn: what is hidden from beads has more than one state.
const NEAREST: usize = 10;

impl Templates {
    /// # Errors
    /// [`Error::Setting`] for frames of another number of atoms.
    pub(super) fn new(
        topology: &Topology,
        bead_atoms: &[usize],
        atoms: Trajectory,
    ) -> Result<Self> {
        if atoms.n_atoms() != topology.n_atoms() {
            let what = "atoms of a template";
            return Err(Error::setting(what, topology.n_atoms(), atoms.n_atoms()));
        }
        let positions = (0..atoms.n_frames()).flat_map(|frame| {
            let own = atoms.positions(frame);
            bead_atoms.iter().map(|&atom| own[atom])
        });
        let beads = Trajectory::from_positions(bead_atoms.len(), positions.collect())?;
        Ok(Self {
            carriers: carriers(topology, bead_atoms),
            atoms,
            beads,
        })
    }

    /// One of the nearest templates, laid on the beads: each residue moves with its CA atom. `None` where no
    /// template is within `reach` (RMSD of the beads, nm).
    pub(super) fn start(
        &self,
        beads: &[[f32; 3]],
        reach: f64,
        seed: u64,
    ) -> Result<Option<Vec<[f32; 3]>>> {
        let mut near = Vec::new();
        for template in 0..self.beads.n_frames() {
            let distance = rmsd(self.beads.positions(template), beads)?;
            if distance <= reach {
                near.push((distance, template));
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near.truncate(NEAREST);
        if near.is_empty() {
            return Ok(None);
        }
        let drawn = checksum(&seed.to_le_bytes(), beads) as usize % near.len();
        let template = near[drawn].1;
        let own = self.beads.positions(template);
        let motion = superpose(own, beads, None)?;
        let shift = |bead: usize| -> [f32; 3] {
            let laid = motion.apply_to(own[bead]);
            std::array::from_fn(|axis| beads[bead][axis] - laid[axis])
        };
        let shifts: Vec<[f32; 3]> = (0..beads.len()).map(shift).collect();
        let atoms = self.atoms.positions(template).iter().zip(&self.carriers);
        let moved = atoms.map(|(&x, &bead)| {
            let laid = motion.apply_to(x);
            std::array::from_fn(|axis| laid[axis] + shifts[bead][axis])
        });
        Ok(Some(moved.collect()))
    }
}

/// The CA bead of each atom's residue, or of the nearest residue that has one (of caps).
fn carriers(topology: &Topology, bead_atoms: &[usize]) -> Vec<usize> {
    let atoms = topology.atoms();
    let alphas: Vec<(usize, usize)> = bead_atoms
        .iter()
        .enumerate()
        .filter(|&(_, &atom)| atoms[atom].name == "CA")
        .map(|(bead, &atom)| (atoms[atom].residue, bead))
        .collect();
    let carrier = |residue: usize| {
        let nearest = alphas.iter().min_by_key(|alpha| alpha.0.abs_diff(residue));
        nearest.map_or(0, |&(_, bead)| bead)
    };
    atoms.iter().map(|atom| carrier(atom.residue)).collect()
}
