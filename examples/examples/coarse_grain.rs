//! From a sequence to a coarse-grained landscape: a peptide is built, all-atom dynamics, optimal forces on CA beads,
//! priors, force matching, dynamics of beads. `coarse_grain [sequence] [picoseconds] [epochs]`.

#![allow(clippy::print_stdout)]

use cg_potential::{
    AngleForm, BeadGraph, BeadTypes, CgMap, CgPotential, ConstraintGroups, ForceData, ForceMap,
    ForceMoments, ForceTrainer, Mapping, Network, NetworkConfig, NoiseFloorConfig, PriorConfig,
    PriorFit, SplitConfig, TrainerConfig, TrainingEvent, TrainingSet,
};
use dynamics::{
    Constraint, Integrator, MinimiseConfig, Potential, Replica, Simulation, SimulationConfig,
    minimise,
};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, Engine, EngineConfig, ForceField, SystemOptions};
use molio::{
    ChainPlan, Conformation, Frame, ProteinBuilder, SideChainConfig, Topology, Turn,
    conformation_torsions, parse_sequence,
};
use std::error::Error;
use std::sync::atomic::AtomicBool;

const TEMPERATURE: f64 = 340.0; // K
const N_REPLICAS: usize = 16;
/// Between frames of the all-atom dynamics, ps.
const SAVED: f64 = 0.2;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let sequence = arguments.next().unwrap_or_else(|| "YYDPETGTWY".to_owned());
    let picoseconds: f64 = arguments.next().map_or(Ok(20.0), |text| text.parse())?;
    let epochs: usize = arguments.next().map_or(Ok(10), |text| text.parse())?;

    let (topology, frames) = all_atom(&sequence, picoseconds)?;
    let (map, data) = project(&topology, &frames)?;
    let split = data.split(&SplitConfig::default())?;
    let graph = BeadGraph::new(map.beads())?;
    let taught = data.positions_of(&split.train);
    // two wells for angles of turns and strands, and walls between second neighbours: a network knows nothing of what
    // no frame shows
    let mut config = PriorConfig {
        angles: AngleForm::Quartic,
        ..PriorConfig::default()
    };
    config.repulsion.exclude_bonds = 1;
    let priors = PriorFit::new(&config, &graph, &taught, TEMPERATURE)?.priors;

    let residues = (0..map.n_beads()).map(|bead| map.beads().residue_of(bead).name.as_str());
    let types = BeadTypes::Ucsc.numbers(residues)?;
    let mut network = Network::new(NetworkConfig::named("ucsc")?, &types, 1)?;
    let near = NoiseFloorConfig {
        window: 20,
        ..NoiseFloorConfig::default()
    };
    let floor = data.noise_floor(&data.delta_forces(&priors)?, &near)?;
    println!(
        "priors alone: {:.0} (kJ/mol/nm)²; noise of the forces at most {:.0} ± {:.0}",
        floor.mean_square, floor.floor, floor.standard_error
    );
    let config = TrainerConfig {
        epochs,
        batch_size: 64,
        ..TrainerConfig::default()
    };
    let set = TrainingSet {
        data: &data,
        split: &split,
        priors: &priors,
        temperature: TEMPERATURE,
    };
    let folder = std::env::temp_dir().join(format!("coarse_grain.{}", std::process::id()));
    let mut trainer = ForceTrainer::new(config, &mut network, "ucsc", set, &folder)?;
    trainer.run(&AtomicBool::new(false), &mut |event| {
        if let TrainingEvent::Epoch { record, .. } = event {
            println!(
                "epoch {:3}: training {:.0}, validation {:.0}",
                record.epoch, record.train, record.validation
            );
        }
    })?;
    trainer.restore_best()?;
    std::fs::remove_dir_all(&folder)?;

    let beads = simulate_beads(&CgPotential::new(&network, priors)?, &map, &data)?;
    println!("radius of gyration (nm)   all atoms   beads");
    let (atoms, beads) = (
        shares(data.positions(), map.n_beads()),
        shares(&beads, map.n_beads()),
    );
    for (bin, (a, b)) in atoms.iter().zip(&beads).enumerate() {
        let low = 0.4 + 0.05 * bin as f64;
        println!("{low:.2} to {:.2}              {a:9.3} {b:7.3}", low + 0.05);
    }
    Ok(())
}

/// The frames of each replica.
type Replicas = Vec<Vec<Frame>>;

/// All-atom dynamics from a hairpin; frames have forces.
fn all_atom(sequence: &str, picoseconds: f64) -> Result<(Topology, Replicas), Box<dyn Error>> {
    const TIME_STEP: f64 = 0.004;
    let forms = parse_sequence(sequence)?;
    let hairpin = Conformation::Hairpin {
        turn: Turn::TypeIPrime,
        first: None,
    };
    let torsions = conformation_torsions(&forms, hairpin)?;
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[])?;
    let start = builder.from_torsions(&torsions, &SideChainConfig::default())?;
    let topology = builder.topology().clone();
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
    let constraints: Vec<Constraint> = system.constraints.iter().map(constraint).collect();
    let engine = Engine::new(&system, EngineConfig::default())?;
    let settings = MinimiseConfig {
        constraints: constraints.clone(),
        ..MinimiseConfig::new()
    };
    let start = minimise(&engine, &[start], &settings)?[0].positions.clone();
    let starts = vec![start; N_REPLICAS];
    let mut simulation = simulation(engine, system.masses, constraints, TIME_STEP, &starts)?;
    simulation.advance((5.0 / TIME_STEP) as u64)?;
    let mut frames = vec![Vec::new(); N_REPLICAS];
    for _ in 0..(picoseconds / SAVED).ceil() as usize {
        simulation.advance((SAVED / TIME_STEP).round() as u64)?;
        for (replica, frames) in frames.iter_mut().enumerate() {
            frames.push(simulation.frame(replica));
        }
    }
    Ok((topology, frames))
}

fn simulation<P: Potential>(
    potential: P,
    masses: Vec<f64>,
    constraints: Vec<Constraint>,
    time_step: f64,
    starts: &[Vec<[f32; 3]>],
) -> dynamics::Result<Simulation<P>> {
    let config = SimulationConfig {
        masses,
        replicas: Replica::numbered(&vec![TEMPERATURE; starts.len()]),
        integrator: Integrator::LangevinMiddle { friction: 1.0 },
        time_step,
        constraints,
        constraint_tolerance: 1e-6,
        seed: 1,
    };
    let mut simulation = Simulation::new(potential, config, starts)?;
    simulation.draw_velocities()?;
    Ok(simulation)
}

/// Positions of CA atoms with the forces of least noise.
fn project(
    topology: &Topology,
    replicas: &[Vec<Frame>],
) -> Result<(CgMap, ForceData), Box<dyn Error>> {
    let map = CgMap::new(topology, &Mapping::Ca)?;
    let groups = ConstraintGroups::hydrogens(topology)?;
    let mut moments = ForceMoments::new(groups.clone());
    let forces = |frame: &Frame| frame.forces.clone().ok_or("frames without forces");
    for frame in replicas.iter().flatten() {
        moments.add(&forces(frame)?)?;
    }
    let sum = ForceMap::constraint_aware(&map, &groups)?;
    let optimal = moments.optimal_map(&map, 1e-6)?;
    println!(
        "mean square force on beads: {:.0} by the constraint-aware sum, {:.0} by the optimal map",
        moments.mean_square(&sum),
        moments.mean_square(&optimal)
    );
    let mut data = ForceData::new(map.n_beads());
    let (mut x, mut f) = (vec![[0.0; 3]; map.n_beads()], vec![[0.0; 3]; map.n_beads()]);
    for frames in replicas {
        for frame in frames {
            map.positions(&frame.positions, &mut x);
            optimal.forces(&forces(frame)?, &mut f);
            data.push(&x, &f, None)?;
        }
        data.end_series();
    }
    Ok((map, data))
}

/// Positions of 16 replicas of beads, 100 ps each.
fn simulate_beads(
    potential: &CgPotential,
    map: &CgMap,
    data: &ForceData,
) -> Result<Vec<[f32; 3]>, Box<dyn Error>> {
    const TIME_STEP: f64 = 0.004;
    let n_frames = data.n_frames();
    let starts: Vec<Vec<[f32; 3]>> = (0..N_REPLICAS)
        .map(|replica| data.positions_of(&[replica * n_frames / N_REPLICAS]))
        .collect();
    let masses = (0..map.n_beads())
        .map(|bead| map.beads().mass(bead))
        .collect();
    let mut simulation = simulation(potential.clone(), masses, Vec::new(), TIME_STEP, &starts)?;
    let mut positions = Vec::new();
    for _ in 0..100 {
        simulation.advance((1.0 / TIME_STEP).round() as u64)?;
        for replica in 0..N_REPLICAS {
            positions.extend(simulation.frame(replica).positions);
        }
    }
    println!("{} replicas of beads blew up", simulation.faults().len());
    Ok(positions)
}

/// The share of frames by radius of gyration, in bins of 0.05 nm from 0.4 nm.
fn shares(positions: &[[f32; 3]], n_beads: usize) -> Vec<f64> {
    let mut shares = vec![0.0; 14];
    let n_frames = positions.len() / n_beads;
    for frame in positions.chunks_exact(n_beads) {
        let mean = |axis: usize| frame.iter().map(|x| x[axis]).sum::<f32>() / n_beads as f32;
        let centre = [mean(0), mean(1), mean(2)];
        let squares: f32 = frame
            .iter()
            .map(|x| {
                (0..3)
                    .map(|axis| (x[axis] - centre[axis]).powi(2))
                    .sum::<f32>()
            })
            .sum();
        let radius = f64::from(squares / n_beads as f32).sqrt();
        let bin = ((radius - 0.4) / 0.05).clamp(0.0, 13.0) as usize;
        shares[bin] += 1.0 / n_frames as f64;
    }
    shares
}
