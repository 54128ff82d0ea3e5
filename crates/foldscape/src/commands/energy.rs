//! `foldscape energy`

use crate::device::describe;
use crate::physics::{FixedBonds, Physics};
use crate::{input::Source, output};
use anyhow::{Context, Result, anyhow, ensure};
use dynamics::Batch;
use forcefield_gpu::{Error, Nonfinite, TermEnergies};
use molio::{Frame, Topology};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

/// Conformers that are evaluated at once: enough for all threads, little memory.
const BATCH: usize = 1024;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    physics: Physics,
    /// Write forces (kJ/mol/nm), a NumPy array of shape (frames, atoms, 3).
    #[arg(long, value_name = "FILE.npy", value_parser = output::file())]
    forces: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// kJ/mol
#[derive(Serialize)]
struct FrameEnergies {
    bond: f64,
    angle: f64,
    torsion: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cmap: Option<f64>,
    nonbonded: f64,
    solvation: f64,
    total: f64,
}

#[derive(Serialize)]
struct Energies {
    n_atoms: usize,
    frames: Vec<FrameEnergies>,
    /// spent evaluating, reading not counted
    seconds: f64,
    instruction_set: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (energies, forces) = evaluate(arguments)?;
    if let Some(path) = &arguments.forces {
        let n_atoms = energies.n_atoms;
        let shape = [(forces.len() / n_atoms) as u64, n_atoms as u64, 3];
        output::array(path, &shape, forces.iter().flatten().copied())?;
    }
    if arguments.json {
        return output::json(&energies);
    }
    let mean = |term: fn(&FrameEnergies) -> f64| {
        let sum: f64 = energies.frames.iter().map(term).sum();
        format!("{:.3} kJ/mol", sum / energies.frames.len() as f64)
    };
    output::table(&[
        ("frames", energies.frames.len().to_string()),
        ("bond, mean over frames", mean(|frame| frame.bond)),
        ("angle", mean(|frame| frame.angle)),
        (
            "torsion",
            mean(|frame| frame.torsion + frame.cmap.unwrap_or(0.0)),
        ),
        ("nonbonded", mean(|frame| frame.nonbonded)),
        ("solvation", mean(|frame| frame.solvation)),
        ("total", mean(|frame| frame.total)),
        (
            "time",
            format!(
                "{:.4} s with {}",
                energies.seconds, energies.instruction_set
            ),
        ),
    ])
}

/// Energies of all frames, and their forces where they are wanted.
fn evaluate(arguments: &Arguments) -> Result<(Energies, Vec<[f32; 3]>)> {
    let topology = arguments.source.topology()?;
    let system = arguments
        .physics
        .system(&arguments.source, &topology, FixedBonds::None, None)?;
    let engine = arguments.physics.engine(&system)?;
    let n_atoms = topology.n_atoms();
    let mut energies = Energies {
        n_atoms,
        frames: Vec::new(),
        seconds: 0.0,
        instruction_set: describe(&engine),
    };
    let mut forces = Vec::new();
    let mut reader = arguments.source.open()?;
    let mut frame = Frame::default();
    let mut positions = Vec::new();
    loop {
        let more = reader.read_frame(&mut frame)?;
        if more {
            ensure!(
                frame.n_atoms() == n_atoms,
                "{}: the frames have {} atoms, the topology has {n_atoms}",
                arguments.source.file.display(),
                frame.n_atoms()
            );
            positions.extend_from_slice(&frame.positions);
        }
        if positions.len() == BATCH * n_atoms || (!more && !positions.is_empty()) {
            let mut batch = Batch::from_positions(n_atoms, &positions);
            let start = Instant::now();
            let first = energies.frames.len();
            let evaluation = engine
                .evaluate(&mut batch, Nonfinite::Error)
                .map_err(|error| of_frame(&error, first, &topology))
                .with_context(|| arguments.source.file.display().to_string())?;
            energies.seconds += start.elapsed().as_secs_f64();
            energies
                .frames
                .extend(evaluation.energies.iter().map(FrameEnergies::from));
            if arguments.forces.is_some() {
                let mut one = vec![[0.0; 3]; n_atoms];
                for conformer in 0..batch.n_conformers() {
                    batch.copy_forces(conformer, &mut one);
                    forces.extend_from_slice(&one);
                }
            }
            positions.clear();
        }
        if !more {
            break;
        }
    }
    ensure!(
        !energies.frames.is_empty(),
        "{}: no frames",
        arguments.source.file.display()
    );
    Ok((energies, forces))
}

/// What is wrong with a conformer of a batch that begins at frame `first`, in the user's words.
fn of_frame(error: &Error, first: usize, topology: &Topology) -> anyhow::Error {
    let name = |atom| output::atom(topology, atom);
    match *error {
        Error::Energy {
            conformer,
            atoms: [a, b],
            distance,
        } => anyhow!(
            "frame {}: energy or forces are not finite; the atoms nearest to each other, {} and {} (indices {a} \
             and {b}), are {distance} nm apart",
            first + conformer,
            name(a),
            name(b)
        ),
        Error::Position {
            conformer,
            atom,
            value,
        } => anyhow!(
            "frame {}: atom {} (index {atom}) has the coordinate {value}",
            first + conformer,
            name(atom)
        ),
        _ => anyhow!("{error}"),
    }
}

impl From<&TermEnergies> for FrameEnergies {
    fn from(terms: &TermEnergies) -> Self {
        Self {
            bond: terms.bond,
            angle: terms.angle,
            torsion: terms.torsion,
            cmap: (terms.cmap != 0.0).then_some(terms.cmap),
            nonbonded: terms.nonbonded,
            solvation: terms.solvation,
            total: terms.total(),
        }
    }
}
