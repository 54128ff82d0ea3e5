//! Topologies from PSF and prmtop.

use super::io_common::test_data;
use molio::{Element, Format, Topology};

fn psf(text: &str) -> molio::Result<Topology> {
    molio::read_topology_bytes(Format::Psf, "a.psf", text.into())
}

const PSF: &str = "\
PSF EXT CMAP XPLOR

       1 !NTITLE
 REMARKS made by hand

       4 !NATOM
         1 PROA     1        GLY      N        NH3      -0.300000       14.0070           0
         2 PROA     1        GLY      HT1      HC        0.330000       1.00800           0
         3 PROA     2A       ALA      CA       CT1       0.700000E-01   12.0110           0
         4 WAT      3        TIP3     OH2      OT       -0.834000       15.9994           0

       2 !NBOND: bonds
         1         2         1         3

       0 !NTHETA: angles
";

#[test]
fn psf_atoms_and_bonds() {
    let topology = psf(PSF).unwrap();
    assert_eq!(topology.bonds(), [[0, 1], [0, 2]]);
    assert_eq!(topology.chains().len(), 2);
    assert_eq!(topology.residues()[1].insertion_code, Some('A'));
    assert_eq!(topology.residues()[1].number, 2);
    assert_eq!(topology.atoms()[2].charge, Some(0.07));
    assert_eq!(topology.atoms()[3].mass, Some(15.9994));
    assert_eq!(topology.atoms()[1].element, Element::HYDROGEN);
}

#[test]
fn damaged_psf_is_refused() {
    for (from, to, expected) in [
        (
            "         1         3\n",
            "         1         5\n",
            "pairs of atoms from 1 to 4",
        ),
        ("4 !NATOM", "5 !NATOM", "charge and mass of an atom"),
        ("2 !NBOND", "2000000000000 !NBOND", "pairs of atoms"),
        ("PSF EXT", "XSF", "starts with PSF"),
        ("!NBOND", "!NBOUND", "the file ends inside !NBOND"),
    ] {
        let error = psf(&PSF.replace(from, to)).unwrap_err().to_string();
        assert!(
            error.starts_with("a.psf, line") && error.contains(expected),
            "{error}"
        );
    }
}

const PRMTOP: &str = "\
%VERSION  VERSION_STAMP = V0001.000  DATE = 11/22/26  00:00:00
%FLAG TITLE
%FORMAT(20a4)
made by hand
%FLAG POINTERS
%FORMAT(10I8)
       7       2       3       1       0       0       0       0       0       0
       0       4       0       0       0       0       0       0       0       0
%FLAG ATOM_NAME
%FORMAT(20a4)
N   CA  C   O   H1  Na+ Zn
%FLAG CHARGE
%FORMAT(5E16.8)
  1.82223000E+01 -1.82223000E+01  0.00000000E+00  0.00000000E+00  9.11115000E+00
  1.82223000E+01  3.64446000E+01
%FLAG MASS
%FORMAT(5E16.8)
  1.40100000E+01  1.20100000E+01  1.20100000E+01  1.60000000E+01  3.02400000E+00
  2.29900000E+01  6.54000000E+01
%FLAG RESIDUE_LABEL
%FORMAT(20a4)
GLY ALA WAT Na+
%FLAG RESIDUE_POINTER
%FORMAT(10I8)
       1       3       4       6
%FLAG BONDS_INC_HYDROGEN
%FORMAT(10I8)
       9      12       1
%FLAG BONDS_WITHOUT_HYDROGEN
%FORMAT(10I8)
       0       3       2       3       6       2
";

fn prmtop(text: &str) -> molio::Result<Topology> {
    molio::read_topology_bytes(Format::Prmtop, "a.prmtop", text.into())
}

#[test]
fn prmtop_atoms_and_bonds() {
    let topology = prmtop(PRMTOP).unwrap();
    assert_eq!(topology.bonds(), [[0, 1], [1, 2], [3, 4]]);
    assert_eq!(topology.atoms()[0].charge, Some(1.0));
    assert_eq!(topology.atoms()[4].mass, Some(3.024));
    assert_eq!(topology.atoms()[4].element, Element::HYDROGEN);
    assert_eq!(topology.atoms()[6].element.symbol(), "Zn");
    // GLY and ALA are bonded; water and ions follow as one chain
    let chains: Vec<_> = topology
        .chains()
        .iter()
        .map(|chain| chain.residues.clone())
        .collect();
    assert_eq!(chains, [0..2, 2..4]);
    assert_eq!(topology.residues()[3].atoms, 5..7);
}

#[test]
fn damaged_prmtop_is_refused() {
    for (from, to, expected) in [
        (
            "       7       2",
            "2000000000000000",
            "values of ATOM_NAME",
        ),
        (
            "       1       3       4       6",
            "       1       3       9       6",
            "ascending from 1 to 7",
        ),
        (
            "       9      12       1",
            "       9      21       1",
            "two of 7 atoms, times 3",
        ),
        (
            "%FORMAT(5E16.8)\n  1.8",
            "  1.8",
            "a %FORMAT before the values of CHARGE",
        ),
        ("%FLAG", "%FLUG", "%FLAG sections"),
    ] {
        let error = prmtop(&PRMTOP.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn real_psf() {
    let Some(folder) = test_data("adk.psf of CHARMM") else {
        return;
    };
    let topology = molio::read_topology(folder.join("adk/adk.psf")).unwrap();
    assert_eq!((topology.n_atoms(), topology.n_residues()), (3341, 214));
    assert_eq!(topology.bonds().len(), 3365);
    let charge: f32 = topology.atoms().iter().filter_map(|atom| atom.charge).sum();
    assert!((charge + 4.0).abs() < 1e-3, "{charge}");
    let from_pdb = molio::read_topology(folder.join("adk/adk_closed.pdb")).unwrap();
    for (psf, pdb) in topology.atoms().iter().zip(from_pdb.atoms()) {
        assert_eq!(
            (&psf.name, psf.element, psf.residue),
            (&pdb.name, pdb.element, pdb.residue)
        );
    }
}
