//! `foldscape analyze`

mod frame_values;
mod measures;
mod summary;
mod tables;

use crate::{input, output, progress};
use anyhow::{Context, Result, ensure};
use measures::{Analysis, Costly, Measures, Rows};
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
    /// Measures to leave out, which take the longest, or the most memory (torsions); their values are
    /// `null`, or their rows empty.
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Costly>,
    /// A quantity of your own: its name and a NumPy array with a number, or a row, for each frame.
    #[arg(
        long,
        num_args = 2,
        value_names = ["NAME", "FILE.npy"],
        action = clap::ArgAction::Append
    )]
    column: Vec<String>,
    /// Write all values as a table (`.csv`) or as arrays (`.npz`); may be given twice.
    #[arg(long, value_name = "FILE.csv|FILE.npz", value_parser = output::file())]
    out: Vec<PathBuf>,
    /// Write a report.
    #[arg(long, value_name = "FILE.html", value_parser = output::file())]
    report: Option<PathBuf>,
    /// Print one JSON document: arrays over frames, in nm and radians.
    ///
    /// Frames are read in chunks; what grows with their number is these values: 16 bytes for each
    /// residue and frame, and about 150 a frame with --without torsions.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.stride > 0, "--stride must be at least 1");
    for path in &arguments.out {
        tables::check_name(path)?;
    }
    let analysis = analyze(arguments)?;
    for path in &arguments.out {
        tables::write(&analysis, path)?;
    }
    if let Some(path) = &arguments.report {
        let name = arguments.files[0].file_name().unwrap_or_default();
        let note = fitted_to(arguments);
        analysis
            .report(&name.to_string_lossy(), &note)?
            .write(path)?;
    }
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

/// What RMSD and RMSF are of.
fn fitted_to(arguments: &Arguments) -> String {
    let reference = match &arguments.reference {
        Some(path) => path.display().to_string(),
        None => "the first frame".to_owned(),
    };
    let files = match &arguments.files[..] {
        [one] => one.display().to_string(),
        several => format!("{} files, {} first", several.len(), several[0].display()),
    };
    format!(
        "Of {files}. RMSD and RMSF of \"{}\" after superposition on {reference}; native contacts are those \
         of {reference}.",
        arguments.select
    )
}

fn analyze(arguments: &Arguments) -> Result<Analysis> {
    let topology = input::topology(&arguments.files[0], arguments.top.as_deref())?;
    let atoms = input::select(&arguments.select, &topology)?;
    let reference = match &arguments.reference {
        Some(path) => Some(first_frame(path, topology.n_atoms())?),
        None => None,
    };
    let dope = arguments.dope.as_deref();
    let mut measures = Measures::new(&topology, atoms, reference, dope, &arguments.without)?;
    let (mut taken, mut starts, mut before) = (Vec::new(), Vec::new(), 0);
    let bar = progress::bar(None, "frames");
    let mut frame = Frame::default();
    let mut chunk = Trajectory::new(topology.n_atoms());
    for file in &arguments.files {
        let mut frames = input::Frames::open(file, topology.n_atoms())?;
        starts.push(taken.len());
        let mut index = 0;
        while frames.read(&mut frame)? {
            if index % arguments.stride == 0 {
                input::check_atoms(file, &topology, &frame)?;
                taken.push(before + index);
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
        before += index;
    }
    measures.add(&chunk)?;
    bar.finish_and_clear();
    let mut analysis = measures.finish().context("no frames to analyze")?;
    analysis.starts = starts;
    for column in arguments.column.chunks_exact(2) {
        let rows = column_rows(std::path::Path::new(&column[1]), before, &taken)?;
        ensure!(
            analysis.columns.insert(column[0].clone(), rows).is_none(),
            "two columns are called {:?}",
            column[0]
        );
    }
    Ok(analysis)
}

/// The user's values of the frames that were taken, out of those of all frames of all files.
fn column_rows(path: &std::path::Path, n_frames: usize, taken: &[usize]) -> Result<Rows> {
    let array = input::array(path)?;
    let width = array.values.len() / n_frames.max(1);
    ensure!(
        array.shape.first() == Some(&n_frames) && array.shape.len() <= 2 && width > 0,
        "{}: shape {:?}, expected {n_frames} frames, or as many rows",
        path.display(),
        array.shape
    );
    let rows = taken
        .iter()
        .map(|&f| &array.values[f * width..(f + 1) * width]);
    Ok(Rows {
        width,
        flat: array.shape.len() == 1,
        values: rows.flatten().map(|&x| x as f32).collect(),
    })
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
