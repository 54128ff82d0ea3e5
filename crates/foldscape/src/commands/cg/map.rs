//! `foldscape cg map`

use super::balance::Balance;
use super::labels::{Atoms, Constraints, NoiseConfig, expand};
use crate::commands::replicas::Rungs;
use crate::{interrupt, output};
use anyhow::{Context, Result, bail};
use cg_potential::{ForceMapKind, Mapping, Virial};
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
    /// Temperature of the simulation, K: for the balance of virial and temperature, and for noise.
    #[arg(long, value_name = "K")]
    temperature: Option<f64>,
    /// Noise on the beads: its standard deviation, nm. Forces are those of least variance that belong to it.
    #[arg(long, value_name = "NM", requires = "temperature")]
    noise: Option<f64>,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    seed: u64,
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
    #[serde(flatten)]
    balance: Option<Balance>,
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
        rungs: Rungs::read_if_any(arguments.temperatures.as_deref(), arguments.temperature)?,
    };
    let mapping: Mapping = arguments.map.parse()?;
    let kind: ForceMapKind = arguments.forces.parse()?;
    let stop = interrupt::flag()?;
    let noise = arguments.noise.zip(arguments.temperature);
    let noise = noise.map(|(sigma, kelvin)| {
        let seed = arguments.seed;
        (NoiseConfig { sigma, seed }, kelvin)
    });
    let maps = atoms.maps_with_noise(&mapping, kind, arguments.constraints, noise, &stop)?;
    let beads = maps.positions.beads();
    let mut writer = molio::create(&arguments.out, beads)?;
    let n = maps.positions.n_beads();
    let mut first: Option<Frame> = None;
    let (mut frames, mut squares, mut virial) = (0, 0.0, Virial::default());
    atoms.visit("frames mapped", &stop, &mut |_, frame| {
        let (mut x, mut f) = (vec![[0.0; 3]; n], vec![[0.0; 3]; n]);
        maps.apply(frames as u64, frame, &mut x, &mut f)?;
        virial.add(&x, &f)?;
        let of_frame = f.as_flattened().iter().map(|&f| f64::from(f).powi(2));
        squares += of_frame.sum::<f64>();
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
        rms_force: (squares / (3 * n * frames) as f64).sqrt(),
        balance: Balance::new(&virial, arguments.temperature),
    };
    if let Some(balance) = &report.balance {
        balance.warn();
    }
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
        (
            "virial of the forces",
            report
                .balance
                .as_ref()
                .map_or_else(|| "none of one frame".to_owned(), Balance::text),
        ),
    ])
}
