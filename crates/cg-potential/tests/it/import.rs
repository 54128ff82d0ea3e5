//! Weights of other programs.

use cg_potential::Network;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Fixture {
    types: Vec<u32>,
    /// Å.
    positions: Vec<[f64; 3]>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// kcal/mol.
    energy: f64,
    /// kcal/mol/Å.
    forces: Vec<[f64; 3]>,
}

#[test]
fn imported_networks_agree_with_their_makers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    let text = std::fs::read_to_string(folder.join("import.json")).unwrap();
    let fixture: Fixture = serde_json::from_str(&text).unwrap();
    let positions: Vec<_> = fixture
        .positions
        .iter()
        .map(|x| x.map(|x| x / 10.0))
        .collect();
    for case in &fixture.cases {
        let path = folder.join(format!("{}.safetensors", case.name));
        let network = Network::load(&path, &fixture.types).unwrap();
        let (energies, forces) = network.reference_energies_forces(&positions);
        let expected = 4.184 * case.energy;
        assert!(
            (energies[0] - expected).abs() < 1e-5 * expected.abs().max(1.0),
            "{}",
            case.name
        );
        let largest = case
            .forces
            .as_flattened()
            .iter()
            .fold(0.0_f64, |m, f| m.max(f.abs()));
        for (found, expected) in forces.as_flattened().iter().zip(case.forces.as_flattened()) {
            assert!(
                (found / 41.84 - expected).abs() < 1e-5 * largest,
                "{}",
                case.name
            );
        }
        let too_high = Network::load(&path, &[25]);
        assert!(too_high.is_err(), "a type that the embedding lacks");
    }
}
