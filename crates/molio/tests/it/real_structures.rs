//! Bonds, selections and RMSDs of the structures in `FOLDSCAPE_TEST_DATA` against OpenMM, MDAnalysis
//! and mdtraj (`xtask/python/molio_structures.py --data`).

use crate::golden_structures::load;
use molio::{
    CentredFrames, Dataset, DatasetConfig, Frame, Selection, Source, Topology, assign_bonds, open,
    read_topology,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Number of entries and their sum weighted by place.
type Checksum = (usize, u64);

#[derive(Deserialize)]
struct Real {
    bonds: BTreeMap<String, Checksum>,
    selections: BTreeMap<String, BTreeMap<String, Checksum>>,
    adk_rmsd_to_first: Vec<f64>,
    murd_rmsd_to_last: Vec<f64>,
}

/// The folder, or a line about what is left out.
#[allow(clippy::print_stderr)] // the one line that a test says
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("FOLDSCAPE_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("FOLDSCAPE_TEST_DATA is not set: chignolin, adk and MurD are left out");
    }
    folder
}

fn checksum(values: impl IntoIterator<Item = usize>) -> Checksum {
    let weighted = values
        .into_iter()
        .enumerate()
        .map(|(place, value)| (place as u64 % 1009 + 1) * (value as u64 + 1));
    let (mut n, mut sum) = (0, 0);
    for value in weighted {
        n += 1;
        sum += value;
    }
    (n, sum % (1 << 32))
}

fn first_frame(path: &PathBuf) -> Frame {
    let mut frame = Frame::default();
    assert!(open(path).unwrap().read_frame(&mut frame).unwrap());
    frame
}

/// Without the bonds that the file itself states.
fn without_bonds(path: &PathBuf) -> Topology {
    let mut topology = read_topology(path).unwrap();
    topology.set_bonds([]).unwrap();
    topology
}

#[test]
fn bonds_and_selections() {
    let Some(data) = data() else { return };
    let golden: Real = load("real_structures.json");
    for (name, expected) in &golden.bonds {
        if name.ends_with(".psf") {
            continue;
        }
        let path = data.join(name);
        let mut topology = without_bonds(&path);
        let positions = first_frame(&path).positions;
        assign_bonds(&mut topology, Some(&positions)).unwrap();
        let found = checksum(topology.bonds().iter().flatten().copied());
        assert_eq!(found, *expected, "{name}");
        // only disulfides (MurD's file has one) need positions
        let with = topology.bonds().len();
        topology.set_bonds([]).unwrap();
        assign_bonds(&mut topology, None).unwrap();
        let disulfides = usize::from(name.ends_with("MurD_test_topo.pdb"));
        assert_eq!(topology.bonds().len() + disulfides, with, "{name}");
        for (text, expected) in &golden.selections[name] {
            let chosen = Selection::parse(text).unwrap().indices(&topology);
            assert_eq!(checksum(chosen), *expected, "{name}: {text}");
        }
    }
}

#[test]
fn rmsds_along_trajectories() {
    let Some(data) = data() else { return };
    let golden: Real = load("real_structures.json");
    let topology = read_topology(data.join("adk/adk_closed.pdb")).unwrap();
    let carbons = Selection::parse("name CA").unwrap().indices(&topology);
    for (file, atoms, reference, expected) in [
        ("adk/adk_dims.dcd", carbons, 0, &golden.adk_rmsd_to_first),
        // no hydrogens in this file
        (
            "murd/MurD_test.dcd",
            (0..3286).collect(),
            golden.murd_rmsd_to_last.len() - 1,
            &golden.murd_rmsd_to_last,
        ),
    ] {
        let mut frames = CentredFrames::new(atoms.len()).unwrap();
        open(data.join(file))
            .unwrap()
            .for_each(&mut |frame| {
                frames.push(&frame.select(&atoms).positions)?;
                Ok(true)
            })
            .unwrap();
        let mut found = vec![0.0; frames.n_frames()];
        frames.rmsd_to_all(reference, &mut found);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            // mdtraj's f32 sums, and the f32 coordinates in ångström or nm
            assert!(
                (f64::from(*found) - expected).abs() < 5e-5,
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn two_mutants_share_a_dataset() {
    let Some(data) = data() else { return };
    let source = |topology: &str, frames: &str| Source {
        label: frames.to_owned(),
        topology: read_topology(data.join(topology)).unwrap(),
        frames: open(data.join(frames)).unwrap(),
    };
    let murd = || source("murd/MurD_test_topo.pdb", "murd/MurD_test.dcd");
    let config = DatasetConfig {
        selection: "name N CA CB C O".to_owned(),
        ..DatasetConfig::new(1)
    };
    let dataset = Dataset::new(vec![murd()], &config).unwrap();
    assert_eq!((dataset.n_atoms(), dataset.n_frames()), (2145, 16));
    assert!(dataset.mean().abs() < 0.01 && (1.0..2.5).contains(&dataset.std()));

    let crystal = source("murd/5A5F_full.pdb", "murd/5A5F_full.pdb");
    let dataset = Dataset::new(vec![murd(), crystal], &config).unwrap();
    assert_eq!(dataset.n_frames(), 17);
    assert!(dataset.n_atoms() > 2000, "{}", dataset.n_atoms());
}
