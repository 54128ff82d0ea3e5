//! Steps, frames, exchanges and checkpoints in their order.

use super::Arguments;
use super::setup::{Setup, schedule};
use super::state::State;
use crate::commands::replicas::{self, Files, Mark, Schedule, table_path};
use crate::{interrupt, progress};
use anyhow::{Context, Result, bail, ensure};
use dynamics::{ExchangeCounts, ReplicaExchange, Simulation};
use forcefield_gpu::Engine;
use indicatif::ProgressBar;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

#[derive(Serialize)]
pub(super) struct Report {
    pub(super) replicas: usize,
    /// Steps of each replica, those of earlier starts included.
    pub(super) steps: u64,
    /// Spent on these steps.
    pub(super) seconds: f64,
    /// Over all replicas.
    pub(super) ns_per_day: f64,
    /// Replicas that were stopped.
    pub(super) faults: usize,
    fault_list: Vec<FaultReport>,
    pub(super) files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<Vec<Rung>>,
    pub(super) instruction_set: String,
}

#[derive(Serialize)]
struct FaultReport {
    replica: usize,
    step: u64,
    cause: String,
}

#[derive(Serialize)]
struct Rung {
    temperature: f64,
    replica: usize,
    /// Swaps with the next rung.
    tried: u64,
    accepted: u64,
}

impl Report {
    pub(super) fn exchange_acceptance(&self) -> Option<f64> {
        let rungs = self.exchange.as_ref()?;
        let sum = |of: fn(&Rung) -> u64| rungs.iter().map(of).sum::<u64>() as f64;
        let tried = sum(|rung| rung.tried);
        (tried > 0.0).then(|| sum(|rung| rung.accepted) / tried)
    }
}

/// A run between two checkpoints.
struct Run<'a> {
    arguments: &'a Arguments,
    schedule: Schedule<'a>,
    setup: &'a Setup,
    checkpoint: PathBuf,
    simulation: Simulation<&'a Engine>,
    exchange: Option<ReplicaExchange>,
    /// Spent before the present start.
    seconds_before: f64,
    clock: Instant,
    reported_faults: usize,
}

pub(super) fn simulate(arguments: &Arguments) -> Result<Report> {
    let stop = interrupt::flag()?;
    let schedule = schedule(arguments)?;
    let setup = Setup::new(arguments)?;
    let (mut run, marks, table_mark) = Run::new(arguments, schedule, &setup)?;
    let timing = (arguments.save, arguments.dt);
    let mut files = Files::open(&arguments.out, &setup.topology, marks, table_mark, timing)?;
    let first = run.simulation.step();
    let bar = progress::bar(Some(schedule.n_steps), "steps");
    bar.set_position(first);
    bar.reset_eta();
    let checkpoint_every = schedule.between_checkpoints()?;
    let mut last_checkpoint = Instant::now();
    let mut piece = 1;
    while run.simulation.step() < schedule.n_steps {
        piece = run.advance(piece, &mut files)?;
        run.report_faults(&bar);
        bar.set_position(run.simulation.step());
        bar.set_message(format!("({:.1} ns/day)", run.ns_per_day(first)));
        let stopped = stop.load(Ordering::SeqCst);
        if stopped || last_checkpoint.elapsed() >= checkpoint_every {
            run.checkpoint(&mut files)?;
            last_checkpoint = Instant::now();
        }
        let step = run.simulation.step();
        if stopped && step < schedule.n_steps {
            bar.finish_and_clear();
            bail!(
                "stopped at step {step} of {}; the same command goes on",
                schedule.n_steps
            );
        }
        if (0..arguments.replicas).all(|replica| run.simulation.is_frozen(replica)) {
            run.checkpoint(&mut files)?;
            let hint = if arguments.minimise {
                ""
            } else {
                "; --minimise resolves clashes at the start, a smaller --dt makes steps stable"
            };
            bail!("no replica is left: {}{hint}", run.simulation.faults()[0]);
        }
    }
    bar.finish_and_clear();
    run.checkpoint(&mut files)?;
    Ok(run.report(&files))
}

impl<'a> Run<'a> {
    /// A new run with its first checkpoint on disk, or the one that was stopped; and how far its files
    /// reach.
    fn new(
        arguments: &'a Arguments,
        schedule: Schedule<'a>,
        setup: &'a Setup,
    ) -> Result<(Self, Vec<Mark>, Mark)> {
        let checkpoint = replicas::checkpoint_path(&arguments.out);
        let earlier = State::load(&checkpoint)?;
        let begins = earlier.is_none();
        let (simulation, exchange, marks, table, seconds_before) = match earlier {
            None => {
                replicas::check_free(
                    &arguments.out,
                    arguments.replicas,
                    &[table_path(&arguments.out)],
                )?;
                let simulation = setup.begin()?;
                let exchange = match arguments.exchange {
                    Some(_) => Some(ReplicaExchange::new(&simulation)?),
                    None => None,
                };
                let marks = vec![Mark::default(); arguments.replicas];
                (simulation, exchange, marks, Mark::default(), 0.0)
            }
            Some(state) => {
                setup.settings.check(&state.settings, &checkpoint)?;
                let simulation =
                    Simulation::resume(&setup.engine, &setup.config, &state.simulation)
                        .with_context(|| checkpoint.display().to_string())?;
                ensure!(
                    simulation.step() <= schedule.n_steps
                        && state.trajectories.len() == arguments.replicas,
                    "{}: is at step {} already, beyond the {} steps asked for",
                    checkpoint.display(),
                    simulation.step(),
                    schedule.n_steps
                );
                (
                    simulation,
                    state.exchange,
                    state.trajectories,
                    state.table,
                    state.seconds,
                )
            }
        };
        let run = Self {
            arguments,
            schedule,
            setup,
            checkpoint,
            reported_faults: simulation.faults().len(),
            simulation,
            exchange,
            seconds_before,
            clock: Instant::now(),
        };
        if begins {
            // before any other file, so that whatever stands in those is known to be ours
            run.save(marks.clone(), table)?;
        }
        Ok((run, marks, table))
    }

    /// Goes on by about `piece` steps, to the next frame or exchange at most. Returns how many steps
    /// make up a time in which nobody gets impatient.
    fn advance(&mut self, piece: u64, files: &mut Files<'_>) -> Result<u64> {
        let step = self.simulation.step();
        let n_steps = self.schedule.next(step, piece);
        let clock = Instant::now();
        self.simulation.advance(n_steps)?;
        let spent = clock.elapsed();
        let step = step + n_steps;
        if step.is_multiple_of(self.arguments.save) {
            files.write(&self.simulation)?;
        }
        if let (Some(every), Some(exchange)) = (self.arguments.exchange, &mut self.exchange)
            && step.is_multiple_of(every)
        {
            exchange.exchange(&mut self.simulation)?;
        }
        Ok(replicas::piece(n_steps, spent))
    }

    fn checkpoint(&self, files: &mut Files<'_>) -> Result<()> {
        let (marks, table) = files.settle()?;
        self.save(marks, table)
    }

    fn save(&self, trajectories: Vec<Mark>, table: Mark) -> Result<()> {
        let state = State {
            settings: self.setup.settings.clone(),
            trajectories,
            table,
            exchange: self.exchange.clone(),
            seconds: self.seconds(),
            simulation: self.simulation.checkpoint()?,
        };
        state.save(&self.checkpoint)
    }

    fn seconds(&self) -> f64 {
        self.seconds_before + self.clock.elapsed().as_secs_f64()
    }

    /// Speed since step `first`, summed over replicas.
    fn ns_per_day(&self, first: u64) -> f64 {
        let seconds =
            self.clock.elapsed().as_secs_f64() + if first == 0 { self.seconds_before } else { 0.0 };
        self.simulated_ns(first) / seconds.max(1e-9) * 86_400.0
    }

    /// Simulated time since step `first` in ns, summed over replicas; frozen ones count up to their fault.
    fn simulated_ns(&self, first: u64) -> f64 {
        let last = self.simulation.step();
        let mut steps = (last - first) as f64 * self.arguments.replicas as f64;
        for fault in self.simulation.faults() {
            steps -= (last + 1).saturating_sub(fault.step.max(first + 1)) as f64;
        }
        steps * self.arguments.dt / 1000.0
    }

    fn report_faults(&mut self, bar: &ProgressBar) {
        for fault in &self.simulation.faults()[self.reported_faults..] {
            bar.suspend(|| eprintln!("{fault}; its trajectory ends before"));
        }
        self.reported_faults = self.simulation.faults().len();
    }

    fn report(&self, files: &Files<'_>) -> Report {
        let faults = self.simulation.faults();
        let fault_list = faults.iter().map(|fault| FaultReport {
            replica: fault.replica,
            step: fault.step,
            cause: fault.to_string(),
        });
        let seconds = self.seconds();
        Report {
            replicas: self.arguments.replicas,
            steps: self.simulation.step(),
            seconds,
            ns_per_day: self.simulated_ns(0) / seconds.max(1e-9) * 86_400.0,
            faults: faults.len(),
            fault_list: fault_list.collect(),
            files: files
                .tracks
                .paths()
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            exchange: self.exchange.as_ref().map(rungs),
            instruction_set: format!("{:?}", self.setup.engine.instruction_set()),
        }
    }
}

fn rungs(exchange: &ReplicaExchange) -> Vec<Rung> {
    let no_next = [ExchangeCounts::default()];
    let counts = exchange.counts().iter().chain(&no_next);
    exchange
        .temperatures()
        .iter()
        .zip(exchange.replica_at())
        .zip(counts)
        .map(|((&temperature, &replica), counts)| Rung {
            temperature,
            replica,
            tried: counts.tried,
            accepted: counts.accepted,
        })
        .collect()
}
