//! Frames that a model goes through at the campaign's temperature.

use super::config::SimulationConfig;
use crate::commands::cg::committee::mean_potential;
use crate::commands::cg::starts;
use crate::commands::replicas;
use crate::progress;
use anyhow::{Result, bail};
use cg_potential::{CgModel, CgPotential};
use dynamics::{Integrator, Replica, ReplicaExchange, Simulation, SimulationConfig as Dynamics};
use molio::{Frame, Trajectory};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// Pieces of a simulation after which Ctrl-C is looked at.
const PIECE: u64 = 50;

pub(super) const SIMULATION_REPORT: &str = "simulation.json";

/// What `simulation.json` in a model's folder tells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SimulationReport {
    pub(super) replicas: usize,
    pub(super) steps: u64,
    /// Replicas that blew up, and began anew.
    pub(super) faults: usize,
    pub(super) replica_steps_per_s: f64,
    /// Share of the exchanges between temperatures that were accepted.
    pub(super) exchange_acceptance: Option<f64>,
}

/// How models are simulated.
pub(super) struct Sampler<'a> {
    pub(super) config: &'a SimulationConfig,
    /// K
    pub(super) temperature: f64,
    pub(super) stop: &'a AtomicBool,
}

impl Sampler<'_> {
    /// Of the members' mean, at most `n_frames` frames at the campaign's temperature, replica after replica; those
    /// of all higher temperatures; and what the simulation was like. Replicas begin with the starts in turn.
    pub(super) fn sample(
        &self,
        members: &[CgModel],
        starts: &Trajectory,
        n_frames: usize,
        seed: u64,
    ) -> Result<(Trajectory, Trajectory, SimulationReport)> {
        let SimulationConfig {
            replicas,
            steps,
            skip,
            save,
            ..
        } = *self.config;
        let starts: Vec<Vec<[f32; 3]>> = (0..starts.n_frames())
            .map(|index| starts.positions(index).to_vec())
            .collect();
        let model = &members[0];
        let mut simulation = self.begin(members, &starts, seed)?;
        let mut exchange = match self.config.exchange {
            Some(_) => Some(ReplicaExchange::new(&simulation)?),
            None => None,
        };
        let bar = progress::bar(Some(steps), "steps");
        let clock = std::time::Instant::now();
        let mut here: Vec<Vec<Frame>> = vec![Vec::new(); replicas];
        let mut hotter = here.clone();
        while simulation.step() < steps {
            let step = simulation.step();
            let to = |every: u64| every - step % every;
            let to_exchange = self.config.exchange.map_or(u64::MAX, |e| to(e.every));
            let piece = PIECE.min(to(save)).min(to_exchange).min(steps - step);
            simulation.advance(piece)?;
            if self.stop.load(Ordering::SeqCst) {
                bail!("stopped");
            }
            let step = step + piece;
            bar.set_position(step);
            if step.is_multiple_of(save) {
                if step > skip {
                    self.keep(&simulation, &mut here, &mut hotter);
                }
                for (replica, error) in starts::begin_anew(&mut simulation, &starts) {
                    bar.suspend(|| eprintln!("replica {replica} stays stopped: {error}"));
                }
            }
            if let (Some(config), Some(exchange)) = (self.config.exchange, &mut exchange)
                && step.is_multiple_of(config.every)
            {
                exchange.exchange(&mut simulation)?;
            }
        }
        bar.finish_and_clear();
        let report = SimulationReport {
            replicas,
            steps,
            faults: simulation.faults().len(),
            replica_steps_per_s: (replicas as f64 * steps as f64) / clock.elapsed().as_secs_f64(),
            exchange_acceptance: exchange.as_ref().and_then(replicas::acceptance),
        };
        let sample = joined(&here, n_frames, model)?;
        let explored = joined(&hotter, usize::MAX, model)?;
        Ok((sample, explored, report))
    }

    fn begin(
        &self,
        members: &[CgModel],
        starts: &[Vec<[f32; 3]>],
        seed: u64,
    ) -> Result<Simulation<CgPotential>> {
        let n_replicas = self.config.replicas;
        let config = Dynamics {
            masses: vec![self.config.mass; members[0].beads.n_atoms()],
            replicas: Replica::numbered(&self.temperatures()?),
            integrator: Integrator::Baoab {
                friction: self.config.friction,
            },
            time_step: self.config.time_step,
            constraints: Vec::new(),
            constraint_tolerance: 1e-6,
            seed,
        };
        let placed: Vec<_> = starts.iter().cycle().take(n_replicas).cloned().collect();
        let mut simulation = Simulation::new(mean_potential(members)?, config, &placed)?;
        simulation.draw_velocities()?;
        Ok(simulation)
    }

    /// The temperature of each replica: rungs in turn, so that every start meets several.
    fn temperatures(&self) -> Result<Vec<f64>> {
        let ladder = match self.config.exchange {
            Some(exchange) => {
                replicas::of_replicas(&[self.temperature, exchange.hottest], exchange.rungs, true)?
            }
            None => vec![self.temperature],
        };
        let turns = ladder.iter().copied().cycle();
        Ok(turns.take(self.config.replicas).collect())
    }

    /// Adds each replica's frame to those of the campaign's temperature or to the others.
    fn keep(
        &self,
        simulation: &Simulation<CgPotential>,
        here: &mut [Vec<Frame>],
        hotter: &mut [Vec<Frame>],
    ) {
        for (replica, (here, hotter)) in here.iter_mut().zip(hotter).enumerate() {
            if simulation.is_frozen(replica) {
                continue;
            }
            let frames = if simulation.temperature(replica) == self.temperature {
                here
            } else {
                hotter
            };
            frames.push(simulation.frame(replica));
        }
    }
}

fn joined(replicas: &[Vec<Frame>], most: usize, model: &CgModel) -> Result<Trajectory> {
    let mut joined = Trajectory::new(model.beads.n_atoms());
    for frame in replicas.iter().flatten().take(most) {
        joined.push(frame)?;
    }
    Ok(joined)
}
