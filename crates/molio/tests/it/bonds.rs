//! Bonds where names are not enough: gaps, disulfides, unknown residues, wrong names.

use molio::{AtomRecord, Element, Error, Topology, TopologyBuilder, assign_bonds};

/// Name, and atoms with where they are (nm).
type TestResidue<'a> = (&'a str, &'a [(&'a str, [f32; 3])]);

/// Residues of one chain, each with atoms and where they are (nm).
fn build(residues: &[TestResidue<'_>]) -> (Topology, Vec<[f32; 3]>) {
    let mut builder = TopologyBuilder::default();
    let mut positions = Vec::new();
    for (number, (name, atoms)) in (1..).zip(residues) {
        builder.start_residue(name, number, None, false);
        for (atom, x) in *atoms {
            builder.add_atom(AtomRecord::new(atom, Element::guess(atom, name)));
            positions.push(*x);
        }
    }
    (builder.build(), positions)
}

fn bonds(residues: &[TestResidue<'_>], with_positions: bool) -> Vec<[usize; 2]> {
    let (mut topology, positions) = build(residues);
    assign_bonds(&mut topology, with_positions.then_some(&positions)).unwrap();
    topology.bonds().to_vec()
}

const AT: fn(f32) -> [f32; 3] = |x| [x, 0.0, 0.0];

#[test]
fn a_missing_loop_is_not_bridged() {
    let near: &[TestResidue<'_>] = &[
        ("ALA", &[("CA", AT(0.0)), ("C", AT(0.15))]),
        ("ALA", &[("N", AT(0.28)), ("CA", AT(0.43))]),
    ];
    let far: &[TestResidue<'_>] = &[
        ("ALA", &[("CA", AT(0.0)), ("C", AT(0.15))]),
        ("ALA", &[("N", AT(0.58)), ("CA", AT(0.73))]),
    ];
    assert_eq!(bonds(near, true), [[0, 1], [1, 2], [2, 3]]);
    assert_eq!(bonds(far, true), [[0, 1], [2, 3]]);
    assert_eq!(bonds(far, false), [[0, 1], [1, 2], [2, 3]]);
}

#[test]
fn a_terminal_oxygen_ends_the_chain() {
    let ended: &[TestResidue<'_>] = &[
        ("ALA", &[("C", AT(0.0)), ("OXT", AT(0.12))]),
        ("ALA", &[("N", AT(0.5))]),
    ];
    assert_eq!(bonds(ended, false), [[0, 1]]);
}

#[test]
fn each_sulphur_has_one_partner_the_closest() {
    let cysteines: &[TestResidue<'_>] = &[
        ("CYS", &[("SG", AT(0.0))]),
        ("CYX", &[("SG", AT(0.24))]),
        ("CYS", &[("SG", AT(0.445))]),
        ("CYS", &[("SG", AT(0.72))]),
    ];
    assert_eq!(bonds(cysteines, true), [[1, 2]]);
    assert_eq!(bonds(cysteines, false), Vec::<[usize; 2]>::new());
}

#[test]
fn unknown_residues_are_bonded_by_distance() {
    // formaldehyde next to a carbon that is too far away
    let ligand: &[TestResidue<'_>] = &[(
        "LIG",
        &[
            ("C1", [0.0; 3]),
            ("O1", [0.121, 0.0, 0.0]),
            ("H1", [-0.06, 0.09, 0.0]),
            ("H2", [-0.06, -0.09, 0.0]),
            ("C9", [0.4, 0.0, 0.0]),
        ],
    )];
    assert_eq!(bonds(ligand, true), [[0, 1], [0, 2], [0, 3]]);
    assert_eq!(bonds(ligand, false), Vec::<[usize; 2]>::new());
}

#[test]
fn a_hydrogen_with_a_misleading_name_goes_to_its_neighbour() {
    let swapped: &[TestResidue<'_>] = &[(
        "SER",
        &[
            ("CB", AT(0.0)),
            ("OG", AT(0.143)),
            ("HG", AT(0.24)),
            ("HB2", AT(0.25)),
        ],
    )];
    assert_eq!(bonds(swapped, true), [[0, 1], [1, 2], [1, 3]]);
    assert_eq!(bonds(swapped, false), [[0, 1], [0, 3], [1, 2]]);
}

#[test]
fn stated_bonds_stay_and_ions_stay_alone() {
    let (mut topology, positions) = build(&[
        ("ZN", &[("ZN", AT(0.0))]),
        ("CYM", &[("SG", AT(0.23)), ("CB", AT(0.41))]),
    ]);
    topology.set_bonds([[0, 1]]).unwrap();
    assign_bonds(&mut topology, Some(&positions)).unwrap();
    assert_eq!(topology.bonds(), [[0, 1], [1, 2]]);
}

#[test]
fn bad_positions_are_refused() {
    let (mut topology, _) = build(&[("ALA", &[("N", AT(0.0)), ("CA", AT(0.15))])]);
    assert!(matches!(
        assign_bonds(&mut topology, Some(&[[0.0; 3]])),
        Err(Error::AtomCount { .. })
    ));
    let nan = [[0.0; 3], [f32::NAN; 3]];
    assert!(matches!(
        assign_bonds(&mut topology, Some(&nan)),
        Err(Error::NotFinite { atom: 1, .. })
    ));
    let huge = [[f32::MAX; 3], [f32::MIN; 3]];
    assign_bonds(&mut topology, Some(&huge)).unwrap();
}
