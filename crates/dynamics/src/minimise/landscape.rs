//! What the minimisers see: energies and gradients of one block, with springs for constraints.

use super::{MinimiseConfig, Minimised, Outcome, potential_error};
use crate::constraints::ConstraintSolver;
use crate::state::{Phase, Wide};
use crate::{Batch, BlockMut, Constraint, Error, LANES, Potential, Result, Scratch};

/// Stiffness of the springs for constraints, kJ/mol/nm²: that of an X–H bond.
const SPRING: f64 = 4e5;

/// A vector of all coordinates, or of their gradient, in each lane.
pub(super) type Vector = Vec<[Wide; 3]>;

/// Per conformer, what L-BFGS ended with.
pub(super) struct Ends {
    pub(super) rms_forces: [f64; LANES],
    pub(super) evaluations: [usize; LANES],
    pub(super) outcomes: [Outcome; LANES],
}

pub(super) struct Landscape<'a, P: ?Sized> {
    potential: &'a P,
    constraints: &'a [Constraint],
    solver: ConstraintSolver,
    pub(super) fixed: Vec<bool>,
    phase: Phase,
    scratch: Scratch,
    batch: Option<Batch>,
    pub(super) n_used: usize,
    /// Where the conformers are, nm.
    pub(super) positions: Vector,
    /// Energies there, kJ/mol, springs included.
    pub(super) energies: [f64; LANES],
    /// Gradient there, kJ/mol/nm.
    pub(super) gradient: Vector,
}

impl<'a, P: Potential + ?Sized> Landscape<'a, P> {
    pub(super) fn new(
        potential: &'a P,
        config: &'a MinimiseConfig,
        starts: &[Vec<[f32; 3]>],
    ) -> Result<Self> {
        let n_atoms = potential.n_atoms();
        let mut fixed = vec![false; n_atoms];
        for &atom in &config.fixed {
            fixed[atom] = true;
        }
        let weights: Vec<f64> = fixed
            .iter()
            .map(|&fixed| if fixed { 0.0 } else { 1.0 })
            .collect();
        let solver = ConstraintSolver::new(&config.constraints, &weights, 1e-6)?;
        let mut positions = vec![[Wide::ZERO; 3]; n_atoms];
        for lane in 0..LANES {
            let start = &starts[lane.min(starts.len() - 1)];
            for (target, position) in positions.iter_mut().zip(start) {
                for axis in 0..3 {
                    target[axis].0[lane] = f64::from(position[axis]);
                }
            }
        }
        let mut landscape = Self {
            potential,
            constraints: &config.constraints,
            solver,
            fixed,
            phase: Phase::new(n_atoms),
            scratch: Scratch::default(),
            batch: (!potential.evaluates_by_block()).then(|| Batch::new(n_atoms, starts.len())),
            n_used: starts.len(),
            gradient: positions.clone(),
            positions: positions.clone(),
            energies: [0.0; LANES],
        };
        let mut gradient = positions.clone();
        landscape.energies = landscape.evaluate(&positions, &mut gradient)?;
        landscape.gradient = gradient;
        Ok(landscape)
    }

    pub(super) fn n_moving(&self) -> usize {
        self.fixed.iter().filter(|&&fixed| !fixed).count()
    }

    /// Energies (kJ/mol, springs included) and gradient (kJ/mol/nm) at `positions` (nm).
    pub(super) fn evaluate(
        &mut self,
        positions: &[[Wide; 3]],
        gradient: &mut [[Wide; 3]],
    ) -> Result<[f64; LANES]> {
        self.phase.positions.copy_from_slice(positions);
        self.phase.round();
        self.evaluate_potential()?;
        let mut energies = self.phase.energies;
        for (gradient, force) in gradient.iter_mut().zip(&self.phase.forces) {
            for axis in 0..3 {
                gradient[axis].0 = force[axis].0.map(|f| -f64::from(f));
            }
        }
        for constraint in self.constraints {
            spring(constraint, positions, &mut energies, gradient);
        }
        for (gradient, _) in gradient
            .iter_mut()
            .zip(&self.fixed)
            .filter(|(_, fixed)| **fixed)
        {
            *gradient = [Wide::ZERO; 3];
        }
        Ok(energies)
    }

    fn evaluate_potential(&mut self) -> Result<()> {
        let phase = &mut self.phase;
        if let Some(batch) = &mut self.batch {
            batch.positions.copy_from_slice(&phase.rounded);
            let energies = self
                .potential
                .energy_forces_batch(batch)
                .map_err(potential_error)?;
            phase.forces.copy_from_slice(&batch.forces);
            phase.energies[..self.n_used].copy_from_slice(&energies[..self.n_used]);
        } else {
            let block = BlockMut {
                positions: &phase.rounded,
                forces: &mut phase.forces,
                n_used: self.n_used,
            };
            phase.energies = self
                .potential
                .energy_forces_block(block, &mut self.scratch)
                .map_err(potential_error)?;
        }
        for lane in self.n_used..LANES {
            phase.repeat_lane(self.n_used - 1, lane);
        }
        Ok(())
    }

    /// Moves the conformers onto the constraints and reports.
    pub(super) fn results(
        mut self,
        first: usize,
        soft_evaluations: [usize; LANES],
        ends: &Ends,
    ) -> Result<Vec<Minimised>> {
        if !self.solver.is_empty() {
            let reference = self.positions.clone();
            let mut unused = vec![[Wide::ZERO; 3]; reference.len()];
            let failed =
                self.solver
                    .constrain_positions(&reference, &mut self.positions, &mut unused, 0.0);
            if let Some(lane) = failed[..self.n_used].iter().position(|&failed| failed) {
                let replica = first + lane;
                return Err(Error::Constraints { replica });
            }
        }
        self.phase.positions.copy_from_slice(&self.positions);
        self.phase.round();
        self.evaluate_potential()?;
        let of_lane = |lane: usize| Minimised {
            positions: self
                .phase
                .rounded
                .iter()
                .map(|x| [x[0].0[lane], x[1].0[lane], x[2].0[lane]])
                .collect(),
            energy: self.phase.energies[lane],
            rms_force: ends.rms_forces[lane],
            evaluations: 1 + soft_evaluations[lane] + ends.evaluations[lane],
            outcome: ends.outcomes[lane],
        };
        Ok((0..self.n_used).map(of_lane).collect())
    }
}

/// Adds ½k(r − d)² and its gradient.
fn spring(
    constraint: &Constraint,
    positions: &[[Wide; 3]],
    energies: &mut [f64; LANES],
    gradient: &mut [[Wide; 3]],
) {
    let [a, b] = constraint.atoms;
    for lane in 0..LANES {
        let r = [0, 1, 2].map(|axis| positions[a][axis].0[lane] - positions[b][axis].0[lane]);
        let length = r.iter().map(|x| x * x).sum::<f64>().sqrt();
        let stretch = length - constraint.distance;
        energies[lane] += 0.5 * SPRING * stretch * stretch;
        for axis in 0..3 {
            let slope = SPRING * stretch * r[axis] / length;
            gradient[a][axis].0[lane] += slope;
            gradient[b][axis].0[lane] -= slope;
        }
    }
}

/// a·b in each lane.
pub(super) fn dot(a: &[[Wide; 3]], b: &[[Wide; 3]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for axis in 0..3 {
            for lane in 0..LANES {
                sums[lane] += a[axis].0[lane] * b[axis].0[lane];
            }
        }
    }
    sums
}

/// target += factor·vector, with a factor for each lane.
pub(super) fn add_scaled(target: &mut [[Wide; 3]], factor: &[f64; LANES], vector: &[[Wide; 3]]) {
    for (target, vector) in target.iter_mut().zip(vector) {
        for axis in 0..3 {
            for lane in 0..LANES {
                target[axis].0[lane] += factor[lane] * vector[axis].0[lane];
            }
        }
    }
}

/// Copies those lanes of `from` for which `chosen` is true.
pub(super) fn copy_lanes(target: &mut [[Wide; 3]], from: &[[Wide; 3]], chosen: &[bool; LANES]) {
    for (target, from) in target.iter_mut().zip(from) {
        for axis in 0..3 {
            for lane in 0..LANES {
                if chosen[lane] {
                    target[axis].0[lane] = from[axis].0[lane];
                }
            }
        }
    }
}

/// The length of the longest of the atoms' vectors in each lane; NaN and infinity stay.
pub(super) fn longest(vectors: &[[Wide; 3]]) -> [f64; LANES] {
    let mut largest = [0.0_f64; LANES];
    for vector in vectors {
        for lane in 0..LANES {
            let squared: f64 = vector.iter().map(|x| x.0[lane] * x.0[lane]).sum();
            // a NaN wins, and stays because nothing compares greater than it
            if squared > largest[lane] || squared.is_nan() {
                largest[lane] = squared;
            }
        }
    }
    largest.map(f64::sqrt)
}
