//! Real structures, where `FOLDSCAPE_TEST_DATA` says they are.

use crate::energy_support::{reference, term};
use crate::system_support::golden;
use forcefield_gpu::system::SoftRepulsion;
use forcefield_gpu::{ForceField, MOLEARN_ATOMS, SystemOptions, subset_atoms};
use molio::Topology;
use std::path::PathBuf;

fn data(file: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("FOLDSCAPE_TEST_DATA") else {
        #[allow(clippy::print_stdout)]
        {
            println!("left out, as FOLDSCAPE_TEST_DATA is not set: {file}");
        }
        return None;
    };
    Some(PathBuf::from(folder).join(file))
}

/// Topology with bonds and positions of the first model of a PDB file, as exact as the file has them.
fn pdb(path: &PathBuf) -> (Topology, Vec<[f64; 3]>) {
    let mut topology = molio::read_topology(path).unwrap();
    let mut frame = molio::Frame::default();
    assert!(molio::open(path).unwrap().read_frame(&mut frame).unwrap());
    molio::assign_bonds(&mut topology, Some(&frame.positions)).unwrap();
    // The file has 10⁻⁴ nm; in f32 some of that is lost, which counts in stiff bonds.
    let exact = |x: f32| (f64::from(x) * 1e4).round() / 1e4;
    let positions = frame.positions.iter().map(|p| p.map(exact)).collect();
    (topology, positions)
}

fn assert_close(what: &str, found: f64, expected: f64) {
    let error = ((found - expected) / expected).abs();
    assert!(error < 1e-6, "{what}: {found}, expected {expected}");
}

/// Golden values measured with molearn's own patch of ff14SB and OpenMM 8.6.1, Reference platform.
#[test]
fn murd_subset_is_molearns() {
    let Some(path) = data("murd/MurD_test_topo.pdb") else {
        return;
    };
    let (topology, positions) = pdb(&path);
    let atoms = subset_atoms(&topology, &MOLEARN_ATOMS).unwrap();
    let subset = topology.select(&atoms);
    let positions: Vec<[f64; 3]> = atoms.iter().map(|&atom| positions[atom]).collect();
    assert_eq!(subset.n_atoms(), 2145);
    let force_field = ForceField::ff14sb()
        .unwrap()
        .for_atoms(&MOLEARN_ATOMS)
        .unwrap();
    let system = force_field
        .create_system(&subset, &SystemOptions::default())
        .unwrap();
    assert!(force_field.match_templates(&subset).unwrap()[0].starts_with("NALA"));
    assert_eq!(system.bonds.len(), 2144);
    assert_eq!(system.angles.len(), 2976);
    assert_eq!(system.torsions.len(), 5864);
    let nonbonded = system.nonbonded.as_ref().unwrap();
    assert_eq!(nonbonded.exceptions.len(), 8491);
    let scaled = nonbonded
        .exceptions
        .iter()
        .filter(|e| e.epsilon != 0.0)
        .count();
    assert_eq!(scaled, 3371);
    let charge: f64 = nonbonded.particles.iter().map(|p| p.charge).sum();
    assert!((charge + 179.491).abs() < 1e-3, "{charge}");

    let (full, _) = reference(&system, &positions);
    assert_close("bond", full.bond, 3252.45893);
    assert_close("angle", full.angle, 2954.65502);
    assert_close("torsion", full.torsion, 12268.15213);
    assert_close("nonbonded", full.nonbonded, 948455.2096);
    let soft = system.with_soft_repulsion(SoftRepulsion::molearn).unwrap();
    assert_eq!(soft.soft_repulsion.as_ref().unwrap().exclusions.len(), 5120);
    let (soft, forces) = reference(&soft, &positions);
    assert_close("soft", soft.nonbonded, 1747.09588);
    assert_close("total", soft.total(), 20222.36195);
    let largest = forces.iter().flatten().fold(0.0_f64, |m, f| f.abs().max(m));
    assert!((largest - 3931.37).abs() < 0.01, "{largest}");
}

/// Names, histidines and termini are CHARMM's here.
#[test]
fn adenylate_kinase_is_openmms() {
    let (Some(closed), Some(frames)) = (data("adk/adk_closed.pdb"), data("adk/adk_dims.dcd"))
    else {
        return;
    };
    let mut topology = molio::read_topology(closed).unwrap();
    let mut frame = molio::Frame::default();
    assert!(molio::open(frames).unwrap().read_frame(&mut frame).unwrap());
    molio::assign_bonds(&mut topology, Some(&frame.positions)).unwrap();
    let positions: Vec<[f64; 3]> = frame.positions.iter().map(|p| p.map(f64::from)).collect();
    assert_golden("adk", &topology, &positions);
}

fn assert_golden(name: &str, topology: &Topology, positions: &[[f64; 3]]) {
    let force_field = ForceField::ff14sb().unwrap();
    let system = force_field
        .create_system(topology, &SystemOptions::default())
        .unwrap();
    let (energies, forces) = reference(&system, positions);
    let golden = golden(name, "vacuum");
    let tolerance = 1e-6;
    for (which, &expected) in &golden.energies {
        let found = term(&energies, which);
        let error = ((found - expected) / expected).abs();
        assert!(
            error < tolerance,
            "{name} {which}: {found}, OpenMM {expected}"
        );
    }
    let squares: f64 = forces.iter().flatten().map(|f| f * f).sum();
    let error = (squares / forces.len() as f64 / golden.mean_square_force - 1.0).abs();
    assert!(
        error < 10.0 * tolerance,
        "{name}: mean square force off by {error}"
    );
}
