//! The demo's own frames: replicas of CLN025 at several temperatures, built from its sequence and run by
//! this program's engine.

use crate::commands::build;
use crate::config::SourceConfig;
use crate::progress;
use anyhow::{Context, Result, bail, ensure};
use dynamics::{
    Constraint, Integrator, MinimiseConfig, Replica, Simulation, SimulationConfig, minimise,
};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, Engine, EngineConfig, ForceField, SystemOptions};
use molio::{Conformation, Frame, SideChainConfig, Turn, parse_sequence};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// CLN025 (S. Honda et al., J. Am. Chem. Soc. 130, 15327 (2008), 10.1021/ja8030533), which folds to a hairpin.
pub(super) const SEQUENCE: &str = "YYDPETGTWY";

/// Replicas at each temperature: with these temperatures, two blocks of the engine's sixteen lanes.
const REPLICAS_EACH: usize = 8;
/// K: hairpins stay, or open faster and faster.
const TEMPERATURES: [f64; 4] = [LABEL_TEMPERATURE, 350.0, 420.0, 500.0];
/// K: frames of this one are kept with their forces, for the coarse-grained model.
pub(super) const LABEL_TEMPERATURE: f64 = 315.0;
/// ps
const TIME_STEP: f64 = 0.004;
/// 1/ps: weak, so that chains move faster than in water.
const FRICTION: f64 = 0.5;
/// Da: hydrogens this heavy on rigid bonds allow the long step.
const HYDROGEN_MASS: f64 = 4.0;
/// Steps between frames: 1 ps.
const EVERY: u64 = 250;
/// Steps between frames with forces, which forget sooner: 0.2 ps.
const EVERY_LABEL: u64 = 50;

/// A finished simulation.
pub(super) struct Run {
    /// One trajectory a replica.
    pub(super) sources: Vec<SourceConfig>,
    /// Temperature (K) of each source.
    pub(super) temperatures: Vec<f64>,
    /// Names of files with positions and forces at [`LABEL_TEMPERATURE`].
    pub(super) labelled: Vec<String>,
    pub(super) summary: SimulationSummary,
}

/// What `summary.json` tells of it.
#[derive(Clone, Serialize)]
pub(super) struct SimulationSummary {
    sequence: &'static str,
    atoms: usize,
    replicas: usize,
    temperatures_kelvin: Vec<f64>,
    picoseconds_each: f64,
    pub(super) ns_per_day: f64,
    faults: usize,
    seconds: f64,
}

/// Two hairpins of CLN025: with the loop of four residues that the peptide has, and with the commonest turn of
/// two, which opens. Replicas begin at the one and the other in turn.
const TURNS: [Turn; 2] = [Turn::FourSix, Turn::TypeIPrime];

/// Builds hairpins of CLN025 as `foldscape build --conformation hairpin` does, minimises them, then runs all
/// replicas for `picoseconds` and writes them to `folder`.
pub(super) fn run(folder: &Path, picoseconds: f64, seed: u64, stop: &AtomicBool) -> Result<Run> {
    let n_frames = (picoseconds / (TIME_STEP * EVERY as f64)).round();
    ensure!(
        (1.0..1e6).contains(&n_frames),
        "--picoseconds {picoseconds}: expected 1 to 1e6"
    );
    let n_frames = n_frames as u64;
    let clock = Instant::now();
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let forms = parse_sequence(SEQUENCE)?;
    let hairpin = |turn| {
        let conformation = Conformation::Hairpin { turn, first: None };
        build::peptide(&forms, conformation, &SideChainConfig::default())
    };
    let hairpins = TURNS.map(hairpin).into_iter().collect::<Result<Vec<_>>>()?;
    let topology = hairpins[0].0.clone();
    let built: Vec<_> = hairpins
        .into_iter()
        .map(|(_, positions)| positions)
        .collect();
    let start = folder.join("start.pdb");
    let mut writer = molio::create(&start, &topology)?;
    writer.write_frame(&Frame::from_positions(built[0].clone()))?;
    writer.finish()?;
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(HYDROGEN_MASS),
        ..SystemOptions::with_solvent(BornModel::Gbn2)
    };
    let system = ForceField::ff14sb()?.create_system(&topology, &options)?;
    let constraints: Vec<Constraint> = system
        .constraints
        .iter()
        .map(|c| Constraint {
            atoms: c.atoms,
            distance: c.length,
        })
        .collect();
    let engine = Engine::new(&system, EngineConfig::default())?;
    let settings = MinimiseConfig {
        constraints: constraints.clone(),
        ..MinimiseConfig::new()
    };
    let minimised = minimise(&engine, &built, &settings)?;

    let temperatures: Vec<f64> = TEMPERATURES
        .iter()
        .flat_map(|&t| [t; REPLICAS_EACH])
        .collect();
    let config = SimulationConfig {
        masses: system.masses,
        replicas: Replica::numbered(&temperatures),
        integrator: Integrator::LangevinMiddle { friction: FRICTION },
        time_step: TIME_STEP,
        constraints,
        constraint_tolerance: 1e-6,
        seed,
    };
    let starts: Vec<_> = (0..temperatures.len())
        .map(|replica| minimised[replica % TURNS.len()].positions.clone())
        .collect();
    let mut simulation = Simulation::new(engine, config, &starts)?;
    simulation.draw_velocities()?;

    let paths: Vec<_> = (0..temperatures.len())
        .map(|replica| {
            let kelvin = temperatures[replica];
            folder.join(format!("replica{replica:02}-{kelvin:.0}K.xtc"))
        })
        .collect();
    let mut writers = paths
        .iter()
        .map(|path| molio::create(path, &topology))
        .collect::<Result<Vec<_>, _>>()?;
    let labelled: Vec<(usize, String)> = (0..temperatures.len())
        .filter(|&replica| temperatures[replica] == LABEL_TEMPERATURE)
        .map(|replica| (replica, format!("forces{replica:02}.trr")))
        .collect();
    let mut label_writers = labelled
        .iter()
        .map(|(_, name)| molio::create(folder.join(name), &topology))
        .collect::<Result<Vec<_>, _>>()?;
    let bar = progress::bar(Some(n_frames), "ps of all replicas");
    let advancing = Instant::now();
    for _ in 0..n_frames {
        for _ in 0..EVERY / EVERY_LABEL {
            simulation.advance(EVERY_LABEL)?;
            for ((replica, _), writer) in labelled.iter().zip(&mut label_writers) {
                let frame = simulation.frame(*replica);
                writer.write_frame(&Frame {
                    velocities: None,
                    ..frame
                })?;
            }
        }
        for (replica, writer) in writers.iter_mut().enumerate() {
            writer.write_frame(&simulation.frame(replica))?;
        }
        bar.inc(1);
        if stop.load(Ordering::Relaxed) {
            bail!("stopped; the same command starts anew");
        }
    }
    bar.finish_and_clear();
    let days = advancing.elapsed().as_secs_f64() / 86_400.0;
    for writer in writers.into_iter().chain(label_writers) {
        writer.finish()?;
    }
    for fault in simulation.faults() {
        tracing::warn!(replica = fault.replica, step = fault.step, cause = ?fault.cause, "a replica stopped");
    }
    let picoseconds_each = simulation.step() as f64 * TIME_STEP;
    Ok(Run {
        sources: paths
            .into_iter()
            .map(|trajectory| SourceConfig {
                trajectory,
                topology: Some(start.clone()),
            })
            .collect(),
        summary: SimulationSummary {
            sequence: SEQUENCE,
            atoms: topology.n_atoms(),
            replicas: temperatures.len(),
            temperatures_kelvin: TEMPERATURES.to_vec(),
            picoseconds_each,
            ns_per_day: picoseconds_each * temperatures.len() as f64 / 1000.0 / days,
            faults: simulation.faults().len(),
            seconds: clock.elapsed().as_secs_f64(),
        },
        temperatures,
        labelled: labelled.into_iter().map(|(_, name)| name).collect(),
    })
}
