//! The tabulated potential against the network itself.

use crate::network::cases;
use cg_potential::{
    Angle, AngleTerm, CgModel, CgPotential, ForceModel, Network, NetworkConfig, PairInteraction,
    PairTerm, Priors,
};
use dynamics::{Batch, Integrator, Potential, Replica, Simulation, SimulationConfig};

fn springs(n: usize) -> Priors {
    let spring = |i: usize| PairInteraction {
        beads: [i - 1, i],
        term: PairTerm::Harmonic {
            length: 0.38,
            k: 20_000.0,
        },
    };
    Priors::new(n, (1..n).map(spring).collect(), vec![], vec![]).unwrap()
}

fn as_f32(x: &[[f64; 3]]) -> Vec<[f32; 3]> {
    x.iter().map(|x| x.map(|x| x as f32)).collect()
}

#[test]
fn tables_keep_forces_within_1e_4_of_the_largest() {
    for case in cases() {
        let (network, _) = case.network();
        let n = network.bead_types().len();
        let potential =
            CgPotential::new(&network, Priors::new(n, vec![], vec![], vec![]).unwrap()).unwrap();
        let positions = as_f32(&case.positions);
        let mut exact = vec![[0.0; 3]; positions.len()];
        let energies = network.energies_forces(&positions, &mut exact);
        let largest = exact
            .as_flattened()
            .iter()
            .fold(0.0_f32, |m, f| m.max(f.abs()));
        let mut batch = Batch::from_positions(n, &positions);
        let found = potential.energy_forces_batch(&mut batch).unwrap();
        let mut forces = vec![[0.0; 3]; n];
        for (frame, exact) in exact.chunks_exact(n).enumerate() {
            assert!(
                (found[frame] - energies[frame]).abs() < 1e-4 * energies[frame].abs().max(1.0),
                "{}",
                case.name
            );
            batch.copy_forces(frame, &mut forces);
            for (found, exact) in forces.as_flattened().iter().zip(exact.as_flattened()) {
                assert!(
                    (found - exact).abs() < 1e-4 * largest,
                    "{}: {found} {exact}",
                    case.name
                );
            }
        }
    }
}

/// Beads 0.38 nm apart along a coil, 1.6 nm wide and far longer than the cutoff.
fn coil(n: usize) -> Vec<[f32; 3]> {
    let turn = 0.38 / 0.8;
    (0..n)
        .map(|i| {
            let angle = turn * i as f32;
            [0.8 * angle.cos(), 0.8 * angle.sin(), 0.08 * angle]
        })
        .collect()
}

fn long_chain(n: usize) -> (Network, CgPotential) {
    let types: Vec<u32> = (0..n as u32).map(|i| 1 + i % 20).collect();
    let network = Network::new(NetworkConfig::named("ucsc").unwrap(), &types, 3).unwrap();
    let potential = CgPotential::new(&network, springs(n)).unwrap();
    (network, potential)
}

#[test]
fn lists_of_neighbours_change_nothing() {
    // all pairs are looked at for the first list, cells for the second
    for n in [100, 420] {
        let (network, potential) = long_chain(n);
        let positions = coil(n);
        let mut exact = vec![[0.0; 3]; n];
        let energy = network.energies_forces(&positions, &mut exact)[0]
            + springs(n).energy_forces(&positions, &mut exact);
        let largest = exact
            .as_flattened()
            .iter()
            .fold(0.0_f32, |m, f| m.max(f.abs()));
        let mut forces = vec![[0.0; 3]; n];
        let found = potential.energy_forces(&positions, &mut forces).unwrap();
        assert!(
            (found - energy).abs() < 1e-4 * energy.abs(),
            "{found} {energy}"
        );
        for (found, exact) in forces.as_flattened().iter().zip(exact.as_flattened()) {
            assert!(
                (found - exact).abs() < 1e-4 * largest,
                "{n}: {found} {exact}"
            );
        }
    }
}

#[test]
fn a_mean_is_that_of_its_members() {
    for n in [10, 100] {
        let types: Vec<u32> = (0..n as u32).map(|i| 1 + i % 20).collect();
        // of other sizes and cutoffs, too
        let networks: Vec<Network> = ["ucsc", "majewski", "ucsc-cutoff2"]
            .into_iter()
            .zip(3..)
            .map(|(name, seed)| {
                Network::new(NetworkConfig::named(name).unwrap(), &types, seed).unwrap()
            })
            .collect();
        let positions = coil(n);
        let mut expected = vec![[0.0_f64; 3]; n];
        let mut energy = 0.0;
        for network in &networks {
            let potential = CgPotential::new(network, springs(n)).unwrap();
            let mut forces = vec![[0.0; 3]; n];
            energy += potential.energy_forces(&positions, &mut forces).unwrap() / 3.0;
            for (sum, force) in expected.iter_mut().zip(&forces) {
                for (sum, force) in sum.iter_mut().zip(force) {
                    *sum += f64::from(*force) / 3.0;
                }
            }
        }
        let mean = CgPotential::mean(&networks, springs(n)).unwrap();
        let mut forces = vec![[0.0; 3]; n];
        let found = mean.energy_forces(&positions, &mut forces).unwrap();
        assert!((found - energy).abs() < 1e-5 * energy.abs().max(1.0));
        let expected = expected.as_flattened();
        let largest = expected.iter().fold(0.0_f64, |m, f| m.max(f.abs()));
        for (found, expected) in forces.as_flattened().iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5 * largest);
        }
    }
    let of = |types: &[u32]| Network::new(NetworkConfig::named("ucsc").unwrap(), types, 1).unwrap();
    let others = [of(&[1, 2]), of(&[1, 3])];
    let error = CgPotential::mean(&others, springs(2)).unwrap_err();
    assert!(error.to_string().contains("member 1"), "{error}");
    assert!(CgPotential::mean(&[], springs(2)).is_err());
}

#[test]
fn a_list_of_many_steps_gives_what_a_new_one_gives() {
    let n = 100;
    let (_, potential) = long_chain(n);
    let config = SimulationConfig {
        masses: vec![12.0; n],
        replicas: Replica::numbered(&[600.0; 3]),
        integrator: Integrator::Baoab { friction: 1.0 },
        time_step: 0.004,
        constraints: Vec::new(),
        constraint_tolerance: 1e-6,
        seed: 5,
    };
    let mut simulation = Simulation::new(potential.clone(), config, &vec![coil(n); 3]).unwrap();
    simulation.draw_velocities().unwrap();
    let mut farthest = 0.0_f32;
    for _ in 0..20 {
        simulation.advance(20).unwrap();
        for replica in 0..3 {
            let frame = simulation.frame(replica);
            let mut forces = vec![[0.0; 3]; n];
            potential
                .energy_forces(&frame.positions, &mut forces)
                .unwrap();
            assert_eq!(frame.forces.as_ref(), Some(&forces));
            for (x, y) in frame.positions.iter().zip(coil(n)) {
                let moved: f32 = (0..3).map(|k| (x[k] - y[k]).powi(2)).sum();
                farthest = farthest.max(moved.sqrt());
            }
        }
    }
    // lists were made anew on the way
    assert!(farthest > 0.2, "{farthest}");
}

#[test]
fn a_replica_does_not_depend_on_the_others() {
    let case = &cases()[0];
    let (network, _) = case.network();
    let n = network.bead_types().len();
    let potential = CgPotential::new(&network, springs(n)).unwrap();
    // 19 replicas, the last block partly filled
    let positions: Vec<[f32; 3]> = (0..19)
        .flat_map(|k| {
            let frame = &case.positions[(k % 3) * n..(k % 3 + 1) * n];
            as_f32(frame)
                .into_iter()
                .map(move |x| x.map(|x| x * (1.0 + 0.002 * k as f32)))
        })
        .collect();
    let mut batch = Batch::from_positions(n, &positions);
    let energies = potential.energy_forces_batch(&mut batch).unwrap();
    let (mut alone, mut among) = (vec![[0.0; 3]; n], vec![[0.0; 3]; n]);
    for (k, positions) in positions.chunks_exact(n).enumerate() {
        let energy = potential.energy_forces(positions, &mut alone).unwrap();
        batch.copy_forces(k, &mut among);
        assert_eq!((energy, &alone), (energies[k], &among), "replica {k}");
    }
    assert!(
        potential
            .energy_forces(&positions[..n - 1], &mut alone)
            .is_err()
    );
}

#[test]
fn forces_are_the_slope_of_the_energy() {
    let case = &cases()[0];
    let (network, _) = case.network();
    let n = network.bead_types().len();
    let angle = Angle {
        beads: [0, 1, 2],
        term: AngleTerm::Harmonic {
            angle: 1.8,
            k: 50.0,
        },
    };
    let springs = springs(n);
    let priors = Priors::new(n, springs.pairs().to_vec(), vec![angle], vec![]).unwrap();
    let potential = CgPotential::new(&network, priors).unwrap();
    let mut positions = as_f32(&case.positions[..n]);
    let (mut forces, mut ignored) = (vec![[0.0; 3]; n], vec![[0.0; 3]; n]);
    potential.energy_forces(&positions, &mut forces).unwrap();
    let largest = forces
        .as_flattened()
        .iter()
        .fold(0.0_f32, |m, f| m.max(f.abs()));
    for bead in 0..n {
        for axis in 0..3 {
            let before = positions[bead][axis];
            let mut energy = |x: f32| {
                positions[bead][axis] = x;
                let energy = potential.energy_forces(&positions, &mut ignored).unwrap();
                (energy, f64::from(x))
            };
            let (up, down) = (energy(before + 1e-3), energy(before - 1e-3));
            energy(before);
            let slope = (up.0 - down.0) / (up.1 - down.1);
            let error = (slope + f64::from(forces[bead][axis])).abs();
            assert!(error < 2e-3 * f64::from(largest), "bead {bead} axis {axis}");
        }
    }
}

#[test]
fn positions_that_are_no_numbers_show() {
    let case = &cases()[0];
    let (network, _) = case.network();
    let n = network.bead_types().len();
    let potential = CgPotential::new(&network, springs(n)).unwrap();
    let mut positions = as_f32(&case.positions[..n]);
    positions[3][1] = f32::NAN;
    let mut forces = vec![[0.0; 3]; n];
    assert!(
        potential
            .energy_forces(&positions, &mut forces)
            .unwrap()
            .is_nan()
    );
    assert!(network.energies_forces(&positions, &mut forces)[0].is_nan());
}

#[test]
fn models_come_back_as_they_were() {
    let case = &cases()[2];
    let (network, _) = case.network();
    let n = network.bead_types().len();
    let mut builder = molio::TopologyBuilder::default();
    for number in 1..=n as i32 {
        builder.start_residue("ALA", number, None, false);
        builder.add_atom(molio::AtomRecord::new("CA", molio::Element::CARBON));
    }
    let mut model = CgModel::new(network, springs(n), builder.build(), 300.0).unwrap();
    model.notes = serde_json::json!({"data": "a test"});
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    let back = CgModel::load(&path).unwrap();
    assert_eq!(back.network.parameters(), model.network.parameters());
    assert_eq!(back.network.config(), model.network.config());
    assert_eq!(
        (&back.priors, &back.beads, &back.notes),
        (&model.priors, &model.beads, &model.notes)
    );
    let bytes = std::fs::read(&path).unwrap();
    for keep in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..keep]).unwrap();
        assert!(CgModel::load(&path).is_err(), "{keep} bytes");
    }
}
