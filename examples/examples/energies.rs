//! Energies by term of every frame with ff14SB and GBn2: `energies [trajectory topology]`.

#![allow(clippy::print_stdout)]

use dynamics::Batch;
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{Engine, EngineConfig, ForceField, Nonfinite, SystemOptions};
use molio::Trajectory;
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let data = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/foldscape/data/cln025"
    );
    let trajectory = std::env::args().nth(1).unwrap_or(format!("{data}.xtc"));
    let topology = std::env::args().nth(2).unwrap_or(format!("{data}.pdb"));

    let topology = molio::read_topology(topology)?;
    let trajectory = Trajectory::read(trajectory)?;
    let options = SystemOptions::with_solvent(BornModel::Gbn2);
    let system = ForceField::ff14sb()?.create_system(&topology, &options)?;
    let engine = Engine::new(&system, EngineConfig::default())?;

    let mut batch = Batch::from_positions(trajectory.n_atoms(), trajectory.all_positions());
    let start = Instant::now();
    let evaluation = engine.evaluate(&mut batch, Nonfinite::Error)?;
    let seconds = start.elapsed().as_secs_f64();
    for (frame, terms) in evaluation.energies.iter().enumerate().step_by(100) {
        println!(
            "frame {frame:5}: bonded {:9.2}, nonbonded {:9.2}, solvation {:9.2}, total {:9.2} kJ/mol",
            terms.bond + terms.angle + terms.torsion,
            terms.nonbonded,
            terms.solvation,
            terms.total()
        );
    }
    println!(
        "{:.1} µs a frame with forces, {:?}",
        1e6 * seconds / trajectory.n_frames() as f64,
        engine.instruction_set()
    );
    Ok(())
}
