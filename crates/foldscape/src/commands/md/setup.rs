//! From arguments to a simulation at its first step.

use super::state::Settings;
use super::{Arguments, IntegratorName};
use crate::commands::replicas::{self, Schedule};
use crate::physics::{self, FixedBonds};
use anyhow::{Context, Result, bail, ensure};
use dynamics::{Integrator, MinimiseConfig, Outcome, Replica, Simulation, SimulationConfig};
use forcefield_gpu::Engine;
use molio::Topology;

/// What a run is made of, whether it begins or goes on.
pub(super) struct Setup {
    pub(super) topology: Topology,
    pub(super) engine: Engine,
    pub(super) config: SimulationConfig,
    /// Where replicas start, nm.
    starts: Vec<Vec<[f32; 3]>>,
    frozen: Vec<usize>,
    minimise: bool,
    /// What must be the same when a run goes on.
    pub(super) settings: Settings,
}

impl Setup {
    pub(super) fn new(arguments: &Arguments) -> Result<Self> {
        ensure!(
            arguments
                .hmr
                .is_none_or(|mass| mass.is_finite() && mass >= 0.0),
            "--hmr must not be negative"
        );
        let replicas = arguments.replicas;
        let temperatures = replicas::of_replicas(
            &arguments.temperature,
            replicas,
            arguments.exchange.is_some(),
        )?;
        let topology = arguments.source.topology()?;
        let stiffness = Stiffness::of(arguments)?;
        let mut system = arguments.physics.system(
            &arguments.source,
            &topology,
            stiffness.constraints,
            (stiffness.hydrogen_mass > 0.0).then_some(stiffness.hydrogen_mass),
        )?;
        let frames = physics::starts(&arguments.source, &topology, replicas)?;
        let springs = arguments.holds.springs(&topology)?;
        ensure!(
            springs.is_empty() || frames.iter().all(|frame| *frame == frames[0]),
            "--restrain holds all replicas at one structure, but {} has several frames",
            arguments.source.file.display()
        );
        physics::restrain(&mut system, &springs, &frames[0]);
        let frozen = arguments.holds.frozen(&topology)?;
        let mut masses = system.masses.clone();
        for &atom in &frozen {
            masses[atom] = 0.0;
        }
        let config = SimulationConfig {
            masses,
            replicas: Replica::numbered(&temperatures),
            integrator: integrator(arguments),
            time_step: arguments.dt,
            constraints: physics::constraints(&system),
            constraint_tolerance: 1e-6,
            seed: arguments.seed,
        };
        let starts: Vec<_> = frames.iter().cycle().take(replicas).cloned().collect();
        Ok(Self {
            settings: settings(arguments, &stiffness, &temperatures, &system, &frames)?,
            engine: arguments.physics.engine(&system)?,
            topology,
            config,
            starts,
            frozen,
            minimise: arguments.minimise,
        })
    }

    /// The simulation at step 0, minimised if that was asked for, with velocities.
    pub(super) fn begin(&self) -> Result<Simulation<&Engine>> {
        let mut starts = self.starts.clone();
        if self.minimise {
            let config = MinimiseConfig {
                constraints: self.config.constraints.clone(),
                fixed: self.frozen.clone(),
                ..MinimiseConfig::new()
            };
            let ends = dynamics::minimise(&self.engine, &starts, &config)?;
            for (replica, (start, end)) in starts.iter_mut().zip(ends).enumerate() {
                if end.outcome == Outcome::NonFinite {
                    bail!("replica {replica}: no finite energy near its start");
                }
                *start = end.positions;
            }
        }
        let mut simulation = Simulation::new(&self.engine, self.config.clone(), &starts)
            .context("placing the replicas (--minimise resolves clashes)")?;
        simulation.draw_velocities()?;
        Ok(simulation)
    }
}

/// What makes long steps possible.
struct Stiffness {
    constraints: FixedBonds,
    /// Da; 0 leaves masses as they are.
    hydrogen_mass: f64,
}

impl Stiffness {
    /// As asked for; what is not, is as it is in a serialised System, else what steps of 4 fs need.
    fn of(arguments: &Arguments) -> Result<Self> {
        let (constraints, hydrogen_mass) = match arguments.physics.serialised()? {
            Some(_) => (FixedBonds::None, 0.0),
            None => (FixedBonds::Hydrogen, 4.0),
        };
        Ok(Self {
            constraints: arguments.constraints.unwrap_or(constraints),
            hydrogen_mass: arguments.hmr.unwrap_or(hydrogen_mass),
        })
    }
}

/// What happens when.
pub(super) fn schedule(arguments: &Arguments) -> Result<Schedule<'_>> {
    let schedule = Schedule {
        out: &arguments.out,
        replicas: arguments.replicas,
        n_steps: n_steps(arguments)?,
        time_step: arguments.dt,
        save: arguments.save,
        exchange: arguments.exchange,
        checkpoint_every: arguments.checkpoint_every,
    };
    schedule.check("md")?;
    Ok(schedule)
}

fn n_steps(arguments: &Arguments) -> Result<u64> {
    let time = match (arguments.steps, arguments.time) {
        (Some(steps), _) => return Ok(steps),
        (None, Some(time)) => time,
        (None, None) => bail!("give --steps or --time"),
    };
    let steps = (time * 1000.0 / arguments.dt).round();
    ensure!(
        steps.is_finite() && steps >= 0.0,
        "--time {time} with --dt {}: expected positive numbers",
        arguments.dt
    );
    Ok(steps as u64)
}

fn integrator(arguments: &Arguments) -> Integrator {
    let friction = arguments.friction;
    match arguments.integrator {
        IntegratorName::LangevinMiddle => Integrator::LangevinMiddle { friction },
        IntegratorName::Baoab => Integrator::Baoab { friction },
        IntegratorName::Verlet => Integrator::VelocityVerlet,
        IntegratorName::Overdamped => Integrator::Overdamped { friction },
    }
}

/// Everything that the course of a replica depends on. The number of steps does not count: a finished
/// run may be made longer.
fn settings(
    arguments: &Arguments,
    stiffness: &Stiffness,
    temperatures: &[f64],
    system: &forcefield_gpu::System,
    frames: &[Vec<[f32; 3]>],
) -> Result<Settings> {
    let [ff, solvent, salt, cutoff] = arguments.physics.description(&arguments.source);
    let parameters = postcard::to_stdvec(system).context("describing the system")?;
    let mut positions = crc32fast::Hasher::new();
    for x in frames.iter().flatten().flatten() {
        positions.update(&x.to_le_bytes());
    }
    let exchange = arguments
        .exchange
        .map_or("none".to_owned(), |every| every.to_string());
    let named: Vec<(&str, String)> = vec![
        ff,
        solvent,
        salt,
        cutoff,
        ("--replicas", arguments.replicas.to_string()),
        ("--temperature", format!("{temperatures:?}")),
        ("--exchange", exchange),
        ("--dt", arguments.dt.to_string()),
        ("--save", arguments.save.to_string()),
        ("--seed", arguments.seed.to_string()),
        ("--friction", arguments.friction.to_string()),
        ("--integrator", format!("{:?}", arguments.integrator)),
        ("--hmr", stiffness.hydrogen_mass.to_string()),
        ("--constraints", format!("{:?}", stiffness.constraints)),
        ("--restrain", arguments.holds.restrain.join(" ")),
        (
            "--freeze",
            arguments.holds.freeze.clone().unwrap_or_default(),
        ),
        ("--minimise", arguments.minimise.to_string()),
        (
            "start positions (checksum)",
            positions.finalize().to_string(),
        ),
        (
            "force-field parameters (checksum)",
            crc32fast::hash(&parameters).to_string(),
        ),
    ];
    let owned = named
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(Settings(owned.collect()))
}
