//! How fast a GPU evaluates and moves peptides: `cuda_throughput [seconds a case [precision …]]`.
//!
//! Times are of whole calls, copies to and from the GPU included, the median of repeats after two that do not count.

#![allow(clippy::print_stdout)]

use dynamics::{Batch, Constraint, Integrator, Potential, Replica, Simulation, SimulationConfig};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{
    ConstrainedBonds, Device, Engine, EngineConfig, ForceField, Precision, System, SystemOptions,
};
use molio::{ChainPlan, ProteinBuilder, SideChainConfig, Torsions, parse_sequence};
use std::error::Error;
use std::time::Instant;

const PRECISIONS: [Precision; 3] = [Precision::Single, Precision::Mixed, Precision::Double];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: f64 = arguments.next().map_or(Ok(1.0), |text| text.parse())?;
    let named: Vec<String> = arguments.collect();
    let is_named = |precision: &Precision| named.contains(&format!("{precision:?}"));
    let mut precisions = PRECISIONS.to_vec();
    precisions.retain(|precision| named.is_empty() || is_named(precision));
    println!("energies and forces, GBn2: atoms, conformers, precision, µs a call, ns a conformer");
    for (n_residues, n_conformers) in [
        (10, 16),
        (10, 1056),
        (10, 8448),
        (30, 1056),
        (60, 528),
        (120, 132),
        (250, 1),
        (250, 16),
        (1000, 1),
    ] {
        let (system, positions) = peptide(n_residues)?;
        let mut batch = Batch::from_positions(positions.len(), &positions.repeat(n_conformers));
        for &precision in &precisions {
            let engine = engine(&system, precision)?;
            let time = median(seconds, || engine.energy_forces_batch(&mut batch).map(drop))?;
            println!(
                "{:6} {n_conformers:6} {:8} {:12.1} {:12.1}",
                system.n_atoms(),
                format!("{precision:?}"),
                1e6 * time,
                1e9 * time / n_conformers as f64
            );
        }
    }
    println!("dynamics, 4 fs: atoms, replicas, precision, µs a step, µs a day over all replicas");
    for (n_residues, n_replicas) in [
        (3, 1056),
        (10, 1),
        (10, 132),
        (10, 528),
        (10, 1056),
        (10, 4224),
        (30, 528),
        (60, 264),
    ] {
        let (system, positions) = peptide(n_residues)?;
        for &precision in &precisions {
            let engine = engine(&system, precision)?;
            let starts = vec![positions.clone(); n_replicas];
            let mut simulation = Simulation::new(&engine, config(&system, n_replicas), &starts)?;
            simulation.draw_velocities()?;
            simulation.advance(50)?;
            let n_steps = 250;
            let time = median(seconds, || simulation.advance(n_steps).map_err(Into::into))?;
            let a_step = time / n_steps as f64;
            println!(
                "{:6} {n_replicas:6} {:8} {:12.2} {:12.1}{}",
                system.n_atoms(),
                format!("{precision:?}"),
                1e6 * a_step,
                n_replicas as f64 * 0.004e-6 * 86_400.0 / a_step,
                if simulation.faults().is_empty() {
                    ""
                } else {
                    ", with faults"
                }
            );
        }
    }
    Ok(())
}

/// Median time of a call, s; of fewer than five calls if they take ten times as long as they should.
fn median(
    seconds: f64,
    mut call: impl FnMut() -> Result<(), dynamics::BoxError>,
) -> Result<f64, Box<dyn Error>> {
    for _ in 0..2 {
        call().map_err(|error| error.to_string())?;
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    loop {
        let before = Instant::now();
        call().map_err(|error| error.to_string())?;
        times.push(before.elapsed().as_secs_f64());
        let (n_times, elapsed) = (times.len(), start.elapsed().as_secs_f64());
        if n_times >= 5 && elapsed > seconds || n_times == 1000 || elapsed > 10.0 * seconds {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// A system and its positions, nm.
type Peptide = (System, Vec<[f32; 3]>);

/// A helix of a sequence without periods that matter.
fn peptide(n_residues: usize) -> Result<Peptide, Box<dyn Error>> {
    let letters: Vec<char> = "AKLEYAVQWTSKDILRENFAM".chars().collect();
    let sequence: String = (0..n_residues)
        .map(|k| letters[k % letters.len()])
        .collect();
    let forms = parse_sequence(&sequence)?;
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[])?;
    let torsions = vec![Torsions::degrees(-60.0, -45.0); n_residues];
    let positions = builder.from_torsions(&torsions, &SideChainConfig::default())?;
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(3.0),
        ..SystemOptions::with_solvent(BornModel::Gbn2)
    };
    let system = ForceField::ff14sb()?.create_system(builder.topology(), &options)?;
    Ok((system, positions))
}

fn engine(system: &System, precision: Precision) -> Result<Engine, forcefield_gpu::Error> {
    let config = EngineConfig {
        device: Device::Cuda(0),
        precision,
        ..EngineConfig::default()
    };
    Engine::new(system, config)
}

fn config(system: &System, n_replicas: usize) -> SimulationConfig {
    let constraints = system.constraints.iter().map(|constraint| Constraint {
        atoms: constraint.atoms,
        distance: constraint.length,
    });
    SimulationConfig {
        masses: system.masses.clone(),
        replicas: Replica::numbered(&vec![300.0; n_replicas]),
        integrator: Integrator::LangevinMiddle { friction: 1.0 },
        time_step: 0.004,
        constraints: constraints.collect(),
        constraint_tolerance: 1e-6,
        seed: 1,
    }
}
