//! The fixtures that `xtask/python/structure_metrics.py` makes, and the files in `FOLDSCAPE_TEST_DATA`.

use molio::{AtomRecord, Element, Topology, TopologyBuilder, Trajectory};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(crate) struct Fixture {
    pub(crate) topology: Topology,
    pub(crate) trajectory: Trajectory,
    pub(crate) golden: Value,
}

pub(crate) fn json(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/structure");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// Two chains with the same residue numbers, the first with caps.
pub(crate) fn two_chains() -> Fixture {
    let golden = json("two_chains.json");
    let mut builder = TopologyBuilder::default();
    let residues = golden["residues"].as_array().unwrap();
    let (mut residue, mut chain) = (u64::MAX, u64::MAX);
    for atom in golden["atoms"].as_array().unwrap() {
        let own = atom[2].as_u64().unwrap();
        if own != residue {
            let record = &residues[own as usize];
            if record[2].as_u64().unwrap() != chain {
                chain = record[2].as_u64().unwrap();
                builder.start_chain(["A", "B"][chain as usize]);
            }
            let number = record[1].as_i64().unwrap() as i32;
            builder.start_residue(record[0].as_str().unwrap(), number, None, false);
            residue = own;
        }
        let element = Element::from_symbol(atom[1].as_str().unwrap()).unwrap();
        builder.add_atom(AtomRecord::new(atom[0].as_str().unwrap(), element));
    }
    let mut topology = builder.build();
    let bonds = golden["bonds"].as_array().unwrap();
    let bond = |b: &Value| [0, 1].map(|end: usize| b[end].as_u64().unwrap() as usize);
    topology.set_bonds(bonds.iter().map(bond)).unwrap();
    let mut positions = Vec::new();
    for frame in golden["frames"].as_array().unwrap() {
        for xyz in numbers(frame).chunks(3) {
            positions.push([xyz[0] as f32, xyz[1] as f32, xyz[2] as f32]);
        }
    }
    let trajectory = Trajectory::from_positions(topology.n_atoms(), positions).unwrap();
    Fixture {
        topology,
        trajectory,
        golden,
    }
}

/// Numbers of an array; null is NaN.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    let array = value.as_array().unwrap();
    array
        .iter()
        .map(|v| v.as_f64().unwrap_or(f64::NAN))
        .collect()
}

pub(crate) fn assert_close(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() <= tolerance || (got.is_nan() && expected.is_nan()),
            "{what}, entry {index}: {got}, expected {expected}"
        );
    }
}

/// The same for angles, which are equal modulo 2π.
pub(crate) fn assert_angles(got: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let difference = f64::from(*got) - expected;
        assert!(
            (difference / 2.0).sin().abs() <= tolerance / 2.0
                || (got.is_nan() && expected.is_nan()),
            "{what}, entry {index}: {got}, expected {expected}"
        );
    }
}

/// The folder of real files, or a line about what is left out.
#[allow(clippy::print_stderr)] // the one line that a test says
pub(crate) fn data(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FOLDSCAPE_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("FOLDSCAPE_TEST_DATA is not set: left out {what}");
    }
    folder
}

/// Topology and frames of a structure file and, if given, of a trajectory.
pub(crate) fn load(structure: &Path, frames: Option<&Path>) -> (Topology, Trajectory) {
    let topology = molio::read_topology(structure).unwrap();
    let mut trajectory = Trajectory::new(topology.n_atoms());
    let mut reader = molio::open(frames.unwrap_or(structure)).unwrap();
    reader
        .for_each(&mut |frame| {
            trajectory.push(frame)?;
            Ok(true)
        })
        .unwrap();
    (topology, trajectory)
}
