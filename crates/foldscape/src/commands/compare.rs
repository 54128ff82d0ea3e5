//! `foldscape compare`

mod memory;
mod side;

use crate::commands::replicas::Rungs;
use crate::{input, output};
use anyhow::{Context, Result, ensure};
use memory::Memory;
use metrics::comparison::{Column, Comparison, ComparisonConfig, Ensemble, Entry, Summary};
use molio::{Frame, Topology};
use side::{Side, Wanted};
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
    /// Temperature (K) whose frames of a replica exchange are compared; lag times count these frames.
    #[arg(long, value_name = "K")]
    temperature: Option<f64>,
    /// Where the reference is a replica exchange: the table that was written beside it.
    #[arg(long, value_name = "FILE.csv", requires = "temperature")]
    reference_temperatures: Option<PathBuf>,
    /// Where the model is a replica exchange: the table that was written beside it.
    #[arg(long, value_name = "FILE.csv", requires = "temperature")]
    model_temperatures: Option<PathBuf>,
    /// Frames to leave out at the start of each of the model's files, until it forgot where it began.
    #[arg(long, default_value_t = 0, value_name = "N")]
    model_skip: usize,
    /// Weights of the model's frames, a NumPy array with one number a frame.
    #[arg(long, value_name = "FILE.npy")]
    weights: Option<PathBuf>,
    /// Native structure, for RMSD; without it the structure in --top, or else the first frame of the
    /// reference (the report says which).
    #[arg(long, value_name = "FILE")]
    native: Option<PathBuf>,
    /// A quantity of your own: its name and, for each side, a NumPy array with one number a frame.
    #[arg(
        long,
        num_args = 3,
        value_names = ["NAME", "REFERENCE.npy", "MODEL.npy"],
        action = clap::ArgAction::Append
    )]
    column: Vec<String>,
    /// Lag time of TICA in frames after the stride.
    #[arg(long, default_value_t = 20)]
    lag: usize,
    /// Macrostates of the reference's Markov state model, at most.
    #[arg(long, default_value_t = 5)]
    macrostates: usize,
    /// Microstates of the Markov state model, at most.
    #[arg(long, default_value_t = 100)]
    microstates: usize,
    /// Lag time of the Markov state model in frames after the stride; that of TICA without it.
    #[arg(long, value_name = "LAG")]
    msm_lag: Option<usize>,
    /// Uses every n-th frame.
    #[arg(long, default_value_t = 1)]
    stride: usize,
    /// Memory that frames may take, in gigabytes (about 56 bytes for each CA atom and 1 kB besides). Where
    /// the trajectories hold more, the command stops before it reads them and names the --stride that
    /// fits: files of any size can be compared.
    #[arg(long, default_value_t = 4.0, value_name = "GB")]
    memory: f64,
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
    #[arg(long, value_name = "FILE.html", value_parser = output::file())]
    report: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.stride > 0, "--stride must be at least 1");
    ensure!(
        arguments.temperature.is_none()
            || arguments.reference_temperatures.is_some()
            || arguments.model_temperatures.is_some(),
        "--temperature chooses nothing without --reference-temperatures or --model-temperatures"
    );
    let stride = arguments.stride;
    let top = arguments.top.as_deref();
    let model_top = arguments.model_top.as_deref().or(top);
    let mut memory = Memory::new(arguments.memory, stride)?;
    // what a table leaves of its files is known when they are read
    let whole = |files, table: &Option<_>| if table.is_some() { &[][..] } else { files };
    let reference = &arguments.reference[..];
    let model = &arguments.model[..];
    memory.check([
        (
            whole(reference, &arguments.reference_temperatures),
            n_alphas(reference, top)?,
        ),
        (
            whole(model, &arguments.model_temperatures),
            n_alphas(model, model_top)?,
        ),
    ])?;
    let rungs =
        |table: &Option<PathBuf>| Rungs::read_if_any(table.as_deref(), arguments.temperature);
    let wanted = Wanted {
        skip: 0,
        rungs: rungs(&arguments.reference_temperatures)?,
        stride,
    };
    let reference = Side::read(reference, top, &wanted, &mut memory)?;
    let wanted = Wanted {
        skip: arguments.model_skip,
        rungs: rungs(&arguments.model_temperatures)?,
        stride,
    };
    let model = Side::read(model, model_top, &wanted, &mut memory)?;
    let topology = reference.topology.clone();
    ensure!(
        topology.n_atoms() == model.topology.n_atoms(),
        "the reference has {} CA atoms, the model has {}",
        topology.n_atoms(),
        model.topology.n_atoms()
    );
    let weights = match &arguments.weights {
        Some(path) => Some(model.taken(path, &input::array(path)?.values)?),
        None => None,
    };
    let (native, native_source) = native(arguments, &reference)?;
    let columns = columns(&arguments.column, [&reference, &model])?;
    let both = reference.has_torsions() && model.has_torsions();
    let config = ComparisonConfig {
        read_stride: stride,
        n_resamples: arguments.bootstrap,
        seed: arguments.seed,
        longest_bond: arguments.longest_bond,
        native: Some(native),
        native_source,
        sources: [names(&arguments.reference), names(&arguments.model)],
        n_macrostates: arguments.macrostates,
        n_microstates: arguments.microstates,
        msm_lag: arguments.msm_lag,
        torsions: both.then_some([reference.torsions, model.torsions]),
        columns,
        ..ComparisonConfig::new(arguments.lag)
    };
    let reference = Ensemble {
        trajectories: &reference.trajectories,
        weights: None,
    };
    let model = Ensemble {
        trajectories: &model.trajectories,
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
            .map(|(label, value)| (label.as_str(), value.clone()))
            .collect::<Vec<_>>(),
    )
}

/// CA atoms of the frames of these files.
fn n_alphas(files: &[PathBuf], top: Option<&Path>) -> Result<usize> {
    let topology = input::topology(&files[0], top)?;
    let alphas = input::select("name CA", &topology);
    Ok(alphas
        .with_context(|| files[0].display().to_string())?
        .len())
}

/// The native structure's CA atoms, and in words where they are from.
fn native(arguments: &Arguments, reference: &Side) -> Result<(Vec<[f32; 3]>, String)> {
    if let Some(path) = &arguments.native {
        let positions = structure(path, &reference.topology)?
            .with_context(|| format!("{}: no coordinates", path.display()))?;
        return Ok((positions, path.display().to_string()));
    }
    let of_topology = match &arguments.top {
        Some(path) => structure(path, &reference.topology)?.map(|positions| (positions, path)),
        None => None,
    };
    Ok(match of_topology {
        Some((positions, path)) => (positions, format!("{} (--top)", path.display())),
        None => {
            let first = reference.trajectories[0].positions(0).to_vec();
            (first, "first frame of the reference".to_owned())
        }
    })
}

/// The CA atoms of the first frame of a structure file; `None` for a topology without coordinates.
fn structure(path: &Path, topology: &Topology) -> Result<Option<Vec<[f32; 3]>>> {
    let mut reader = match molio::open(path) {
        Err(molio::Error::Format { .. }) => return Ok(None),
        other => other?,
    };
    let all = molio::read_topology(path)?;
    let alphas = input::select("name CA", &all).with_context(|| path.display().to_string())?;
    ensure!(
        alphas.len() == topology.n_atoms(),
        "{}: the native structure has {} CA atoms, the reference has {}",
        path.display(),
        alphas.len(),
        topology.n_atoms()
    );
    let mut frame = Frame::default();
    Ok(reader
        .read_frame(&mut frame)?
        .then(|| frame.select(&alphas).positions))
}

/// The user's columns: name and two files, over and over.
fn columns(arguments: &[String], sides: [&Side; 2]) -> Result<Vec<Column>> {
    let column = |parts: &[String]| -> Result<Column> {
        let read = |side: usize| -> Result<Vec<f64>> {
            let path = Path::new(&parts[1 + side]);
            let array = input::array(path)?;
            ensure!(
                array.values.len() == array.shape.iter().max().copied().unwrap_or(0),
                "{}: shape {:?} is not one number a frame",
                path.display(),
                array.shape
            );
            Ok(sides[side].taken(path, &array.values)?.concat())
        };
        Ok(Column {
            name: parts[0].clone(),
            reference: read(0)?,
            model: read(1)?,
        })
    };
    arguments.chunks_exact(3).map(column).collect()
}

/// The files of a side in a few words.
fn names(files: &[PathBuf]) -> String {
    match files {
        [] => String::new(),
        [one] => one.display().to_string(),
        [first, .., last] => format!(
            "{} files, {} to {}",
            files.len(),
            first.display(),
            last.display()
        ),
    }
}

fn rows(summary: &Summary) -> Vec<(String, String)> {
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
        "frames".to_owned(),
        format!(
            "{} of the reference, {} of the model, {} rejected",
            frames.reference, frames.model, frames.rejected
        ),
    )];
    let plane = summary.tica.w1_2d;
    rows.push((
        "TICA W1, plane".to_owned(),
        show(plane.map(|plane| plane.entry), ""),
    ));
    if let Some(ucsc) = plane.and_then(|plane| plane.ucsc) {
        rows.push(("TICA W1, published recipe".to_owned(), format!("{ucsc:.4}")));
    }
    let distances = [
        ("bond W1", summary.bond, "nm"),
        ("angle W1", summary.angle, "rad"),
        ("dihedral W1", summary.dihedral, "rad"),
        ("Rg W1", Some(summary.rg), "nm"),
        ("end-to-end W1", summary.end_to_end, "nm"),
    ];
    for (label, distance, unit) in distances {
        rows.push((
            label.to_owned(),
            show(distance.map(|distance| distance.w1), unit),
        ));
    }
    let native = summary.rmsd_to_native.map(|native| native.entry);
    rows.push(("RMSD to native W1".to_owned(), show(native, "nm")));
    rows.push((
        "contacts RMSD".to_owned(),
        show(summary.contacts.map(|contacts| contacts.rmsd), ""),
    ));
    match &summary.msm {
        Some(msm) => rows.push((
            format!("populations of {} macrostates", msm.macrostates.len()),
            show(Some(msm.populations), ""),
        )),
        None => rows.push((
            "macrostates".to_owned(),
            summary.msm_undetermined.clone().unwrap_or_default(),
        )),
    }
    let torsions = summary.ramachandran;
    rows.push((
        "φ/ψ Jensen–Shannon".to_owned(),
        show(torsions.map(|torsions| torsions.jensen_shannon), "nats"),
    ));
    for (name, distance) in &summary.columns {
        rows.push((format!("{name} W1"), show(Some(distance.w1), "")));
    }
    rows
}
