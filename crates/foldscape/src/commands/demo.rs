//! `foldscape demo`: the main job, from frames to a report, in one command.

mod coarse;
mod energies;
mod findings;
mod report;
mod simulate;

use crate::config::{Config, DEFAULT_SELECTION, DataConfig, SourceConfig, SplitConfig};
use crate::physics_loss::{NonbondedModel, PhysicsConfig};
use crate::{interrupt, output, training};
use anyhow::{Context, Result, bail};
use autoencoder::{
    Conv1dConfig, Decay, Generator, ModelConfig, Outcome, Pca, Schedule, TrainerConfig, Weight,
};
use candle_core::Device;
use coarse::{Coarse, Effort};
use findings::{Findings, Scale, mean};
use molio::{Dataset, Trajectory};
use simulate::Run;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// CLN025 in implicit solvent, folded, unfolding and unfolded; `cln025.json` tells how it was made.
const DEMO_TOPOLOGY: &[u8] = include_bytes!("../../data/cln025.pdb");
const DEMO_TRAJECTORY: &[u8] = include_bytes!("../../data/cln025.xtc");

/// Structures on the decoded path.
const PATH_POINTS: usize = 41;
/// Passes over the training frames, and frames of a step, of the demo's own frames; fewer frames are gone
/// through more often, up to [`MOST_EPOCHS`] times: what counts is the number of steps.
const EPOCHS: usize = 40;
const BATCH: usize = 32;
const STEPS: usize = 3000;
const MOST_EPOCHS: usize = 400;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Your own trajectory instead of a simulation.
    #[arg(long, value_name = "TRAJECTORY")]
    data: Option<PathBuf>,
    /// Its topology, where the trajectory has none.
    #[arg(long, value_name = "FILE", requires = "data")]
    top: Option<PathBuf>,
    /// The bundled trajectory of CLN025, made with OpenMM, instead of a simulation.
    #[arg(long, conflicts_with = "data")]
    bundled: bool,
    /// How long each of the 32 replicas is simulated, ps.
    #[arg(long, default_value_t = 100.0, conflicts_with_all = ["data", "bundled"])]
    picoseconds: f64,
    /// Which atoms to learn.
    #[arg(long, value_name = "SELECTION", default_value = DEFAULT_SELECTION)]
    select: String,
    /// Rounds of active learning of a coarse-grained model; 0 leaves that part out, as do frames of your own.
    #[arg(long, value_name = "N", default_value_t = 2)]
    rounds: usize,
    /// Frames that active learning chooses in a round; it asks the force field about those whose backbone comes out sound.
    #[arg(long, value_name = "N", default_value_t = 256)]
    frames_per_round: usize,
    /// Steps of each of the coarse-grained model's 32 replicas.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    coarse_steps: u64,
    /// Norm of the gradient of the energy over that of the error; 0 leaves the force field out.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    physics: f64,
    /// Folder for report, checkpoint and structures.
    #[arg(long, value_name = "FOLDER", default_value = "foldscape-demo")]
    out: PathBuf,
    /// Passes over the training frames; without it 40, and up to 400 where frames are few.
    #[arg(long)]
    epochs: Option<usize>,
    /// Decides the simulation's noise, initial parameters, order of frames, and which blocks of time are held out.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let start = Instant::now();
    std::fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    let stop = interrupt::flag()?;
    let simulation = simulate(arguments, &stop)?;
    let data = frames(arguments, simulation.as_ref())?;
    let dataset = training::dataset(&data)?;
    if dataset.split().test.is_empty() {
        bail!("{} frames are too few to hold any out", dataset.n_frames());
    }
    let mut config = configure(arguments, data, &dataset);
    config.physics = physics(arguments, &dataset)?;
    train(&config, &dataset, &stop)?;
    let control = Config {
        out: arguments.out.join("model-without-physics"),
        physics: None,
        ..config.clone()
    };
    if config.physics.is_some() {
        train(&control, &dataset, &stop)?;
    }
    let mut findings = examine(arguments, &config, &control, &dataset, simulation.as_ref())?;
    findings.coarse = match &simulation {
        Some(run) if arguments.rounds > 0 => Some(coarse(arguments, run, &stop)?),
        _ => None,
    };
    findings.seconds = start.elapsed().as_secs_f64();
    let summary = findings.summary();
    write_results(arguments, &mut findings, &summary)?;
    if arguments.json {
        return output::json(&summary);
    }
    output::table(&summary.rows())?;
    let coarse = match summary.active_learning {
        Some(_) => ", cg-model.safetensors, the campaign's own campaign/report.html",
        None => "",
    };
    println!(
        "\n{} holds report.html, interpolation.pdb, summary.json{coarse} and the checkpoint",
        arguments.out.display()
    );
    Ok(())
}

fn train(config: &Config, dataset: &Dataset, stop: &AtomicBool) -> Result<()> {
    let outcome = training::train(config, dataset, stop)?;
    if outcome == Outcome::Interrupted {
        bail!(
            "stopped; the same command goes on from {}",
            config.out.display()
        );
    }
    Ok(())
}

fn coarse(arguments: &Arguments, run: &Run, stop: &AtomicBool) -> Result<Coarse> {
    let effort = Effort {
        rounds: arguments.rounds,
        frames: arguments.frames_per_round,
        steps: arguments.coarse_steps,
    };
    coarse::run(&arguments.out, run, &effort, arguments.seed, stop)
}

/// The demo's own frames, unless others are asked for.
fn simulate(arguments: &Arguments, stop: &AtomicBool) -> Result<Option<Run>> {
    if arguments.data.is_some() || arguments.bundled {
        return Ok(None);
    }
    let folder = arguments.out.join("frames");
    simulate::run(&folder, arguments.picoseconds, arguments.seed, stop).map(Some)
}

/// Where the frames come from, and which blocks of time are held out.
fn frames(arguments: &Arguments, simulation: Option<&Run>) -> Result<DataConfig> {
    let sources = match (simulation, &arguments.data) {
        (Some(run), _) => run.sources.clone(),
        (None, Some(data)) => vec![SourceConfig {
            trajectory: data.clone(),
            topology: arguments.top.clone(),
        }],
        (None, None) => vec![SourceConfig {
            trajectory: bundled(&arguments.out, "cln025.xtc", DEMO_TRAJECTORY)?,
            topology: Some(bundled(&arguments.out, "cln025.pdb", DEMO_TOPOLOGY)?),
        }],
    };
    // many short replicas need few blocks each to have as many as one long run
    let blocks = if sources.len() > 1 { 5 } else { 20 };
    Ok(DataConfig {
        selection: arguments.select.clone(),
        split: SplitConfig {
            blocks,
            validation: 0.1,
            test: 0.15,
            seed: arguments.seed,
            ..SplitConfig::default()
        },
        ..DataConfig::new(sources)
    })
}

/// The force field in the loss, where there is one for the atoms.
fn physics(arguments: &Arguments, dataset: &Dataset) -> Result<Option<PhysicsConfig>> {
    if arguments.physics == 0.0 {
        return Ok(None);
    }
    let weight = Weight::GradientShare {
        share: arguments.physics,
        memory: 0.9,
    };
    // zero in sound structures: what it adds are clashes
    let physics = PhysicsConfig {
        nonbonded: NonbondedModel::Repel,
        ..PhysicsConfig::new(weight)
    };
    match physics.system(dataset.topology()) {
        Ok(_) => Ok(Some(physics)),
        Err(error) if arguments.data.is_some() => {
            tracing::warn!("training without the force field: {error:#}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// As many as give the demo's number of steps, within bounds.
fn epochs(n_frames: usize) -> usize {
    (STEPS / n_frames.div_ceil(BATCH).max(1)).clamp(EPOCHS, MOST_EPOCHS)
}

fn configure(arguments: &Arguments, data: DataConfig, dataset: &Dataset) -> Config {
    let n_atoms = dataset.n_atoms();
    let n_frames = dataset.split().train.len();
    Config {
        out: arguments.out.join("model"),
        data,
        model: ModelConfig::Conv1d(network(n_atoms)),
        physics: None,
        trainer: TrainerConfig {
            epochs: arguments.epochs.unwrap_or_else(|| epochs(n_frames)),
            batch_size: BATCH,
            learning_rate: 2e-3,
            schedule: Schedule {
                decay: Decay::Cosine { floor: 0.02 },
                ..Schedule::default()
            },
            patience: None,
            seed: arguments.seed,
            ..TrainerConfig::default()
        },
    }
}

/// The convolutional network with as many halvings as leave a few positions of the chain, half the published
/// channels, since frames are few, but more at its narrowest, where one channel leaves small proteins one number.
fn network(n_atoms: usize) -> Conv1dConfig {
    let halvings = (n_atoms as f64 / 3.0).log2() as usize;
    Conv1dConfig {
        depth: halvings.saturating_sub(2).clamp(1, 4),
        init_channels: 16,
        bottleneck_channels: 64,
        ..Conv1dConfig::default()
    }
}

/// Puts a bundled file beside the results, where the user can look at it.
fn bundled(out: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = out.join(name);
    std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    Ok(path)
}

fn examine(
    arguments: &Arguments,
    config: &Config,
    control: &Config,
    dataset: &Dataset,
    simulation: Option<&Run>,
) -> Result<Findings> {
    let generator = training::best(&config.out)?;
    let all: Vec<usize> = (0..dataset.n_frames()).collect();
    let held_out = dataset.split().test.clone();
    let pca = Pca::new(dataset, &dataset.split().train, 2, &Device::Cpu)?;
    let rmsd = training::held_out_rmsd(generator.model(), dataset)?;
    let rmsd_pca = training::held_out_rmsd(&pca, dataset)?;
    let codes = autoencoder::encode_frames(generator.model(), dataset, &all, 64, &Device::Cpu)?;

    let trace = trace_atoms(dataset);
    let (reference, target) = match simulation {
        Some(_) => native(arguments, dataset, &trace)?,
        None => ("the first frame", pick(&dataset.positions(0)?, &trace)),
    };
    let rmsd_to_reference = distances(dataset, &trace, &target)?;
    let by_distance =
        |&a: &usize, &b: &usize| rmsd_to_reference[a].total_cmp(&rmsd_to_reference[b]);
    let nearest = all.iter().copied().min_by(by_distance).unwrap_or(0);
    let farthest = all.iter().copied().max_by(by_distance).unwrap_or(0);
    let path_codes = autoencoder::straight_line(&codes[nearest], &codes[farthest], PATH_POINTS)?;
    let path = generator.decode(&path_codes)?;
    let to_end = |end: usize| -> Result<Vec<f64>> {
        let target = dataset.positions(end)?;
        (0..path.n_frames())
            .map(|i| Ok(molio::rmsd(path.positions(i), &target)?))
            .collect()
    };
    let (overlay, overlay_rmsd) = median_overlay(dataset, &generator, &held_out, &rmsd, &trace)?;
    let without = match &config.physics {
        Some(physics) => {
            let without = training::best(&control.out)?;
            let ends = [nearest, farthest];
            let energies = energies::compare(
                physics,
                dataset,
                &generator,
                &without,
                ends,
                PATH_POINTS,
                arguments.seed,
            )?;
            let rmsd = training::held_out_rmsd(without.model(), dataset)?;
            Some((energies, 10.0 * mean(&rmsd)))
        }
        None => None,
    };
    let interpolation = arguments.out.join("interpolation.pdb");
    path.write(&interpolation, dataset.topology())?;
    Ok(Findings {
        system: describe(arguments, dataset, simulation),
        simulation: simulation.map(|run| run.summary.clone()),
        without,
        n_atoms: dataset.n_atoms(),
        model: "A one-dimensional convolutional autoencoder (Ramaswamy et al. 2021)",
        n_parameters: generator.n_parameters(),
        epochs: training::logged_epochs(&config.out)?,
        codes: pairs(&codes),
        scale: scale(dataset, simulation),
        reference,
        rmsd_to_reference,
        held_out,
        rmsd,
        rmsd_pca,
        overlay,
        overlay_rmsd,
        path: pairs(&path_codes),
        path_rmsd: [to_end(nearest)?, to_end(farthest)?],
        path_pdb: std::fs::read(&interpolation)
            .with_context(|| interpolation.display().to_string())?,
        coarse: None,
        seconds: 0.0,
    })
}

/// What colours the first map: temperatures of replicas, else times, else numbers of frames.
fn scale(dataset: &Dataset, simulation: Option<&Run>) -> Scale {
    let all = 0..dataset.n_frames();
    if let Some(run) = simulation {
        let kelvin = dataset.description().sources.iter().zip(&run.temperatures);
        return Scale::Temperature(
            kelvin
                .flat_map(|(source, &kelvin)| vec![kelvin; source.frames.len()])
                .collect(),
        );
    }
    let times: Option<Vec<f64>> = all.clone().map(|i| dataset.time(i)).collect();
    times.map_or_else(
        || Scale::Frame(all.map(|i| i as f64).collect()),
        Scale::Time,
    )
}

fn describe(arguments: &Arguments, dataset: &Dataset, simulation: Option<&Run>) -> String {
    let name = match (&arguments.data, simulation) {
        (Some(data), _) => data.display().to_string(),
        (None, Some(_)) => format!(
            "CLN025 ({}), ff14SB with GBn2 solvent, 32 replicas at 315, 350, 420 and 500 K from two hairpins that were built from \
             the sequence, simulated by this program",
            simulate::SEQUENCE
        ),
        (None, None) => "CLN025 (YYDPETGTWY), ff14SB with GBn2 solvent, from the crystal structure at 300 K, 500 K and 300 K, \
                         simulated with OpenMM"
            .to_owned(),
    };
    let topology = dataset.topology();
    format!(
        "{name}: {} frames of {} atoms in {} residues ({})",
        dataset.n_frames(),
        topology.n_atoms(),
        topology.n_residues(),
        arguments.select
    )
}

/// The CA atoms, or all atoms of something that has none.
fn trace_atoms(dataset: &Dataset) -> Vec<usize> {
    let atoms = dataset.topology().atoms();
    let trace: Vec<usize> = (0..atoms.len())
        .filter(|&i| atoms[i].name == "CA")
        .collect();
    if trace.len() < 3 {
        (0..atoms.len()).collect()
    } else {
        trace
    }
}

fn pick(positions: &[[f32; 3]], atoms: &[usize]) -> Vec<[f32; 3]> {
    atoms.iter().map(|&atom| positions[atom]).collect()
}

/// The same atoms in the crystal structure of CLN025, which no frame comes from.
fn native(
    arguments: &Arguments,
    dataset: &Dataset,
    trace: &[usize],
) -> Result<(&'static str, Vec<[f32; 3]>)> {
    let path = bundled(&arguments.out, "cln025.pdb", DEMO_TOPOLOGY)?;
    let topology = molio::read_topology(&path)?;
    let positions = Trajectory::read(&path)?;
    let same = |&atom: &usize| {
        let name = &dataset.topology().atoms()[atom].name;
        let number = dataset.topology().residue_of(atom).number;
        let residue = topology.residues().iter().position(|r| r.number == number);
        residue
            .and_then(|residue| topology.find(residue, name))
            .with_context(|| format!("the crystal structure has no {name} in residue {number}"))
    };
    let atoms: Vec<usize> = trace.iter().map(same).collect::<Result<_>>()?;
    Ok((
        "the crystal structure (PDB 5AWL)",
        pick(positions.positions(0), &atoms),
    ))
}

/// Of each frame's traced atoms to `target`, after superposition, nm.
fn distances(dataset: &Dataset, trace: &[usize], target: &[[f32; 3]]) -> Result<Vec<f64>> {
    (0..dataset.n_frames())
        .map(|i| Ok(molio::rmsd(&pick(&dataset.positions(i)?, trace), target)?))
        .collect()
}

/// The held-out frame whose error is the median, and its decoded form superposed on it.
fn median_overlay(
    dataset: &Dataset,
    generator: &Generator,
    held_out: &[usize],
    rmsd: &[f64],
    trace: &[usize],
) -> Result<([Vec<[f32; 3]>; 2], f64)> {
    let mut order: Vec<usize> = (0..rmsd.len()).collect();
    order.sort_by(|&a, &b| rmsd[a].total_cmp(&rmsd[b]));
    let median = order[order.len() / 2];
    let index = held_out[median];
    let input = dataset.positions(index)?;
    let mut decoded = generator
        .decode(&[generator.encode(&input)?])?
        .positions(0)
        .to_vec();
    molio::superpose(&decoded, &input, None)?.apply(&mut decoded);
    Ok(([pick(&input, trace), pick(&decoded, trace)], rmsd[median]))
}

fn pairs(codes: &[Vec<f32>]) -> Vec<[f64; 2]> {
    codes
        .iter()
        .map(|code| [f64::from(code[0]), f64::from(code[1])])
        .collect()
}

fn write_results(
    arguments: &Arguments,
    findings: &mut Findings,
    summary: &findings::Summary,
) -> Result<()> {
    report::report(findings, summary)?.write(arguments.out.join("report.html"))?;
    let path = arguments.out.join("summary.json");
    let text = serde_json::to_string_pretty(summary)? + "\n";
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    if mean(&findings.rmsd) >= mean(&findings.rmsd_pca) {
        tracing::warn!(
            "on this split the autoencoder is no better than a principal component analysis"
        );
    }
    Ok(())
}
