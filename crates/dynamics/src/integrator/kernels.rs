//! The loops of the integrators: before the forces of a step are known, and after.

use super::{Coefficients, Integrator};
use crate::constraints::ConstraintSolver;
use crate::cpu::LaneKernel;
use crate::random::{Purpose, counter, normals, philox};
use crate::state::{Phase, Wide};
use crate::{LANES, Lanes};

/// What all steps of all blocks share.
#[derive(Debug)]
pub(crate) struct StepContext {
    pub(crate) integrator: Integrator,
    pub(crate) coefficients: Coefficients,
    pub(crate) constraints: ConstraintSolver,
    pub(crate) inverse_masses: Vec<f64>,
    pub(crate) seed: u64,
}

/// The part of a step before its forces: from `now`, with its forces, to the positions of `next`.
///
/// Returns the lanes whose constraints failed.
pub(crate) struct Prepare<'a> {
    pub(crate) context: &'a StepContext,
    pub(crate) step: u64,
    pub(crate) replica_ids: &'a [u32; LANES],
    /// √(kT) of each lane, √(kJ/mol).
    pub(crate) thermal: &'a Wide,
    pub(crate) now: &'a Phase,
    pub(crate) next: &'a mut Phase,
}

/// The part of a step after its forces. Returns the lanes whose constraints failed.
pub(crate) struct Finish<'a> {
    pub(crate) context: &'a StepContext,
    pub(crate) next: &'a mut Phase,
}

impl LaneKernel for Prepare<'_> {
    type Output = [bool; LANES];

    #[inline(always)]
    fn run(mut self) -> [bool; LANES] {
        match self.context.integrator {
            Integrator::LangevinMiddle { .. } => self.langevin_middle(),
            Integrator::Baoab { .. } => self.baoab(),
            Integrator::Overdamped { .. } => self.overdamped(),
            Integrator::VelocityVerlet => self.velocity_verlet(),
        }
    }
}

impl Prepare<'_> {
    #[inline(always)]
    fn langevin_middle(&mut self) -> [bool; LANES] {
        let context = self.context;
        let time_step = context.coefficients.time_step;
        self.kick(time_step);
        if context.constraints.is_empty() {
            self.drift_noise_drift();
            return [false; LANES];
        }
        let mut failed = context.constraints.constrain_velocities(
            &self.now.positions,
            &mut self.next.velocities,
            time_step,
        );
        self.drift_noise_drift();
        let moved = context.constraints.constrain_positions(
            &self.now.positions,
            &mut self.next.positions,
            &mut self.next.velocities,
            1.0 / time_step,
        );
        self.next.round();
        merge(&mut failed, moved);
        failed
    }

    #[inline(always)]
    fn baoab(&mut self) -> [bool; LANES] {
        let context = self.context;
        let constraints = &context.constraints;
        let Coefficients { time_step, .. } = context.coefficients;
        let half = 0.5 * time_step;
        self.kick(half);
        if constraints.is_empty() {
            self.drift_noise_drift();
            return [false; LANES];
        }
        let next = &mut *self.next;
        let mut failed = [false; LANES];
        merge(
            &mut failed,
            constraints.constrain_velocities(&self.now.positions, &mut next.velocities, time_step),
        );
        next.positions.copy_from_slice(&self.now.positions);
        for second in [false, true] {
            let next = &mut *self.next;
            let reference = next.positions.clone();
            for (position, velocity) in next.positions.iter_mut().zip(&next.velocities) {
                drift(position, velocity, half);
            }
            let (positions, velocities) = (&mut next.positions, &mut next.velocities);
            merge(
                &mut failed,
                constraints.constrain_positions(&reference, positions, velocities, 1.0 / half),
            );
            merge(
                &mut failed,
                constraints.constrain_velocities(positions, velocities, time_step),
            );
            if !second {
                for atom in 0..self.next.velocities.len() {
                    self.noise(atom);
                }
                let (positions, velocities) = (&self.next.positions, &mut self.next.velocities);
                merge(
                    &mut failed,
                    constraints.constrain_velocities(positions, velocities, time_step),
                );
            }
        }
        self.next.round();
        failed
    }

    #[inline(always)]
    fn overdamped(&mut self) -> [bool; LANES] {
        let context = self.context;
        let Coefficients {
            time_step,
            decay,
            noise,
        } = context.coefficients;
        for atom in 0..context.inverse_masses.len() {
            let deviates = self.deviates(atom);
            let inverse_mass = context.inverse_masses[atom];
            let mobility = time_step * decay * inverse_mass;
            let width = noise * inverse_mass.sqrt();
            for axis in 0..3 {
                let (position, force) = (
                    &self.now.positions[atom][axis],
                    &self.now.forces[atom][axis],
                );
                let target = &mut self.next.positions[atom][axis];
                for lane in 0..LANES {
                    target.0[lane] = position.0[lane]
                        + mobility * f64::from(force.0[lane])
                        + width * self.thermal.0[lane] * f64::from(deviates[axis].0[lane]);
                }
            }
        }
        let failed = if context.constraints.is_empty() {
            [false; LANES]
        } else {
            // velocities are not used, and stay zero
            let (positions, velocities) = (&mut self.next.positions, &mut self.next.velocities);
            context
                .constraints
                .constrain_positions(&self.now.positions, positions, velocities, 0.0)
        };
        self.next.round();
        failed
    }

    #[inline(always)]
    fn velocity_verlet(&mut self) -> [bool; LANES] {
        let context = self.context;
        let time_step = context.coefficients.time_step;
        self.kick(0.5 * time_step);
        let next = &mut *self.next;
        for ((target, position), velocity) in next
            .positions
            .iter_mut()
            .zip(&self.now.positions)
            .zip(&next.velocities)
        {
            *target = *position;
            drift(target, velocity, time_step);
        }
        let failed = if context.constraints.is_empty() {
            [false; LANES]
        } else {
            context.constraints.constrain_positions(
                &self.now.positions,
                &mut next.positions,
                &mut next.velocities,
                1.0 / time_step,
            )
        };
        next.round();
        failed
    }

    /// next.v = now.v + time·f/m.
    #[inline(always)]
    fn kick(&mut self, time: f64) {
        for (((target, velocity), force), inverse_mass) in self
            .next
            .velocities
            .iter_mut()
            .zip(&self.now.velocities)
            .zip(&self.now.forces)
            .zip(&self.context.inverse_masses)
        {
            *target = *velocity;
            accelerate(target, force, time * inverse_mass);
        }
    }

    /// next.x = now.x + ½Δt v; v = O(v); next.x += ½Δt v; rounds too.
    #[inline(always)]
    fn drift_noise_drift(&mut self) {
        let half = 0.5 * self.context.coefficients.time_step;
        for atom in 0..self.context.inverse_masses.len() {
            let mut position = self.now.positions[atom];
            drift(&mut position, &self.next.velocities[atom], half);
            self.noise(atom);
            drift(&mut position, &self.next.velocities[atom], half);
            self.next.positions[atom] = position;
            for axis in 0..3 {
                for lane in 0..LANES {
                    self.next.rounded[atom][axis].0[lane] = position[axis].0[lane] as f32;
                }
            }
        }
    }

    /// v = e^(−γΔt) v + √(1 − e^(−2γΔt)) √(kT/m) ξ for one atom of `next`.
    #[inline(always)]
    fn noise(&mut self, atom: usize) {
        let Coefficients { decay, noise, .. } = self.context.coefficients;
        if noise == 0.0 {
            return;
        }
        let deviates = self.deviates(atom);
        let width = noise * self.context.inverse_masses[atom].sqrt();
        let velocity = &mut self.next.velocities[atom];
        for axis in 0..3 {
            for lane in 0..LANES {
                velocity[axis].0[lane] = decay * velocity[axis].0[lane]
                    + width * self.thermal.0[lane] * f64::from(deviates[axis].0[lane]);
            }
        }
    }

    #[inline(always)]
    fn deviates(&self, atom: usize) -> [Lanes; 3] {
        lane_normals(
            self.context.seed,
            Purpose::Noise,
            atom,
            self.replica_ids,
            self.step,
        )
    }
}

impl LaneKernel for Finish<'_> {
    type Output = [bool; LANES];

    #[inline(always)]
    fn run(self) -> [bool; LANES] {
        let context = self.context;
        let time_step = context.coefficients.time_step;
        match context.integrator {
            Integrator::LangevinMiddle { .. } | Integrator::Overdamped { .. } => [false; LANES],
            Integrator::Baoab { .. } | Integrator::VelocityVerlet => {
                let next = self.next;
                for ((velocity, force), inverse_mass) in next
                    .velocities
                    .iter_mut()
                    .zip(&next.forces)
                    .zip(&context.inverse_masses)
                {
                    accelerate(velocity, force, 0.5 * time_step * inverse_mass);
                }
                if context.constraints.is_empty() {
                    return [false; LANES];
                }
                context.constraints.constrain_velocities(
                    &next.positions,
                    &mut next.velocities,
                    time_step,
                )
            }
        }
    }
}

/// Three normal deviates of one atom for each lane.
#[inline(always)]
pub(crate) fn lane_normals(
    seed: u64,
    purpose: Purpose,
    atom: usize,
    replica_ids: &[u32; LANES],
    step: u64,
) -> [Lanes; 3] {
    let mut deviates = [Lanes::ZERO; 3];
    for lane in 0..LANES {
        let words = philox(counter(purpose, atom as u32, replica_ids[lane], step), seed);
        let [x, y, z, _] = normals(words);
        deviates[0].0[lane] = x;
        deviates[1].0[lane] = y;
        deviates[2].0[lane] = z;
    }
    deviates
}

#[inline(always)]
fn drift(position: &mut [Wide; 3], velocity: &[Wide; 3], time: f64) {
    for axis in 0..3 {
        for lane in 0..LANES {
            position[axis].0[lane] += time * velocity[axis].0[lane];
        }
    }
}

#[inline(always)]
fn accelerate(velocity: &mut [Wide; 3], force: &[Lanes; 3], factor: f64) {
    for axis in 0..3 {
        for lane in 0..LANES {
            velocity[axis].0[lane] += factor * f64::from(force[axis].0[lane]);
        }
    }
}

#[inline(always)]
fn merge(all: &mut [bool; LANES], some: [bool; LANES]) {
    for lane in 0..LANES {
        all[lane] |= some[lane];
    }
}
