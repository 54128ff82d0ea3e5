//! L-BFGS, sixteen conformers at a time.
//!
//! Lanes share the ring of remembered pairs but not its contents: where a lane rejected its step,
//! its pair has weight 0, which leaves the two-loop recursion as if it were not there. A lane's path
//! is therefore the same whatever the others do.

use super::landscape::{Ends, Landscape, Vector, add_scaled, copy_lanes, dot, longest};
use super::{MinimiseConfig, Outcome};
use crate::state::Wide;
use crate::{LANES, Potential, Result};

/// Rejections in a row before a lane forgets its history, and once more before it gives up.
const MAX_REJECTIONS: usize = 10;
/// First step along the plain gradient, as a share of the largest displacement.
const FIRST_STEP: f64 = 0.5;

struct Pair {
    step: Vector,
    change: Vector,
    /// 1/(step·change), or 0 for no pair.
    weight: [f64; LANES],
}

pub(super) fn run<P: Potential + ?Sized>(
    landscape: &mut Landscape<'_, P>,
    config: &MinimiseConfig,
) -> Result<Ends> {
    let components = (3 * landscape.n_moving()).max(1) as f64;
    let mut search = Search::new(landscape, config);
    let mut outcomes = [None; LANES];
    let mut evaluations = [0; LANES];
    let mut trial = landscape.positions.clone();
    let mut gradient = landscape.gradient.clone();
    for lane in 0..LANES {
        if !(landscape.energies[lane].is_finite() && search.slope[lane].is_finite()) {
            outcomes[lane] = Some(Outcome::NonFinite);
        }
    }
    for iteration in 0..=config.max_iterations {
        let squared = dot(&landscape.gradient, &landscape.gradient);
        for lane in 0..LANES {
            if outcomes[lane].is_none() && (squared[lane] / components).sqrt() < config.tolerance {
                outcomes[lane] = Some(Outcome::Converged);
            }
        }
        if iteration == config.max_iterations || outcomes.iter().all(Option::is_some) {
            break;
        }
        let mut scale = search.scale;
        for lane in (0..LANES).filter(|&lane| outcomes[lane].is_some()) {
            scale[lane] = 0.0;
        }
        trial.copy_from_slice(&landscape.positions);
        masked_add(&mut trial, &scale, &search.direction);
        let energies = landscape.evaluate(&trial, &mut gradient)?;
        let finite = dot(&gradient, &gradient);
        let mut accepted = [false; LANES];
        for lane in (0..LANES).filter(|&lane| outcomes[lane].is_none()) {
            evaluations[lane] += 1;
            let before = landscape.energies[lane];
            let allowance = 1e-6 * before.abs() + 1e-9;
            let limit = before + 1e-4 * scale[lane] * search.slope[lane] + allowance;
            accepted[lane] = energies[lane] <= limit && finite[lane].is_finite();
        }
        search.remember(&landscape.gradient, &gradient, &scale, &accepted);
        for lane in (0..LANES).filter(|&lane| accepted[lane]) {
            landscape.energies[lane] = energies[lane];
        }
        copy_lanes(&mut landscape.positions, &trial, &accepted);
        copy_lanes(&mut landscape.gradient, &gradient, &accepted);
        let mut renewed = accepted;
        for lane in 0..LANES {
            if outcomes[lane].is_some() || accepted[lane] {
                continue;
            }
            match search.reject(lane) {
                Rejected::Shorter => {}
                Rejected::Forget => renewed[lane] = true,
                Rejected::GiveUp => outcomes[lane] = Some(Outcome::Stalled),
            }
        }
        search.turn(&landscape.gradient, &renewed, &accepted);
    }
    let squared = dot(&landscape.gradient, &landscape.gradient);
    Ok(Ends {
        rms_forces: squared.map(|s| (s / components).sqrt()),
        evaluations,
        outcomes: outcomes.map(|outcome| outcome.unwrap_or(Outcome::IterationLimit)),
    })
}

enum Rejected {
    Shorter,
    Forget,
    GiveUp,
}

struct Search {
    pairs: Vec<Pair>,
    head: usize,
    capacity: usize,
    max_displacement: f64,
    direction: Vector,
    /// gradient·direction.
    slope: [f64; LANES],
    scale: [f64; LANES],
    rejections: [usize; LANES],
    forgotten: [bool; LANES],
}

impl Search {
    fn new<P: Potential + ?Sized>(landscape: &Landscape<'_, P>, config: &MinimiseConfig) -> Self {
        let mut search = Self {
            pairs: Vec::new(),
            head: 0,
            capacity: config.history,
            max_displacement: config.max_displacement,
            direction: landscape.gradient.clone(),
            slope: [0.0; LANES],
            scale: [0.0; LANES],
            rejections: [0; LANES],
            forgotten: [false; LANES],
        };
        search.turn(&landscape.gradient, &[true; LANES], &[false; LANES]);
        search
    }

    /// Puts the step just tried into the ring, with weight 0 where it was rejected or curves away.
    fn remember(
        &mut self,
        before: &[[Wide; 3]],
        after: &[[Wide; 3]],
        scale: &[f64; LANES],
        accepted: &[bool; LANES],
    ) {
        if self.pairs.len() < self.capacity {
            self.pairs.push(Pair {
                step: vec![[Wide::ZERO; 3]; before.len()],
                change: vec![[Wide::ZERO; 3]; before.len()],
                weight: [0.0; LANES],
            });
            self.head = self.pairs.len() - 1;
        } else {
            self.head = (self.head + 1) % self.capacity;
        }
        let pair = &mut self.pairs[self.head];
        for atom in 0..before.len() {
            for axis in 0..3 {
                for lane in 0..LANES {
                    let (step, change) = if accepted[lane] {
                        (
                            scale[lane] * self.direction[atom][axis].0[lane],
                            after[atom][axis].0[lane] - before[atom][axis].0[lane],
                        )
                    } else {
                        (0.0, 0.0)
                    };
                    pair.step[atom][axis].0[lane] = step;
                    pair.change[atom][axis].0[lane] = change;
                }
            }
        }
        let curvature = dot(&pair.step, &pair.change);
        let squared = dot(&pair.change, &pair.change);
        for lane in 0..LANES {
            let good = curvature[lane] > 1e-12 * squared[lane];
            pair.weight[lane] = if good { 1.0 / curvature[lane] } else { 0.0 };
        }
    }

    fn reject(&mut self, lane: usize) -> Rejected {
        self.rejections[lane] += 1;
        if self.rejections[lane] < MAX_REJECTIONS {
            self.scale[lane] *= 0.3;
            return Rejected::Shorter;
        }
        if self.forgotten[lane] {
            return Rejected::GiveUp;
        }
        self.forgotten[lane] = true;
        for pair in &mut self.pairs {
            pair.weight[lane] = 0.0;
        }
        Rejected::Forget
    }

    /// New directions for the lanes in `renewed`, by the two-loop recursion.
    fn turn(&mut self, gradient: &[[Wide; 3]], renewed: &[bool; LANES], accepted: &[bool; LANES]) {
        if !renewed.contains(&true) {
            return;
        }
        let mut direction = gradient.to_vec();
        let order: Vec<usize> = (0..self.pairs.len())
            .map(|age| (self.head + self.pairs.len() - age) % self.pairs.len())
            .collect();
        let mut coefficients = vec![[0.0; LANES]; self.pairs.len()];
        for &index in &order {
            let pair = &self.pairs[index];
            let along = dot(&pair.step, &direction);
            let coefficient = product(&pair.weight, &along);
            add_scaled(&mut direction, &coefficient.map(|c| -c), &pair.change);
            coefficients[index] = coefficient;
        }
        let stiffness = self.stiffness(&order);
        for vector in &mut direction {
            for axis in 0..3 {
                for lane in 0..LANES {
                    vector[axis].0[lane] *= stiffness[lane].unwrap_or(1.0);
                }
            }
        }
        for &index in order.iter().rev() {
            let pair = &self.pairs[index];
            let along = product(&pair.weight, &dot(&pair.change, &direction));
            let mut difference = coefficients[index];
            for lane in 0..LANES {
                difference[lane] -= along[lane];
            }
            add_scaled(&mut direction, &difference, &pair.step);
        }
        for vector in direction.iter_mut().flatten() {
            vector.0 = vector.0.map(|x| -x);
        }
        let mut slope = dot(&direction, gradient);
        let uphill: [bool; LANES] = slope.map(|slope| slope.is_nan() || slope >= 0.0);
        if uphill.contains(&true) {
            let mut steepest = gradient.to_vec();
            for vector in steepest.iter_mut().flatten() {
                vector.0 = vector.0.map(|x| -x);
            }
            copy_lanes(&mut direction, &steepest, &uphill);
            slope = dot(&direction, gradient);
        }
        let reach = longest(&direction);
        for lane in (0..LANES).filter(|&lane| renewed[lane]) {
            let plain = stiffness[lane].is_none() || uphill[lane];
            let share = if plain { FIRST_STEP } else { 1.0 };
            let limit = share * self.max_displacement / reach[lane].max(f64::MIN_POSITIVE);
            self.scale[lane] = if plain { limit } else { limit.min(1.0) };
            self.slope[lane] = slope[lane];
            self.rejections[lane] = 0;
            if accepted[lane] {
                self.forgotten[lane] = false;
            }
        }
        copy_lanes(&mut self.direction, &direction, renewed);
    }

    /// step·change/change·change of the newest pair of each lane, if it has any.
    fn stiffness(&self, order: &[usize]) -> [Option<f64>; LANES] {
        let mut newest = [None; LANES];
        for &index in order {
            if newest.iter().all(Option::is_some) {
                break;
            }
            let pair = &self.pairs[index];
            let squared = dot(&pair.change, &pair.change);
            for lane in 0..LANES {
                if newest[lane].is_none() && pair.weight[lane] > 0.0 {
                    newest[lane] = Some(1.0 / (pair.weight[lane] * squared[lane]));
                }
            }
        }
        newest
    }
}

fn product(a: &[f64; LANES], b: &[f64; LANES]) -> [f64; LANES] {
    std::array::from_fn(|lane| a[lane] * b[lane])
}

/// [`add_scaled`] that leaves lanes with factor 0 alone even where the vector is not finite.
fn masked_add(target: &mut [[Wide; 3]], factor: &[f64; LANES], vector: &[[Wide; 3]]) {
    for (target, vector) in target.iter_mut().zip(vector) {
        for axis in 0..3 {
            for lane in 0..LANES {
                if factor[lane] != 0.0 {
                    target[axis].0[lane] += factor[lane] * vector[axis].0[lane];
                }
            }
        }
    }
}
