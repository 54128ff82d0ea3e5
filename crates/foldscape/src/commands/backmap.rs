//! `foldscape backmap`

use crate::{input::Source, output, progress};
use active_learning::{BackmapConfig, Backmapped, Backmapper, ProteinBackmapper};
use anyhow::{Context, Result, anyhow, ensure};
use forcefield_gpu::{Engine, EngineConfig, ForceField, SystemOptions};
use molio::{ChainPlan, Frame, ProteinBuilder, ResidueForm, ResiduePlan, Topology, Trajectory};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Frames in memory at a time.
const BATCH: usize = 1024;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Beads: CA atoms, with CB or the other backbone atoms or without.
    #[command(flatten)]
    source: Source,
    /// Trajectory or structure to write, with all atoms.
    #[arg(value_parser = output::file())]
    output: PathBuf,
    /// Structure of the same protein with all atoms, whose names, order, protonation and disulfides are
    /// kept. Without it the residues' names decide, and there are no disulfides.
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Write the topology of the output, with the first frame.
    #[arg(long, value_name = "FILE.pdb", value_parser = output::file())]
    write_top: Option<PathBuf>,
    /// Tries a frame, with other side chains each time.
    #[arg(long, default_value_t = BackmapConfig::default().attempts)]
    attempts: usize,
    /// Most steps of the minimiser (ff14SB, no solvent, beads held).
    #[arg(long, default_value_t = BackmapConfig::default().max_iterations)]
    iterations: usize,
    /// Seed of the side chains.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    frames_read: usize,
    frames_written: usize,
    /// frames that no attempt made sound, counted from 0
    left_out: Vec<usize>,
    n_atoms: usize,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let beads = arguments.source.topology()?;
    let builder = match &arguments.template {
        Some(path) => ProteinBuilder::from_topology(&molio::read_topology(path)?)
            .with_context(|| path.display().to_string())?,
        None => ProteinBuilder::new(&plan(&beads)?, &[]).context(
            "from the beads' residues alone; --template takes the rest from a structure",
        )?,
    };
    let system =
        ForceField::ff14sb()?.create_system(builder.topology(), &SystemOptions::default())?;
    let engine = Arc::new(Engine::new(&system, EngineConfig::default())?);
    let config = BackmapConfig {
        seed: arguments.seed,
        attempts: arguments.attempts,
        max_iterations: arguments.iterations,
        ..BackmapConfig::default()
    };
    let backmapper = ProteinBackmapper::new(&beads, Box::new(builder), engine, config)?;
    let report = rebuild(arguments, &beads, &backmapper)?;
    if arguments.json {
        return output::json(&report);
    }
    output::table(&[
        ("frames", report.frames_read.to_string()),
        ("rebuilt", report.frames_written.to_string()),
        ("atoms", report.n_atoms.to_string()),
        ("time", format!("{:.2} s", report.seconds)),
    ])
}

/// One chain a chain of the beads, residues as they are named there.
fn plan(beads: &Topology) -> Result<Vec<ChainPlan>> {
    let chain = |chain: &molio::Chain| {
        let residues = chain.residues.clone().map(|index| {
            let residue = &beads.residues()[index];
            let form = ResidueForm::from_name(&residue.name)
                .with_context(|| format!("{} {} is no amino acid", residue.name, residue.number))?;
            Ok(ResiduePlan {
                form,
                number: residue.number,
                insertion_code: residue.insertion_code,
                starts_segment: index == chain.residues.start,
            })
        });
        Ok(ChainPlan {
            id: chain.id.clone(),
            residues: residues.collect::<Result<_>>()?,
        })
    };
    beads.chains().iter().map(chain).collect()
}

fn rebuild(
    arguments: &Arguments,
    beads: &Topology,
    backmapper: &ProteinBackmapper,
) -> Result<Report> {
    let mut reader = arguments.source.open()?;
    let bar = progress::bar(reader.n_frames()?.map(|n| n as u64), "frames");
    let mut writer = molio::create(&arguments.output, backmapper.topology())?;
    let mut report = Report {
        frames_read: 0,
        frames_written: 0,
        left_out: Vec::new(),
        n_atoms: backmapper.topology().n_atoms(),
        seconds: 0.0,
    };
    let mut first = None;
    let mut frame = Frame::default();
    loop {
        let mut batch = Trajectory::new(beads.n_atoms());
        while batch.n_frames() < BATCH && reader.read_frame(&mut frame)? {
            batch
                .push(&frame)
                .with_context(|| arguments.source.file.display().to_string())?;
        }
        if batch.n_frames() == 0 {
            break;
        }
        let clock = Instant::now();
        // an error of the backmapper is boxed, which anyhow does not take as it is
        let made = backmapper.backmap(&batch).map_err(|error| anyhow!(error))?;
        report.seconds += clock.elapsed().as_secs_f64();
        let Backmapped { indices, frames } = made;
        for (place, &index) in indices.iter().enumerate() {
            let mut rebuilt = frames.frame(place);
            (rebuilt.time, rebuilt.step) = (batch.time(index), batch.step(index));
            writer.write_frame(&rebuilt)?;
            first.get_or_insert(rebuilt);
        }
        let before = report.frames_read;
        let missing = (0..batch.n_frames()).filter(|index| indices.binary_search(index).is_err());
        report.left_out.extend(missing.map(|index| before + index));
        report.frames_read += batch.n_frames();
        report.frames_written += indices.len();
        bar.set_position(report.frames_read as u64);
    }
    bar.finish_and_clear();
    writer.finish()?;
    ensure!(
        report.frames_read > 0,
        "{}: no frames",
        arguments.source.file.display()
    );
    if let (Some(path), Some(first)) = (&arguments.write_top, &first) {
        let mut writer = molio::create(path, backmapper.topology())?;
        writer.write_frame(first)?;
        writer.finish()?;
    }
    if !report.left_out.is_empty() {
        eprintln!(
            "{} of {} frames could not be rebuilt",
            report.left_out.len(),
            report.frames_read
        );
    }
    Ok(report)
}
