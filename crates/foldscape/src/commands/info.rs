//! `foldscape info`

use crate::input::{self, Source};
use crate::output;
use anyhow::Result;
use molio::{Frame, FrameReader};
use serde::Serialize;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Info {
    file: String,
    atoms: usize,
    residues: Option<usize>,
    chains: Option<usize>,
    bonds: Option<usize>,
    frames: usize,
    cell: Option<CellInfo>,
    /// ps
    first_time: Option<f64>,
    /// ps
    time_step: Option<f64>,
    velocities: bool,
    forces: bool,
}

#[derive(Serialize)]
struct CellInfo {
    /// nm
    lengths: [f64; 3],
    angles_degrees: [f64; 3],
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let info = inspect(&arguments.source)?;
    if arguments.json {
        return output::json(&info);
    }
    let count = |n: Option<usize>| {
        n.map_or_else(
            || "unknown (name a topology with --top)".into(),
            |n| n.to_string(),
        )
    };
    let yes = |present| if present { "yes" } else { "no" }.to_owned();
    let mut rows = vec![
        ("file", info.file.clone()),
        ("atoms", info.atoms.to_string()),
        ("residues", count(info.residues)),
        ("chains", count(info.chains)),
        ("bonds", count(info.bonds)),
        ("frames", info.frames.to_string()),
    ];
    rows.push(match &info.cell {
        Some(cell) => (
            "cell",
            format!(
                "{:.4} × {:.4} × {:.4} nm, {:.2}° {:.2}° {:.2}°",
                cell.lengths[0],
                cell.lengths[1],
                cell.lengths[2],
                cell.angles_degrees[0],
                cell.angles_degrees[1],
                cell.angles_degrees[2],
            ),
        ),
        None => ("cell", "none".to_owned()),
    });
    if let Some(step) = info.time_step {
        rows.push(("time step", format!("{step} ps")));
    }
    rows.push(("velocities", yes(info.velocities)));
    rows.push(("forces", yes(info.forces)));
    output::table(&rows)
}

fn inspect(source: &Source) -> Result<Info> {
    let topology = source.topology_if_any()?;
    let mut reader = match source.open() {
        // a topology by itself
        Err(molio::Error::Format { .. }) if topology.is_some() => Box::new(NoFrames),
        other => other?,
    };
    let mut frame = Frame::default();
    let mut frames = 0;
    let mut first = Frame::default();
    let mut time_step = None;
    // the second frame gives the time step; the rest are only read where the format cannot count them
    while frames < 2 && reader.read_frame(&mut frame)? {
        if frames == 0 {
            first = frame.clone();
        } else if let (Some(a), Some(b)) = (first.time, frame.time) {
            time_step = Some(rounded(b - a));
        }
        frames += 1;
    }
    let frames = match reader.n_frames()? {
        Some(n) => n,
        None => {
            while reader.read_frame(&mut frame)? {
                frames += 1;
            }
            frames
        }
    };
    if let Some(topology) = topology.as_ref().filter(|_| frames > 0) {
        input::check_atoms(&source.file, topology, &first)?;
    }
    Ok(Info {
        file: source.file.display().to_string(),
        atoms: first
            .n_atoms()
            .max(topology.as_ref().map_or(0, molio::Topology::n_atoms)),
        residues: topology.as_ref().map(molio::Topology::n_residues),
        chains: topology.as_ref().map(|topology| topology.chains().len()),
        bonds: topology.as_ref().map(|topology| topology.bonds().len()),
        frames,
        cell: first.cell.map(|cell| CellInfo {
            lengths: cell.lengths(),
            angles_degrees: cell.angles_degrees(),
        }),
        first_time: first.time.map(rounded),
        time_step,
        velocities: first.velocities.is_some(),
        forces: first.forces.is_some(),
    })
}

/// What a PSF or prmtop file has.
struct NoFrames;

impl FrameReader for NoFrames {
    fn read_frame(&mut self, _: &mut Frame) -> molio::Result<bool> {
        Ok(false)
    }

    fn n_frames(&mut self) -> molio::Result<Option<usize>> {
        Ok(Some(0))
    }

    fn seek(&mut self, _: usize) -> molio::Result<()> {
        Ok(())
    }
}

/// Times are stored as f32 by most formats.
fn rounded(time: f64) -> f64 {
    (time * 1e6).round() / 1e6
}
