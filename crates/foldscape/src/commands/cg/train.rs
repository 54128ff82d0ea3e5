//! `foldscape cg train`

use super::balance::Balance;
use super::committee::{Trainee, member_file};
use super::config::Config;
use super::labels::{Atoms, Maps, expand, mean_square};
use super::page::Story;
use crate::commands::replicas::Rungs;
use crate::{interrupt, output, progress};
use anyhow::{Context, Result, bail};
use cg_potential::{
    BeadGraph, CgModel, EnergyTarget, EpochRecord, ForceData, ForceSplit, ForceTrainer, Network,
    PriorFit, Refinement, RefinementConfig, TrainerConfig, TrainingEvent, TrainingOutcome,
    TrainingSet,
};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

const REFINEMENT_LOG: &str = "refinement.jsonl";

/// The run's folder gets the model, `report.html`, `report.json` and a log.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Configuration file (TOML).
    config: PathBuf,
    /// Folder of the run, instead of the one that the file names.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Passes over the training frames, at most.
    #[arg(long)]
    epochs: Option<usize>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// What came out; forces in kJ/mol/nm, losses in their squares.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    model: String,
    pub(super) outcome: &'static str,
    pub(crate) frames: usize,
    pub(super) training_frames: usize,
    pub(crate) beads: usize,
    pub(super) temperature: f64,
    pub(super) epochs: usize,
    best_epoch: Option<usize>,
    pub(super) train_loss: Option<f64>,
    pub(crate) validation_loss: Option<f64>,
    /// Of the forces that the priors leave.
    pub(crate) prior_only_loss: f64,
    /// Noise of the projected forces, estimated from what the network leaves.
    pub(crate) noise_floor: f64,
    pub(super) noise_floor_standard_error: f64,
    /// Root mean square force on beads: of the constraint-aware sum, and of the map in use.
    pub(super) rms_force_constraint_aware: Option<f64>,
    pub(super) rms_force: f64,
    #[serde(flatten)]
    pub(super) balance: Option<Balance>,
    pub(super) members: usize,
    /// Of a committee: root mean variance of the members' forces over the validation frames.
    pub(super) force_deviation: Option<f64>,
    /// With an energy term: standard deviation of what energies of the validation frames are off, kJ/mol.
    energy_deviation: Option<f64>,
    pub(crate) frames_per_second: f64,
    seconds: f64,
}

/// Labels, their split and priors.
pub(crate) struct Prepared {
    pub(crate) maps: Maps,
    pub(crate) data: ForceData,
    pub(crate) split: ForceSplit,
    pub(crate) fit: PriorFit,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut config = Config::read(&arguments.config)?;
    if let Some(out) = &arguments.out {
        config.output.folder.clone_from(out);
    }
    if let Some(epochs) = arguments.epochs {
        config.training.epochs = epochs;
    }
    let report = train(&config, interrupt::flag()?.as_ref())?;
    if arguments.json {
        return output::json(&report);
    }
    let number =
        |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |v| format!("{v:.0}"));
    output::table(&[
        ("model", report.model.clone()),
        (
            "outcome",
            format!("{} after {} epochs", report.outcome, report.epochs),
        ),
        (
            "frames",
            format!(
                "{}, {} of them for training",
                report.frames, report.training_frames
            ),
        ),
        (
            "rms force, constraint-aware sum → map in use",
            format!(
                "{} → {:.0} kJ/mol/nm",
                number(report.rms_force_constraint_aware),
                report.rms_force
            ),
        ),
        (
            "loss of the priors alone",
            format!("{:.0} (kJ/mol/nm)²", report.prior_only_loss),
        ),
        ("training loss, best epoch", number(report.train_loss)),
        (
            "validation loss, best epoch",
            number(report.validation_loss),
        ),
        (
            "noise floor",
            format!(
                "{:.0} ± {:.0}",
                report.noise_floor, report.noise_floor_standard_error
            ),
        ),
        (
            "virial of the forces",
            report
                .balance
                .as_ref()
                .map_or_else(|| "none of one frame".to_owned(), Balance::text),
        ),
        (
            "members, deviation of their forces",
            format!("{}, {}", report.members, number(report.force_deviation)),
        ),
        (
            "training frames a second",
            format!("{:.0}", report.frames_per_second),
        ),
    ])
}

/// Maps, splits and fits priors.
pub(crate) fn prepare(config: &Config, stop: &AtomicBool) -> Result<Prepared> {
    let mut trajectories = Vec::new();
    for pattern in &config.data.trajectories {
        trajectories.extend(expand(pattern)?);
    }
    let atoms = Atoms {
        trajectories,
        topology: molio::read_topology(&config.data.topology)?,
        skip: config.data.skip,
        stride: config.data.stride,
        chosen: None,
        rungs: Rungs::read_if_any(
            config.data.temperatures.as_deref(),
            Some(config.data.temperature),
        )?,
    };
    let mapping = config.map.beads.parse()?;
    let noise = config.noise.map(|noise| (noise, config.data.temperature));
    let (kind, constraints) = (config.map.forces, config.map.constraints);
    let maps = atoms.maps_with_noise(&mapping, kind, constraints, noise, stop)?;
    let energies = config
        .training
        .energy
        .is_some_and(|energy| energy.toward == EnergyTarget::Labels);
    let data = atoms.labels_with_extras(&maps, energies, stop)?;
    let split = data.split(&config.data.split)?;
    let graph = BeadGraph::new(maps.positions.beads())?;
    let frames = data.positions_of(&split.train);
    let fit = PriorFit::new(&config.prior, &graph, &frames, config.data.temperature)?;
    Ok(Prepared {
        maps,
        data,
        split,
        fit,
    })
}

/// A whole run, or what is left of it.
pub(crate) fn train(config: &Config, stop: &AtomicBool) -> Result<Report> {
    let started = std::time::Instant::now();
    let prepared = prepare(config, stop)?;
    let Prepared {
        maps,
        data,
        split,
        fit,
    } = &prepared;
    let choice = config.network()?;
    let beads = maps.positions.beads();
    let members = config.committee.map_or(1, |committee| committee.members);
    let seeds = (0..members as u64).map(|member| choice.seed.wrapping_add(member));
    let networks = seeds.map(|seed| choice.network(beads, seed));
    let mut trainee = Trainee::new(networks.collect::<Result<_>>()?)?;
    let floor = |forces: &[[f32; 3]]| data.noise_floor(forces, &config.data.noise_floor);
    let deltas = data.delta_forces(&fit.priors)?;
    let before = floor(&deltas)?;
    eprintln!(
        "{} frames of {} beads; loss of the priors alone {:.0}, noise floor at most {:.0} (kJ/mol/nm)²",
        data.n_frames(),
        data.n_beads(),
        before.mean_square,
        before.floor
    );
    let balance = Balance::of(data, config.data.temperature)?;
    if let Some(balance) = &balance {
        balance.warn();
    }
    let set = TrainingSet {
        data,
        split,
        priors: &fit.priors,
        temperature: config.data.temperature,
    };
    let folder = &config.output.folder;
    let mut description = choice.description(choice.seed)?;
    if members > 1 {
        description.push_str(&format!(" and {} more members", members - 1));
    }
    let mut trainer = ForceTrainer::new(
        config.training.clone(),
        trainee.model(),
        &description,
        set,
        folder,
    )
    .with_context(|| format!("preparing the run in {}", folder.display()))?;
    write_fit(folder, fit)?;
    let outcome = follow(&mut trainer, &config.training, before.floor, stop)?;
    if outcome == TrainingOutcome::Interrupted {
        bail!(
            "stopped; the same command goes on from {}",
            folder.display()
        );
    }
    trainer.restore_best()?;
    let best = trainer.best();
    let epochs = trainer.epochs_done();
    // what the network leaves is smoother than what the priors leave, so its noise is better known
    let all: Vec<usize> = (0..data.n_frames()).collect();
    let after = floor(&trainer.residuals(&all))?;
    drop(trainer);
    let records: Vec<EpochRecord> = records(&folder.join("log.jsonl"))?;
    let of_best = records
        .iter()
        .find(|r| Some(r.epoch) == best.map(|(epoch, _)| epoch));
    let force_deviation = match trainee.force_variance(data.positions()) {
        Some(variances) => {
            let shape = [variances.len() as u64];
            let path = folder.join("force-variance.npy");
            output::array(&path, &shape, variances.iter().copied())?;
            let held = &split.validation;
            let sum: f64 = held.iter().map(|&frame| variances[frame]).sum();
            (!held.is_empty()).then(|| (sum / held.len() as f64).sqrt())
        }
        None => None,
    };
    let path = member_file(folder, 0);
    let mut networks = trainee.members();
    let mut model = CgModel::new(
        networks.remove(0),
        fit.priors.clone(),
        beads.clone(),
        config.data.temperature,
    )?;
    model.notes = serde_json::json!({
        "map": config.map,
        "noise": config.noise,
        "committee": config.committee,
        "split": split,
        "training": config.training,
        "validation_loss": best.map(|(_, loss)| loss),
        "noise_floor": after.floor,
    });
    if let Some(refinement) = &config.refinement {
        model.network = refine(refinement, &model, set, None, folder, stop)?;
        model.notes["refinement"] = serde_json::to_value(refinement)?;
    }
    model.save(&path)?;
    for (index, network) in networks.into_iter().enumerate() {
        let member = CgModel {
            network,
            ..model.clone()
        };
        member.save(&member_file(folder, index + 1))?;
    }
    let seconds: f64 = records.iter().map(|r| r.train_seconds).sum();
    let report = Report {
        model: path.display().to_string(),
        outcome: if outcome == TrainingOutcome::Finished {
            "finished"
        } else {
            "stopped early"
        },
        frames: data.n_frames(),
        training_frames: split.train.len(),
        beads: data.n_beads(),
        temperature: config.data.temperature,
        epochs,
        best_epoch: best.map(|(epoch, _)| epoch),
        train_loss: of_best.map(|r| r.train),
        validation_loss: best.map(|(_, loss)| loss),
        prior_only_loss: before.mean_square,
        noise_floor: after.floor.min(before.floor),
        noise_floor_standard_error: after.standard_error,
        rms_force_constraint_aware: Some(maps.rms[0]).filter(|rms| rms.is_finite()),
        rms_force: match &maps.noise {
            Some(_) => mean_square(data.forces()).sqrt(),
            None => maps.rms[1],
        },
        balance,
        members,
        force_deviation,
        energy_deviation: of_best.and_then(|r| r.energy_deviation),
        frames_per_second: (split.train.len() * records.len()) as f64 / seconds.max(1e-9),
        seconds: started.elapsed().as_secs_f64(),
    };
    let text = serde_json::to_string_pretty(&report)?;
    let path = folder.join("report.json");
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    let refinement = match &config.refinement {
        Some(_) => self::records(&folder.join(REFINEMENT_LOG))?,
        None => Vec::new(),
    };
    let story = Story {
        config,
        report: &report,
        network: &description,
        curves: &fit.curves,
        epochs: &records,
        refinement: &refinement,
    };
    story.write(folder)?;
    Ok(report)
}

/// Runs a trainer to its end or to the raised flag, with a bar; `floor` is the noise floor of the data.
pub(crate) fn follow(
    trainer: &mut ForceTrainer<'_>,
    config: &TrainerConfig,
    floor: f64,
    stop: &AtomicBool,
) -> Result<TrainingOutcome> {
    let bar = progress::bar(Some(config.epochs as u64), "epochs");
    bar.set_position(trainer.epochs_done() as u64);
    let outcome = trainer.run(stop, &mut |event| match event {
        TrainingEvent::Resumed { epoch } => bar.println(format!("going on after epoch {epoch}")),
        TrainingEvent::Epoch { record, best } => {
            bar.inc(1);
            bar.set_message(format!(
                "train {:.1}, validation {:.1}, noise floor at most {:.1}{}",
                record.train,
                record.validation,
                floor,
                if *best { " (best)" } else { "" }
            ));
        }
        _ => {}
    })?;
    bar.finish_and_clear();
    Ok(outcome)
}

/// Refines the network that force matching left, whose model is kept beside the refined one.
pub(crate) fn refine(
    config: &RefinementConfig,
    model: &CgModel,
    set: TrainingSet<'_>,
    weights: Option<&[f64]>,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<Network> {
    model.save(&folder.join("force-matched.safetensors"))?;
    let mut network = model.network.clone();
    let mut refinement = Refinement::new(config.clone(), &mut network, set, weights, folder)
        .with_context(|| format!("preparing the refinement in {}", folder.display()))?;
    let bar = progress::bar(Some(config.iterations as u64), "iterations of refinement");
    bar.set_position(refinement.iterations_done() as u64);
    let path = folder.join(REFINEMENT_LOG);
    let mut log = Lines::open(&path, refinement.iterations_done())?;
    let mut failed = None;
    let done = refinement.run(stop, &mut |record| {
        bar.inc(1);
        bar.set_message(format!(
            "energy gap {:.2} kJ/mol, force loss {:.0}, {} faults",
            record.energy_gap, record.force_loss, record.faults
        ));
        failed = failed.take().or(log.append(record).err());
    })?;
    bar.finish_and_clear();
    if let Some(error) = failed {
        return Err(error).with_context(|| path.display().to_string());
    }
    if !done {
        bail!(
            "stopped; the same command goes on from {}",
            folder.display()
        );
    }
    drop(refinement);
    Ok(network)
}

/// A log of one JSON document a line.
struct Lines(std::fs::File);

impl Lines {
    /// Keeps the first `n` lines of what is there.
    fn open(path: &Path, n: usize) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let kept: String = text.split_inclusive('\n').take(n).collect();
        // a kill in between must not cost the lines
        dynamics::write_atomically(path, kept.as_bytes())?;
        let file = std::fs::OpenOptions::new().append(true).open(path);
        Ok(Self(file.with_context(|| path.display().to_string())?))
    }

    fn append(&mut self, record: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_string(record)?;
        line.push('\n');
        Ok(self.0.write_all(line.as_bytes())?)
    }
}

fn write_fit(folder: &Path, fit: &PriorFit) -> Result<()> {
    let path = folder.join("priors.json");
    let text = serde_json::to_string(&serde_json::json!({
        "priors": fit.priors,
        "curves": fit.curves,
    }))?;
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}

/// What a log of one JSON document a line tells of, earlier starts included.
fn records<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().enumerate();
    lines
        .map(|(line, text)| {
            serde_json::from_str(text)
                .with_context(|| format!("{}, line {}", path.display(), line + 1))
        })
        .collect()
}
