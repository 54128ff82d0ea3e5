//! `foldscape compare`

use crate::{input, output, progress};
use anyhow::{Context, Result, bail, ensure};
use metrics::comparison::{Comparison, ComparisonConfig, Ensemble, Entry, Summary};
use molio::{Frame, Topology, Trajectory};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Trajectories that are right.
    #[arg(long, value_name = "TRAJECTORY", num_args = 1.., required = true)]
    reference: Vec<PathBuf>,
    /// Trajectories of the model.
    #[arg(long, value_name = "TRAJECTORY", num_args = 1.., required = true)]
    model: Vec<PathBuf>,
    /// Topology of the reference, where its files have none.
    #[arg(long, value_name = "FILE")]
    top: Option<PathBuf>,
    /// Topology of the model, if it is another (CA beads, say).
    #[arg(long, value_name = "FILE")]
    model_top: Option<PathBuf>,
    /// Weights of the model's frames, a NumPy array with one number a frame.
    #[arg(long, value_name = "FILE.npy")]
    weights: Option<PathBuf>,
    /// Native structure, for RMSD.
    #[arg(long, value_name = "FILE")]
    native: Option<PathBuf>,
    /// Lag time of TICA in frames after the stride.
    #[arg(long, default_value_t = 20)]
    lag: usize,
    /// Uses every n-th frame.
    #[arg(long, default_value_t = 1)]
    stride: usize,
    /// Resamples of the block bootstrap; 0 for no errors.
    #[arg(long, default_value_t = 100)]
    bootstrap: usize,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// CA–CA bond length (nm) from which a frame counts as having come apart.
    #[arg(long, default_value_t = 1.0, value_name = "NM")]
    longest_bond: f64,
    /// Write a report.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (topology, reference) = alpha_carbons(&arguments.reference, arguments.top.as_deref())?;
    let model_top = arguments.model_top.as_deref().or(arguments.top.as_deref());
    let (model_topology, model) = alpha_carbons(&arguments.model, model_top)?;
    ensure!(
        topology.n_atoms() == model_topology.n_atoms(),
        "the reference has {} CA atoms, the model has {}",
        topology.n_atoms(),
        model_topology.n_atoms()
    );
    let weights = match &arguments.weights {
        Some(path) => Some(weights(path, &model)?),
        None => None,
    };
    let native = match &arguments.native {
        Some(path) => {
            let (native, frames) = alpha_carbons(std::slice::from_ref(path), None)?;
            ensure!(
                native.n_atoms() == topology.n_atoms(),
                "{}: the native structure has {} CA atoms, the reference has {}",
                path.display(),
                native.n_atoms(),
                topology.n_atoms()
            );
            Some(frames[0].positions(0).to_vec())
        }
        None => None,
    };
    let config = ComparisonConfig {
        stride: arguments.stride,
        n_resamples: arguments.bootstrap,
        seed: arguments.seed,
        longest_bond: arguments.longest_bond,
        native,
        ..ComparisonConfig::new(arguments.lag)
    };
    let reference = Ensemble {
        trajectories: &reference,
        weights: None,
    };
    let model = Ensemble {
        trajectories: &model,
        weights: weights.as_deref(),
    };
    let comparison = Comparison::new(&reference, &model, &topology, config)?;
    if let Some(path) = &arguments.report {
        comparison.report()?.write(path)?;
    }
    if arguments.json {
        return output::json(comparison.summary());
    }
    let rows = rows(comparison.summary());
    output::table(
        &rows
            .iter()
            .map(|(label, value)| (*label, value.clone()))
            .collect::<Vec<_>>(),
    )
}

/// The CA atoms of some files, and their frames: nothing else is compared, so nothing else is kept.
fn alpha_carbons(files: &[PathBuf], top: Option<&Path>) -> Result<(Topology, Vec<Trajectory>)> {
    let all = input::topology(&files[0], top)?;
    let atoms = input::select("name CA", &all).with_context(|| files[0].display().to_string())?;
    let bar = progress::bar(None, "frames read");
    let mut trajectories = Vec::new();
    let mut frame = Frame::default();
    for file in files {
        let mut reader = molio::open(file)?;
        let mut trajectory = Trajectory::new(atoms.len());
        while reader.read_frame(&mut frame)? {
            if frame.n_atoms() != all.n_atoms() {
                bail!(
                    "{}: the frames have {} atoms, the topology has {}",
                    file.display(),
                    frame.n_atoms(),
                    all.n_atoms()
                );
            }
            trajectory.push(&frame.select(&atoms))?;
            bar.inc(1);
        }
        ensure!(trajectory.n_frames() > 0, "{}: no frames", file.display());
        trajectories.push(trajectory);
    }
    bar.finish_and_clear();
    Ok((all.select(&atoms), trajectories))
}

/// One weight a frame, for the model's trajectories one after the other.
fn weights(path: &Path, model: &[Trajectory]) -> Result<Vec<Vec<f64>>> {
    let array = input::array(path)?;
    let n_frames: usize = model.iter().map(Trajectory::n_frames).sum();
    ensure!(
        array.values.len() == n_frames,
        "{}: {} weights for {n_frames} frames of the model",
        path.display(),
        array.values.len()
    );
    let mut rest = &array.values[..];
    Ok(model
        .iter()
        .map(|trajectory| {
            let (mine, others) = rest.split_at(trajectory.n_frames());
            rest = others;
            mine.to_vec()
        })
        .collect())
}

fn rows(summary: &Summary) -> Vec<(&'static str, String)> {
    let show = |entry: Option<Entry>, unit: &str| match entry {
        Some(entry) => {
            let error = entry
                .error
                .map_or_else(String::new, |error| format!(" ± {error:.4}"));
            let mark = if entry.within_baseline() {
                ""
            } else {
                "  beyond the baseline"
            };
            format!(
                "{:.4}{error} {unit} (halves of the reference: {:.4}){mark}",
                entry.value, entry.baseline
            )
        }
        None => "undefined".to_owned(),
    };
    let frames = &summary.frames;
    let mut rows = vec![(
        "frames",
        format!(
            "{} of the reference, {} of the model, {} rejected",
            frames.reference, frames.model, frames.rejected
        ),
    )];
    let plane = summary.tica.w1_2d;
    rows.push(("TICA W1, plane", show(plane.map(|plane| plane.entry), "")));
    if let Some(ucsc) = plane.and_then(|plane| plane.ucsc) {
        rows.push(("TICA W1, published recipe", format!("{ucsc:.4}")));
    }
    let distances = [
        ("bond W1", summary.bond, "nm"),
        ("angle W1", summary.angle, "rad"),
        ("dihedral W1", summary.dihedral, "rad"),
        ("Rg W1", Some(summary.rg), "nm"),
        ("end-to-end W1", summary.end_to_end, "nm"),
        ("RMSD to native W1", summary.rmsd_to_native, "nm"),
    ];
    for (label, distance, unit) in distances {
        rows.push((label, show(distance.map(|distance| distance.w1), unit)));
    }
    rows.push((
        "contacts RMSD",
        show(summary.contacts.map(|contacts| contacts.rmsd), ""),
    ));
    rows
}
