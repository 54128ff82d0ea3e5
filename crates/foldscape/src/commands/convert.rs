//! `foldscape convert`

use crate::commands::replicas::Rungs;
use crate::{input, input::Source, interrupt, output, progress};
use anyhow::{Result, bail, ensure};
use molio::{AtomRecord, Element, Format, Frame, Topology, TopologyBuilder};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// File to write; its extension chooses the format.
    #[arg(value_parser = output::file())]
    out: PathBuf,
    /// Keep these atoms: `name CA`, `protein and heavy`, …
    #[arg(long, value_name = "SELECTION")]
    select: Option<String>,
    /// Keep every n-th frame.
    #[arg(long, default_value_t = 1, value_name = "N")]
    stride: usize,
    /// Keep the frames at this temperature (K) of one replica of a replica exchange.
    #[arg(long, value_name = "K", requires = "temperatures")]
    temperature: Option<f64>,
    /// The table that the replica exchange wrote beside its frames.
    #[arg(long, value_name = "FILE.csv", requires = "temperature")]
    temperatures: Option<PathBuf>,
    /// Superpose each frame on the first one by these atoms.
    #[arg(long, value_name = "SELECTION")]
    align: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Converted {
    file: String,
    atoms: usize,
    frames: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.stride > 0, "--stride must be at least 1");
    if same_file(&arguments.source.file, &arguments.out) {
        bail!(
            "{}: input and output are the same file",
            arguments.out.display()
        );
    }
    let converted = convert(arguments)?;
    if arguments.json {
        return output::json(&converted);
    }
    output::table(&[
        ("written", converted.file),
        ("atoms", converted.atoms.to_string()),
        ("frames", converted.frames.to_string()),
    ])
}

fn convert(arguments: &Arguments) -> Result<Converted> {
    let topology = arguments.source.topology_if_any()?;
    let needs_topology = arguments.select.is_some() || arguments.align.is_some();
    if topology.is_none() && needs_topology {
        bail!(
            "{}: --select and --align need a topology; name one with --top",
            arguments.source.file.display()
        );
    }
    let indices_of = |selection: &Option<String>| match (selection, &topology) {
        (Some(selection), Some(topology)) => input::select(selection, topology).map(Some),
        _ => Ok(None),
    };
    let kept = indices_of(&arguments.select)?;
    let fitted = indices_of(&arguments.align)?;

    let rungs = Rungs::read_if_any(arguments.temperatures.as_deref(), arguments.temperature)?;
    let stop = interrupt::flag()?;
    let mut reader = arguments.source.open()?;
    let total = reader.n_frames()?.map(|n| n as u64);
    let bar = progress::bar(total, "frames");
    let mut writer = None;
    let mut reference: Option<Vec<[f32; 3]>> = None;
    let mut frame = Frame::default();
    let (mut read, mut written, mut atoms) = (0, 0, 0);
    while !stop.load(Ordering::SeqCst) && reader.read_frame(&mut frame)? {
        bar.inc(1);
        if let Some(rungs) = &rungs
            && !rungs.wants(&arguments.source.file, frame.time)?
        {
            continue;
        }
        let wanted = read % arguments.stride == 0;
        read += 1;
        if !wanted {
            continue;
        }
        if let Some(topology) = &topology {
            input::check_atoms(&arguments.source.file, topology, &frame)?;
        }
        if let Some(fitted) = &fitted {
            let reference = reference.get_or_insert_with(|| frame.positions.clone());
            align(&mut frame, reference, fitted)?;
        }
        let selected = kept.as_ref().map(|kept| frame.select(kept));
        let chosen = selected.as_ref().unwrap_or(&frame);
        let writer = match &mut writer {
            Some(writer) => writer,
            None => {
                let topology = match (&topology, &kept) {
                    (Some(topology), Some(kept)) => topology.select(kept),
                    (Some(topology), None) => topology.clone(),
                    (None, _) => anonymous(&arguments.out, chosen.n_atoms())?,
                };
                writer.insert(molio::create(&arguments.out, &topology)?)
            }
        };
        writer.write_frame(chosen)?;
        atoms = chosen.n_atoms();
        written += 1;
    }
    bar.finish_and_clear();
    let Some(writer) = writer else {
        bail!("{}: no frame to write", arguments.source.file.display());
    };
    writer.finish()?;
    if stop.load(Ordering::SeqCst) {
        bail!(
            "stopped after {written} frames; {} is whole up to there",
            arguments.out.display()
        );
    }
    Ok(Converted {
        file: arguments.out.display().to_string(),
        atoms,
        frames: written,
    })
}

/// Superposes a frame on the reference; velocities, forces and cell turn with it.
fn align(frame: &mut Frame, reference: &[[f32; 3]], fitted: &[usize]) -> Result<()> {
    let pick = |from: &[[f32; 3]]| fitted.iter().map(|&i| from[i]).collect::<Vec<_>>();
    molio::superpose(&pick(&frame.positions), &pick(reference), None)?.apply_to_frame(frame);
    Ok(())
}

/// Atoms of which nothing is known but their number: enough for formats that hold numbers only.
fn anonymous(out: &Path, n_atoms: usize) -> Result<Topology> {
    // an unknown format is refused when the file is made
    if !matches!(
        Format::of(out),
        None | Some(Format::Xtc | Format::Trr | Format::Dcd | Format::Npy | Format::Npz)
    ) {
        bail!(
            "{}: this format holds names of atoms; name a topology with --top",
            out.display()
        );
    }
    let mut builder = TopologyBuilder::default();
    for _ in 0..n_atoms {
        builder.add_atom(AtomRecord::new("X", Element::UNKNOWN));
    }
    Ok(builder.build())
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
