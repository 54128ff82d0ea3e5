//! What the energy tests share: golden cases, and one way to call every backend.

use forcefield_gpu::{Reference, System, TermEnergies};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A system with energies and forces from OpenMM's Reference platform.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) system: System,
    pub(crate) positions: Vec<[f64; 3]>,
    pub(crate) energies: BTreeMap<String, f64>,
    pub(crate) forces: Vec<[f64; 3]>,
}

/// Reads the cases of a file of `tests/data/energy`.
pub(crate) fn cases(file: &str) -> Vec<Case> {
    #[derive(Deserialize)]
    struct Document {
        cases: Vec<Case>,
    }
    let path = format!("{}/tests/data/energy/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str::<Document>(&text)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .cases
}

/// Energies and forces of one conformer by the reference.
pub(crate) fn reference(system: &System, positions: &[[f64; 3]]) -> (TermEnergies, Vec<[f64; 3]>) {
    let mut forces = vec![[0.0; 3]; positions.len()];
    let reference = Reference::new(system.clone()).unwrap();
    let energies = reference.evaluate(positions, &mut forces).unwrap();
    (energies, forces)
}

/// One term of the energies by OpenMM's name for it here.
pub(crate) fn term(energies: &TermEnergies, name: &str) -> f64 {
    match name {
        "bond" => energies.bond,
        "angle" => energies.angle,
        "torsion" => energies.torsion,
        "cmap" => energies.cmap,
        "nonbonded" => energies.nonbonded,
        "solvation" => energies.solvation,
        "restraint" => energies.restraint,
        other => panic!("no term {other}"),
    }
}

/// Largest force component.
pub(crate) fn largest(forces: &[[f64; 3]]) -> f64 {
    forces.iter().flatten().fold(0.0, |m, f| f.abs().max(m))
}

/// Largest difference of force components.
pub(crate) fn difference(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .flatten()
        .zip(b.iter().flatten())
        .fold(0.0, |m, (a, b)| (a - b).abs().max(m))
}
