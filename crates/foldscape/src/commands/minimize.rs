//! `foldscape minimize`

use crate::physics::{self, FixedBonds, Holds, Physics};
use crate::{input::Source, output, progress};
use anyhow::{Context, Result, bail};
use dynamics::{MinimiseConfig, Minimised, Outcome, Potential};
use forcefield_gpu::Engine;
use molio::Frame;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// File to write; every frame of the input is minimised.
    #[arg(value_parser = output::file())]
    out: PathBuf,
    #[command(flatten)]
    physics: Physics,
    #[command(flatten)]
    holds: Holds,
    /// Bonds whose lengths are fixed.
    #[arg(long, value_enum, default_value_t = FixedBonds::None)]
    constraints: FixedBonds,
    /// Converged when the root mean square of the force components is below this, kJ/mol/nm.
    #[arg(long, value_name = "FORCE", default_value_t = 10.0)]
    tolerance: f64,
    /// Most steps of L-BFGS, after the soft start that resolves clashes.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    iterations: usize,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct FrameReport {
    /// kJ/mol; none where it is not finite
    energy_before: Option<f64>,
    /// kJ/mol, restraints included
    energy: f64,
    /// kJ/mol/nm
    rms_force: f64,
    evaluations: usize,
    outcome: &'static str,
}

#[derive(Serialize)]
struct Report {
    file: String,
    n_atoms: usize,
    frames: Vec<FrameReport>,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let report = minimize(arguments)?;
    if arguments.json {
        return output::json(&report);
    }
    let n_frames = report.frames.len() as f64;
    let mean = |of: fn(&FrameReport) -> f64| report.frames.iter().map(of).sum::<f64>() / n_frames;
    let before: Option<f64> = report.frames.iter().map(|f| f.energy_before).sum();
    let converged = report
        .frames
        .iter()
        .filter(|frame| frame.outcome == "converged")
        .count();
    output::table(&[
        ("written", report.file.clone()),
        ("frames", report.frames.len().to_string()),
        ("converged", converged.to_string()),
        (
            "energy before, mean",
            before.map_or("not finite".to_owned(), |sum| {
                format!("{:.3} kJ/mol", sum / n_frames)
            }),
        ),
        (
            "energy",
            format!("{:.3} kJ/mol", mean(|frame| frame.energy)),
        ),
        (
            "root mean square force",
            format!("{:.3} kJ/mol/nm", mean(|frame| frame.rms_force)),
        ),
        ("time", format!("{:.3} s", report.seconds)),
    ])
}

fn minimize(arguments: &Arguments) -> Result<Report> {
    let topology = arguments.source.topology()?;
    let mut system =
        arguments
            .physics
            .system(&arguments.source, &topology, arguments.constraints, None)?;
    let springs = arguments.holds.springs(&topology)?;
    let starts = physics::starts(&arguments.source, &topology, usize::MAX)?;
    let config = MinimiseConfig {
        tolerance: arguments.tolerance,
        max_iterations: arguments.iterations,
        constraints: physics::constraints(&system),
        fixed: arguments.holds.frozen(&topology)?,
        ..MinimiseConfig::new()
    };
    let clock = Instant::now();
    let bar = progress::bar(Some(starts.len() as u64), "frames");
    // springs tie each frame to its own start, so that such frames do not share a potential
    let together = if springs.is_empty() { 64 } else { 1 };
    let mut frames = Vec::new();
    let mut ends = Vec::new();
    for part in starts.chunks(together) {
        physics::restrain(&mut system, &springs, &part[0]);
        let engine = arguments.physics.engine(&system)?;
        let ended = dynamics::minimise(&engine, part, &config).with_context(|| {
            format!(
                "{}, counting frames from {}",
                arguments.source.file.display(),
                ends.len()
            )
        })?;
        for (start, end) in part.iter().zip(ended) {
            frames.push(FrameReport::new(energy(&engine, start)?, &end));
            ends.push(end.positions);
        }
        bar.set_position(ends.len() as u64);
    }
    bar.finish_and_clear();
    let seconds = clock.elapsed().as_secs_f64();
    if let Some(index) = frames
        .iter()
        .position(|frame| frame.outcome == "not finite")
    {
        bail!(
            "{}: frame {index} has no finite energy, and the soft start found none near it",
            arguments.source.file.display()
        );
    }
    let mut writer = molio::create(&arguments.out, &topology)?;
    for end in ends {
        writer.write_frame(&Frame::from_positions(end))?;
    }
    writer.finish()?;
    Ok(Report {
        file: arguments.out.display().to_string(),
        n_atoms: topology.n_atoms(),
        frames,
        seconds,
    })
}

/// The energy of one conformer as it is, finite or not.
fn energy(engine: &Engine, positions: &[[f32; 3]]) -> Result<f64> {
    let mut forces = vec![[0.0; 3]; positions.len()];
    let energy = engine
        .energy_forces(positions, &mut forces)
        .map_err(anyhow::Error::from_boxed)?;
    Ok(energy)
}

impl FrameReport {
    fn new(before: f64, end: &Minimised) -> Self {
        Self {
            energy_before: before.is_finite().then_some(before),
            energy: end.energy,
            rms_force: end.rms_force,
            evaluations: end.evaluations,
            outcome: name(end.outcome),
        }
    }
}

/// How a minimisation ended, in words.
pub(crate) fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Converged => "converged",
        Outcome::IterationLimit => "iteration limit",
        Outcome::Stalled => "stalled",
        Outcome::NonFinite => "not finite",
        _ => "unknown",
    }
}
