//! Errors that earlier programs made; ours must not.

use crate::structure_fixture::{assert_angles, numbers, two_chains};
use metrics::backbone::{ResidueTorsions, TorsionKind, VirtualChain, cis_peptides};
use metrics::chirality::{Chirality, Handedness};
use metrics::clashes::{ClashConfig, Clashes, StrainedBonds};
use metrics::contacts::{NativeContacts, NativeContactsConfig};
use metrics::geometry::dihedral;
use metrics::gyration::{chain_ends, end_to_end};
use metrics::rmsd::{Alignment, Rmsd};
use metrics::secondary_structure::Dssp;

/// Dihedrals were off by 18° in the median, ω used CA of the residue itself.
#[test]
fn dihedrals_are_dihedrals() {
    let fixture = two_chains();
    let positions = fixture.trajectory.positions(1);
    let topology = &fixture.topology;
    let torsions =
        ResidueTorsions::new(topology, &[TorsionKind::Omega, TorsionKind::Improper]).unwrap();
    let values = torsions.evaluate(positions).unwrap();
    let (omega, improper) = values.split_at(topology.n_residues());
    assert_angles(omega, &numbers(&fixture.golden["omega"][1]), 2e-4, "omega");
    let atom = |residue: usize, name: &str| positions[topology.find(residue, name).unwrap()];
    for residue in 1..=20 {
        if topology.residues()[residue].name == "GLY" {
            assert!(improper[residue].is_nan());
            continue;
        }
        let [n, ca, c, cb] = ["N", "CA", "C", "CB"].map(|name| atom(residue, name));
        assert!((f64::from(improper[residue]) - dihedral(n, ca, c, cb)).abs() < 1e-4);
        assert!((improper[residue].to_degrees() + 122.0).abs() < 20.0);
    }
    assert_eq!(cis_peptides(omega), 0);
}

/// The deviation was summed over atoms and averaged over axes: too big by √(N/3).
#[test]
fn rmsd_is_a_mean_over_atoms() {
    let fixture = two_chains();
    let reference = fixture.trajectory.positions(0);
    let moved: Vec<[f32; 3]> = reference
        .iter()
        .map(|[x, y, z]| [x + 0.3, *y, z - 0.4])
        .collect();
    let rmsd = Rmsd::new(reference, None, Alignment::None).unwrap();
    assert!((rmsd.evaluate(&moved).unwrap() - 0.5).abs() < 1e-5);
}

/// Residues were told apart by number, so that two chains shared entries.
#[test]
fn chains_with_the_same_numbers_do_not_collide() {
    let fixture = two_chains();
    let topology = &fixture.topology;
    let chirality = Chirality::new(topology);
    let mut positions = fixture.trajectory.positions(0).to_vec();
    let hands = chirality.evaluate(&positions).unwrap();
    let named = hands.iter().filter(|hand| hand.is_some()).count();
    // 20 − 1 glycine, and 10 − 1
    assert_eq!(named, 28);
    assert_eq!(chirality.count_d(&positions).unwrap(), 0);
    // mirror CB of the second residue of the second chain through N, CA, C
    let residue = topology.chains()[1].residues.start + 1;
    let [n, ca, c, cb] = ["N", "CA", "C", "CB"].map(|name| topology.find(residue, name).unwrap());
    let middle: Vec<f32> = (0..3)
        .map(|a| positions[n][a] + positions[c][a] - 2.0 * positions[ca][a])
        .collect();
    for axis in 0..3 {
        positions[cb][axis] = positions[ca][axis] - middle[axis];
    }
    let plane = metrics_cross(&positions, n, ca, c);
    for axis in 0..3 {
        positions[cb][axis] -= 10.0 * plane[axis];
    }
    let hands = chirality.evaluate(&positions).unwrap();
    assert_eq!(hands[residue], Some(Handedness::D));
    assert_eq!(chirality.count_d(&positions).unwrap(), 1);
    let strained = StrainedBonds::backbone(topology, 8.0).unwrap();
    let before = strained
        .evaluate(fixture.trajectory.positions(0))
        .unwrap()
        .len();
    let after = strained.evaluate(&positions).unwrap();
    assert_eq!(after.len(), before + 1);
    // N–CA, CA–C, C–O of 30 residues, C–O of ACE, 28 CA–CB, peptide bonds of both chains
    assert_eq!(strained.targets().len(), 90 + 1 + 28 + 21 + 9);
}

fn metrics_cross(positions: &[[f32; 3]], n: usize, ca: usize, c: usize) -> [f32; 3] {
    let u: [f32; 3] = std::array::from_fn(|a| positions[n][a] - positions[ca][a]);
    let v: [f32; 3] = std::array::from_fn(|a| positions[c][a] - positions[ca][a]);
    [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ]
}

#[test]
fn reduced_models_give_what_they_can() {
    let fixture = two_chains();
    let alphas: Vec<usize> = (0..fixture.topology.n_atoms())
        .filter(|&atom| fixture.topology.atoms()[atom].name == "CA")
        .collect();
    let topology = fixture.topology.select(&alphas);
    let positions: Vec<[f32; 3]> = alphas
        .iter()
        .map(|&atom| fixture.trajectory.positions(0)[atom])
        .collect();
    let chain = VirtualChain::new(&topology).unwrap();
    assert_eq!(chain.bonds.groups().len(), 19 + 9);
    assert_eq!(chain.angles.groups().len(), 18 + 8);
    assert_eq!(chain.dihedrals.groups().len(), 17 + 7);
    for length in chain.bonds.evaluate(&positions).unwrap() {
        assert!((length - 0.38).abs() < 0.02);
    }
    assert!(
        Dssp::new(&topology)
            .evaluate(&positions)
            .unwrap()
            .iter()
            .all(Option::is_none)
    );
    assert_eq!(Chirality::new(&topology).count_d(&positions).unwrap(), 0);
    let torsions = ResidueTorsions::new(&topology, &[TorsionKind::Phi]).unwrap();
    assert!(
        torsions
            .evaluate(&positions)
            .unwrap()
            .iter()
            .all(|phi| phi.is_nan())
    );
    assert_eq!(chain_ends(&topology), [[0, 19], [20, 29]]);
    assert!(end_to_end(&positions, 0, 19).unwrap() > 2.0);
    assert!(end_to_end(&positions, 0, 30).is_err());
}

#[test]
fn native_contacts_and_clashes() {
    let fixture = two_chains();
    let native = fixture.trajectory.positions(0);
    let contacts =
        NativeContacts::new(&fixture.topology, native, NativeContactsConfig::default()).unwrap();
    assert_eq!(contacts.hard(native).unwrap(), 1.0);
    let soft = contacts.soft(native).unwrap();
    assert!(soft > 0.99 && soft < 1.0);
    let swollen: Vec<[f32; 3]> = native.iter().map(|x| x.map(|x| 3.0 * x)).collect();
    assert_eq!(contacts.hard(&swollen).unwrap(), 0.0);
    assert!(contacts.soft(&swollen).unwrap() < 1e-3);

    let clashes = Clashes::new(&fixture.topology, ClashConfig::default()).unwrap();
    let before = clashes.evaluate(native).unwrap();
    assert!(before.len() < 10, "{} {before:?}", before.len());
    let mut moved = native.to_vec();
    // the side chain of residue 10 into the one of residue 3
    let (a, b) = (
        fixture.topology.find(10, "CG").unwrap(),
        fixture.topology.find(3, "CG").unwrap(),
    );
    moved[a] = moved[b];
    let found = clashes.evaluate(&moved).unwrap();
    assert!(
        found
            .iter()
            .any(|clash| clash.atoms == [b, a] && clash.distance == 0.0)
    );
    moved[a][0] = f32::NAN;
    assert!(clashes.evaluate(&moved).is_err());
}
