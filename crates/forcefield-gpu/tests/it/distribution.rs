//! What dynamics of alanine dipeptide in GBn2 samples, against decorrelated samples of OpenMM's.

use dynamics::{Constraint, Integrator, Replica, Simulation, SimulationConfig};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, Engine, EngineConfig, ForceField, SystemOptions};
use serde::Deserialize;
use std::path::PathBuf;

const TIME_STEP: f64 = 0.004; // ps
const N_REPLICAS: usize = 32;

#[derive(Deserialize)]
struct Golden {
    temperature: f64,
    phi: Vec<f64>,
    psi: Vec<f64>,
    gyration: Vec<f64>,
}

fn path(file: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/distribution");
    PathBuf::from(folder).join(file)
}

fn golden(name: &str) -> Golden {
    serde_json::from_str(&std::fs::read_to_string(path(&format!("{name}.json"))).unwrap()).unwrap()
}

/// Positions of every replica every `every` steps, `[replica][frame]`, the first quarter left out.
fn sample(
    name: &str,
    solvent: Option<BornModel>,
    temperature: f64,
    n_frames: u64,
    every: u64,
) -> Vec<Vec<Vec<[f64; 3]>>> {
    let file = path(&format!("{name}.pdb"));
    let topology = molio::read_topology(&file).unwrap();
    let start = molio::Trajectory::read(&file)
        .unwrap()
        .positions(0)
        .to_vec();
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(4.0),
        ..solvent.map_or_else(SystemOptions::default, SystemOptions::with_solvent)
    };
    let system = ForceField::ff14sb()
        .unwrap()
        .create_system(&topology, &options)
        .unwrap();
    let constraints = system.constraints.iter().map(|c| Constraint {
        atoms: c.atoms,
        distance: c.length,
    });
    let config = SimulationConfig {
        masses: system.masses.clone(),
        replicas: Replica::numbered(&[temperature; N_REPLICAS]),
        integrator: Integrator::LangevinMiddle { friction: 1.0 },
        time_step: TIME_STEP,
        constraints: constraints.collect(),
        constraint_tolerance: 1e-6,
        seed: 20,
    };
    let engine = Engine::new(&system, EngineConfig::default()).unwrap();
    let mut simulation = Simulation::new(engine, config, &vec![start; N_REPLICAS]).unwrap();
    simulation.draw_velocities().unwrap();
    simulation.advance(n_frames / 3 * every).unwrap();
    let mut frames = vec![Vec::new(); N_REPLICAS];
    for _ in 0..n_frames {
        simulation.advance(every).unwrap();
        for (replica, frames) in frames.iter_mut().enumerate() {
            frames.push(simulation.positions(replica));
        }
    }
    assert!(simulation.faults().is_empty());
    frames
}

fn dihedral(positions: &[[f64; 3]], atoms: [usize; 4]) -> f64 {
    let [a, b, c, d] = atoms.map(|atom| positions[atom]);
    let minus = |x: [f64; 3], y: [f64; 3]| [x[0] - y[0], x[1] - y[1], x[2] - y[2]];
    let cross = |x: [f64; 3], y: [f64; 3]| {
        [
            x[1] * y[2] - x[2] * y[1],
            x[2] * y[0] - x[0] * y[2],
            x[0] * y[1] - x[1] * y[0],
        ]
    };
    let dot = |x: [f64; 3], y: [f64; 3]| x[0] * y[0] + x[1] * y[1] + x[2] * y[2];
    let (u, v, w) = (minus(b, a), minus(c, b), minus(d, c));
    let (m, n) = (cross(u, v), cross(v, w));
    (dot(u, n) * dot(v, v).sqrt()).atan2(dot(m, n))
}

/// 1 + 2 Σ autocorrelation up to the first that is negative, averaged over replicas, about the mean of all.
fn inefficiency(series: &[Vec<f64>]) -> f64 {
    let count: usize = series.iter().map(Vec::len).sum();
    let mean = series.iter().flatten().sum::<f64>() / count as f64;
    let correlation = |lag: usize| {
        let pairs = series.iter().flat_map(|x| x.iter().zip(x.iter().skip(lag)));
        let (sum, n) = pairs.fold((0.0, 0.0), |(sum, n), (a, b)| {
            (sum + (a - mean) * (b - mean), n + 1.0)
        });
        sum / f64::max(n, 1.0)
    };
    let variance = correlation(0);
    let longest = series.iter().map(Vec::len).max().unwrap_or(0);
    let positive = (1..longest)
        .map(|lag| correlation(lag) / variance)
        .take_while(|c| *c > 0.0);
    1.0 + 2.0 * positive.sum::<f64>()
}

/// Largest difference of two empirical distribution functions, and the probability of one as large
/// when `n` and `m` independent values come from the same distribution (Kolmogorov's limit).
fn kolmogorov_smirnov(a: &[f64], b: &[f64], n: f64, m: f64) -> (f64, f64) {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (a, b) = (sorted(a), sorted(b));
    let below =
        |values: &[f64], x: f64| values.partition_point(|v| *v <= x) as f64 / values.len() as f64;
    let distance = a
        .iter()
        .chain(&b)
        .map(|&x| (below(&a, x) - below(&b, x)).abs())
        .fold(0.0, f64::max);
    let scaled = distance * (n * m / (n + m)).sqrt();
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * scaled * scaled).exp()
    };
    let probability = (1..100).map(term).sum::<f64>().clamp(0.0, 1.0);
    (distance, if scaled < 0.2 { 1.0 } else { probability })
}

#[test]
fn kolmogorov_smirnov_knows_its_table() {
    // critical value of the 5 % level for large samples: 1.358 √((n + m)/(nm))
    let a: Vec<f64> = (0..100_000).map(f64::from).collect();
    let scaled = 1.358 * (2.0 / 100_000.0_f64).sqrt() * 100_000.0;
    let b: Vec<f64> = a.iter().map(|x| x + scaled.round()).collect();
    let (_, probability) = kolmogorov_smirnov(&a, &b, 1e5, 1e5);
    assert!((probability - 0.05).abs() < 0.002, "{probability}");
}

/// Radius of gyration (nm) of these atoms, all of one weight.
fn gyration(positions: &[[f64; 3]], atoms: &[usize]) -> f64 {
    let n = atoms.len() as f64;
    let square = |axis: usize| {
        let values = atoms.iter().map(|&atom| positions[atom][axis]);
        let centre = values.clone().sum::<f64>() / n;
        values.map(|x| (x - centre).powi(2)).sum::<f64>() / n
    };
    (square(0) + square(1) + square(2)).sqrt()
}

/// φ and ψ (rad) and the heavy atoms' radius of gyration (nm) of each replica's frames with φ < 0: the
/// left-handed basin is entered too seldom to compare how often.
fn observables(solvent: Option<BornModel>, temperature: f64) -> [Vec<Vec<f64>>; 3] {
    let topology = molio::read_topology(path("alanine_dipeptide.pdb")).unwrap();
    let atom = |residue: usize, name: &str| {
        let mut atoms = topology.residues()[residue].atoms.clone();
        atoms
            .find(|&atom| topology.atoms()[atom].name == name)
            .unwrap()
    };
    let (c, n, ca) = (atom(0, "C"), atom(1, "N"), atom(1, "CA"));
    let (c2, n2) = (atom(1, "C"), atom(2, "N"));
    let heavy: Vec<usize> = (0..topology.n_atoms())
        .filter(|&atom| topology.atoms()[atom].element != molio::Element::HYDROGEN)
        .collect();
    let replicas = sample("alanine_dipeptide", solvent, temperature, 300, 200);
    let of = |value: &dyn Fn(&[[f64; 3]]) -> f64| -> Vec<Vec<f64>> {
        let kept = |frame: &&Vec<[f64; 3]>| dihedral(frame, [c, n, ca, c2]) < 0.0;
        let kept = replicas
            .iter()
            .map(|frames| frames.iter().filter(kept).map(|x| value(x)).collect());
        kept.collect()
    };
    [
        of(&|x| dihedral(x, [c, n, ca, c2])),
        of(&|x| dihedral(x, [n, ca, c2, n2])),
        of(&|x| gyration(x, &heavy)),
    ]
}

/// Of φ, ψ and the radius of gyration the probability that they are OpenMM's, and how many independent values
/// it rests on.
fn same_observables(solvent: Option<BornModel>) -> [(f64, f64); 3] {
    let golden = golden("alanine_dipeptide");
    let values = observables(solvent, golden.temperature);
    let map = |values: &[Vec<f64>], f: fn(f64) -> f64| -> Vec<Vec<f64>> {
        values
            .iter()
            .map(|x| x.iter().copied().map(f).collect())
            .collect()
    };
    let angle = |values: &[Vec<f64>]| {
        let parts = [f64::sin, f64::cos].map(|f| inefficiency(&map(values, f)));
        f64::max(parts[0], parts[1])
    };
    let [phi, psi, gyration] = &values;
    let slowness = [angle(phi), angle(psi), inefficiency(gyration)];
    let expected = [&golden.phi, &golden.psi, &golden.gyration];
    std::array::from_fn(|which| {
        let (found, expected) = (values[which].concat(), expected[which]);
        assert!(expected.len() > 250, "{} of OpenMM's", expected.len());
        let independent = found.len() as f64 / slowness[which];
        let (_, probability) =
            kolmogorov_smirnov(&found, expected, independent, expected.len() as f64);
        (probability, independent)
    })
}

#[test]
fn alanine_dipeptide_is_distributed_as_openmms() {
    let names = ["phi", "psi", "gyration"];
    let found = same_observables(Some(BornModel::Gbn2));
    for (name, (probability, independent)) in names.iter().zip(found) {
        assert!(
            independent > 100.0,
            "{name}: {independent} independent values are too few to tell"
        );
        assert!(probability > 1e-3, "{name}: {probability}");
    }
    // the same test tells vacuum apart; OBC2 takes eight times as long (φ: p = 8e-6)
    let [_, psi, gyration] = same_observables(None);
    for (probability, independent) in [psi, gyration] {
        assert!(probability < 1e-3, "{probability} of {independent}");
    }
}
