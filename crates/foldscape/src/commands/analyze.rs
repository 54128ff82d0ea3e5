//! `foldscape analyze`

mod measures;

use crate::{input, output, progress};
use anyhow::{Context, Result, ensure};
use measures::{Analysis, Measures};
use molio::{Frame, Trajectory};
use std::path::PathBuf;

/// Frames that are measured at once, on all threads.
const CHUNK: usize = 256;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Structure or trajectory files of one system, taken one after the other.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Topology, where the files have none.
    #[arg(long, value_name = "FILE")]
    top: Option<PathBuf>,
    /// Structure that RMSD is measured from, with the same atoms; the first frame otherwise.
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Atoms that RMSD and RMSF are measured of, after superposition on the same atoms.
    #[arg(long, value_name = "SELECTION", default_value = "name CA")]
    select: String,
    /// Takes every n-th frame.
    #[arg(long, default_value_t = 1)]
    stride: usize,
    /// DOPE table (`dope_score.lib` of IMP); without it there is no DOPE.
    #[arg(long, value_name = "FILE")]
    dope: Option<PathBuf>,
    /// Print one JSON document: arrays over frames, in nm and radians.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.stride > 0, "--stride must be at least 1");
    let analysis = analyze(arguments)?;
    if arguments.json {
        return output::json(&analysis);
    }
    let rows = analysis.rows();
    output::table(
        &rows
            .iter()
            .map(|(label, value)| (label.as_str(), value.clone()))
            .collect::<Vec<_>>(),
    )
}

fn analyze(arguments: &Arguments) -> Result<Analysis> {
    let topology = input::topology(&arguments.files[0], arguments.top.as_deref())?;
    let atoms = input::select(&arguments.select, &topology)?;
    let reference = match &arguments.reference {
        Some(path) => Some(first_frame(path, topology.n_atoms())?),
        None => None,
    };
    let mut measures = Measures::new(&topology, atoms, reference, arguments.dope.as_deref())?;
    let bar = progress::bar(None, "frames");
    let mut frame = Frame::default();
    let mut chunk = Trajectory::new(topology.n_atoms());
    for file in &arguments.files {
        let mut reader = molio::open(file)?;
        let mut index = 0;
        while reader.read_frame(&mut frame)? {
            if index % arguments.stride == 0 {
                chunk
                    .push(&frame)
                    .with_context(|| format!("{}, frame {index}", file.display()))?;
                bar.inc(1);
            }
            index += 1;
            if chunk.n_frames() == CHUNK {
                measures.add(&chunk)?;
                chunk = Trajectory::new(topology.n_atoms());
            }
        }
    }
    measures.add(&chunk)?;
    bar.finish_and_clear();
    measures.finish().context("no frames to analyze")
}

fn first_frame(path: &std::path::Path, n_atoms: usize) -> Result<Vec<[f32; 3]>> {
    let mut frame = Frame::default();
    ensure!(
        molio::open(path)?.read_frame(&mut frame)?,
        "{}: no frame",
        path.display()
    );
    ensure!(
        frame.n_atoms() == n_atoms,
        "{}: the reference has {} atoms, the topology has {n_atoms}",
        path.display(),
        frame.n_atoms()
    );
    Ok(frame.positions)
}
