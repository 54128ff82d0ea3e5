//! Up to sixteen replicas that move together through the lanes.

use super::{BOLTZMANN, ReplicaState};
use crate::cpu::{LaneKernel, dispatch};
use crate::integrator::{Finish, Prepare, StepContext};
use crate::state::{Phase, Wide, finite_lanes};
use crate::{BlockMut, BoxError, FaultCause, LANES, Lanes, Potential, Scratch};

/// The state of one block between two steps, and room for the next.
///
/// A step is written beside the state it starts from, so that a replica whose step fails is put back
/// where it was without a copy having been made before.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) n_used: usize,
    pub(crate) replica_ids: [u32; LANES],
    /// Temperature of each lane, K.
    pub(crate) temperatures: [f64; LANES],
    /// √(kT) of each lane, √(kJ/mol).
    thermal: Wide,
    pub(crate) frozen: [bool; LANES],
    pub(crate) step: u64,
    pub(crate) now: Phase,
    next: Phase,
    scratch: Scratch,
    /// Faults since they were last taken: lane, step, cause.
    pub(crate) new_faults: Vec<(usize, u64, FaultCause)>,
}

impl Block {
    pub(crate) fn new(n_atoms: usize, n_used: usize) -> Self {
        Self {
            n_used,
            replica_ids: [0; LANES],
            temperatures: [0.0; LANES],
            thermal: Wide::ZERO,
            frozen: [false; LANES],
            step: 0,
            now: Phase::new(n_atoms),
            next: Phase::new(n_atoms),
            scratch: Scratch::default(),
            new_faults: Vec::new(),
        }
    }

    /// Makes the lanes without a replica of their own follow the last one that has.
    pub(crate) fn repeat_last(&mut self) {
        let last = self.n_used - 1;
        for lane in self.n_used..LANES {
            self.now.repeat_lane(last, lane);
            self.replica_ids[lane] = self.replica_ids[last];
            self.set_temperature(lane, self.temperatures[last]);
            self.frozen[lane] = self.frozen[last];
        }
    }

    /// Where the replica of a lane is.
    pub(crate) fn state(&self, lane: usize) -> ReplicaState {
        let wide = |numbers: &[[Wide; 3]]| -> Vec<[f64; 3]> {
            let of_atom = |x: &[Wide; 3]| [x[0].0[lane], x[1].0[lane], x[2].0[lane]];
            numbers.iter().map(of_atom).collect()
        };
        let of_atom = |f: &[Lanes; 3]| [f[0].0[lane], f[1].0[lane], f[2].0[lane]];
        ReplicaState {
            temperature: self.temperatures[lane],
            frozen: self.frozen[lane],
            energy: self.now.energies[lane],
            positions: wide(&self.now.positions),
            velocities: wide(&self.now.velocities),
            forces: self.now.forces.iter().map(of_atom).collect(),
        }
    }

    /// Puts a lane where a replica was.
    pub(crate) fn put(&mut self, lane: usize, state: &ReplicaState) {
        let now = &mut self.now;
        for atom in 0..state.positions.len() {
            for axis in 0..3 {
                let position = state.positions[atom][axis];
                now.positions[atom][axis].0[lane] = position;
                now.rounded[atom][axis].0[lane] = position as f32;
                now.velocities[atom][axis].0[lane] = state.velocities[atom][axis];
                now.forces[atom][axis].0[lane] = state.forces[atom][axis];
            }
        }
        now.energies[lane] = state.energy;
        self.frozen[lane] = state.frozen;
        self.set_temperature(lane, state.temperature);
    }

    pub(crate) fn set_temperature(&mut self, lane: usize, temperature: f64) {
        self.temperatures[lane] = temperature;
        self.thermal.0[lane] = (BOLTZMANN * temperature).sqrt();
    }

    /// √(kT) of a lane, √(kJ/mol).
    pub(crate) fn thermal(&self, lane: usize) -> f64 {
        self.thermal.0[lane]
    }

    /// Energies and forces of the present positions.
    pub(crate) fn evaluate(
        &mut self,
        potential: &(impl Potential + ?Sized),
    ) -> Result<(), BoxError> {
        let block = BlockMut {
            positions: &self.now.rounded,
            forces: &mut self.now.forces,
            n_used: self.n_used,
        };
        self.now.energies = potential.energy_forces_block(block, &mut self.scratch)?;
        Ok(())
    }

    /// Takes steps up to `target` without leaving this thread.
    pub(crate) fn advance(
        &mut self,
        context: &StepContext,
        potential: &(impl Potential + ?Sized),
        target: u64,
    ) -> Result<(), BoxError> {
        while self.step < target {
            if self.frozen.iter().all(|&frozen| frozen) {
                self.step = target;
                break;
            }
            self.prepare(context);
            let block = BlockMut {
                positions: &self.next.rounded,
                forces: &mut self.next.forces,
                n_used: self.n_used,
            };
            self.next.energies = potential.energy_forces_block(block, &mut self.scratch)?;
            self.finish(context);
        }
        Ok(())
    }

    /// Writes the next positions, to be evaluated.
    pub(crate) fn prepare(&mut self, context: &StepContext) {
        let failed = dispatch(Prepare {
            context,
            step: self.step,
            replica_ids: &self.replica_ids,
            thermal: &self.thermal,
            now: &self.now,
            next: &mut self.next,
        });
        let finite = dispatch(FinitePositions(&self.next));
        for lane in 0..LANES {
            if !finite[lane] {
                self.freeze(lane, FaultCause::Position);
            } else if failed[lane] {
                self.freeze(lane, FaultCause::Constraint);
            }
            if self.frozen[lane] {
                self.next.copy_motion_from(&self.now, lane);
            }
        }
    }

    /// Positions to evaluate after [`Block::prepare`], and where energies and forces go.
    pub(crate) fn next_mut(&mut self) -> &mut Phase {
        &mut self.next
    }

    /// Ends the step once energies and forces of the next positions are there.
    pub(crate) fn finish(&mut self, context: &StepContext) {
        let failed = dispatch(Finish {
            context,
            next: &mut self.next,
        });
        let (forces_finite, velocities_finite) = dispatch(FiniteRest(&self.next));
        if self.n_used < LANES {
            // potentials need not write the lanes that are not used
            for lane in self.n_used..LANES {
                self.next.energies[lane] = self.next.energies[self.n_used - 1];
            }
        }
        for lane in 0..LANES {
            if lane < self.n_used {
                if !self.next.energies[lane].is_finite() {
                    self.freeze(lane, FaultCause::Energy);
                } else if !forces_finite[lane] {
                    self.freeze(lane, FaultCause::Force);
                } else if !velocities_finite[lane] {
                    self.freeze(lane, FaultCause::Position);
                } else if failed[lane] {
                    self.freeze(lane, FaultCause::Constraint);
                }
                if self.frozen[lane] {
                    self.next.copy_motion_from(&self.now, lane);
                    self.next.copy_forces_from(&self.now, lane);
                }
            } else {
                self.frozen[lane] = self.frozen[self.n_used - 1];
                self.next.repeat_lane(self.n_used - 1, lane);
            }
        }
        std::mem::swap(&mut self.now, &mut self.next);
        self.step += 1;
    }

    fn freeze(&mut self, lane: usize, cause: FaultCause) {
        if !self.frozen[lane] {
            self.frozen[lane] = true;
            if lane < self.n_used {
                self.new_faults.push((lane, self.step + 1, cause));
            }
        }
    }
}

struct FinitePositions<'a>(&'a Phase);

impl LaneKernel for FinitePositions<'_> {
    type Output = [bool; LANES];

    #[inline(always)]
    fn run(self) -> [bool; LANES] {
        finite_lanes(&self.0.rounded)
    }
}

/// Forces, and velocities as `f32`.
struct FiniteRest<'a>(&'a Phase);

impl LaneKernel for FiniteRest<'_> {
    type Output = ([bool; LANES], [bool; LANES]);

    #[inline(always)]
    fn run(self) -> ([bool; LANES], [bool; LANES]) {
        let mut sums = [0.0_f32; LANES];
        for velocity in &self.0.velocities {
            for axis in 0..3 {
                for lane in 0..LANES {
                    sums[lane] += velocity[axis].0[lane] as f32 * 0.0;
                }
            }
        }
        (finite_lanes(&self.0.forces), sums.map(|sum| sum == 0.0))
    }
}
