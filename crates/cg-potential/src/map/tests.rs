use super::*;
use molio::{AtomRecord, Element, TopologyBuilder};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Two residues of N, H, CA, HA, C, O each, bonded as in a peptide.
fn peptide() -> Topology {
    let mut builder = TopologyBuilder::default();
    for number in 1..=2 {
        builder.start_residue("ALA", number, None, false);
        for (name, element) in [
            ("N", Element::NITROGEN),
            ("H", Element::HYDROGEN),
            ("CA", Element::CARBON),
            ("HA", Element::HYDROGEN),
            ("C", Element::CARBON),
            ("O", Element::OXYGEN),
        ] {
            builder.add_atom(AtomRecord::new(name, element));
        }
    }
    let mut topology = builder.build();
    let within = [[0, 1], [0, 2], [2, 3], [2, 4], [4, 5]];
    let bonds = within.iter().flat_map(|&[a, b]| [[a, b], [a + 6, b + 6]]);
    topology.set_bonds(bonds.chain([[4, 6]])).unwrap();
    topology
}

#[test]
fn named_maps_choose_their_atoms() {
    let atoms = peptide();
    let ca = CgMap::new(&atoms, &Mapping::Ca).unwrap();
    assert_eq!(ca.rows(), [vec![(2, 1.0)], vec![(8, 1.0)]]);
    assert_eq!(ca.beads().bonds(), [[0, 1]]);
    assert_eq!(ca.beads().residues()[1].name, "ALA");
    // no CB here: residues without one keep the others
    let backbone = CgMap::new(&atoms, &Mapping::Backbone).unwrap();
    assert_eq!(backbone.n_beads(), 8);
    let bonds = [[0, 1], [1, 2], [2, 3], [2, 4], [4, 5], [5, 6], [6, 7]];
    assert_eq!(backbone.beads().bonds(), bonds);
    assert!(CgMap::new(&atoms.select(&[0, 1]), &Mapping::Ca).is_err());
    assert!("ca_cb".parse::<Mapping>().is_ok() && "cacb".parse::<Mapping>().is_err());
}

#[test]
fn a_chain_without_its_peptide_bond_is_two_chains_of_beads() {
    let mut atoms = peptide();
    let bonds: Vec<[usize; 2]> = atoms
        .bonds()
        .iter()
        .copied()
        .filter(|b| *b != [4, 6])
        .collect();
    atoms.set_bonds(bonds).unwrap();
    assert!(
        CgMap::new(&atoms, &Mapping::Ca)
            .unwrap()
            .beads()
            .bonds()
            .is_empty()
    );
}

fn two_atom_beads() -> Mapping {
    let bead = |name: &str, atoms| BeadDefinition {
        name: name.to_owned(),
        atoms,
    };
    Mapping::Beads {
        beads: vec![
            bead("A", vec![(0, 1.0), (2, 3.0)]),
            bead("B", vec![(6, 2.0)]),
        ],
        bonds: vec![[0, 1]],
    }
}

#[test]
fn weights_are_scaled_to_one() {
    let map = CgMap::new(&peptide(), &two_atom_beads()).unwrap();
    let mut x = vec![[0.0f32; 3]; 12];
    x[0] = [4.0, 0.0, 0.0];
    x[2] = [0.0, 4.0, 0.0];
    let mut beads = [[0.0; 3]; 2];
    map.positions(&x, &mut beads);
    assert_eq!(beads[0], [1.0, 3.0, 0.0]);
    ForceMap::slice(&map)
        .check(&map, &ConstraintGroups::none(12))
        .unwrap();
}

#[test]
fn impossible_beads_are_refused() {
    let bead = |atoms| BeadDefinition {
        name: "X".to_owned(),
        atoms,
    };
    for beads in [
        vec![],
        vec![bead(vec![])],
        vec![bead(vec![(12, 1.0)])],
        vec![bead(vec![(0, -1.0)])],
        vec![bead(vec![(0, 1.0)]), bead(vec![(0, 1.0)])],
    ] {
        let mapping = Mapping::Beads {
            beads: beads.clone(),
            bonds: vec![],
        };
        assert!(CgMap::new(&peptide(), &mapping).is_err(), "{beads:?}");
    }
    let mapping = Mapping::Beads {
        beads: vec![bead(vec![(0, 1.0)])],
        bonds: vec![[0, 1]],
    };
    assert!(CgMap::new(&peptide(), &mapping).is_err());
}

#[test]
fn constraints_join_hydrogens_to_their_atoms() {
    let atoms = peptide();
    let map = CgMap::new(&atoms, &Mapping::Ca).unwrap();
    let groups = ConstraintGroups::hydrogens(&atoms).unwrap();
    assert_eq!(groups.n_groups(), 8);
    let aware = ForceMap::constraint_aware(&map, &groups).unwrap();
    assert_eq!(aware.rows()[1], [(8, 1.0), (9, 1.0)]);
    let error = ForceMap::slice(&map)
        .check(&map, &groups)
        .unwrap_err()
        .to_string();
    assert!(error.contains("atoms 2 and 3"), "{error}");
    // a constraint between two beads: no linear map can be right
    let groups = ConstraintGroups::from_pairs(12, &[[2, 8]]).unwrap();
    assert!(ForceMap::constraint_aware(&map, &groups).is_err());
    assert!(ConstraintGroups::from_pairs(12, &[[2, 12]]).is_err());
}

#[test]
fn rigid_bonds_are_found_in_the_frames() {
    let atoms = peptide();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut positions = Vec::new();
    for _ in 0..20 {
        let mut frame: Vec<[f32; 3]> = (0..12)
            .map(|_| std::array::from_fn(|_| rng.random()))
            .collect();
        for (heavy, hydrogen) in [(0, 1), (2, 3), (6, 7), (8, 9)] {
            frame[hydrogen] = frame[heavy];
            frame[hydrogen][1] += 0.1;
        }
        positions.extend(frame);
    }
    let found = ConstraintGroups::detect(&atoms, &positions, 2e-4).unwrap();
    assert_eq!(found, ConstraintGroups::hydrogens(&atoms).unwrap());
    assert!(ConstraintGroups::detect(&atoms, &positions[..24], 2e-4).is_err());
    assert!(ConstraintGroups::detect(&atoms, &positions[..13], 2e-4).is_err());
}

fn noisy_frames(n_frames: usize) -> Vec<Vec<[f32; 3]>> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    (0..n_frames)
        .map(|_| {
            // atoms share noise with their neighbours, so weights can cancel it
            let shared: Vec<f32> = (0..13).map(|_| rng.random::<f32>() - 0.5).collect();
            (0..12)
                .map(|a| {
                    std::array::from_fn(|i| {
                        shared[a] - shared[a + 1] + 0.3 * rng.random::<f32>() * i as f32
                    })
                })
                .collect()
        })
        .collect()
}

#[test]
fn the_optimal_map_is_sound_and_has_the_least_noise() {
    let atoms = peptide();
    let map = CgMap::new(&atoms, &Mapping::Ca).unwrap();
    let groups = ConstraintGroups::hydrogens(&atoms).unwrap();
    let frames = noisy_frames(200);
    let mut moments = ForceMoments::new(groups.clone());
    for frame in &frames {
        moments.add(frame).unwrap();
    }
    let optimal = moments.optimal_map(&map, 0.0).unwrap();
    let aware = ForceMap::constraint_aware(&map, &groups).unwrap();
    let direct = |force_map: &ForceMap| {
        let mut sum = 0.0;
        for frame in &frames {
            let mut beads = [[0.0; 3]; 2];
            force_map.forces(frame, &mut beads);
            sum += beads
                .iter()
                .flatten()
                .map(|&f| f64::from(f * f))
                .sum::<f64>();
        }
        sum / (6 * frames.len()) as f64
    };
    let least = direct(&optimal);
    assert!((moments.mean_square(&optimal) - least).abs() < 1e-5 * least);
    assert!(least < 0.7 * direct(&aware), "{least}");
    // no step along the constraints' null space makes it smaller
    for (atoms_moved, sizes) in [([0, 1], 2), ([4, 4], 1), ([11, 11], 1)] {
        for step in [-0.02, 0.02] {
            let mut rows = optimal.rows().to_vec();
            for &atom in &atoms_moved[..sizes] {
                rows[0][atom].1 += step;
            }
            let moved = ForceMap::new(12, rows).unwrap();
            moved.check(&map, &groups).unwrap();
            assert!(moments.mean_square(&moved) > least);
        }
    }
    let strong = moments.optimal_map(&map, 1e9).unwrap();
    // with nothing but the size of weights to go by: the constraint-aware sum
    for (row, own) in strong.rows().iter().zip([2usize, 8]) {
        for &(atom, weight) in row {
            let expected = f64::from(u8::from(atom == own || atom == own + 1));
            assert!((weight - expected).abs() < 1e-6, "{atom} {weight}");
        }
    }
}

#[test]
fn too_few_frames_make_the_system_singular() {
    let atoms = peptide();
    let map = CgMap::new(&atoms, &Mapping::Ca).unwrap();
    let mut moments = ForceMoments::new(ConstraintGroups::none(12));
    assert!(moments.optimal_map(&map, 0.0).is_err());
    moments.add(&noisy_frames(1)[0]).unwrap();
    assert!(moments.optimal_map(&map, 0.0).is_err());
    assert!(moments.optimal_map(&map, 1e-6).is_ok());
    assert!(moments.add(&[[0.0; 3]; 11]).is_err());
}

#[test]
fn noisy_labels_have_the_mean_force_of_the_smeared_density() {
    // one atom in a harmonic well: p(y) is a Gaussian of variance kT/k + σ², whose mean force is
    // −kT y/(kT/k + σ²)
    let mut builder = TopologyBuilder::default();
    builder.add_atom(AtomRecord::new("CA", Element::CARBON));
    let atoms = builder.build();
    let map = CgMap::new(&atoms, &Mapping::Ca).unwrap();
    let (k, sigma) = (500.0, 0.05);
    let kt = dynamics::BOLTZMANN * 300.0;
    let width = (kt / k).sqrt();
    let frames: Vec<[f32; 3]> = (0..40_000)
        .map(|i| {
            let words = philox_words(i);
            std::array::from_fn(|axis| (width * f64::from(words[axis])) as f32)
        })
        .collect();
    let force = |x: [f32; 3]| [x.map(|x| -(k as f32) * x)];
    let mut moments = ForceMoments::new(ConstraintGroups::none(1));
    for &x in &frames {
        moments.add(&force(x)).unwrap();
    }
    let noisy = moments.noise_map(&map, sigma, 300.0, 0.0, 7).unwrap();
    let (mut xy, mut yy, mut ff) = (0.0, 0.0, 0.0);
    for (index, &x) in frames.iter().enumerate() {
        let (mut y, mut f) = ([[0.0; 3]], [[0.0; 3]]);
        noisy.apply(index as u64, &[x], &force(x), &mut y, &mut f);
        for axis in 0..3 {
            let (y, f) = (f64::from(y[0][axis]), f64::from(f[0][axis]));
            (xy, yy, ff) = (xy + y * f, yy + y * y, ff + f * f);
        }
    }
    let expected = -kt / (kt / k + sigma * sigma);
    assert!(
        (xy / yy / expected - 1.0).abs() < 0.01,
        "{} {expected}",
        xy / yy
    );
    // here the mixed label is the mean force itself: no noise is left
    assert!(
        (ff - xy * xy / yy).abs() < 1e-3 * ff,
        "{ff} {}",
        xy * xy / yy
    );
    let weight = noisy.atomic_forces().rows()[0][0].1;
    assert!(weight > 0.0 && weight < 1.0);
    assert!(moments.noise_map(&map, 0.0, 300.0, 0.0, 7).is_err());
}

fn philox_words(index: u64) -> [f32; 4] {
    use dynamics::random::{Purpose, counter, normals, philox};
    normals(philox(counter(Purpose::Noise, 0, 0, index), 11))
}
