//! Maps and priors against OpenMM, NumPy and SciPy.

use cg_potential::{
    Angle, AngleTerm, BeadDefinition, BeadGraph, CgMap, ConstraintGroups, Convention, Dihedral,
    DihedralTerm, ForceMoments, FourierTerm, Mapping, PairInteraction, PairTerm, PriorConfig,
    PriorFit, Priors, Wall,
};
use molio::{AtomRecord, Element, Topology, TopologyBuilder};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../data/labels/labels.json")).unwrap()
}

fn vectors(value: &Value) -> Vec<[f64; 3]> {
    serde_json::from_value(value.clone()).unwrap()
}

fn one(name: &str) -> Priors {
    let pair = |beads, term| vec![PairInteraction { beads, term }];
    let (mut pairs, mut angles, mut dihedrals) = (vec![], vec![], vec![]);
    let wave = |periodicity, k, phase| FourierTerm {
        periodicity,
        k,
        phase,
    };
    match name {
        "bond" => {
            pairs = pair(
                [0, 1],
                PairTerm::Harmonic {
                    length: 0.38,
                    k: 9000.0,
                },
            );
        }
        "r6" => {
            pairs = pair(
                [0, 3],
                PairTerm::Repulsion {
                    coefficient: 2e-3,
                    power: 6,
                },
            );
        }
        "r12" => {
            pairs = pair(
                [1, 4],
                PairTerm::Repulsion {
                    coefficient: 4e-6,
                    power: 12,
                },
            );
        }
        "lj" => {
            pairs = pair(
                [0, 4],
                PairTerm::LennardJones {
                    sigma: 0.4,
                    epsilon: 1.5,
                },
            );
        }
        "angle" => angles.push(Angle {
            beads: [0, 1, 2],
            term: AngleTerm::Harmonic {
                angle: 1.9,
                k: 60.0,
            },
        }),
        "cosine" => angles.push(Angle {
            beads: [1, 2, 3],
            term: AngleTerm::Cosine {
                cosine: -0.3,
                k: 40.0,
            },
        }),
        "fourier" => dihedrals.push(Dihedral {
            beads: [0, 1, 2, 3],
            term: DihedralTerm::Fourier {
                terms: vec![wave(1, 3.0, 0.7), wave(2, 1.5, -2.0), wave(3, 0.4, 3.0)],
            },
        }),
        "improper" => dihedrals.push(Dihedral {
            beads: [4, 1, 2, 3],
            term: DihedralTerm::Harmonic {
                angle: 2.1,
                k: 30.0,
            },
        }),
        other => panic!("unknown term {other}"),
    }
    Priors::new(5, pairs, angles, dihedrals).unwrap()
}

#[test]
fn prior_terms_agree_with_openmm() {
    let data = &golden()["priors"];
    let positions = vectors(&data["positions"]);
    let cases = data["terms"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let mut forces = vec![[0.0; 3]; 5];
        let energy = one(name).energy_forces_f64(&positions, &mut forces);
        let expected = case["energy"].as_f64().unwrap();
        assert!(
            (energy - expected).abs() < 1e-6 * expected.abs().max(1.0),
            "{name} {energy} {expected}"
        );
        let exact = vectors(&case["forces"]);
        let largest = exact.iter().flatten().fold(1.0_f64, |m, f| m.max(f.abs()));
        for (found, exact) in forces.iter().flatten().zip(exact.iter().flatten()) {
            assert!(
                (found - exact).abs() < 1e-6 * largest,
                "{name} {found} {exact}"
            );
        }
    }
}

fn atoms(n: usize) -> Topology {
    let mut builder = TopologyBuilder::default();
    for _ in 0..n {
        builder.add_atom(AtomRecord::new("X", Element::CARBON));
    }
    builder.build()
}

#[test]
fn optimal_force_maps_solve_the_constrained_least_squares() {
    let data = &golden()["maps"];
    let constraints: Vec<[usize; 2]> = serde_json::from_value(data["constraints"].clone()).unwrap();
    let lists: Vec<Vec<(usize, f64)>> = serde_json::from_value(data["beads"].clone()).unwrap();
    let frames: Vec<Vec<[f32; 3]>> = serde_json::from_value(data["forces"].clone()).unwrap();
    let bead = |atoms| BeadDefinition {
        name: "B".to_owned(),
        atoms,
    };
    let beads = lists.into_iter().map(bead).collect();
    let map = CgMap::new(
        &atoms(9),
        &Mapping::Beads {
            beads,
            bonds: vec![],
        },
    )
    .unwrap();
    let groups = ConstraintGroups::from_pairs(9, &constraints).unwrap();
    let mut moments = ForceMoments::new(groups);
    for frame in &frames {
        moments.add(frame).unwrap();
    }
    for case in data["maps"].as_array().unwrap() {
        let regularisation = case["regularisation"].as_f64().unwrap();
        let optimal = moments.optimal_map(&map, regularisation).unwrap();
        let expected: Vec<Vec<f64>> = serde_json::from_value(case["weights"].clone()).unwrap();
        for (row, expected) in optimal.rows().iter().zip(&expected) {
            for (&(atom, weight), expected) in row.iter().zip(expected) {
                assert!(
                    (weight - expected).abs() < 1e-5,
                    "{atom} {weight} {expected}"
                );
            }
        }
    }
}

#[test]
fn bonds_are_fitted_as_torchmd_cg_does() {
    let data = &golden()["bond_fit"];
    let lengths: Vec<f32> = serde_json::from_value(data["lengths"].clone()).unwrap();
    let positions: Vec<[f32; 3]> = lengths
        .iter()
        .flat_map(|&r| [[0.0; 3], [r, 0.0, 0.0]])
        .collect();
    let mut builder = TopologyBuilder::default();
    for number in 1..=2 {
        builder.start_residue("ALA", number, None, false);
        builder.add_atom(AtomRecord::new("CA", Element::CARBON));
    }
    let mut beads = builder.build();
    beads.set_bonds([[0, 1]]).unwrap();
    let mut config = PriorConfig::named(Convention::Torchmd);
    config.repulsion.wall = Wall::None;
    let graph = BeadGraph::new(&beads).unwrap();
    let temperature = data["temperature"].as_f64().unwrap();
    let fit = PriorFit::new(&config, &graph, &positions, temperature).unwrap();
    let PairTerm::Harmonic { length, k } = fit.priors.pairs()[0].term else {
        panic!("{:?}", fit.priors.pairs());
    };
    // kcal/mol/Å² without the half: 2·418.4 kJ/mol/nm²; values on the edge of a bin may fall on either side
    let (expected, constant) = (
        data["length_angstrom"].as_f64().unwrap(),
        data["k_kcal"].as_f64().unwrap(),
    );
    assert!(
        (10.0 * length - expected).abs() < 2e-3,
        "{length} {expected}"
    );
    assert!(
        (k / 836.8 / constant - 1.0).abs() < 0.03,
        "{} {constant}",
        k / 836.8
    );
}
