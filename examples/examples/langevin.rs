//! Langevin dynamics of 32 replicas of CLN025 in GBn2 solvent, 4 fs steps: `langevin [picoseconds]`.

#![allow(clippy::print_stdout)]

use dynamics::{Constraint, Integrator, Replica, Simulation, SimulationConfig};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, Engine, EngineConfig, ForceField, SystemOptions};
use molio::Trajectory;
use std::error::Error;
use std::time::Instant;

const TIME_STEP: f64 = 0.004; // ps
const N_REPLICAS: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let picoseconds: f64 = std::env::args()
        .nth(1)
        .map_or(Ok(2.0), |text| text.parse())?;
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/foldscape/data/cln025.pdb"
    );
    let topology = molio::read_topology(file)?;
    let start = Trajectory::read(file)?.positions(0).to_vec();

    // hydrogens of 4 Da on rigid bonds allow the long step
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(4.0),
        ..SystemOptions::with_solvent(BornModel::Gbn2)
    };
    let system = ForceField::ff14sb()?.create_system(&topology, &options)?;
    let constraint = |c: &forcefield_gpu::system::DistanceConstraint| Constraint {
        atoms: c.atoms,
        distance: c.length,
    };
    let config = SimulationConfig {
        masses: system.masses.clone(),
        replicas: Replica::numbered(&[300.0; N_REPLICAS]),
        integrator: Integrator::LangevinMiddle { friction: 1.0 },
        time_step: TIME_STEP,
        constraints: system.constraints.iter().map(constraint).collect(),
        constraint_tolerance: 1e-6,
        seed: 1,
    };
    let engine = Engine::new(&system, EngineConfig::default())?;
    let mut simulation = Simulation::new(engine, config, &vec![start; N_REPLICAS])?;
    simulation.draw_velocities()?;

    let n_steps = (picoseconds / TIME_STEP).round() as u64;
    let clock = Instant::now();
    for _ in 0..4 {
        simulation.advance(n_steps / 4)?;
        let temperatures = simulation.instantaneous_temperatures();
        let energies = simulation.potential_energies();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        println!(
            "{:7.2} ps: {:7.1} K, {:9.1} kJ/mol, means over {N_REPLICAS} replicas",
            simulation.step() as f64 * TIME_STEP,
            mean(&temperatures),
            mean(&energies)
        );
    }
    let days = clock.elapsed().as_secs_f64() / 86_400.0;
    let nanoseconds = simulation.step() as f64 * TIME_STEP / 1000.0 * N_REPLICAS as f64;
    println!(
        "{:.0} ns/day over all replicas, {} faults",
        nanoseconds / days,
        simulation.faults().len()
    );
    Ok(())
}
