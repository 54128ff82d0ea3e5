//! `foldscape cg map`

use super::labels::{Atoms, Constraints, expand, forces};
use super::rungs::Rungs;
use crate::{interrupt, output};
use anyhow::{Context, Result, bail};
use cg_potential::{ForceMapKind, Mapping};
use molio::{Format, Frame};
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// All-atom trajectories with forces (TRR, NPZ).
    #[arg(required = true, num_args = 1.., value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// File for positions and forces of beads (TRR, NPZ).
    #[arg(required = true, value_name = "OUT", value_parser = output::file())]
    out: PathBuf,
    /// Topology of the atoms, with hydrogens.
    #[arg(long, value_name = "FILE")]
    top: PathBuf,
    /// Which beads: `ca`, `ca_cb`, `backbone`.
    #[arg(long, default_value = "ca")]
    map: String,
    /// Which forces: `slice`, `constraint-aware`, `optimal`.
    #[arg(long, default_value = "optimal")]
    forces: String,
    /// Which constraints the simulation had.
    #[arg(long, value_enum, default_value = "hydrogens")]
    constraints: Constraints,
    /// Take every n-th frame.
    #[arg(long, default_value_t = 1, value_name = "N")]
    stride: usize,
    /// Of a replica exchange, takes frames of one temperature only: the table beside its frames.
    #[arg(long, value_name = "RUN.csv", requires = "temperature")]
    temperatures: Option<PathBuf>,
    /// Which temperature, K.
    #[arg(long, value_name = "K", requires = "temperatures")]
    temperature: Option<f64>,
    /// File for the beads as a structure (PDB); by default OUT with `.pdb`.
    #[arg(long, value_name = "FILE", value_parser = output::file())]
    beads: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    file: String,
    beads_file: String,
    frames: usize,
    atoms: usize,
    beads: usize,
    /// kJ/mol/nm; absent where constraints join beads.
    rms_force_constraint_aware: Option<f64>,
    rms_force: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !matches!(Format::of(&arguments.out), Some(Format::Trr | Format::Npz)) {
        bail!("{}: forces need TRR or NPZ", arguments.out.display());
    }
    let mut trajectories = Vec::new();
    for input in &arguments.inputs {
        trajectories.extend(expand(input)?);
    }
    if trajectories.contains(&arguments.out) {
        bail!(
            "{}: input and output are the same file",
            arguments.out.display()
        );
    }
    let atoms = Atoms {
        trajectories,
        topology: molio::read_topology(&arguments.top)?,
        skip: 0,
        stride: arguments.stride,
        chosen: None,
        rungs: match (&arguments.temperatures, arguments.temperature) {
            (Some(table), Some(kelvin)) => Some(Rungs::read(table, kelvin)?),
            _ => None,
        },
    };
    let mapping: Mapping = arguments.map.parse()?;
    let kind: ForceMapKind = arguments.forces.parse()?;
    let stop = interrupt::flag()?;
    let maps = atoms.maps(&mapping, kind, arguments.constraints, &stop)?;
    let beads = maps.positions.beads();
    let mut writer = molio::create(&arguments.out, beads)?;
    let n = maps.positions.n_beads();
    let mut first: Option<Frame> = None;
    let mut frames = 0;
    atoms.visit("frames mapped", &stop, &mut |_, frame| {
        let (mut x, mut f) = (vec![[0.0; 3]; n], vec![[0.0; 3]; n]);
        maps.positions.positions(&frame.positions, &mut x);
        maps.forces.forces(forces(frame)?, &mut f);
        let mapped = Frame {
            forces: Some(f),
            cell: frame.cell,
            time: frame.time,
            step: frame.step,
            ..Frame::from_positions(x)
        };
        writer.write_frame(&mapped)?;
        first.get_or_insert(mapped);
        frames += 1;
        Ok(true)
    })?;
    writer.finish()?;
    let beads_file = arguments
        .beads
        .clone()
        .unwrap_or_else(|| arguments.out.with_extension("pdb"));
    let mut structure = molio::create(&beads_file, beads)?;
    structure.write_frame(&first.context("no frame to map")?)?;
    structure.finish()?;
    let report = Report {
        file: arguments.out.display().to_string(),
        beads_file: beads_file.display().to_string(),
        frames,
        atoms: maps.positions.n_atoms(),
        beads: n,
        rms_force_constraint_aware: Some(maps.rms[0]).filter(|rms| rms.is_finite()),
        rms_force: maps.rms[1],
    };
    if arguments.json {
        return output::json(&report);
    }
    let aware = report.rms_force_constraint_aware;
    output::table(&[
        ("written", format!("{}, {}", report.file, report.beads_file)),
        ("frames", report.frames.to_string()),
        (
            "atoms → beads",
            format!("{} → {}", report.atoms, report.beads),
        ),
        (
            "rms force, constraint-aware sum",
            aware.map_or_else(|| "none".to_owned(), |rms| format!("{rms:.0} kJ/mol/nm")),
        ),
        (
            "rms force, as written",
            format!("{:.0} kJ/mol/nm", report.rms_force),
        ),
    ])
}
