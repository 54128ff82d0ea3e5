//! On a GPU: with the feature `cuda` these tests fail where there is none, each with what is missing.
//!
//! `cargo test -p forcefield-gpu --features cuda -- --skip device::` runs all others.

use super::{cuda_kernels, energy_golden, energy_properties};
use forcefield_gpu::{Device, Engine, EngineConfig, Precision, System};

fn with(system: &System, precisions: &[Precision]) -> Vec<(String, Engine)> {
    precisions
        .iter()
        .map(|&precision| {
            let config = EngineConfig {
                device: Device::Cuda(0),
                precision,
                ..EngineConfig::default()
            };
            let engine = Engine::new(system, config).unwrap_or_else(|error| {
                panic!("the feature `cuda` is on, its tests need a GPU: {error}")
            });
            (format!("CUDA, {precision:?}"), engine)
        })
        .collect()
}

fn engines(system: &System) -> Vec<(String, Engine)> {
    with(
        system,
        &[Precision::Single, Precision::Mixed, Precision::Double],
    )
}

fn mixed(system: &System) -> Vec<(String, Engine)> {
    with(system, &[Precision::Mixed])
}

fn double(system: &System) -> Vec<(String, Engine)> {
    with(system, &[Precision::Double])
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

#[test]
fn forces_beyond_fixed_point() {
    cuda_kernels::forces_beyond_fixed_point(engines);
}

#[test]
fn large_molecules_follow_the_reference() {
    cuda_kernels::large_molecules_follow_the_reference(engines, 5000);
}

#[test]
fn steps_are_those_of_the_cpu() {
    cuda_kernels::steps_are_those_of_the_cpu(engines, 100);
}

#[test]
fn faults_stop_a_replica() {
    cuda_kernels::faults_stop_a_replica(engines);
}
