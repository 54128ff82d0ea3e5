//! What real PDB files do to the format.

use super::io_common::{frames, scratch, test_data};
use molio::{AtomRecord, Element, Format, Frame, Topology, TopologyBuilder};

fn topology(text: &str) -> Topology {
    molio::read_topology_bytes(Format::Pdb, "a.pdb", text.into()).unwrap()
}

fn read(text: &str) -> Vec<Frame> {
    frames(&mut *molio::open_bytes(Format::Pdb, "a.pdb", text.into()).unwrap()).unwrap()
}

#[test]
fn alternative_locations() {
    let text = "\
ATOM      1  N   SER A   5       0.000   0.000   0.000  1.00  0.00           N
ATOM      2  CA ASER A   5       1.000   0.000   0.000  0.40  0.00           C
ATOM      3  CA BTHR A   5       2.000   0.000   0.000  0.60  0.00           C
ANISOU    3  CA BTHR A   5      543    564   1051     30    -34    171       C
ATOM      4  OG ASER A   5       3.000   0.000   0.000  0.40  0.00           O
ATOM      5  CA  GLY A   6       4.000   0.000   0.000  1.00  0.00           C
";
    let topology = topology(text);
    let names: Vec<_> = topology
        .atoms()
        .iter()
        .map(|atom| atom.name.as_str())
        .collect();
    assert_eq!(names, ["N", "CA", "CA"]);
    let frames = read(text);
    let x: Vec<_> = frames[0]
        .positions
        .iter()
        .map(|position| position[0])
        .collect();
    assert_eq!(x, [0.0, 0.2, 0.4]);
}

#[test]
fn models_end_in_every_way() {
    let atom = "ATOM      1  CA  ALA A   1       1.000   2.000   3.000\n";
    for text in [
        format!("MODEL        0\n{atom}ENDMDL\nMODEL        1\n{atom}ENDMDL\nEND\n"),
        format!("{atom}END\n{atom}END\n"),
        format!("MODEL 1\n{atom}MODEL 2\n{atom}"),
        format!("MODEL 1\r\n{atom}TER\nENDMDL\nMODEL 2\n{}", atom.trim_end()),
    ] {
        let frames = read(&text);
        assert_eq!(frames.len(), 2, "{text}");
        assert_eq!(frames[1].positions, [[0.1, 0.2, 0.3]]);
    }
}

#[test]
fn cells_hold_until_the_next() {
    let atom = "ATOM      1  CA  ALA A   1       1.000   2.000   3.000\nENDMDL\n";
    let cryst1 = |length: &str| {
        format!("CRYST1   {length}   {length}   {length}  90.00  90.00  90.00 P 1           1\n")
    };
    let text = format!(
        "{}{atom}{atom}TITLE     x t=   5.00000 step= 10\n{}{atom}{}{atom}",
        cryst1("20.000"),
        cryst1("30.000"),
        cryst1(" 1.000"),
    );
    let frames = read(&text);
    let edges: Vec<_> = frames
        .iter()
        .map(|frame| frame.cell.map(|cell| cell.lengths()[0]))
        .collect();
    assert_eq!(edges, [Some(2.0), Some(2.0), Some(3.0), None]);
    assert_eq!((frames[2].time, frames[2].step), (Some(5.0), Some(10)));
    assert_eq!((frames[3].time, frames[3].step), (None, None));
}

#[test]
fn connections_of_unique_serials() {
    let text = "\
HETATM99999  C1  LIG A   1       0.000   0.000   0.000
HETATMA0000  C2  LIG A   1      10.000   0.000   0.000
HETATM186a1  C3  LIG A   1      20.000   0.000   0.000
HETATM*****  C4  LIG A   1      30.000   0.000   0.000
HETATM*****  C5  LIG A   1      40.000   0.000   0.000
CONECT99999A0000A0000186a1*****
CONECTA000099999
CONECT*****99999
";
    let topology = topology(text);
    assert!(topology.bonds().contains(&[0, 1]) && topology.bonds().contains(&[0, 2]));
    assert!(topology.bonds().iter().all(|bond| !bond.contains(&3)));
}

#[test]
fn chains_and_residues() {
    let text = "\
ATOM      1  N   ALA    -1       0.000   0.000   0.000  1.00  0.00      PROA
ATOM      2  N   ALA     1A      0.000   0.000   0.000  1.00  0.00      PROA
ATOM      3  N   ALA     1B      0.000   0.000   0.000  1.00  0.00      PROA
TER
ATOM      4  N   ALA     1       0.000   0.000   0.000  1.00  0.00      PROA
ATOM      5  OH2 TIP3 A000       0.000   0.000   0.000  1.00  0.00      WAT
";
    let topology = topology(text);
    let ids: Vec<_> = topology
        .chains()
        .iter()
        .map(|chain| chain.id.as_str())
        .collect();
    assert_eq!(ids, ["PROA", "PROA", "WAT"]);
    let numbers: Vec<_> = topology
        .residues()
        .iter()
        .map(|r| (r.number, r.insertion_code))
        .collect();
    assert_eq!(
        numbers,
        [
            (-1, None),
            (1, Some('A')),
            (1, Some('B')),
            (1, None),
            (10_000, None)
        ]
    );
    assert_eq!(topology.residues()[4].name, "TIP3");
    assert_eq!(topology.atoms()[4].element, Element::OXYGEN);
}

#[test]
fn more_than_99999_atoms() {
    let mut builder = TopologyBuilder::default();
    builder.start_chain("W");
    for number in 0..50_100 {
        builder.start_residue("HOH", number % 20_000, None, true);
        builder.add_atom(AtomRecord::new("O", Element::OXYGEN));
        builder.add_atom(AtomRecord::new("H1", Element::HYDROGEN));
    }
    let mut expected = builder.build();
    expected
        .set_bonds([[100_000, 100_001], [100_196, 100_197]])
        .unwrap();
    let (_folder, path) = scratch("many.pdb");
    let mut writer = molio::create(&path, &expected).unwrap();
    writer
        .write_frame(&Frame::from_positions(vec![[0.5; 3]; expected.n_atoms()]))
        .unwrap();
    writer.finish().unwrap();
    let read = molio::read_topology(&path).unwrap();
    assert_eq!(read.atoms(), expected.atoms());
    assert_eq!(read.residues(), expected.residues());
    assert!(read.bonds().contains(&[100_000, 100_001]));
}

#[test]
fn real_files() {
    let Some(folder) = test_data("PDB files of PDB, CHARMM, OpenMM, MODELLER and MDAnalysis")
    else {
        return;
    };
    for (name, n_atoms, n_residues, n_chains, n_frames) in [
        ("adk/adk_closed.pdb", 3341, 214, 1, 1),
        ("murd/5A5E_full.pdb", 3286, 437, 1, 1),
        ("murd/5A5F_full.pdb", 3286, 437, 1, 1),
        ("murd/MurD_test_topo.pdb", 3286, 437, 1, 1),
    ] {
        let path = folder.join(name);
        let topology = molio::read_topology(&path).unwrap();
        assert_eq!(topology.n_atoms(), n_atoms, "{name}");
        assert_eq!(topology.n_residues(), n_residues, "{name}");
        assert_eq!(topology.chains().len(), n_chains, "{name}");
        let unknown = topology
            .atoms()
            .iter()
            .filter(|atom| atom.element == Element::UNKNOWN);
        assert_eq!(unknown.count(), 0, "{name}");
        let frames = frames(&mut *molio::open(&path).unwrap()).unwrap();
        assert_eq!(frames.len(), n_frames, "{name}");
        assert_eq!(frames[0].n_atoms(), n_atoms, "{name}");
        assert_eq!(frames[0].cell, None, "{name}");
    }
    assert_eq!(
        molio::read_topology(folder.join("adk/adk_closed.pdb"))
            .unwrap()
            .chains()[0]
            .id,
        "4AKE"
    );
}
