//! What the energy tests share: golden cases, random systems, and one way to call every backend.

use dynamics::Batch;
use forcefield_gpu::{
    Engine, EngineConfig, InstructionSet, LaneUse, Reference, System, TermEnergies,
};
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

/// The folder of golden data; where it stands when the tests run, since they may have been carried elsewhere.
pub(crate) fn data() -> String {
    let root = std::env::var("CARGO_MANIFEST_DIR");
    let root = root.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    format!("{root}/tests/data")
}

/// Reads the cases of a file of `tests/data/energy`.
pub(crate) fn cases(file: &str) -> Vec<Case> {
    #[derive(Deserialize)]
    struct Document {
        cases: Vec<Case>,
    }
    let path = format!("{}/energy/{file}", data());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let document: Document =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    document.cases
}

/// Energies and forces of one conformer by the reference.
pub(crate) fn reference(system: &System, positions: &[[f64; 3]]) -> (TermEnergies, Vec<[f64; 3]>) {
    let mut forces = vec![[0.0; 3]; positions.len()];
    let reference = Reference::new(system.clone()).unwrap();
    let energies = reference.evaluate(positions, &mut forces).unwrap();
    (energies, forces)
}

/// Engines for a system, with a name for messages: what a test body runs through.
pub(crate) type Engines = fn(&System) -> Vec<(String, Engine)>;

/// One engine for every way in which this machine can compute, with a name for messages.
pub(crate) fn engines(system: &System) -> Vec<(String, Engine)> {
    let mut engines = Vec::new();
    for set in InstructionSet::available() {
        for lanes in [LaneUse::Conformers, LaneUse::Atoms] {
            let config = EngineConfig {
                instruction_set: Some(set),
                lanes,
                ..EngineConfig::default()
            };
            engines.push((
                format!("{set}, {lanes:?}"),
                Engine::new(system, config).unwrap(),
            ));
        }
    }
    engines
}

/// Energies and forces of conformers by an engine; positions are rounded to f32.
pub(crate) fn by_engine(
    engine: &Engine,
    conformers: &[Vec<[f64; 3]>],
) -> Vec<(TermEnergies, Vec<[f64; 3]>)> {
    let n_atoms = conformers[0].len();
    let flat: Vec<[f32; 3]> = conformers
        .iter()
        .flatten()
        .map(|x| x.map(|x| x as f32))
        .collect();
    let mut batch = Batch::from_positions(n_atoms, &flat);
    let energies = engine.energies_per_term(&mut batch).unwrap();
    let mut forces = vec![[0.0; 3]; n_atoms];
    energies
        .into_iter()
        .enumerate()
        .map(|(conformer, energies)| {
            batch.copy_forces(conformer, &mut forces);
            (energies, forces.iter().map(|f| f.map(f64::from)).collect())
        })
        .collect()
}

/// What f32 leaves of positions.
pub(crate) fn rounded(positions: &[[f64; 3]]) -> Vec<[f64; 3]> {
    positions
        .iter()
        .map(|x| x.map(|x| f64::from(x as f32)))
        .collect()
}

/// All terms with their names.
pub(crate) fn terms(energies: &TermEnergies) -> [(&'static str, f64); 7] {
    [
        ("bond", energies.bond),
        ("angle", energies.angle),
        ("torsion", energies.torsion),
        ("cmap", energies.cmap),
        ("nonbonded", energies.nonbonded),
        ("solvation", energies.solvation),
        ("restraint", energies.restraint),
    ]
}

/// One term by name.
pub(crate) fn term(energies: &TermEnergies, name: &str) -> f64 {
    let found = terms(energies)
        .into_iter()
        .find(|&(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no term {name}")).1
}

/// Largest force component.
pub(crate) fn largest(forces: &[[f64; 3]]) -> f64 {
    forces.iter().flatten().fold(0.0, |m, f| f.abs().max(m))
}

/// Largest difference of force components.
pub(crate) fn difference(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.fold(0.0, |m, (a, b)| {
        let d = (a - b).abs();
        if d.is_nan() { f64::INFINITY } else { d.max(m) }
    })
}
