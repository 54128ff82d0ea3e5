//! A coarse-grained potential, ready to be simulated.

use crate::inference::{Evaluation, Evaluator, LanePairs, NeighbourList};
use crate::{Error, Network, Priors, Result};
use dynamics::{Batch, BlockMut, BoxError, LANES, Lanes, Potential, Scratch};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Beads that are evaluated together at most: what a layer keeps of them stays in the second-level cache.
const ROWS: usize = 320;

/// From this number of beads on a replica keeps a list of neighbours; fewer are looked at as they stand.
const LIST_FROM: usize = 64;

/// A network with tabulated filters, and prior terms: energies and forces for simulation.
///
/// Filters depend on distance alone, so they are tabulated once as cubic Hermite splines, whose error
/// where it is largest, of filters and of their slopes, is at most 2·10⁻⁵ of the largest; forces are
/// within 10⁻⁴ of the largest force of the network itself. Dense layers become matrix products over
/// the beads of up to sixteen replicas. Replicas of many beads keep lists of neighbours for the network,
/// which only leave out what is beyond the cutoff; prior pairs have none and are evaluated for sixteen
/// replicas at once, in f32. A replica's result is the same bits whatever the other lanes hold and
/// whatever was evaluated before.
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
    /// One a member; of a single network just that.
    evaluators: Vec<Evaluator>,
    priors: Priors,
    pairs: LanePairs,
}

/// What a block of replicas keeps between steps.
#[derive(Debug, Default)]
struct Memory {
    positions: Vec<[f32; 3]>,
    forces: Vec<[f32; 3]>,
    /// One a lane, for many beads.
    lists: Vec<NeighbourList>,
    /// Buffers that are not in use.
    evaluations: Mutex<Vec<Evaluation>>,
}

impl CgPotential {
    /// Packs a network's weights and tabulates its filters.
    ///
    /// # Errors
    /// [`Error::Length`] if priors and network are of different numbers of beads;
    /// [`Error::Setting`] for filters that are not finite or vary too fast to be tabulated.
    pub fn new(network: &Network, priors: Priors) -> Result<Self> {
        Self::mean(std::slice::from_ref(network), priors)
    }

    /// The mean energy of several networks, and the priors: what networks made up where there were no data
    /// differs from one to the next and mostly cancels.
    ///
    /// # Errors
    /// As [`CgPotential::new`]; [`Error::Setting`] without networks, or of other beads than the first one's.
    pub fn mean(members: &[Network], priors: Priors) -> Result<Self> {
        let Some(first) = members.first() else {
            return Err(Error::setting("members", "at least one network", 0));
        };
        let n_beads = first.bead_types().len();
        if priors.n_beads() != n_beads {
            return Err(Error::Length {
                what: "beads of the priors",
                expected: n_beads,
                found: priors.n_beads(),
            });
        }
        if let Some(odd) = members
            .iter()
            .position(|m| m.bead_types() != first.bead_types())
        {
            let expected = "the bead types of the first one";
            return Err(Error::setting(
                "members",
                expected,
                format!("others in member {odd}"),
            ));
        }
        Ok(Self {
            evaluators: members.iter().map(Evaluator::new).collect::<Result<_>>()?,
            pairs: LanePairs::new(priors.pairs()),
            priors,
        })
    }

    /// The networks, one unless it is the mean of several.
    pub fn networks(&self) -> impl ExactSizeIterator<Item = &Network> {
        self.evaluators.iter().map(Evaluator::network)
    }

    /// The distance (nm) beyond which no network sees anything.
    fn cutoff(&self) -> f64 {
        let cutoffs = self.networks().map(|network| network.config().cutoff_upper);
        cutoffs.fold(0.0, f64::max)
    }

    /// The prior terms.
    pub fn priors(&self) -> &Priors {
        &self.priors
    }

    /// Networks, angles and dihedrals of some replicas.
    fn evaluate(
        &self,
        positions: &[[f32; 3]],
        near: Option<&[[u32; 2]]>,
        forces: &mut [[f32; 3]],
        evaluation: &mut Evaluation,
    ) -> Vec<f64> {
        let n = self.n_atoms();
        forces.fill([0.0; 3]);
        let mut energies = vec![0.0; positions.len() / n];
        for evaluator in &self.evaluators {
            let of_member = evaluator.evaluate(positions, near, forces, evaluation);
            for (energy, of_member) in energies.iter_mut().zip(of_member) {
                *energy += of_member;
            }
        }
        if self.evaluators.len() > 1 {
            let share = 1.0 / self.evaluators.len() as f64;
            energies.iter_mut().for_each(|energy| *energy *= share);
            let forces = forces.as_flattened_mut();
            forces.iter_mut().for_each(|force| *force *= share as f32);
        }
        let replicas = positions.chunks_exact(n).zip(forces.chunks_exact_mut(n));
        for (energy, (positions, forces)) in energies.iter_mut().zip(replicas) {
            *energy += self.priors.angle_energy_forces(positions, forces);
        }
        energies
    }

    /// The same of all replicas of a block, a few at a time; threads without work help.
    fn evaluate_parts(&self, memory: &mut Memory) -> Vec<f64> {
        let n = self.n_atoms();
        let n_replicas = memory.positions.len() / n;
        let listed = n >= LIST_FROM;
        let at_once = if listed {
            1
        } else {
            (ROWS / n).clamp(1, LANES)
        };
        let lists = if listed { n_replicas } else { 0 };
        memory.lists.resize_with(lists, NeighbourList::default);
        let cutoff = self.cutoff() as f32;
        let pool = &memory.evaluations;
        let one = |positions: &[[f32; 3]], forces: &mut [[f32; 3]], near: Option<_>| {
            let mut pooled = pool.lock().unwrap_or_else(PoisonError::into_inner);
            let mut evaluation = pooled.pop().unwrap_or_default();
            drop(pooled);
            let energies = self.evaluate(positions, near, forces, &mut evaluation);
            let mut pooled = pool.lock().unwrap_or_else(PoisonError::into_inner);
            pooled.push(evaluation);
            energies
        };
        let parts = memory
            .positions
            .par_chunks(at_once * n)
            .zip(memory.forces.par_chunks_mut(at_once * n));
        let energies: Vec<Vec<f64>> = if listed {
            parts
                .zip(&mut memory.lists)
                .map(|((positions, forces), list)| {
                    list.update(positions, cutoff);
                    one(positions, forces, Some(list.pairs()))
                })
                .collect()
        } else {
            parts
                .map(|(positions, forces)| one(positions, forces, None))
                .collect()
        };
        energies.concat()
    }
}

impl Potential for CgPotential {
    fn n_atoms(&self) -> usize {
        self.priors.n_beads()
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
        let mut batch = Batch::from_positions(self.n_atoms(), positions);
        let energies = self.energy_forces_block(batch.block_mut(0), &mut Scratch::default())?;
        batch.copy_forces(0, forces);
        Ok(energies[0])
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
        let mut energies = [0.0; LANES];
        energies[..n_used].copy_from_slice(&self.evaluate_parts(memory));
        if n_used < LANES {
            block.forces.fill([Lanes::ZERO; 3]);
        }
        for lane in 0..n_used {
            block.set_forces(lane, &memory.forces[lane * n..(lane + 1) * n]);
        }
        self.pairs.add(block.positions, block.forces, &mut energies);
        Ok(energies)
    }
}
