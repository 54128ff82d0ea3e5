//! A coarse-grained potential, ready to be simulated.

use crate::inference::{Evaluation, Evaluator};
use crate::{Error, Network, Priors, Result};
use dynamics::{BlockMut, BoxError, LANES, Potential, Scratch};

/// A network with tabulated filters, and prior terms: energies and forces for simulation.
///
/// Filters depend on distance alone, so they are tabulated once as cubic Hermite splines, whose error
/// where it is largest, of filters and of their slopes, is at most 2·10⁻⁵ of the largest; forces are
/// within 10⁻⁴ of the largest force of the network itself. Dense layers become matrix products over
/// the beads of sixteen replicas. A replica's result is the same bits whatever the other lanes hold.
///
/// # Examples
/// ```
/// use cg_potential::{CgPotential, Network, NetworkConfig, Priors};
/// use dynamics::Potential;
///
/// let network = Network::new(NetworkConfig::named("ucsc")?, &[4, 5, 8], 7)?;
/// let potential = CgPotential::new(&network, Priors::new(3, vec![], vec![], vec![])?)?;
/// let mut forces = [[0.0; 3]; 3];
/// let bent = [[0.0; 3], [0.4, 0.0, 0.0], [0.5, 0.4, 0.0]];
/// let energy = potential.energy_forces(&bent, &mut forces).unwrap();
/// let (exact, _) = network.reference_energies_forces(&bent.map(|x| x.map(f64::from)));
/// assert!((energy - exact[0]).abs() < 1e-3);
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CgPotential {
    evaluator: Evaluator,
    priors: Priors,
}

/// What a block of replicas keeps between steps.
#[derive(Debug, Default)]
struct Memory {
    positions: Vec<[f32; 3]>,
    forces: Vec<[f32; 3]>,
    evaluation: Evaluation,
}

impl CgPotential {
    /// Packs a network's weights and tabulates its filters.
    ///
    /// # Errors
    /// [`Error::Length`] if priors and network are of different numbers of beads;
    /// [`Error::Setting`] for filters that are not finite or vary too fast to be tabulated.
    pub fn new(network: &Network, priors: Priors) -> Result<Self> {
        let n_beads = network.bead_types().len();
        if priors.n_beads() != n_beads {
            return Err(Error::Length {
                what: "beads of the priors",
                expected: n_beads,
                found: priors.n_beads(),
            });
        }
        Ok(Self {
            evaluator: Evaluator::new(network)?,
            priors,
        })
    }

    /// The network.
    pub fn network(&self) -> &Network {
        self.evaluator.network()
    }

    /// The prior terms.
    pub fn priors(&self) -> &Priors {
        &self.priors
    }

    fn evaluate(
        &self,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
        evaluation: &mut Evaluation,
    ) -> Vec<f64> {
        let n = self.n_atoms();
        forces.fill([0.0; 3]);
        let mut energies = self.evaluator.evaluate(positions, forces, evaluation);
        let replicas = positions.chunks_exact(n).zip(forces.chunks_exact_mut(n));
        for (energy, (positions, forces)) in energies.iter_mut().zip(replicas) {
            *energy += self.priors.energy_forces(positions, forces);
        }
        energies
    }
}

impl Potential for CgPotential {
    fn n_atoms(&self) -> usize {
        self.network().bead_types().len()
    }

    fn energy_forces(
        &self,
        positions: &[[f32; 3]],
        forces: &mut [[f32; 3]],
    ) -> Result<f64, BoxError> {
        for (what, found) in [("positions", positions.len()), ("forces", forces.len())] {
            if found != self.n_atoms() {
                return Err(Box::new(Error::Length {
                    what,
                    expected: self.n_atoms(),
                    found,
                }));
            }
        }
        Ok(self.evaluate(positions, forces, &mut Evaluation::default())[0])
    }

    fn energy_forces_block(
        &self,
        mut block: BlockMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<[f64; LANES], BoxError> {
        let n = self.n_atoms();
        if block.n_atoms() != n {
            return Err(Box::new(Error::Length {
                what: "positions of a conformer",
                expected: n,
                found: block.n_atoms(),
            }));
        }
        let memory = scratch.get_or_insert_with(Memory::default);
        let n_used = block.n_used;
        memory.positions.resize(n_used * n, [0.0; 3]);
        memory.forces.resize(n_used * n, [0.0; 3]);
        for lane in 0..n_used {
            block.copy_positions(lane, &mut memory.positions[lane * n..(lane + 1) * n]);
        }
        let of_lanes = self.evaluate(
            &memory.positions,
            &mut memory.forces,
            &mut memory.evaluation,
        );
        let mut energies = [0.0; LANES];
        energies[..n_used].copy_from_slice(&of_lanes);
        for lane in 0..n_used {
            block.set_forces(lane, &memory.forces[lane * n..(lane + 1) * n]);
        }
        Ok(energies)
    }
}
