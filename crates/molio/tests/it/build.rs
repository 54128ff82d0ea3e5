//! Peptides from sequences.

use molio::{
    BackboneAtoms, ChainPlan, Conformation, Element, ProteinBuilder, ResidueForm, SideChainConfig,
    Topology, Torsions, Turn, assign_bonds, conformation_torsions, parse_sequence,
};
use proptest::prelude::*;

const ALL: &str = "ACDEFGHIKLMNPQRSTVWY";

fn conformations() -> [Conformation; 5] {
    [
        Conformation::Extended,
        Conformation::Helix,
        Conformation::Hairpin {
            turn: Turn::TypeIPrime,
            first: None,
        },
        Conformation::Hairpin {
            turn: Turn::TypeIIPrime,
            first: None,
        },
        Conformation::Hairpin {
            turn: Turn::FourSix,
            first: None,
        },
    ]
}

fn build(forms: &[ResidueForm], conformation: Conformation) -> (ProteinBuilder, Vec<[f32; 3]>) {
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", forms)], &[]).unwrap();
    let torsions = conformation_torsions(forms, conformation).unwrap();
    let positions = builder
        .from_torsions(&torsions, &SideChainConfig::default())
        .unwrap();
    (builder, positions)
}

fn distance(positions: &[[f32; 3]], a: usize, b: usize) -> f64 {
    let square = |axis: usize| f64::from(positions[a][axis] - positions[b][axis]).powi(2);
    (0..3).map(square).sum::<f64>().sqrt()
}

/// The least distance of heavy atoms that are more than three bonds apart, with their names.
fn closest(topology: &Topology, positions: &[[f32; 3]]) -> (f64, String) {
    let neighbours = topology.neighbours();
    let heavy: Vec<usize> = (0..topology.n_atoms())
        .filter(|&atom| topology.atoms()[atom].element != Element::HYDROGEN)
        .collect();
    let mut least = (f64::INFINITY, String::new());
    for &a in &heavy {
        let mut near = vec![a];
        for _ in 0..3 {
            let next: Vec<usize> = near.iter().flat_map(|&x| neighbours[x].clone()).collect();
            near.extend(next);
        }
        for &b in heavy.iter().filter(|&&b| b > a && !near.contains(&b)) {
            let d = distance(positions, a, b);
            if d < least.0 {
                let name = |x: usize| {
                    format!(
                        "{} {}",
                        topology.residue_of(x).name,
                        topology.atoms()[x].name
                    )
                };
                least = (d, format!("{} - {}", name(a), name(b)));
            }
        }
    }
    least
}

fn torsion(positions: &[[f32; 3]], atoms: [usize; 4]) -> f64 {
    let p = atoms.map(|atom| nalgebra::Vector3::from(positions[atom].map(f64::from)));
    let (a, b, c) = (p[1] - p[0], p[2] - p[1], p[3] - p[2]);
    let (n, m) = (a.cross(&b), b.cross(&c));
    (b.norm() * a.dot(&m)).atan2(n.dot(&m)).to_degrees()
}

/// Positive for L.
fn handedness(topology: &Topology, positions: &[[f32; 3]], residue: usize) -> Option<f64> {
    let [n, ca, c, cb] = ["N", "CA", "C", "CB"].map(|name| topology.find(residue, name));
    let at = |atom: Option<usize>| Some(nalgebra::Vector3::from(positions[atom?].map(f64::from)));
    let (n, ca, c, cb) = (at(n)?, at(ca)?, at(c)?, at(cb)?);
    Some((n - ca).cross(&(c - ca)).dot(&(cb - ca)))
}

#[test]
fn every_residue_stands_clear_in_every_conformation() {
    let mut sequences = vec![ALL.to_owned(), ALL.chars().rev().collect()];
    sequences.extend(
        ALL.chars()
            .map(|code| format!("A{code}A{code}{code}AG{code}A")),
    );
    for sequence in sequences {
        let forms = parse_sequence(&sequence).unwrap();
        for conformation in conformations() {
            // no turn without room between prolines
            let hairpin = matches!(conformation, Conformation::Hairpin { .. });
            if hairpin && conformation_torsions(&forms, conformation).is_err() {
                assert!(sequence.contains('P'), "{sequence}");
                continue;
            }
            let (builder, positions) = build(&forms, conformation);
            let (least, pair) = closest(builder.topology(), &positions);
            assert!(
                least > 0.2,
                "{sequence} {conformation:?}: {pair} at {least} nm"
            );
            for residue in 0..forms.len() {
                let hand = handedness(builder.topology(), &positions, residue);
                assert!(hand.is_none_or(|hand| hand > 0.0), "{sequence} {residue}");
            }
        }
    }
}

#[test]
fn bonds_are_those_that_a_reader_would_find() {
    let forms = parse_sequence(&format!("(ACE){ALL}(HID)(HIP)(ASH)(GLH)(LYN)(NME)")).unwrap();
    let (builder, positions) = build(&forms, Conformation::Extended);
    let mut found = builder.topology().clone();
    found.set_bonds([]).unwrap();
    assign_bonds(&mut found, Some(&positions)).unwrap();
    assert_eq!(found.bonds(), builder.topology().bonds());
}

#[test]
fn cln025_has_its_atoms() {
    let (builder, positions) = build(
        &parse_sequence("YYDPETGTWY").unwrap(),
        Conformation::Extended,
    );
    assert_eq!(positions.len(), 166);
    let names = |residue: usize| {
        let atoms = builder.topology().residues()[residue].atoms.clone();
        builder.topology().atoms()[atoms]
            .iter()
            .map(|a| a.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(6), ["N", "CA", "C", "O", "H", "HA2", "HA3"]);
    assert_eq!(names(9)[11..13], ["OH", "OXT"]);
    assert_eq!(names(0)[12..15], ["H1", "H2", "H3"]);
}

#[test]
fn torsions_are_those_asked_for() {
    let forms = parse_sequence("(ACE)GLKIW(NME)").unwrap();
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
    let mut torsions = vec![Torsions::degrees(-70.0, 150.0); 5];
    torsions[1].chi = [Some(1.0), Some(2.0), None, None];
    torsions[2].chi = [-1.0, 3.0, 1.2, -2.0].map(Some);
    torsions[3].omega = 0.1;
    let positions = builder
        .from_torsions(&torsions, &SideChainConfig::default())
        .unwrap();
    let at = |residue: usize, name: &str| builder.topology().find(residue, name).unwrap();
    let measured = |atoms: [(usize, &str); 4]| {
        torsion(&positions, atoms.map(|(residue, name)| at(residue, name)))
    };
    let close = |a: f64, b: f64| {
        let off = (a - b + 540.0).rem_euclid(360.0) - 180.0;
        assert!(off.abs() < 0.1, "{a} {b}");
    };
    close(measured([(0, "C"), (1, "N"), (1, "CA"), (1, "C")]), -70.0);
    close(measured([(5, "N"), (5, "CA"), (5, "C"), (6, "N")]), 150.0);
    close(
        measured([(3, "CA"), (3, "C"), (4, "N"), (4, "CA")]),
        0.1f64.to_degrees(),
    );
    close(
        measured([(2, "N"), (2, "CA"), (2, "CB"), (2, "CG")]),
        1f64.to_degrees(),
    );
    close(
        measured([(3, "CG"), (3, "CD"), (3, "CE"), (3, "NZ")]),
        -2f64.to_degrees(),
    );
}

#[test]
fn methylene_hydrogens_have_their_prochiral_names() {
    // as in deposited structures: seen from the side of the chain's start, HB2 is pro-R in lysine
    let (builder, positions) = build(&parse_sequence("GKP").unwrap(), Conformation::Extended);
    let topology = builder.topology();
    let at = |residue, name| {
        nalgebra::Vector3::from(positions[topology.find(residue, name).unwrap()].map(f64::from))
    };
    for (residue, [parent, inner, outer, hydrogen]) in [
        (0, ["CA", "N", "C", "HA2"]),
        (1, ["CB", "CA", "CG", "HB2"]),
        (1, ["CE", "CD", "NZ", "HE2"]),
        (2, ["CD", "CG", "N", "HD2"]),
        (2, ["CG", "CB", "CD", "HG2"]),
    ] {
        let centre = at(residue, parent);
        let normal = (at(residue, inner) - centre).cross(&(at(residue, outer) - centre));
        assert!(
            normal.dot(&(at(residue, hydrogen) - centre)) < 0.0,
            "{hydrogen}"
        );
    }
}

#[test]
fn a_topology_keeps_its_order_and_its_known_atoms() {
    let forms = parse_sequence("ACDHK").unwrap();
    let (builder, positions) = build(&forms, Conformation::Extended);
    // the same atoms, each residue's in reverse
    let order: Vec<usize> = builder
        .topology()
        .residues()
        .iter()
        .flat_map(|residue| residue.atoms.clone().rev())
        .collect();
    let reversed = builder.topology().select(&order);
    let again = ProteinBuilder::from_topology(&reversed).unwrap();
    assert_eq!(again.topology(), &reversed);
    let given: Vec<Option<[f32; 3]>> = order
        .iter()
        .map(|&atom| {
            let name = builder.topology().atoms()[atom].name.as_str();
            ["N", "CA", "C", "O", "CB"]
                .contains(&name)
                .then_some(positions[atom])
        })
        .collect();
    let built = again.complete(&given, &SideChainConfig::default()).unwrap();
    for (new, old) in built.iter().zip(&given) {
        assert!(old.is_none_or(|old| old == *new));
    }
    for (new, &atom) in built.iter().zip(&order) {
        let name = builder.topology().atoms()[atom].name.as_str();
        if name == "CG" || name == "HA" {
            let far: f32 = (0..3)
                .map(|axis| (new[axis] - positions[atom][axis]).abs())
                .sum();
            assert!(far < 1e-3, "{name} {far}");
        }
    }
}

#[test]
fn seeds_give_different_side_chains_and_the_same_again() {
    let forms = parse_sequence("KRMEQKLF").unwrap();
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
    let torsions = conformation_torsions(&forms, Conformation::Extended).unwrap();
    let sample = |seed| {
        let config = SideChainConfig {
            seed,
            temperature: 1.0,
            ..SideChainConfig::default()
        };
        builder.from_torsions(&torsions, &config).unwrap()
    };
    assert_eq!(sample(3), sample(3));
    assert_ne!(sample(3), sample(4));
}

#[test]
fn impossible_requests_are_refused() {
    let forms = |text: &str| parse_sequence(text).unwrap();
    let new = |text: &str| ProteinBuilder::new(&[ChainPlan::new("A", &forms(text))], &[]);
    for text in ["A(ACE)A", "(NME)A", "(ACE)", "A(NHE)A"] {
        assert!(new(text).is_err(), "{text}");
    }
    assert!(parse_sequence("").is_err());
    assert!(
        parse_sequence("AB")
            .unwrap_err()
            .to_string()
            .contains("place 2")
    );
    let builder = new("AAA").unwrap();
    let config = SideChainConfig::default();
    assert!(
        builder
            .from_torsions(&[Torsions::degrees(0.0, 0.0); 2], &config)
            .is_err()
    );
    assert!(
        builder
            .from_torsions(&[Torsions::degrees(f64::NAN, 0.0); 3], &config)
            .is_err()
    );
    assert!(
        builder
            .complete(&vec![None; builder.topology().n_atoms()], &config)
            .is_err()
    );
    let nan = BackboneAtoms {
        n: [f32::NAN; 3],
        ca: [0.0; 3],
        c: [0.1; 3],
        o: None,
        cb: None,
    };
    assert!(builder.from_backbone(&[nan; 3], &config).is_err());
    let turn = |first| Conformation::Hairpin {
        turn: Turn::TypeIPrime,
        first,
    };
    assert!(conformation_torsions(&forms("AAA"), turn(None)).is_err());
    assert!(conformation_torsions(&forms("AAAPAA"), turn(Some(3))).is_err());
    assert!(conformation_torsions(&forms("AAAAAA"), turn(Some(4))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_backbone_gives_finite_atoms(
        codes in proptest::collection::vec(0usize..20, 1..6),
        coordinates in proptest::collection::vec(-2.0f32..2.0, 90),
        seed in any::<u64>(),
    ) {
        let text: String = codes.iter().map(|&code| char::from(ALL.as_bytes()[code])).collect();
        let forms = parse_sequence(&text).unwrap();
        let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
        let at = |index: usize| [coordinates[index], coordinates[index + 1], coordinates[index + 2]];
        let backbone: Vec<BackboneAtoms> = (0..forms.len())
            .map(|residue| BackboneAtoms {
                n: at(9 * residue),
                ca: at(9 * residue + 3),
                // atoms on top of each other among them
                c: if seed % 3 == 0 { at(9 * residue) } else { at(9 * residue + 6) },
                o: None,
                cb: None,
            })
            .collect();
        let config = SideChainConfig { seed, temperature: 1.0, ..SideChainConfig::default() };
        let positions = builder.from_backbone(&backbone, &config).unwrap();
        prop_assert!(positions.iter().flatten().all(|x| x.is_finite()));
    }

    /// Whatever the sequence, prolines beside each other among them: L amino acids, trans peptide bonds, bonds
    /// and angles within what proteins have, and heavy atoms out of each other's way.
    #[test]
    fn any_peptide_is_sound(
        codes in proptest::collection::vec(0usize..28, 4..24),
        conformation in 0usize..5,
    ) {
        // one in three a proline or glycine
        let code = |&code: &usize| char::from(ALL.as_bytes().get(code).copied().unwrap_or([b'P', b'G'][code % 2]));
        let sequence: String = codes.iter().map(code).collect();
        let forms = parse_sequence(&sequence).unwrap();
        let conformation = conformations()[conformation];
        // where prolines leave no room for the turn
        prop_assume!(conformation_torsions(&forms, conformation).is_ok());
        let (builder, positions) = build(&forms, conformation);
        let topology = builder.topology();
        for residue in 0..forms.len() {
            let hand = handedness(topology, &positions, residue);
            prop_assert!(hand.is_none_or(|hand| hand > 0.0), "{sequence} {residue}");
        }
        for residue in 1..forms.len() {
            let at = |residue, name| topology.find(residue, name).unwrap();
            let across = [at(residue - 1, "CA"), at(residue - 1, "C"), at(residue, "N"), at(residue, "CA")];
            prop_assert!(torsion(&positions, across).abs() > 170.0, "{sequence} {residue}");
        }
        let heavy = |atom: usize| topology.atoms()[atom].element != Element::HYDROGEN;
        let neighbours = topology.neighbours();
        for (centre, around) in neighbours.iter().enumerate() {
            for &a in around {
                let range = match (heavy(centre), heavy(a)) {
                    (true, true) => 0.121..0.184,
                    // S–H is the longest
                    _ => 0.094..0.137,
                };
                let d = distance(&positions, centre, a);
                prop_assert!(range.contains(&d), "{sequence} {centre} {a}: {d} nm");
                for &b in around.iter().filter(|&&b| b > a) {
                    let [x, y, z] = [a, centre, b].map(|i| nalgebra::Vector3::from(positions[i].map(f64::from)));
                    let angle = (x - y).angle(&(z - y)).to_degrees();
                    prop_assert!((94.0..136.0).contains(&angle), "{sequence} {a} {centre} {b}: {angle}°");
                }
            }
        }
        let (least, pair) = closest(topology, &positions);
        prop_assert!(least > 0.2, "{sequence} {conformation:?}: {pair} at {least} nm");
    }
}

#[test]
fn helices_with_prolines_bend_until_there_is_room() {
    // rings of prolines on the oxygen two residues before, side chains on the turn before
    for sequence in [
        "WGPPG",
        "QPPPNCCPS",
        "PMMSMHSMWGIPHPFFWIPQF",
        "SGCIPPGLLAGDPCTGLMPPP",
        "AFLKWCLPPGGVPSMGG",
    ] {
        let (builder, positions) = build(&parse_sequence(sequence).unwrap(), Conformation::Helix);
        let (least, pair) = closest(builder.topology(), &positions);
        assert!(least > 0.2, "{sequence}: {pair} at {least} nm");
    }
}

#[test]
fn strands_of_a_four_six_hairpin_are_bound_by_hydrogen_bonds() {
    let turn = Turn::FourSix;
    let conformation = Conformation::Hairpin { turn, first: None };
    let (builder, positions) = build(&parse_sequence("AAAAAAAAAAAAAAAA").unwrap(), conformation);
    let at = |residue, name| builder.topology().find(residue, name).unwrap();
    // the loop is residues 6 to 9; its last one binds to the residue before it, too
    for (nitrogen, oxygen) in [(5, 10), (9, 5), (3, 12), (12, 3), (1, 14), (14, 1)] {
        let length = distance(&positions, at(nitrogen, "N"), at(oxygen, "O"));
        assert!(
            (0.27..0.31).contains(&length),
            "N{nitrogen} O{oxygen}: {length} nm"
        );
    }
}
