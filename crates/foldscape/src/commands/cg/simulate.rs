//! `foldscape cg simulate`

use super::checkpoint::State;
use super::committee::{load_members, mean_potential};
use super::starts;
use crate::commands::replicas::{self, Files, Mark, Schedule, table_path};
use crate::{interrupt, output, progress};
use anyhow::{Context, Result, bail, ensure};
use cg_potential::{CgModel, CgPotential, Network};
use dynamics::{Integrator, Replica, ReplicaExchange, Simulation, SimulationConfig};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Faults of which the last finite frame is kept.
const MOST_FAULT_FRAMES: usize = 100;

/// Replicas are written to one file each, `OUT.r000.xtc`, `OUT.r001.xtc`, …; a single one to OUT itself.
/// `OUT.csv` has temperature and energies of every saved frame, `OUT.checkpoint` what the same command needs to
/// go on after it was stopped in whatever way.
///
/// A replica that blows up is stopped at its last finite frame, which goes to `OUT.faultN.xyz`, and starts
/// anew from a start frame at the next saved step; the others go on.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Model, as `foldscape cg train` writes it; several of one committee move beads by their mean.
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Trajectory to write: xtc, trr or dcd.
    #[arg(long, value_parser = output::file())]
    out: PathBuf,
    /// Frames of beads to start from, in turn; without them an extended chain, minimised.
    #[arg(long, value_name = "FRAMES")]
    start: Option<PathBuf>,
    /// Choose the starts among all frames so that they are far apart (greedy k-centres by RMSD).
    #[arg(long, requires = "start")]
    centres: bool,
    /// Number of replicas.
    #[arg(long, value_name = "R", default_value_t = 16)]
    replicas: usize,
    /// Number of steps, those of earlier starts included.
    #[arg(long, value_name = "N")]
    steps: u64,
    /// Time step, ps.
    #[arg(long, value_name = "PS", default_value_t = 0.002)]
    dt: f64,
    /// One temperature (K), or one for each replica; with --exchange, two are the ends of a geometric
    /// ladder. Without any, that of the model's data.
    #[arg(long, value_name = "T", value_delimiter = ',')]
    temperature: Vec<f64>,
    /// Let neighbouring temperatures try to swap every so many steps.
    #[arg(long, value_name = "STEPS")]
    exchange: Option<u64>,
    /// Write a frame every so many steps.
    #[arg(long, value_name = "STEPS", default_value_t = 1000)]
    save: u64,
    /// Seed of velocities and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Collision rate, 1/ps.
    #[arg(long, value_name = "RATE", default_value_t = 1.0)]
    friction: f64,
    /// Mass of a bead, Da.
    #[arg(long, value_name = "DA", default_value_t = 12.0)]
    mass: f64,
    /// How beads move.
    #[arg(long, value_enum, default_value_t = IntegratorName::Baoab)]
    integrator: IntegratorName,
    /// Seconds between checkpoints.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    checkpoint_every: f64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
enum IntegratorName {
    Baoab,
    LangevinMiddle,
    Overdamped,
    Verlet,
}

#[derive(Serialize)]
struct Report {
    replicas: usize,
    /// Steps of each replica, those of earlier starts included.
    steps: u64,
    /// Spent on the steps of this start.
    seconds: f64,
    /// Over all replicas, this start.
    replica_steps_per_s: f64,
    faults: usize,
    fault_list: Vec<FaultReport>,
    files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange_acceptance: Option<f64>,
}

#[derive(Serialize)]
struct FaultReport {
    replica: usize,
    step: u64,
    cause: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let report = simulate(arguments)?;
    if arguments.json {
        return output::json(&report);
    }
    output::table(&[
        ("replicas", report.replicas.to_string()),
        ("steps", report.steps.to_string()),
        ("time", format!("{:.1} s", report.seconds)),
        (
            "speed",
            format!("{:.0} replica-steps/s", report.replica_steps_per_s),
        ),
        ("faults", report.faults.to_string()),
        ("written", report.files.join(" ")),
    ])
}

fn simulate(arguments: &Arguments) -> Result<Report> {
    let stop = interrupt::flag()?;
    let schedule = schedule(arguments)?;
    let models = load_members(&arguments.models)?;
    let potential =
        mean_potential(&models).with_context(|| arguments.models[0].display().to_string())?;
    let mut run = Run::new(arguments, schedule, &models[0], potential)?;
    let first = run.simulation.step();
    let clock = Instant::now();
    let bar = progress::bar(Some(arguments.steps), "steps");
    bar.set_position(first);
    bar.reset_eta();
    let every = schedule.between_checkpoints()?;
    let mut last_checkpoint = Instant::now();
    let mut piece = 1;
    let rate = |run: &Run<'_>| {
        let steps = (run.simulation.step() - first) as f64 * arguments.replicas as f64;
        steps / clock.elapsed().as_secs_f64().max(1e-9)
    };
    while run.simulation.step() < arguments.steps {
        piece = run.advance(piece, &bar)?;
        bar.set_position(run.simulation.step());
        bar.set_message(format!("({:.0} replica-steps/s)", rate(&run)));
        let stopped = stop.load(Ordering::SeqCst);
        if stopped || last_checkpoint.elapsed() >= every {
            run.checkpoint()?;
            last_checkpoint = Instant::now();
        }
        let step = run.simulation.step();
        if stopped && step < arguments.steps {
            bar.finish_and_clear();
            bail!(
                "stopped at step {step} of {}; the same command goes on",
                arguments.steps
            );
        }
    }
    bar.finish_and_clear();
    let (seconds, speed) = (clock.elapsed().as_secs_f64(), rate(&run));
    run.checkpoint()?;
    let faults = run.simulation.faults();
    let fault_list = faults.iter().map(|fault| FaultReport {
        replica: fault.replica,
        step: fault.step,
        cause: fault.to_string(),
    });
    Ok(Report {
        replicas: arguments.replicas,
        steps: run.simulation.step(),
        seconds,
        replica_steps_per_s: speed,
        faults: faults.len(),
        fault_list: fault_list.collect(),
        files: run
            .files
            .tracks
            .paths()
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        exchange_acceptance: run.exchange.as_ref().and_then(replicas::acceptance),
    })
}

/// A run on its way.
struct Run<'a> {
    arguments: &'a Arguments,
    schedule: Schedule<'a>,
    model: &'a CgModel,
    settings: Vec<(String, String)>,
    simulation: Simulation<CgPotential>,
    exchange: Option<ReplicaExchange>,
    starts: Vec<Vec<[f32; 3]>>,
    files: Files<'a>,
    /// Faults whose frames were kept.
    handled: usize,
}

impl<'a> Run<'a> {
    /// A new run, or the one that was stopped.
    fn new(
        arguments: &'a Arguments,
        schedule: Schedule<'a>,
        model: &'a CgModel,
        potential: CgPotential,
    ) -> Result<Self> {
        let n_replicas = arguments.replicas;
        let temperatures = temperatures(arguments, model.temperature)?;
        let friction = arguments.friction;
        let config = SimulationConfig {
            masses: vec![arguments.mass; model.beads.n_atoms()],
            replicas: Replica::numbered(&temperatures),
            integrator: match arguments.integrator {
                IntegratorName::Baoab => Integrator::Baoab { friction },
                IntegratorName::LangevinMiddle => Integrator::LangevinMiddle { friction },
                IntegratorName::Overdamped => Integrator::Overdamped { friction },
                IntegratorName::Verlet => Integrator::VelocityVerlet,
            },
            time_step: arguments.dt,
            constraints: Vec::new(),
            constraint_tolerance: 1e-6,
            seed: arguments.seed,
        };
        let starts = starts::starts(
            model,
            arguments.start.as_deref(),
            n_replicas,
            arguments.centres,
        )?;
        let settings = settings(arguments, model, &potential, &starts)?;
        let checkpoint = replicas::checkpoint_path(&arguments.out);
        let earlier = State::load(&checkpoint, &settings)?;
        let begins = earlier.is_none();
        let (simulation, exchange, marks, table) = match earlier {
            None => {
                replicas::check_free(&arguments.out, n_replicas, &[table_path(&arguments.out)])?;
                let placed: Vec<_> = starts.iter().cycle().take(n_replicas).cloned().collect();
                let mut simulation =
                    Simulation::new(potential, config, &placed).context("placing the replicas")?;
                simulation.draw_velocities()?;
                let exchange = match arguments.exchange {
                    Some(_) => Some(ReplicaExchange::new(&simulation)?),
                    None => None,
                };
                let marks = vec![Mark::default(); n_replicas];
                (simulation, exchange, marks, Mark::default())
            }
            Some(state) => {
                ensure!(
                    state.marks.len() == n_replicas,
                    "{}: of {} replicas instead of {n_replicas}",
                    checkpoint.display(),
                    state.marks.len()
                );
                let simulation = Simulation::resume(potential, &config, &state.simulation)
                    .with_context(|| checkpoint.display().to_string())?;
                (simulation, state.exchange, state.marks, state.table)
            }
        };
        let timing = (arguments.save, arguments.dt);
        let mut run = Self {
            files: Files::open(&arguments.out, &model.beads, marks, table, timing)?,
            handled: simulation.faults().len(),
            arguments,
            schedule,
            model,
            settings,
            simulation,
            exchange,
            starts,
        };
        if begins {
            run.checkpoint()?;
        }
        Ok(run)
    }

    /// Goes on by about `piece` steps, to the next frame or exchange at most. Returns how many steps
    /// make up a time in which nobody gets impatient.
    fn advance(&mut self, piece: u64, bar: &indicatif::ProgressBar) -> Result<u64> {
        let step = self.simulation.step();
        let n_steps = self.schedule.next(step, piece);
        let clock = Instant::now();
        self.simulation.advance(n_steps)?;
        let spent = clock.elapsed();
        self.keep_faults(bar)?;
        let step = step + n_steps;
        if step.is_multiple_of(self.arguments.save) {
            self.files.write(&self.simulation)?;
            // at saved steps only, so that the course of a run does not depend on the machine's speed
            self.reseed(bar);
        }
        if let (Some(every), Some(exchange)) = (self.arguments.exchange, &mut self.exchange)
            && step.is_multiple_of(every)
        {
            exchange.exchange(&mut self.simulation)?;
        }
        Ok(replicas::piece(n_steps, spent))
    }

    /// Tells of new faults and writes their last finite frames.
    fn keep_faults(&mut self, bar: &indicatif::ProgressBar) -> Result<()> {
        for (index, fault) in self
            .simulation
            .faults()
            .iter()
            .enumerate()
            .skip(self.handled)
        {
            bar.suspend(|| eprintln!("{fault}"));
            if index < MOST_FAULT_FRAMES {
                let path = replicas::beside(&self.arguments.out, &format!(".fault{index}"), "xyz");
                // the frame may be too large for any format's columns: that must not end the other replicas
                let kept = molio::create(&path, &self.model.beads).and_then(|mut writer| {
                    writer.write_frame(&self.simulation.frame(fault.replica))?;
                    writer.finish()
                });
                if let Err(error) = kept {
                    bar.suspend(|| eprintln!("the frame of this fault is not kept: {error}"));
                }
            }
        }
        self.handled = self.simulation.faults().len();
        Ok(())
    }

    /// Lets stopped replicas begin anew from the starts in turn.
    fn reseed(&mut self, bar: &indicatif::ProgressBar) {
        for (replica, error) in starts::begin_anew(&mut self.simulation, &self.starts) {
            bar.suspend(|| eprintln!("replica {replica} stays stopped: {error}"));
        }
    }

    fn checkpoint(&mut self) -> Result<()> {
        let (marks, table) = self.files.settle()?;
        let state = State {
            settings: self.settings.clone(),
            marks,
            table,
            exchange: self.exchange.clone(),
            simulation: self.simulation.checkpoint()?,
        };
        state.save(&replicas::checkpoint_path(&self.arguments.out))
    }
}

/// What happens when.
fn schedule(arguments: &Arguments) -> Result<Schedule<'_>> {
    let schedule = Schedule {
        out: &arguments.out,
        replicas: arguments.replicas,
        n_steps: arguments.steps,
        time_step: arguments.dt,
        save: arguments.save,
        exchange: arguments.exchange,
        checkpoint_every: arguments.checkpoint_every,
    };
    schedule.check("cg simulate")?;
    ensure!(
        arguments.mass.is_finite() && arguments.mass > 0.0,
        "--mass must be positive"
    );
    Ok(schedule)
}

/// The temperature (K) of each replica.
fn temperatures(arguments: &Arguments, of_data: f64) -> Result<Vec<f64>> {
    let exchange = arguments.exchange.is_some();
    let given = match &arguments.temperature[..] {
        [] if !exchange => &[of_data][..],
        given => given,
    };
    replicas::of_replicas(given, arguments.replicas, exchange)
}

/// Everything that the course of a run depends on, except its length.
fn settings(
    arguments: &Arguments,
    model: &CgModel,
    potential: &CgPotential,
    starts: &[Vec<[f32; 3]>],
) -> Result<Vec<(String, String)>> {
    let checksum = |numbers: &mut dyn Iterator<Item = f32>| {
        let mut hasher = crc32fast::Hasher::new();
        numbers.for_each(|x| hasher.update(&x.to_le_bytes()));
        hasher.finalize().to_string()
    };
    let parameters = potential.networks().flat_map(Network::parameters);
    let mut parameters = parameters.copied();
    let mut positions = starts.iter().flatten().flatten().copied();
    let named = [
        ("model's parameters (checksum)", checksum(&mut parameters)),
        (
            "model's network",
            serde_json::to_string(model.network.config())?,
        ),
        ("model's priors", serde_json::to_string(&model.priors)?),
        ("start positions (checksum)", checksum(&mut positions)),
        ("--replicas", arguments.replicas.to_string()),
        ("--temperature", format!("{:?}", arguments.temperature)),
        ("--exchange", format!("{:?}", arguments.exchange)),
        ("--dt", arguments.dt.to_string()),
        ("--save", arguments.save.to_string()),
        ("--seed", arguments.seed.to_string()),
        ("--friction", arguments.friction.to_string()),
        ("--mass", arguments.mass.to_string()),
        ("--integrator", format!("{:?}", arguments.integrator)),
    ];
    Ok(named.map(|(name, value)| (name.to_owned(), value)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parse(line: &str) -> Arguments {
        let words = ["simulate", "model", "--out", "x.xtc", "--steps", "5"];
        Line::parse_from(words.into_iter().chain(line.split_whitespace())).arguments
    }

    #[test]
    fn temperatures_are_one_each_or_a_ladder() {
        let of = |line: &str| temperatures(&parse(line), 320.0);
        assert_eq!(of("--replicas 3").unwrap(), [320.0; 3]);
        assert_eq!(
            of("--replicas 2 --temperature 300,310").unwrap(),
            [300.0, 310.0]
        );
        let ladder = of("--replicas 3 --temperature 300,1200 --exchange 10").unwrap();
        assert!((ladder[1] - 600.0).abs() < 1e-9);
        assert!(of("--replicas 3 --temperature 300,310").is_err());
        assert!(of("--replicas 3 --temperature 300 --exchange 10").is_err());
    }
}
