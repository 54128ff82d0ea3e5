//! Building and preparing: what comes out has a force field, a hand and no clashes.

use super::{data, failure, foldscape, in_folder, json, real_input};
use dynamics::{MinimiseConfig, Potential, minimise};
use forcefield_gpu::{Engine, EngineConfig, ForceField, SystemOptions};
use metrics::chirality::Chirality;
use molio::{
    ChainPlan, Conformation, Frame, PrepareConfig, ProteinBuilder, SideChainConfig, Topology, Turn,
    conformation_torsions, parse_sequence, prepare,
};

fn engine(topology: &Topology) -> Engine {
    let force_field = ForceField::ff14sb().unwrap();
    let system = force_field
        .create_system(topology, &SystemOptions::default())
        .unwrap();
    Engine::new(&system, EngineConfig::default()).unwrap()
}

/// Energy in kJ/mol.
fn energy(engine: &Engine, positions: &[[f32; 3]]) -> f64 {
    let mut forces = vec![[0.0; 3]; positions.len()];
    engine.energy_forces(positions, &mut forces).unwrap()
}

fn read(path: &str) -> (Topology, Vec<[f32; 3]>) {
    let mut frame = Frame::default();
    assert!(molio::open(path).unwrap().read_frame(&mut frame).unwrap());
    (molio::read_topology(path).unwrap(), frame.positions)
}

#[test]
fn peptides_of_all_residues_minimise_to_bound_structures() {
    for (name, conformation) in [
        ("extended", Conformation::Extended),
        ("helix", Conformation::Helix),
        (
            "hairpin",
            Conformation::Hairpin {
                turn: Turn::TypeIPrime,
                first: None,
            },
        ),
    ] {
        let forms = parse_sequence("ACDEFGHIKLMNPQRSTVWY").unwrap();
        let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
        let torsions = conformation_torsions(&forms, conformation).unwrap();
        let positions = builder
            .from_torsions(&torsions, &SideChainConfig::default())
            .unwrap();
        let engine = engine(builder.topology());
        let before = energy(&engine, &positions);
        let config = MinimiseConfig {
            max_iterations: 100,
            ..MinimiseConfig::new()
        };
        let after = minimise(&engine, &[positions], &config).unwrap().remove(0);
        assert!(before.is_finite(), "{name}: {before} kJ/mol");
        assert!(after.energy < 0.0, "{name}: {} kJ/mol", after.energy);
        let hands = Chirality::new(builder.topology());
        assert_eq!(hands.count_d(&after.positions).unwrap(), 0);
    }
}

#[test]
fn build_writes_cln025() {
    let folder = tempfile::tempdir().unwrap();
    let path = in_folder(&folder, "cln025.pdb");
    for conformation in ["extended", "helix", "hairpin"] {
        let output = foldscape(&["build", "YYDPETGTWY", &path, "--conformation", conformation]);
        assert!(output.status.success());
        assert!(output.stdout.is_empty());
        let info = json(&["info", &path, "--json"]);
        assert_eq!(info["atoms"].as_u64(), Some(166));
        let energies = json(&["energy", &path, "--json"]);
        let total = energies["frames"][0]["total"].as_f64();
        assert!(total.is_some_and(f64::is_finite));
    }
    let output = foldscape(&["build", "AAA", &path, "--caps"]);
    assert!(output.status.success());
    assert_eq!(read(&path).0.n_residues(), 5);
    assert!(failure(&["build", "AXA", &path]).contains("X at place 2"));
    let message = failure(&["build", "AAA", &path, "--conformation", "hairpin"]);
    assert!(message.contains("4 amino acids or more"), "{message}");
}

#[test]
fn the_four_six_hairpin_of_cln025_is_near_its_crystal_structure() {
    let folder = tempfile::tempdir().unwrap();
    let path = in_folder(&folder, "hairpin.pdb");
    let shape = ["--conformation", "hairpin", "--turn", "4:6"];
    let output = foldscape(&[&["build", "YYDPETGTWY", &path], &shape[..]].concat());
    assert!(output.status.success());
    let trace = |path: &str| -> Vec<[f32; 3]> {
        let (topology, positions) = read(path);
        let residues = 0..topology.n_residues();
        residues
            .map(|residue| positions[topology.find(residue, "CA").unwrap()])
            .collect()
    };
    let rmsd = molio::rmsd(&trace(&path), &trace(&data("cln025.pdb"))).unwrap();
    assert!(rmsd < 0.2, "{rmsd} nm");
}

#[test]
fn prepare_restores_what_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (topology, positions) = read(&data("cln025.pdb"));
    // no hydrogens, no side chain beyond CB in the tryptophan, no OXT
    let kept: Vec<usize> = (0..topology.n_atoms())
        .filter(|&index| {
            let atom = &topology.atoms()[index];
            let backbone = ["N", "CA", "C", "O", "CB"].contains(&atom.name.as_str());
            !atom.name.starts_with('H')
                && atom.name != "OXT"
                && (backbone || topology.residue_of(index).name != "TRP")
        })
        .collect();
    let cut = topology.select(&kept);
    let input = in_folder(&folder, "cut.pdb");
    let mut writer = molio::create(&input, &cut).unwrap();
    let positions: Vec<[f32; 3]> = kept.iter().map(|&atom| positions[atom]).collect();
    writer
        .write_frame(&Frame::from_positions(positions))
        .unwrap();
    writer.finish().unwrap();
    let output = in_folder(&folder, "whole.pdb");
    let report = json(&["prepare", &input, &output, "--json"]);
    assert_eq!(report["n_atoms"], 166);
    assert_eq!(report["added_heavy"].as_array().unwrap().len(), 2);
    let (whole, new) = read(&output);
    let (_, old) = read(&input);
    for index in 0..cut.n_atoms() {
        let atom = &cut.atoms()[index];
        let same = whole.find(atom.residue, &atom.name).unwrap();
        assert_eq!(
            new[same], old[index],
            "{} of residue {}",
            atom.name, atom.residue
        );
    }
    assert!(energy(&engine(&whole), &new) < 1e5);
    // nothing is left to do
    let again = json(&["prepare", &output, &input, "--json"]);
    assert_eq!(again["n_added_hydrogens"], 0);
    assert_eq!(again["renamed"].as_array().unwrap().len(), 0);
}

#[test]
fn prepare_says_what_it_cannot_do() {
    let folder = tempfile::tempdir().unwrap();
    let input = in_folder(&folder, "odd.pdb");
    let line = |serial: usize, name: &str, residue: &str, x: f64| {
        format!(
            "ATOM  {serial:5}  {name:<3} {residue} A   1    {x:8.3}   0.000   0.000  1.00  0.00\n"
        )
    };
    let text: String = ["N", "CA", "C", "O"]
        .iter()
        .enumerate()
        .map(|(index, name)| line(index + 1, name, "SEP", 1.4 * index as f64))
        .collect();
    std::fs::write(&input, text).unwrap();
    let said = failure(&["prepare", &input, &in_folder(&folder, "out.pdb")]);
    assert!(said.contains("SEP 1 of chain A"), "{said}");
    std::fs::write(&input, line(1, "CA", "ALA", 0.0)).unwrap();
    let said = failure(&["prepare", &input, &in_folder(&folder, "out.pdb")]);
    assert!(
        said.contains("ALA 1 of chain A") && said.contains("no N, C"),
        "{said}"
    );
}

#[test]
fn real_structures_prepare_and_have_energies() {
    for name in [
        "chignolin/1uao.pdb",
        "chignolin/5awl.pdb",
        "murd/5A5E_full.pdb",
        "murd/5A5F_full.pdb",
        "murd/MurD_test_topo.pdb",
        "adk/adk_closed.pdb",
    ] {
        let Some(path) = real_input(name) else {
            return;
        };
        let (topology, positions) = read(&path);
        let prepared = prepare(&topology, &positions, &PrepareConfig::default()).unwrap();
        let energy = energy(&engine(&prepared.topology), &prepared.positions);
        assert!(energy.is_finite(), "{name}: {energy}");
        // one hydrogen on another costs 1e5 kJ/mol
        assert!(energy < 5e3, "{name}: {energy} kJ/mol");
        let hands = Chirality::new(&prepared.topology);
        let found = hands.count_d(&prepared.positions).unwrap();
        assert_eq!(
            found,
            Chirality::new(&topology).count_d(&positions).unwrap(),
            "{name}"
        );
    }
}
