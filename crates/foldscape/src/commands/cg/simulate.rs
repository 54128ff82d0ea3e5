//! `foldscape cg simulate`

use super::checkpoint::{State, Tracks};
use super::starts;
use crate::{interrupt, output, progress};
use anyhow::{Context, Result, bail, ensure};
use cg_potential::{CgModel, CgPotential};
use dynamics::{Integrator, Replica, ReplicaExchange, Simulation, SimulationConfig};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long the program may be deaf to Ctrl-C.
const RESPONSE: Duration = Duration::from_millis(200);

/// Each has a file open.
const MOST_REPLICAS: usize = 10_000;

/// Faults of which the last finite frame is kept.
const MOST_FAULT_FRAMES: usize = 100;

/// Replicas are written to one file each, `OUT.r000.xtc`, `OUT.r001.xtc`, …; a single one to OUT itself.
/// `OUT.checkpoint` is what the same command needs to go on after it was stopped in whatever way.
///
/// A replica that blows up is stopped at its last finite frame, which goes to `OUT.faultN.xyz`, and starts
/// anew from a start frame at the next saved step; the others go on.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Model, as `foldscape cg train` writes it.
    model: PathBuf,
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
    check(arguments)?;
    let model = CgModel::load(&arguments.model)?;
    let potential = model
        .potential()
        .with_context(|| arguments.model.display().to_string())?;
    let mut run = Run::new(arguments, &model, potential)?;
    let first = run.simulation.step();
    let clock = Instant::now();
    let bar = progress::bar(Some(arguments.steps), "steps");
    bar.set_position(first);
    bar.reset_eta();
    let every =
        Duration::try_from_secs_f64(arguments.checkpoint_every).context("--checkpoint-every")?;
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
            .tracks
            .paths()
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        exchange_acceptance: run.exchange.as_ref().and_then(acceptance),
    })
}

fn acceptance(exchange: &ReplicaExchange) -> Option<f64> {
    let tried: u64 = exchange.counts().iter().map(|counts| counts.tried).sum();
    let accepted: u64 = exchange.counts().iter().map(|counts| counts.accepted).sum();
    (tried > 0).then(|| accepted as f64 / tried as f64)
}

/// A run on its way.
struct Run<'a> {
    arguments: &'a Arguments,
    model: &'a CgModel,
    settings: Vec<(String, String)>,
    simulation: Simulation<CgPotential>,
    exchange: Option<ReplicaExchange>,
    starts: Vec<Vec<[f32; 3]>>,
    tracks: Tracks<'a>,
    /// Faults whose frames were kept.
    handled: usize,
}

impl<'a> Run<'a> {
    /// A new run, or the one that was stopped.
    fn new(arguments: &'a Arguments, model: &'a CgModel, potential: CgPotential) -> Result<Self> {
        let replicas = arguments.replicas;
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
            replicas,
            arguments.centres,
        )?;
        let settings = settings(arguments, model, &starts)?;
        let checkpoint = super::checkpoint::path(&arguments.out);
        let earlier = State::load(&checkpoint, &settings)?;
        let (simulation, exchange, marks) = match earlier {
            None => {
                let placed: Vec<_> = starts.iter().cycle().take(replicas).cloned().collect();
                let mut simulation =
                    Simulation::new(potential, config, &placed).context("placing the replicas")?;
                simulation.draw_velocities()?;
                let exchange = match arguments.exchange {
                    Some(_) => Some(ReplicaExchange::new(&simulation)?),
                    None => None,
                };
                (simulation, exchange, None)
            }
            Some(state) => {
                let simulation = Simulation::resume(potential, &config, &state.simulation)
                    .with_context(|| checkpoint.display().to_string())?;
                (simulation, state.exchange, Some(state.marks))
            }
        };
        let timing = (arguments.save, arguments.dt);
        let begins = marks.is_none();
        let mut run = Self {
            tracks: Tracks::open(&arguments.out, replicas, &model.beads, marks, timing)?,
            handled: simulation.faults().len(),
            arguments,
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
        let to_multiple = |every: u64| every - step % every;
        let mut n_steps = piece
            .min(self.arguments.steps - step)
            .min(to_multiple(self.arguments.save));
        if let Some(every) = self.arguments.exchange {
            n_steps = n_steps.min(to_multiple(every));
        }
        let clock = Instant::now();
        self.simulation.advance(n_steps)?;
        let spent = clock.elapsed();
        self.keep_faults(bar)?;
        let step = step + n_steps;
        if step.is_multiple_of(self.arguments.save) {
            self.tracks.write(&self.simulation)?;
            // at saved steps only, so that the course of a run does not depend on the machine's speed
            self.reseed(bar);
        }
        if let (Some(every), Some(exchange)) = (self.arguments.exchange, &mut self.exchange)
            && step.is_multiple_of(every)
        {
            exchange.exchange(&mut self.simulation)?;
        }
        let rate = n_steps as f64 / spent.as_secs_f64().max(1e-9);
        Ok(((rate * RESPONSE.as_secs_f64()) as u64).max(1))
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
                let path = super::checkpoint::beside(
                    &self.arguments.out,
                    &format!(".fault{index}"),
                    "xyz",
                );
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
        let state = State {
            settings: self.settings.clone(),
            marks: self.tracks.settle()?,
            exchange: self.exchange.clone(),
            simulation: self.simulation.checkpoint()?,
        };
        state.save(&super::checkpoint::path(&self.arguments.out))
    }
}

fn check(arguments: &Arguments) -> Result<()> {
    use molio::Format::{Dcd, Trr, Xtc};
    let out = &arguments.out;
    ensure!(
        matches!(molio::Format::of(out), Some(Xtc | Trr | Dcd))
            && out
                .extension()
                .is_none_or(|extension| !extension.eq_ignore_ascii_case("gz")),
        "{}: cg simulate writes xtc, trr or dcd",
        out.display()
    );
    ensure!(
        (1..=MOST_REPLICAS).contains(&arguments.replicas),
        "--replicas must be between 1 and {MOST_REPLICAS}"
    );
    ensure!(arguments.save > 0, "--save must be at least 1");
    ensure!(
        arguments.exchange != Some(0),
        "--exchange must be at least 1 step"
    );
    ensure!(
        arguments.mass.is_finite() && arguments.mass > 0.0,
        "--mass must be positive"
    );
    ensure!(
        arguments.steps <= i32::MAX as u64,
        "--steps {}: trajectory files number steps up to {}",
        arguments.steps,
        i32::MAX
    );
    Ok(())
}

/// The temperature (K) of each replica.
fn temperatures(arguments: &Arguments, of_data: f64) -> Result<Vec<f64>> {
    let (given, replicas) = (&arguments.temperature[..], arguments.replicas);
    for &temperature in given {
        ensure!(
            temperature.is_finite() && temperature >= 0.0,
            "--temperature {temperature}: expected kelvin, not negative"
        );
    }
    if arguments.exchange.is_some() {
        ensure!(replicas > 1, "--exchange needs at least two --replicas");
        ensure!(
            given.len() > 1 && given.iter().all(|&temperature| temperature > 0.0),
            "--exchange needs --temperature LOWEST,HIGHEST, or one positive temperature for each replica"
        );
    }
    match given {
        [] => Ok(vec![of_data; replicas]),
        &[one] => Ok(vec![one; replicas]),
        &[low, high] if arguments.exchange.is_some() => Ok((0..replicas)
            .map(|rung| low * (high / low).powf(rung as f64 / (replicas - 1) as f64))
            .collect()),
        all => {
            ensure!(
                all.len() == replicas,
                "--temperature: expected one, or one for each of {replicas} replicas, found {}",
                all.len()
            );
            Ok(all.to_vec())
        }
    }
}

/// Everything that the course of a run depends on, except its length.
fn settings(
    arguments: &Arguments,
    model: &CgModel,
    starts: &[Vec<[f32; 3]>],
) -> Result<Vec<(String, String)>> {
    let checksum = |numbers: &mut dyn Iterator<Item = f32>| {
        let mut hasher = crc32fast::Hasher::new();
        numbers.for_each(|x| hasher.update(&x.to_le_bytes()));
        hasher.finalize().to_string()
    };
    let mut parameters = model.network.parameters().iter().copied();
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
