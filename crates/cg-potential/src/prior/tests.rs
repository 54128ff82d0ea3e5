use super::beads::tests::chain;
use super::*;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use std::f64::consts::PI;

/// One term of every kind on five beads.
fn every_term() -> Priors {
    let pair = |beads, term| PairInteraction { beads, term };
    let pairs = vec![
        pair(
            [0, 1],
            PairTerm::Harmonic {
                length: 0.38,
                k: 9000.0,
            },
        ),
        pair(
            [0, 3],
            PairTerm::Repulsion {
                coefficient: 2e-3,
                power: 6,
            },
        ),
        pair(
            [1, 4],
            PairTerm::Repulsion {
                coefficient: 4e-6,
                power: 12,
            },
        ),
        pair(
            [0, 4],
            PairTerm::LennardJones {
                sigma: 0.4,
                epsilon: 1.5,
            },
        ),
    ];
    let angles = vec![
        Angle {
            beads: [0, 1, 2],
            term: AngleTerm::Harmonic {
                angle: 1.9,
                k: 60.0,
            },
        },
        Angle {
            beads: [1, 2, 3],
            term: AngleTerm::Cosine {
                cosine: -0.3,
                k: 40.0,
            },
        },
        Angle {
            beads: [2, 3, 4],
            term: AngleTerm::Quartic {
                coefficients: [7.0, -30.0, 12.0, 90.0],
            },
        },
    ];
    let wave = |periodicity, k, phase| FourierTerm {
        periodicity,
        k,
        phase,
    };
    let terms = vec![wave(1, 3.0, 0.7), wave(2, 1.5, -2.0), wave(3, 0.4, 3.0)];
    let dihedrals = vec![
        Dihedral {
            beads: [0, 1, 2, 3],
            term: DihedralTerm::Fourier { terms },
        },
        Dihedral {
            beads: [4, 1, 2, 3],
            term: DihedralTerm::Harmonic {
                angle: 2.1,
                k: 30.0,
            },
        },
    ];
    Priors::new(5, pairs, angles, dihedrals).unwrap()
}

fn positions() -> impl Strategy<Value = Vec<[f64; 3]>> {
    // a zigzag with every bead moved by at most 0.08 nm: no coincident or collinear beads
    prop::collection::vec(prop::array::uniform3(-0.08..0.08f64), 5).prop_map(|shifts| {
        let beads = shifts.iter().enumerate();
        beads
            .map(|(i, s)| {
                let i = i as f64;
                let base = [0.3 * i, 0.25 * (i % 2.0), 0.1 * (2.0 * i).sin()];
                std::array::from_fn(|axis| base[axis] + s[axis])
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn forces_are_the_slope_of_the_energy(x in positions()) {
        let priors = every_term();
        let mut forces = vec![[0.0; 3]; 5];
        priors.energy_forces_f64(&x, &mut forces);
        let largest = forces.iter().flatten().fold(0.0_f64, |m, f| m.max(f.abs()));
        for bead in 0..5 {
            for axis in 0..3 {
                let energy = |shift: f64| {
                    let mut moved = x.clone();
                    moved[bead][axis] += shift;
                    priors.energy_forces_f64(&moved, &mut [[0.0; 3]; 5])
                };
                let h = 1e-5;
                // the harmonic dihedral has a seam half a turn away from its minimum
                let slope = (energy(h) - energy(-h)) / (2.0 * h);
                prop_assert!((slope + forces[bead][axis]).abs() < 1e-5 * largest.max(1.0),
                    "{slope} {}", forces[bead][axis]);
            }
        }
    }

    #[test]
    fn a_free_system_feels_no_net_force_or_torque(x in positions()) {
        let mut forces = vec![[0.0; 3]; 5];
        every_term().energy_forces_f64(&x, &mut forces);
        let scale = forces.iter().flatten().fold(1.0_f64, |m, f| m.max(f.abs()));
        for axis in 0..3 {
            let (j, k) = ((axis + 1) % 3, (axis + 2) % 3);
            let force: f64 = forces.iter().map(|f| f[axis]).sum();
            let torque: f64 = x.iter().zip(&forces).map(|(x, f)| x[j] * f[k] - x[k] * f[j]).sum();
            prop_assert!(force.abs() < 1e-11 * scale && torque.abs() < 1e-11 * scale);
        }
    }
}

#[test]
fn single_precision_adds_to_what_is_there() {
    let priors = every_term();
    let x: Vec<[f32; 3]> = (0..5)
        .map(|i| {
            [
                0.3 * i as f32,
                0.25 * (i % 2) as f32,
                0.05 * (i * i % 3) as f32,
            ]
        })
        .collect();
    let wide: Vec<[f64; 3]> = x.iter().map(|x| x.map(f64::from)).collect();
    let mut exact = vec![[0.0; 3]; 5];
    let expected = priors.energy_forces_f64(&wide, &mut exact);
    let mut forces = vec![[1.0f32; 3]; 5];
    let energy = priors.energy_forces(&x, &mut forces);
    assert!((energy - expected).abs() < 1e-9 * expected.abs());
    for (force, exact) in forces.iter().flatten().zip(exact.iter().flatten()) {
        assert!((f64::from(*force) - 1.0 - exact).abs() < 1e-4 * (1.0 + exact.abs()));
    }
    let (mut pairs, mut rest) = (priors.clone(), vec![[0.0f32; 3]; 5]);
    pairs.angles.clear();
    pairs.dihedrals.clear();
    let parts =
        pairs.energy_forces(&x, &mut [[0.0; 3]; 5]) + priors.angle_energy_forces(&x, &mut rest);
    assert!((parts - expected).abs() < 1e-9 * expected.abs());
}

#[test]
fn impossible_terms_are_refused() {
    let harmonic = |length, k| PairTerm::Harmonic { length, k };
    for (beads, term) in [
        ([0, 2], harmonic(0.4, 1.0)),
        ([1, 1], harmonic(0.4, 1.0)),
        ([0, 1], harmonic(0.4, -1.0)),
        ([0, 1], harmonic(f64::NAN, 1.0)),
        (
            [0, 1],
            PairTerm::Repulsion {
                coefficient: 1.0,
                power: 0,
            },
        ),
    ] {
        let pair = PairInteraction { beads, term };
        assert!(
            Priors::new(2, vec![pair], vec![], vec![]).is_err(),
            "{pair:?}"
        );
    }
}

#[test]
fn files_are_checked_when_read() {
    let text = serde_json::to_string(&every_term()).unwrap();
    assert_eq!(serde_json::from_str::<Priors>(&text).unwrap(), every_term());
    let broken = text.replace("\"n_beads\":5", "\"n_beads\":4");
    assert!(serde_json::from_str::<Priors>(&broken).is_err());
}

#[test]
fn only_dihedrals_with_odd_parts_are_chiral() {
    let wave = |phase| FourierTerm {
        periodicity: 1,
        k: 1.0,
        phase,
    };
    let with = |phase| {
        let term = DihedralTerm::Fourier {
            terms: vec![wave(phase)],
        };
        Priors::new(
            4,
            vec![],
            vec![],
            vec![Dihedral {
                beads: [0, 1, 2, 3],
                term,
            }],
        )
        .unwrap()
    };
    assert!(!with(0.0).is_chiral() && !with(PI).is_chiral() && with(1.0).is_chiral());
}

/// Four beads whose bonds, angles and dihedral are drawn from known energies at 300 K.
fn sampled(n_frames: usize) -> Vec<[f32; 3]> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let kt = dynamics::BOLTZMANN * 300.0;
    let mut positions = Vec::new();
    for _ in 0..n_frames {
        // r² exp(−½k(r − r₀)²/kT) and sin θ exp(…), by rejection from the Gaussian
        let mut weighted = |mean: f64, k: f64, jacobian: &dyn Fn(f64) -> f64| loop {
            let x = Normal::new(mean, (kt / k).sqrt()).unwrap().sample(&mut rng);
            if rng.random::<f64>() < jacobian(x) {
                return x;
            }
        };
        let bonds: [f64; 3] = std::array::from_fn(|_| weighted(0.38, 1e4, &|r| (r / 0.5).powi(2)));
        let angles: [f64; 2] = std::array::from_fn(|_| weighted(1.9, 80.0, &|t: f64| t.sin()));
        let phi = loop {
            let phi = PI * (2.0 * rng.random::<f64>() - 1.0);
            let energy = 3.0 * ((phi - 0.9).cos() - 1.0);
            if rng.random::<f64>() < (-(energy + 6.0) / kt).exp() {
                break phi;
            }
        };
        let [b, c] = [[0.0; 3], [0.0, 0.0, bonds[1]]];
        let a = [bonds[0] * angles[0].sin(), 0.0, bonds[0] * angles[0].cos()];
        let out = bonds[2] * angles[1].sin();
        let d = [
            out * phi.cos(),
            out * phi.sin(),
            bonds[1] - bonds[2] * angles[1].cos(),
        ];
        positions.extend([a, b, c, d].map(|x: [f64; 3]| x.map(|x| x as f32)));
    }
    positions
}

#[test]
fn boltzmann_inversion_finds_the_energies_that_were_sampled() {
    let graph = BeadGraph::new(&chain(&["GLY"; 4])).unwrap();
    let mut config = PriorConfig::default();
    config.repulsion.wall = Wall::None;
    let fit = PriorFit::new(&config, &graph, &sampled(60_000), 300.0).unwrap();
    let PairTerm::Harmonic { length, k } = fit.priors.pairs()[0].term else {
        panic!("{:?}", fit.priors.pairs()[0]);
    };
    // statistical error of the fits about 1 %; without the Jacobian r₀ would be off by 0.0013
    assert!(
        (length - 0.38).abs() < 3e-4 && (k / 1e4 - 1.0).abs() < 0.04,
        "{length} {k}"
    );
    let AngleTerm::Harmonic { angle, k } = fit.priors.angles()[0].term else {
        panic!("{:?}", fit.priors.angles()[0]);
    };
    assert!(
        (angle - 1.9).abs() < 0.01 && (k / 80.0 - 1.0).abs() < 0.05,
        "{angle} {k}"
    );
    let DihedralTerm::Fourier { terms } = &fit.priors.dihedrals()[0].term else {
        panic!("{:?}", fit.priors.dihedrals()[0]);
    };
    assert!(
        (terms[0].k - 3.0).abs() < 0.1 && (terms[0].phase - 0.9).abs() < 0.03,
        "{terms:?}"
    );
    assert!(terms[1].k < 0.1 && terms[2].k < 0.1, "{terms:?}");
}

#[test]
fn a_frame_that_counts_twice_is_two_frames() {
    let graph = BeadGraph::new(&chain(&["GLY"; 4])).unwrap();
    let config = PriorConfig {
        convention: Convention::Ucsc,
        repulsion: RepulsionConfig {
            wall: Wall::None,
            exclude_bonds: 3,
        },
        ..PriorConfig::default()
    };
    let once = sampled(3_000);
    let (of_two, of_one) = once.split_at(1_000 * 4);
    let twice = [of_two, of_two, of_one].concat();
    let counts: Vec<f64> = (0..3_000)
        .map(|i| if i < 1_000 { 2.0 } else { 1.0 })
        .collect();
    let expected = PriorFit::new(&config, &graph, &twice, 300.0).unwrap();
    let found = PriorFit::counted(&config, &graph, &once, &counts, 300.0).unwrap();
    assert_eq!(found, expected);
    assert_ne!(
        found.priors,
        PriorFit::new(&config, &graph, &once, 300.0).unwrap().priors
    );
    let wrong = PriorFit::counted(&config, &graph, &once, &counts[1..], 300.0);
    assert!(matches!(wrong, Err(Error::Length { .. })), "{wrong:?}");
    let mut negative = counts;
    negative[7] = -1.0;
    let wrong = PriorFit::counted(&config, &graph, &once, &negative, 300.0);
    assert!(matches!(wrong, Err(Error::Setting { .. })), "{wrong:?}");
}

#[test]
fn a_quartic_of_one_well_is_its_parabola() {
    let graph = BeadGraph::new(&chain(&["GLY"; 4])).unwrap();
    let mut config = PriorConfig {
        angles: AngleForm::Quartic,
        ..PriorConfig::default()
    };
    config.repulsion.wall = Wall::None;
    let fit = PriorFit::new(&config, &graph, &sampled(60_000), 300.0).unwrap();
    let term = fit.priors.angles()[0].term;
    assert!(matches!(term, AngleTerm::Quartic { .. }), "{term:?}");
    let energy = |theta: f64| term.value_slope(theta.cos()).0;
    for (theta, expected) in [(1.6, 3.6), (1.75, 0.9), (2.05, 0.9), (2.2, 3.6)] {
        let found = energy(theta) - energy(1.9);
        assert!((found - expected).abs() < 0.25, "{theta}: {found}");
    }
    let curve = fit.curves.iter().find(|c| c.name.starts_with("angle"));
    assert_eq!(curve.unwrap().unit, "1");
}

#[test]
fn conventions_differ_as_documented() {
    let graph = BeadGraph::new(&chain(&["GLY"; 4])).unwrap();
    let positions = sampled(20_000);
    let fit = |convention| {
        let mut config = PriorConfig::named(convention);
        config.repulsion.wall = Wall::None;
        PriorFit::new(&config, &graph, &positions, 300.0)
            .unwrap()
            .priors
    };
    let bond = |priors: &Priors| match priors.pairs()[0].term {
        PairTerm::Harmonic { length, .. } => length,
        other => panic!("{other:?}"),
    };
    let torchmd = fit(Convention::Torchmd);
    assert!((bond(&torchmd) - 0.38).abs() < 5e-4 && torchmd.angles().is_empty());
    // kT·2/(k r₀) = 1.3e-3 nm: what the missing Jacobian does
    let shift = bond(&fit(Convention::Mlcg)) - 0.38;
    assert!((shift - 1.3e-3).abs() < 6e-4, "{shift}");
    assert!(matches!(
        fit(Convention::Mlcg).angles()[0].term,
        AngleTerm::Cosine { .. }
    ));
    let ucsc = fit(Convention::Ucsc);
    assert!(matches!(ucsc.angles()[0].term, AngleTerm::Harmonic { .. }));
    assert!(ucsc.is_chiral() && (bond(&ucsc) - 0.38).abs() < 1e-3);
}

#[test]
fn a_fit_that_makes_no_sense_is_an_error_that_names_its_term() {
    let graph = BeadGraph::new(&chain(&["GLY", "ALA"])).unwrap();
    let bond = |lengths: &[f32]| -> Vec<[f32; 3]> {
        lengths
            .iter()
            .flat_map(|&r| [[0.0; 3], [r, 0.0, 0.0]])
            .collect()
    };
    let fit = |convention, positions: &[[f32; 3]]| {
        PriorFit::new(&PriorConfig::named(convention), &graph, positions, 300.0)
    };
    // peers' fixed range is empty for bonds of 0.15 nm
    let short: Vec<f32> = (0..2000).map(|i| 0.15 + 1e-6 * i as f32).collect();
    let error = fit(Convention::Torchmd, &bond(&short))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("bond ALA-GLY") && error.contains("empty"),
        "{error}"
    );
    // two peaks at the ends and nothing between: a negative constant
    let ends: Vec<f32> = (0..20_000)
        .map(|i| {
            let u = (i as f32 + 0.5) / 20_000.0;
            0.38 - 0.02 * (std::f32::consts::PI * u).cos()
        })
        .collect();
    let crowded = PriorConfig {
        min_count: 300,
        ..PriorConfig::named(Convention::Ucsc)
    };
    let error = PriorFit::new(&crowded, &graph, &bond(&ends), 300.0);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("positive constant"), "{error}");
    // mean and variance have no such trouble: kT/(0.014 nm)², and what 1/r² moves, −2·2e-4/0.38
    let both = fit(Convention::Foldscape, &bond(&ends)).unwrap().priors;
    let PairTerm::Harmonic { length, k } = both.pairs()[0].term else {
        panic!("{:?}", both.pairs());
    };
    assert!(
        (length - 0.37895).abs() < 2e-4 && (k * 2e-4 / 2.494 - 1.0).abs() < 0.1,
        "{length} {k}"
    );
    assert!(fit(Convention::Foldscape, &bond(&[0.38])).is_err());
    assert!(fit(Convention::Foldscape, &[]).is_err());
    assert!(fit(Convention::Foldscape, &[[0.0; 3]; 3]).is_err());
}

#[test]
fn walls_are_steep_where_beads_never_come() {
    // distance of the ends from a soft wall: density ∝ r² exp(−B/r¹²kT) up to 0.8 nm
    let kt = dynamics::BOLTZMANN * 300.0;
    let b = kt * 0.45_f64.powi(12);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut positions = Vec::new();
    while positions.len() < 4 * 40_000 {
        let r: f64 = 0.8 * rng.random::<f64>().cbrt();
        if rng.random::<f64>() < (-b * r.powi(-12) / kt).exp() {
            positions.extend([
                [0.0; 3],
                [0.1, 0.0, 0.0],
                [0.2, 0.0, 0.0],
                [0.0, 0.0, r as f32],
            ]);
        }
    }
    let mut topology = chain(&["GLY"; 4]);
    topology.set_bonds([[0, 1], [1, 2]]).unwrap();
    let graph = BeadGraph::new(&topology).unwrap();
    let config = PriorConfig::default();
    let pairs: Vec<[usize; 2]> = graph.distant_pairs(2);
    assert_eq!(pairs, [[0, 3], [1, 3], [2, 3]]);
    // bonds of no width cannot be inverted; only the wall is asked for here
    let wall_of = |config: &PriorConfig| {
        super::fit::wall_of(config, &graph, &positions, 300.0, &[[0, 3]]).unwrap()[0]
    };
    // ∫r² exp(−(0.45/r)¹²) dr up to 0.436 nm is one part in 200 of that up to 0.8 nm
    let threshold = (wall_of(&config) / kt).powf(1.0 / 12.0);
    assert!((threshold - 0.436).abs() < 0.005, "{threshold}");
    // by least squares, as the peers do it
    let mut fitted = PriorConfig::named(Convention::Ucsc);
    fitted.repulsion.wall = Wall::R12;
    fitted.min_count = 20;
    let ratio = wall_of(&fitted) / b;
    assert!(ratio.ln().abs() < 0.3, "{ratio}");
}
