//! Structure metrics against mdtraj.

use crate::structure_fixture::{
    Fixture, assert_angles, assert_close, data, json, load, numbers, two_chains,
};
use metrics::backbone::{ResidueTorsions, TorsionKind};
use metrics::chirality::Chirality;
use metrics::contacts::{ContactAtoms, ResidueContacts};
use metrics::gyration::{RadiusOfGyration, Weighting};
use metrics::hydrogen_bonds::{BakerHubbard, BakerHubbardConfig, KabschSander};
use metrics::rmsd::{Alignment, PairwiseRmsd, Rmsd};
use metrics::rmsf::rmsf;
use metrics::secondary_structure::Dssp;
use metrics::surface_area::{SurfaceArea, SurfaceAreaConfig};
use molio::{Element, Topology};

const ANGLE: f64 = 2e-4;

fn named(topology: &Topology, name: &str) -> Vec<usize> {
    (0..topology.n_atoms())
        .filter(|&atom| topology.atoms()[atom].name == name)
        .collect()
}

#[test]
fn torsions() {
    let Fixture {
        topology,
        trajectory,
        golden,
    } = two_chains();
    let mut kinds = vec![
        ("phi".to_owned(), TorsionKind::Phi),
        ("psi".to_owned(), TorsionKind::Psi),
        ("omega".to_owned(), TorsionKind::Omega),
    ];
    kinds.extend((1..=5).map(|k| (format!("chi{k}"), TorsionKind::Chi(k))));
    for (name, kind) in kinds {
        let torsions = ResidueTorsions::new(&topology, &[kind]).unwrap();
        for frame in 0..trajectory.n_frames() {
            let got = torsions.evaluate(trajectory.positions(frame)).unwrap();
            assert_angles(&got, &numbers(&golden[&name][frame]), ANGLE, &name);
        }
    }
}

#[test]
fn sizes_and_deviations() {
    let Fixture {
        topology,
        trajectory,
        golden,
    } = two_chains();
    for (name, weighting) in [("rg_mass", Weighting::Mass), ("rg_equal", Weighting::Equal)] {
        let rg = RadiusOfGyration::new(&topology, weighting).unwrap();
        let got: Vec<f64> = (0..trajectory.n_frames())
            .map(|frame| rg.evaluate(trajectory.positions(frame)).unwrap())
            .collect();
        assert_close(&got, &numbers(&golden[name]), 1e-5, name);
    }
    let heavy: Vec<usize> = (0..topology.n_atoms())
        .filter(|&atom| topology.atoms()[atom].element != Element::HYDROGEN)
        .collect();
    let rmsd = Rmsd::new(trajectory.positions(0), Some(&heavy), Alignment::Measured).unwrap();
    let got = rmsd.over(&trajectory).unwrap();
    assert_close(&got, &numbers(&golden["rmsd_heavy"]), 1e-5, "rmsd");

    let alphas = named(&topology, "CA");
    let matrix = PairwiseRmsd::new(&trajectory, Some(&alphas))
        .unwrap()
        .matrix();
    for (i, row) in matrix.chunks(trajectory.n_frames()).enumerate() {
        let row: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
        let mut expected = numbers(&golden["rmsd_alpha_matrix"][i]);
        // mdtraj's single precision leaves up to 7e-4 nm of a frame to itself
        expected[i] = 0.0;
        assert_close(&row, &expected, 2e-5, "pairwise RMSD");
    }

    let mut aligned = trajectory.clone();
    let pick = |positions: &[[f32; 3]]| alphas.iter().map(|&a| positions[a]).collect::<Vec<_>>();
    let reference = pick(trajectory.positions(0));
    for frame in 0..aligned.n_frames() {
        let motion = molio::superpose(&pick(aligned.positions(frame)), &reference, None).unwrap();
        motion.apply(aligned.positions_mut(frame));
    }
    let got = rmsf(&aligned, None).unwrap();
    assert_close(
        &got,
        &numbers(&golden["rmsf_aligned_on_alpha"]),
        1e-5,
        "RMSF",
    );
}

#[test]
fn contacts() {
    let Fixture {
        topology,
        trajectory,
        golden,
    } = two_chains();
    let contacts = ResidueContacts::new(&topology, ContactAtoms::ClosestHeavy, 3);
    let distances = contacts.distances(trajectory.positions(0)).unwrap();
    let expected = golden["contact_pairs"].as_array().unwrap();
    for (pair, distance) in expected.iter().zip(numbers(&golden["contact_distances"])) {
        let pair = [0, 1].map(|k: usize| pair[k].as_u64().unwrap() as usize);
        let index = contacts.pairs().iter().position(|p| *p == pair).unwrap();
        assert!(
            (f64::from(distances[index]) - distance).abs() < 2e-5,
            "{pair:?}"
        );
    }
    assert!(expected.len() > 100);
}

#[test]
fn surface_area() {
    let Fixture {
        topology,
        trajectory,
        golden,
    } = two_chains();
    let surface = SurfaceArea::new(&topology, SurfaceAreaConfig::default()).unwrap();
    let got: Vec<f64> = surface
        .per_atom(trajectory.positions(0))
        .unwrap()
        .iter()
        .map(|&x| f64::from(x))
        .collect();
    // a few of 960 points of an atom fall on either side of an edge
    assert_close(&got, &numbers(&golden["sasa"]), 0.005, "SASA");
    for (frame, expected) in numbers(&golden["sasa_total"]).into_iter().enumerate() {
        let total = surface.total(trajectory.positions(frame)).unwrap();
        assert!((total / expected - 1.0).abs() < 1e-4, "{total} {expected}");
        let residues: f32 = surface
            .per_residue(trajectory.positions(frame))
            .unwrap()
            .iter()
            .sum();
        assert!((f64::from(residues) - total).abs() < 1e-3);
    }
}

#[test]
fn secondary_structure() {
    let Fixture {
        topology,
        trajectory,
        golden,
    } = two_chains();
    let dssp = Dssp::new(&topology);
    for frame in 0..trajectory.n_frames() {
        let got = letters(&dssp, trajectory.positions(frame));
        assert_eq!(got, golden["dssp"][frame].as_str().unwrap());
    }
}

fn letters(dssp: &Dssp, positions: &[[f32; 3]]) -> String {
    let states = dssp.evaluate(positions).unwrap();
    states
        .iter()
        .map(|state| state.map_or('-', |state| state.letter()))
        .collect()
}

#[test]
fn hydrogen_bonds() {
    let Fixture {
        topology,
        trajectory,
        golden,
    } = two_chains();
    let bonds = KabschSander::new(&topology);
    for frame in 0..trajectory.n_frames() {
        let mut got: Vec<[f64; 3]> = bonds
            .evaluate(trajectory.positions(frame))
            .unwrap()
            .iter()
            .map(|bond| [bond.donor as f64, bond.acceptor as f64, bond.energy])
            .collect();
        got.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        let expected: Vec<Vec<f64>> = golden["kabsch_sander"][frame]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        assert_eq!(
            got.len(),
            expected.len(),
            "frame {frame}: {got:?} {expected:?}"
        );
        for (got, expected) in got.iter().zip(&expected) {
            assert_eq!(got[..2], expected[..2]);
            assert!((got[2] - expected[2]).abs() < 0.02, "{got:?} {expected:?}");
        }
    }
    let bonds = BakerHubbard::new(&topology, BakerHubbardConfig::default()).unwrap();
    let got: Vec<Vec<f64>> = bonds
        .frequencies(&trajectory)
        .unwrap()
        .into_iter()
        .map(|(b, f)| vec![b.donor as f64, b.hydrogen as f64, b.acceptor as f64, f])
        .collect();
    let expected: Vec<Vec<f64>> = golden["baker_hubbard"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    assert_eq!(got.len(), expected.len(), "{got:?}\n{expected:?}");
    for (got, expected) in got.iter().zip(&expected) {
        assert_close(got, expected, 1e-6, "Baker-Hubbard");
    }
}

/// adk (closed to open) and MurD, two proteins with sheets.
#[test]
fn real_structures() {
    let Some(folder) = data("adk and MurD against mdtraj") else {
        return;
    };
    let golden = json("real_structures.json");
    for (name, structure, frames) in [
        ("adk", "adk/adk_closed.pdb", "adk/adk_dims.dcd"),
        ("murd", "murd/MurD_test_topo.pdb", "murd/MurD_test.dcd"),
    ] {
        let golden = &golden[name];
        let (topology, trajectory) = load(&folder.join(structure), Some(&folder.join(frames)));
        assert_eq!(
            topology.n_atoms() as u64,
            golden["n_atoms"].as_u64().unwrap()
        );
        let rg = RadiusOfGyration::new(&topology, Weighting::Mass).unwrap();
        let got: Vec<f64> = (0..trajectory.n_frames())
            .map(|frame| rg.evaluate(trajectory.positions(frame)).unwrap())
            .collect();
        assert_close(&got, &numbers(&golden["rg_mass"]), 2e-5, "Rg");
        let rg = RadiusOfGyration::new(&topology, Weighting::Equal).unwrap();
        let got = rg.evaluate(trajectory.positions(0)).unwrap();
        assert!((got - numbers(&golden["rg_equal"])[0]).abs() < 2e-5);
        assert_eq!(
            Chirality::new(&topology)
                .count_d(trajectory.positions(0))
                .unwrap(),
            0
        );
        let alphas = named(&topology, "CA");
        let rmsd = Rmsd::new(trajectory.positions(0), Some(&alphas), Alignment::Measured).unwrap();
        let got = rmsd.over(&trajectory).unwrap();
        // mdtraj's first entry is its rounding error
        let expected = numbers(&golden["rmsd_alpha_to_first"]);
        assert_close(&got[1..], &expected[1..], 1e-4, "RMSD");

        let surface = SurfaceArea::new(&topology, SurfaceAreaConfig::default()).unwrap();
        let dssp = Dssp::new(&topology);
        let bonds = KabschSander::new(&topology);
        for (row, frame) in numbers(&golden["frames"]).into_iter().enumerate() {
            let positions = trajectory.positions(frame as usize);
            for (kind, key) in [
                (TorsionKind::Phi, "phi"),
                (TorsionKind::Psi, "psi"),
                (TorsionKind::Omega, "omega"),
            ] {
                let torsions = ResidueTorsions::new(&topology, &[kind]).unwrap();
                let got = torsions.existing().evaluate(positions).unwrap();
                assert_angles(&got, &numbers(&golden[key][row]), 1e-3, key);
            }
            assert_eq!(
                letters(&dssp, positions),
                golden["dssp"][row].as_str().unwrap(),
                "{name}"
            );
            let n = bonds.evaluate(positions).unwrap().len() as i64;
            let expected = golden["n_kabsch_sander"][row].as_i64().unwrap();
            assert!((n - expected).abs() <= 1, "{name}: {n} bonds, {expected}");
            let total = surface.total(positions).unwrap();
            let expected = golden["sasa_total"][row].as_f64().unwrap();
            assert!((total / expected - 1.0).abs() < 1e-4, "{total} {expected}");
        }
    }
}
