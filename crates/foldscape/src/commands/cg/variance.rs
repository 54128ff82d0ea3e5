//! `foldscape cg variance`

use super::committee::load_members;
use crate::{interrupt, output};
use anyhow::{Context, Result, ensure};
use cg_potential::Committee;
use molio::Frame;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Frames that are evaluated at once.
const CHUNK: usize = 1024;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Frames of beads.
    frames: PathBuf,
    /// Models of a committee, at least two: `model.safetensors`, `member-1.safetensors`, …
    #[arg(long, required = true, num_args = 2.., value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// File for the variance of each frame, (kJ/mol/nm)².
    #[arg(long, value_name = "FILE.npy", value_parser = output::file())]
    out: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Forces in kJ/mol/nm.
#[derive(Serialize)]
struct Report {
    frames: usize,
    members: usize,
    /// Root of the mean variance over all frames.
    force_deviation: f64,
    median_force_deviation: f64,
    largest_force_deviation: f64,
    /// Where it is, from 0.
    largest_frame: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let models = load_members(&arguments.models)?;
    let first = &models[0];
    let networks: Vec<_> = models.iter().map(|model| model.network.clone()).collect();
    let committee = Committee::from_members(&networks)?;
    let n_beads = first.beads.n_atoms();
    let stop = interrupt::flag()?;
    let mut reader = molio::open(&arguments.frames)?;
    let (mut frame, mut waiting, mut variances) = (Frame::default(), Vec::new(), Vec::new());
    while reader.read_frame(&mut frame)? {
        ensure!(
            frame.n_atoms() == n_beads,
            "{}, frame {}: {} beads, the models have {n_beads}",
            arguments.frames.display(),
            variances.len() + waiting.len() / n_beads,
            frame.n_atoms()
        );
        waiting.extend_from_slice(&frame.positions);
        if waiting.len() == CHUNK * n_beads {
            variances.extend(committee.force_variance(&waiting));
            waiting.clear();
        }
        ensure!(!stop.load(Ordering::Relaxed), "stopped");
    }
    variances.extend(committee.force_variance(&waiting));
    let mut order: Vec<usize> = (0..variances.len()).collect();
    order.sort_by(|&a, &b| variances[a].total_cmp(&variances[b]));
    let &largest = order.last().context("no frame")?;
    if let Some(path) = &arguments.out {
        let shape = [variances.len() as u64];
        output::array(path, &shape, variances.iter().copied())?;
    }
    let report = Report {
        frames: variances.len(),
        members: models.len(),
        force_deviation: (variances.iter().sum::<f64>() / variances.len() as f64).sqrt(),
        median_force_deviation: variances[order[order.len() / 2]].sqrt(),
        largest_force_deviation: variances[largest].sqrt(),
        largest_frame: largest,
    };
    if arguments.json {
        return output::json(&report);
    }
    output::table(&[
        (
            "frames, members",
            format!("{}, {}", report.frames, report.members),
        ),
        (
            "deviation of the members' forces",
            format!(
                "{:.1} kJ/mol/nm, median {:.1}",
                report.force_deviation, report.median_force_deviation
            ),
        ),
        (
            "largest",
            format!(
                "{:.1} kJ/mol/nm in frame {}",
                report.largest_force_deviation, report.largest_frame
            ),
        ),
    ])
}
