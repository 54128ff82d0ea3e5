//! Beads on springs to where they were.

use dynamics::{Batch, BoxError, Energies, LANES};
use molio::Frame;

/// ½ k |x − x₀|² on atoms of each replica, x₀ being where that replica's simulation began.
#[derive(Clone, Debug)]
pub(super) struct Tether {
    /// Tethered atoms.
    pub(super) atoms: Vec<usize>,
    /// kJ/mol/nm²
    pub(super) k: f64,
    /// Of each replica, all its atoms, nm.
    pub(super) anchors: Vec<Vec<[f32; 3]>>,
}

impl Tether {
    /// Adds energies and forces of the springs; conformers are the replicas, in order.
    pub(super) fn add(&self, batch: &mut Batch, energies: &mut Energies) {
        let n_atoms = batch.n_atoms();
        for (replica, (anchor, energy)) in self.anchors.iter().zip(energies).enumerate() {
            let (block, lane) = (replica / LANES, replica % LANES);
            for &atom in &self.atoms {
                let place = block * n_atoms + atom;
                for axis in 0..3 {
                    let away = batch.positions[place][axis].0[lane] - anchor[atom][axis];
                    batch.forces[place][axis].0[lane] += self.pull(away);
                    *energy += 0.5 * self.k * f64::from(away).powi(2);
                }
            }
        }
    }

    /// Takes the forces of the springs out of a replica's frame.
    pub(super) fn remove(&self, replica: usize, frame: &mut Frame) {
        let Some(forces) = &mut frame.forces else {
            return;
        };
        for &atom in &self.atoms {
            for axis in 0..3 {
                let away = frame.positions[atom][axis] - self.anchors[replica][atom][axis];
                forces[atom][axis] -= self.pull(away);
            }
        }
    }

    /// Of the springs in a replica's frame, kJ/mol.
    pub(super) fn energy(&self, replica: usize, frame: &Frame) -> f64 {
        let atoms = self.atoms.iter();
        let squares = atoms.flat_map(|&atom| {
            let (x, anchor) = (frame.positions[atom], self.anchors[replica][atom]);
            (0..3).map(move |axis| f64::from(x[axis] - anchor[axis]).powi(2))
        });
        0.5 * self.k * squares.sum::<f64>()
    }

    /// −k (x − x₀), kJ/mol/nm.
    fn pull(&self, away: f32) -> f32 {
        -(self.k as f32) * away
    }
}

/// What tethered replicas need: the whole batch, as the springs are not those of one conformer.
pub(super) fn whole_batches_only() -> BoxError {
    "tethered replicas are evaluated together".into()
}
