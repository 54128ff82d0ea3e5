//! The CUDA kernels as a C++ compiler builds them, every thread a fibre: `cargo xtask kernels --host-check`.

use super::energy_support::by_engine;
use super::{cuda_kernels, energy_golden, energy_properties, energy_random};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{Device, Emulation, Engine, EngineConfig, Precision, System};

fn engine(system: &System, precision: Precision, emulation: Emulation) -> Engine {
    let config = EngineConfig {
        device: Device::Emulated(emulation),
        precision,
        ..EngineConfig::default()
    };
    Engine::new(system, config).unwrap_or_else(|error| panic!("{error}"))
}

fn with(system: &System, precisions: &[Precision]) -> Vec<(String, Engine)> {
    precisions
        .iter()
        .map(|&precision| {
            let engine = engine(system, precision, Emulation::default());
            (format!("emulated, {precision:?}"), engine)
        })
        .collect()
}

const ALL: [Precision; 3] = [Precision::Single, Precision::Mixed, Precision::Double];

fn engines(system: &System) -> Vec<(String, Engine)> {
    with(system, &ALL)
}

fn double(system: &System) -> Vec<(String, Engine)> {
    with(system, &[Precision::Double])
}

fn mixed(system: &System) -> Vec<(String, Engine)> {
    with(system, &[Precision::Mixed])
}

/// What is too large for a block: every engine as if a block had next to no shared memory.
fn tiled(system: &System) -> Vec<(String, Engine)> {
    let emulation = Emulation {
        shared_memory: 1024,
        ..Emulation::default()
    };
    ALL.map(|precision| {
        let name = format!("emulated, tiled, {precision:?}");
        (name, engine(system, precision, emulation))
    })
    .into()
}

#[test]
fn agrees_with_the_reference() {
    energy_golden::agree_with_the_reference(engines, 1e-5);
    energy_golden::agree_with_the_reference(double, 1e-6);
    energy_golden::agree_with_the_reference(tiled, 1e-5);
}

#[test]
fn proteins_follow_the_reference() {
    cuda_kernels::proteins_follow_the_reference(engines, 1e-5);
    cuda_kernels::proteins_follow_the_reference(mixed, 1e-6);
    cuda_kernels::proteins_follow_the_reference(tiled, 1e-5);
}

#[test]
fn random_systems_follow_the_reference() {
    for seed in 0..8 {
        energy_properties::follow_the_reference(engines, seed);
    }
}

#[test]
fn a_batch_is_its_conformers() {
    energy_properties::are_their_conformers(engines, 1);
    energy_properties::is_its_part_of_the_batch(engines);
    energy_properties::are_their_conformers(tiled, 1);
}

#[test]
fn terms_by_hand() {
    energy_properties::ends_at_zero(engines);
    energy_properties::soft_by_hand(engines);
    energy_properties::ends_at_zero(tiled);
    energy_properties::soft_by_hand(tiled);
}

#[test]
fn faults_name_conformer_and_atoms() {
    energy_properties::name_conformer_and_atoms(engines);
    energy_properties::name_conformer_and_atoms(tiled);
}

/// Forces are the same bits in any order of threads and blocks and with any number of threads: nothing is read
/// before it is written, no sum depends on who adds first.
#[test]
fn schedules_change_no_force() {
    let (system, positions) = energy_random::system(3, 70, BornModel::Gbn2);
    let conformers = vec![positions; 3];
    for (precision, shared_memory) in ALL.into_iter().flat_map(|p| [(p, 227 << 10), (p, 1024)]) {
        let run = |order, threads| {
            let emulation = Emulation {
                order,
                threads,
                shared_memory,
            };
            by_engine(&engine(&system, precision, emulation), &conformers)
        };
        let base = run(0, None);
        for (order, threads) in [
            (1, None),
            (2, None),
            (0, Some(32)),
            (1, Some(64)),
            (2, Some(256)),
        ] {
            for ((energies, forces), (expected, expected_forces)) in
                run(order, threads).iter().zip(&base)
            {
                let what = format!("{precision:?}, order {order}, {threads:?} threads");
                assert!(forces == expected_forces, "{what}");
                let error = (energies.total() / expected.total() - 1.0).abs();
                assert!(error < 1e-13, "{what}: {error:.1e}");
            }
        }
    }
}

/// Several slices of partners and blocks of rows, and more of them than the last ones fill.
#[test]
fn large_molecules_follow_the_reference() {
    cuda_kernels::large_molecules_follow_the_reference(engines, 1100);
}

#[test]
fn forces_beyond_fixed_point() {
    cuda_kernels::forces_beyond_fixed_point(engines);
    cuda_kernels::forces_beyond_fixed_point(tiled);
}

#[test]
fn steps_are_those_of_the_cpu() {
    cuda_kernels::steps_are_those_of_the_cpu(engines, 12);
}

/// Paths are the same bits in any order of threads and with any number of them.
#[test]
fn schedules_change_no_step() {
    let (system, start) = cuda_kernels::protein("chignolin", BornModel::Gbn2);
    let run = |order, threads| {
        let emulation = Emulation {
            order,
            threads,
            ..Emulation::default()
        };
        cuda_kernels::paths(
            &engine(&system, Precision::Mixed, emulation),
            &system,
            &start,
        )
    };
    let expected = run(0, None);
    for (order, threads) in [(1, None), (2, Some(64)), (1, Some(256))] {
        assert!(
            run(order, threads) == expected,
            "order {order}, {threads:?} threads"
        );
    }
}

#[test]
fn faults_stop_a_replica() {
    cuda_kernels::faults_stop_a_replica(mixed);
}
