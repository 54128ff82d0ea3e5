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

#[test]
fn agrees_with_the_reference() {
    energy_golden::agree_with_the_reference(engines, 1e-5);
    energy_golden::agree_with_the_reference(double, 1e-6);
}

#[test]
fn proteins_follow_the_reference() {
    cuda_kernels::proteins_follow_the_reference(engines, 1e-5);
    cuda_kernels::proteins_follow_the_reference(mixed, 1e-6);
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
}

#[test]
fn terms_by_hand() {
    energy_properties::ends_at_zero(engines);
    energy_properties::soft_by_hand(engines);
}

#[test]
fn faults_name_conformer_and_atoms() {
    energy_properties::name_conformer_and_atoms(engines);
}

/// Forces are the same bits in any order of threads and blocks and with any number of threads: nothing is read
/// before it is written, no sum depends on who adds first.
#[test]
fn schedules_change_no_force() {
    let (system, positions) = energy_random::system(3, 70, BornModel::Gbn2);
    let conformers = vec![positions; 3];
    for precision in ALL {
        let base = by_engine(
            &engine(&system, precision, Emulation::default()),
            &conformers,
        );
        for (order, threads) in [
            (1, None),
            (2, None),
            (0, Some(32)),
            (1, Some(64)),
            (2, Some(256)),
        ] {
            let emulation = Emulation {
                order,
                threads,
                ..Emulation::default()
            };
            let other = by_engine(&engine(&system, precision, emulation), &conformers);
            for ((energies, forces), (expected, expected_forces)) in other.iter().zip(&base) {
                assert!(forces == expected_forces, "{precision:?} {emulation:?}");
                let error = (energies.total() / expected.total() - 1.0).abs();
                assert!(error < 1e-13, "{precision:?} {emulation:?}: {error:.1e}");
            }
        }
    }
}

#[test]
fn forces_beyond_fixed_point() {
    cuda_kernels::forces_beyond_fixed_point(engines);
}
