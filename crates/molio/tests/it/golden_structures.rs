//! Bonds, superpositions and selections against OpenMM, mdtraj and MDAnalysis
//! (`xtask/python/molio_structures.py`).

use molio::{
    AtomRecord, CentredFrames, Element, Selection, Topology, TopologyBuilder, assign_bonds, rmsd,
    superpose,
};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(crate) fn load<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    let path = format!(
        "{}/tests/data/structures/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Name, atoms with their elements, bonds.
type Template = (String, Vec<(String, String)>, Vec<[usize; 2]>);

#[derive(Deserialize)]
struct ResidueBonds {
    amber: Vec<Template>,
    charmm: Vec<Template>,
}

fn bonds_of(name: &str, atoms: &[(String, String)]) -> Topology {
    let mut builder = TopologyBuilder::default();
    builder.start_residue(name, 1, None, false);
    for (atom, symbol) in atoms {
        let element = Element::from_symbol(symbol).unwrap_or(Element::UNKNOWN);
        builder.add_atom(AtomRecord::new(atom, element));
    }
    let mut topology = builder.build();
    assign_bonds(&mut topology, None).unwrap();
    topology
}

#[test]
fn bonds_of_every_residue_template() {
    let ResidueBonds { amber, charmm } = load("residue_bonds.json");
    assert!(amber.len() > 100 && charmm.len() > 25);
    let mut wrong = Vec::new();
    for (name, atoms, mut expected) in amber.into_iter().chain(charmm) {
        expected.sort_unstable();
        let topology = bonds_of(&name, &atoms);
        let named = |bonds: &[[usize; 2]]| -> Vec<String> {
            bonds
                .iter()
                .map(|[a, b]| format!("{}-{}", atoms[*a].0, atoms[*b].0))
                .collect()
        };
        let (found, expected) = (named(topology.bonds()), named(&expected));
        let extra = found.iter().filter(|bond| !expected.contains(bond));
        let missing = expected.iter().filter(|bond| !found.contains(bond));
        let (extra, missing): (Vec<_>, Vec<_>) = (extra.collect(), missing.collect());
        if !(extra.is_empty() && missing.is_empty()) {
            wrong.push(format!("{name}: extra {extra:?}, missing {missing:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Deserialize)]
struct Superposition {
    n_atoms: usize,
    positions: Vec<f32>,
    rmsd_mdtraj: Vec<Vec<f64>>,
    rmsd_mdanalysis: Vec<Vec<f64>>,
    weights: Vec<f64>,
    weighted_rmsd_2_on_3: f64,
    rotation_2_on_3: [[f64; 3]; 3],
}

#[test]
fn superpositions() {
    let golden: Superposition = load("superposition.json");
    let positions: Vec<[f32; 3]> = golden
        .positions
        .chunks(3)
        .map(|x| [x[0], x[1], x[2]])
        .collect();
    let frame = |k: usize| &positions[k * golden.n_atoms..(k + 1) * golden.n_atoms];
    let frames = CentredFrames::from_positions(golden.n_atoms, &positions).unwrap();
    for a in 0..frames.n_frames() {
        for b in 0..frames.n_frames() {
            let exact = golden.rmsd_mdanalysis[a][b];
            let kabsch = superpose(frame(a), frame(b), None).unwrap().rmsd;
            assert!((kabsch - exact).abs() < 1e-7, "{a} {b}: {kabsch} {exact}");
            for qcp in [frames.rmsd(a, b), rmsd(frame(a), frame(b)).unwrap()] {
                assert!((qcp - exact).abs() < 1e-6, "{a} {b}: {qcp} {exact}");
            }
            // mdtraj works in f32, which cancels for close frames
            assert!((golden.rmsd_mdtraj[a][b] - kabsch).abs() < 3e-4, "{a} {b}");
        }
    }
    let motion = superpose(frame(2), frame(3), Some(&golden.weights)).unwrap();
    assert!((motion.rmsd - golden.weighted_rmsd_2_on_3).abs() < 1e-7);
    for i in 0..3 {
        for j in 0..3 {
            assert!((motion.rotation[i][j] - golden.rotation_2_on_3[i][j]).abs() < 1e-6);
        }
    }
}

#[derive(Deserialize)]
struct Choices {
    /// Chain, name, number, insertion code.
    residues: Vec<(String, String, i32, String)>,
    /// Name, element, residue.
    atoms: Vec<(String, String, usize)>,
    chosen: BTreeMap<String, Vec<usize>>,
}

#[test]
fn selections() {
    let Choices {
        residues,
        atoms,
        chosen,
    } = load("selection.json");
    let mut builder = TopologyBuilder::default();
    for (index, (chain, name, number, code)) in residues.iter().enumerate() {
        if index == 0 || residues[index - 1].0 != *chain {
            builder.start_chain(chain);
        }
        builder.start_residue(name, *number, code.chars().next(), false);
        for (atom, symbol, _) in atoms.iter().filter(|a| a.2 == index) {
            builder.add_atom(AtomRecord::new(atom, Element::from_symbol(symbol).unwrap()));
        }
    }
    let topology = builder.build();
    assert!(chosen.len() > 20);
    for (text, expected) in chosen {
        let found = Selection::parse(&text).unwrap().indices(&topology);
        assert_eq!(found, expected, "{text}");
    }
}
