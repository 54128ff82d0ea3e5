//! DOPE, statistical potentials and Ramachandran classes.

use crate::structure_fixture::{data, load, two_chains};
use metrics::dope::{DopeCoverage, DopeLibrary, DopeRule};
use metrics::ramachandran::{Ramachandran, RamachandranClass, RamachandranGrids};
use metrics::statistical_potential::{
    PairRule, PairScore, PairTable, StatisticalPotentialBuilder, StatisticalPotentialConfig,
};
use molio::{AtomRecord, Element, TopologyBuilder, Trajectory};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[test]
fn dope_reproduces_published_numbers() {
    let Some(folder) = data("DOPE of mini.pdb and 1fdx") else {
        return;
    };
    let library = DopeLibrary::read(&folder.join("dope/dope_score.lib")).unwrap();
    assert_eq!(library.table().types().len(), 158);
    for (file, rule, cutoff, expected, tolerance) in [
        ("mini.pdb", DopeRule::Imp, 0.7, 1062.8766, 2e-3),
        (
            "1fdx.B99990001.pdb",
            DopeRule::Modeller,
            1.5,
            -4045.793,
            5e-3,
        ),
        ("1fdx.B99990001.pdb", DopeRule::Imp, 1.5, 3391.194, 5e-3),
    ] {
        let (topology, trajectory) = load(&folder.join("dope").join(file), None);
        let dope = library.score(&topology, rule, cutoff).unwrap();
        let positions = trajectory.positions(0);
        let value = dope.evaluate(positions).unwrap();
        assert!((value - expected).abs() < tolerance, "{file}: {value}");
        assert_eq!(dope.coverage(), DopeCoverage::AllHeavyAtoms, "{file}");

        let backbone: Vec<usize> = (0..topology.n_atoms())
            .filter(|&a| ["N", "CA", "C", "O"].contains(&topology.atoms()[a].name.as_str()))
            .collect();
        let part = topology.select(&backbone);
        let coverage = library.score(&part, rule, cutoff).unwrap().coverage();
        assert_eq!(coverage, DopeCoverage::Backbone);
        assert_eq!(coverage.label(), "backbone DOPE");
    }
    gradient_is_the_derivative(&folder, &library);
    every_chain_and_the_last_atom_count(&folder, &library);
}

fn gradient_is_the_derivative(folder: &std::path::Path, library: &DopeLibrary) {
    let (topology, trajectory) = load(&folder.join("dope/mini.pdb"), None);
    let dope = library.score(&topology, DopeRule::Modeller, 1.5).unwrap();
    let mut positions = trajectory.positions(0).to_vec();
    let mut gradient = vec![[0.0; 3]; topology.n_atoms()];
    dope.evaluate_with_gradient(&positions, &mut gradient)
        .unwrap();
    for atom in (0..topology.n_atoms()).step_by(5) {
        for axis in 0..3 {
            let x = positions[atom][axis];
            let (low, high) = (x - 1e-4, x + 1e-4);
            positions[atom][axis] = high;
            let above = dope.evaluate(&positions).unwrap();
            positions[atom][axis] = low;
            let below = dope.evaluate(&positions).unwrap();
            positions[atom][axis] = x;
            let numeric = (above - below) / f64::from(high - low);
            let error = (numeric - gradient[atom][axis]).abs();
            assert!(
                error < 0.02 * (10.0 + numeric.abs()),
                "{numeric} {:?}",
                gradient[atom]
            );
        }
    }
}

/// molearn's defect 8: only the first chain was scored, and the last atom never moved.
fn every_chain_and_the_last_atom_count(folder: &std::path::Path, library: &DopeLibrary) {
    let (topology, trajectory) = load(&folder.join("dope/mini.pdb"), None);
    let single = trajectory.positions(0);
    let n = topology.n_atoms();
    let mut builder = TopologyBuilder::default();
    for chain in ["A", "B"] {
        builder.start_chain(chain);
        for residue in topology.residues() {
            builder.start_residue(&residue.name, residue.number, None, false);
            for atom in &topology.atoms()[residue.atoms.clone()] {
                builder.add_atom(AtomRecord::new(&atom.name, atom.element));
            }
        }
    }
    let double = builder.build();
    // the copy is beyond the cutoff of the first
    let mut positions = single.to_vec();
    positions.extend(single.iter().map(|[x, y, z]| [x + 50.0, *y, *z]));
    let dope = library.score(&double, DopeRule::Modeller, 1.5).unwrap();
    let alone = library.score(&topology, DopeRule::Modeller, 1.5).unwrap();
    let expected = 2.0 * alone.evaluate(single).unwrap();
    let before = dope.evaluate(&positions).unwrap();
    assert!((before - expected).abs() < 1e-2, "{before} {expected}");
    positions[2 * n - 1][0] += 0.05;
    assert!((dope.evaluate(&positions).unwrap() - before).abs() > 1e-3);
    let mut batch = single.to_vec();
    batch.extend(positions[..n].iter());
    let batch = Trajectory::from_positions(n, batch).unwrap();
    for value in alone.over(&batch) {
        assert_eq!(value.unwrap(), alone.evaluate(single).unwrap());
    }
}

/// Random points in spheres have no potential, whatever the spheres' sizes; a shell of partners does.
#[test]
fn the_reference_state_is_a_finite_sphere() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let config = StatisticalPotentialConfig::default();
    let mut builder = StatisticalPotentialBuilder::new(config).unwrap();
    let mut point = |radius: f32| loop {
        let x: [f32; 3] = std::array::from_fn(|_| rng.random_range(-1.0f32..1.0));
        if x.iter().map(|x| x * x).sum::<f32>() <= 1.0 {
            return x.map(|x| x * radius);
        }
    };
    for radius in [1.0, 1.5, 2.0, 3.0] {
        for _ in 0..6 {
            let mut topology = TopologyBuilder::default();
            let mut positions = Vec::new();
            for number in 0..200 {
                topology.start_residue("ALA", number, None, false);
                topology.add_atom(AtomRecord::new("CA", Element::CARBON));
                positions.push(point(radius));
                // every third has a partner at 0.525 nm, in the bin 0.5 to 0.55
                if number % 3 == 0 {
                    topology.start_residue("GLY", number, None, false);
                    topology.add_atom(AtomRecord::new("CA", Element::CARBON));
                    let [x, y, z] = positions[positions.len() - 1];
                    positions.push([x + 0.525, y, z]);
                }
            }
            builder.add(&topology.build(), &positions, 1.0).unwrap();
        }
    }
    let table = builder.finish().unwrap();
    assert_eq!(table.types(), ["ALA_CA", "GLY_CA"]);
    let same = table.curve(0, 0);
    for node in 8..29 {
        assert!(
            same[node].abs() < 0.1,
            "{} nm: {}",
            table.node(node),
            same[node]
        );
    }
    let other = table.curve(0, 1);
    assert!((table.node(9) - 0.525).abs() < 1e-9);
    assert!(
        other[9] < other[8] - 0.3 && other[9] < other[10] - 0.3,
        "{other:?}"
    );

    let file = tempfile::NamedTempFile::new().unwrap();
    table.write(file.path()).unwrap();
    let read = PairTable::read(file.path()).unwrap();
    assert_eq!(read.types(), table.types());
    for pair in [(0, 0), (0, 1), (1, 1)] {
        assert_eq!(read.curve(pair.0, pair.1), table.curve(pair.0, pair.1));
        assert!((read.node(3) - table.node(3)).abs() < 1e-12);
    }
}

#[test]
fn modellers_layout_is_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut text = String::from("MODELLER5 VERSION: MODELLER FORMAT\n");
    for (pair, values) in [
        ("'ALA:CA' 'ALA:CA'", "1 2 3"),
        ("'ALA:CA' 'GLY:CA'", "4 5 6"),
        ("'GLY:CA' 'GLY:CA'", "7 8 9"),
    ] {
        text += &format!("R 10 3 1 9 2 9 1 {pair} 0 0.75 1.75 0.5 0 0 {values}\n");
    }
    std::fs::write(file.path(), &text).unwrap();
    let table = PairTable::read(file.path()).unwrap();
    assert_eq!(table.curve(1, 0), [4.0, 5.0, 6.0]);
    assert!((table.node(1) - 0.125).abs() < 1e-12);
    for bad in [
        text.replace("R 10", "R 3"),
        text.replace(" 9\n", "\n"),
        String::new(),
    ] {
        std::fs::write(file.path(), bad).unwrap();
        assert!(PairTable::read(file.path()).is_err());
    }
}

#[test]
fn derived_from_real_frames_it_prefers_them() {
    let fixture = two_chains();
    let config = StatisticalPotentialConfig {
        sparse_weight: Some(0.02),
        ..StatisticalPotentialConfig::default()
    };
    let mut builder = StatisticalPotentialBuilder::new(config).unwrap();
    for frame in 0..fixture.trajectory.n_frames() {
        let positions = fixture.trajectory.positions(frame);
        builder.add(&fixture.topology, positions, 1.0).unwrap();
    }
    let table = builder.finish().unwrap();
    let rule = PairRule {
        cutoff: 1.5,
        minimum_residue_separation: 1,
        ignored_below: -1.0,
    };
    let score = PairScore::new(&fixture.topology, &table, rule).unwrap();
    let native = score.evaluate(fixture.trajectory.positions(0)).unwrap();
    let mut shuffled = fixture.trajectory.positions(0).to_vec();
    shuffled.reverse();
    assert!(native < score.evaluate(&shuffled).unwrap());
}

#[test]
fn built_in_classes_are_those_of_the_full_grids() {
    let Some(folder) = data("the full Ramachandran grids") else {
        return;
    };
    let full = RamachandranGrids::read(&folder.join("rama8000")).unwrap();
    let built_in = RamachandranGrids::built_in();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut n, mut equal) = (0u32, 0u32);
    for class in RamachandranClass::ALL {
        for _ in 0..100_000 {
            let mut angle = || rng.random_range(-std::f64::consts::PI..std::f64::consts::PI);
            let (phi, psi) = (angle(), angle());
            n += 1;
            equal +=
                u32::from(full.classify(class, phi, psi) == built_in.classify(class, phi, psi));
        }
    }
    let fraction = f64::from(equal) / f64::from(n);
    assert!(fraction >= 0.9999, "{fraction} of {n}");
    assert!(
        built_in
            .percentile(RamachandranClass::General, -1.1, -0.7)
            .is_none()
    );
    assert!(
        full.percentile(RamachandranClass::General, -1.1, -0.7)
            .unwrap()
            > 0.5
    );
}

#[test]
fn classes_of_residues() {
    let fixture = two_chains();
    let ramachandran = Ramachandran::new(&fixture.topology).unwrap();
    let grids = RamachandranGrids::built_in();
    let result = ramachandran
        .evaluate(fixture.trajectory.positions(0), grids)
        .unwrap();
    let class_of = |residue: usize| {
        let found = result.residues.iter().find(|r| r.residue == residue);
        found.map(|r| r.class)
    };
    let name = |residue: usize| fixture.topology.residues()[residue].name.as_str();
    // 20 residues between caps, 8 inner ones of the second chain
    assert_eq!(result.residues.len(), 28);
    for residue in 1..=20 {
        let expected = match (name(residue), name(residue + 1)) {
            ("GLY", _) => RamachandranClass::Glycine,
            ("PRO", _) => RamachandranClass::TransProline,
            (_, "PRO") => RamachandranClass::PreProline,
            ("ILE" | "VAL", _) => RamachandranClass::IsoleucineValine,
            _ => RamachandranClass::General,
        };
        assert_eq!(class_of(residue), Some(expected), "{}", name(residue));
    }
    assert!(class_of(0).is_none() && class_of(22).is_none() && class_of(31).is_none());
    let counts = result.counts;
    assert_eq!(counts.favored + counts.allowed + counts.outlier, 28);
    assert!(counts.favored >= 20, "{counts:?}");
}
