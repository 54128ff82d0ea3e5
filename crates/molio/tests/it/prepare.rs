//! Preparing structures.

use molio::{
    AtomRecord, ChainPlan, Conformation, Element, Frame, Keep, PrepareConfig, Prepared,
    ProteinBuilder, ResiduePlan, SideChainConfig, Topology, TopologyBuilder, conformation_torsions,
    open, parse_sequence, prepare, read_topology, standard_amino_acid,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A built peptide.
fn peptide(sequence: &str) -> (Topology, Vec<[f32; 3]>) {
    let forms = parse_sequence(sequence).unwrap();
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
    let torsions = conformation_torsions(&forms, Conformation::Extended).unwrap();
    let positions = builder
        .from_torsions(&torsions, &SideChainConfig::default())
        .unwrap();
    (builder.topology().clone(), positions)
}

/// Without bonds and without the atoms that `drop` names, as a file would have it.
fn without(
    (topology, positions): &(Topology, Vec<[f32; 3]>),
    drop: impl Fn(usize, &str) -> bool,
) -> (Topology, Vec<[f32; 3]>) {
    let kept: Vec<usize> = (0..topology.n_atoms())
        .filter(|&index| {
            let atom = &topology.atoms()[index];
            !drop(atom.residue, &atom.name)
        })
        .collect();
    let mut cut = topology.select(&kept);
    cut.set_bonds([]).unwrap();
    (cut, kept.iter().map(|&atom| positions[atom]).collect())
}

/// The same atoms under other names.
fn renamed(topology: &Topology, rename: impl Fn(&str, &str) -> (String, String)) -> Topology {
    let mut builder = TopologyBuilder::default();
    for residue in topology.residues() {
        let (new, _) = rename(&residue.name, "");
        builder.start_residue(&new, residue.number, residue.insertion_code, residue.hetero);
        for atom in &topology.atoms()[residue.atoms.clone()] {
            let (_, name) = rename(&residue.name, &atom.name);
            builder.add_atom(AtomRecord::new(&name, atom.element));
        }
    }
    builder.build()
}

fn run((topology, positions): &(Topology, Vec<[f32; 3]>)) -> Prepared {
    prepare(topology, positions, &PrepareConfig::default()).unwrap()
}

fn names(topology: &Topology, residue: usize) -> String {
    let atoms = topology.residues()[residue].atoms.clone();
    let mut names: Vec<&str> = topology.atoms()[atoms]
        .iter()
        .map(|a| a.name.as_str())
        .collect();
    names.sort_unstable();
    names.join(" ")
}

#[test]
fn a_whole_peptide_stays_as_it_is() {
    let whole = peptide("(ACE)ACDEFGHIKLMNPQRSTVWY(NME)");
    let prepared = run(&whole);
    assert_eq!(prepared.topology, whole.0);
    assert_eq!(prepared.positions, whole.1);
    assert_eq!(prepared.report, molio::PrepareReport::default());
}

#[test]
fn every_atom_that_can_be_lost_is_found_again() {
    let whole = peptide("ACDEFGHIKLMNPQRSTVWY");
    let mut lost: Vec<(usize, String)> = Vec::new();
    for atom in whole.0.atoms() {
        let backbone = ["N", "CA", "C"].contains(&atom.name.as_str());
        if !backbone && atom.element != Element::HYDROGEN {
            lost.push((atom.residue, atom.name.clone()));
        }
    }
    for (residue, name) in lost {
        let prepared = run(&without(&whole, |r, n| r == residue && n == name));
        assert_eq!(
            prepared.topology.n_atoms(),
            whole.0.n_atoms(),
            "{residue} {name}"
        );
        let index = whole.0.find(residue, &name).unwrap();
        // also those bonds that close a ring or lead on to atoms that were there
        for &other in &whole.0.neighbours()[index] {
            if whole.0.atoms()[other].element == Element::HYDROGEN {
                continue;
            }
            let [new, old] = [&prepared.positions, &whole.1].map(|x| length(x[index], x[other]));
            assert!(
                (new - old).abs() < 0.03,
                "{residue} {name}: {new} nm, not {old}"
            );
        }
    }
}

fn length(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|x| (a[x] - b[x]).powi(2)).sum::<f32>().sqrt()
}

#[test]
fn backbone_atoms_return_where_their_surroundings_tell() {
    let whole = peptide("GACDEFGHIKLMNPQRSTVWYG");
    let last = whole.0.n_residues() - 1;
    let far = |lost: &[(usize, &str)]| -> Option<f32> {
        let cut = without(&whole, |residue, name| lost.contains(&(residue, name)));
        let prepared = prepare(&cut.0, &cut.1, &PrepareConfig::default()).ok()?;
        assert_eq!(prepared.topology, whole.0, "{lost:?}");
        assert!(prepared.report.gaps.is_empty(), "{lost:?}");
        let added: usize = prepared.report.added_heavy.iter().map(|a| a.1.len()).sum();
        assert_eq!(added, lost.len(), "{lost:?}");
        let off = lost.iter().map(|&(residue, name)| {
            let atom = whole.0.find(residue, name).unwrap();
            length(prepared.positions[atom], whole.1[atom])
        });
        off.reduce(f32::max)
    };
    for residue in 0..=last {
        for name in ["N", "CA", "C"] {
            // an end of glycine can turn
            if [(0, "N"), (last, "C")].contains(&(residue, name)) {
                assert!(far(&[(residue, name)]).is_none());
                continue;
            }
            let off = far(&[(residue, name)]).unwrap();
            assert!(off < 0.03, "{residue} {name}: {off} nm");
        }
        if residue < last {
            let off = far(&[(residue, "C"), (residue + 1, "N")]).unwrap();
            assert!(off < 0.03, "peptide bond behind {residue}: {off} nm");
        }
    }
    // between two CA alone, peptide groups can turn
    let cut = without(&whole, |residue, name| {
        (5..8).contains(&residue) && name != "CA"
    });
    let error = prepare(&cut.0, &cut.1, &PrepareConfig::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("PHE 6") && text.contains("no C"), "{text}");
}

#[test]
fn side_chains_and_hydrogens_return() {
    let whole = peptide("ACDEFGHIKLMNPQRSTVWY");
    let backbone = |_: usize, name: &str| !["N", "CA", "C", "O", "CB"].contains(&name);
    let prepared = run(&without(&whole, backbone));
    assert_eq!(prepared.topology.n_atoms(), whole.0.n_atoms());
    for residue in 0..20 {
        assert_eq!(names(&prepared.topology, residue), names(&whole.0, residue));
    }
    assert_eq!(prepared.report.added_heavy.len(), 18);
}

#[test]
fn other_programs_names_become_those_of_the_pdb() {
    let whole = peptide("AKIS");
    let old = renamed(&whole.0, |residue, atom| {
        let atom = match (residue, atom) {
            (_, "H") => "HN",
            (_, "H1") => "HT1",
            (_, "H2") => "HT2",
            (_, "H3") => "HT3",
            (_, "O") if residue == "SER" => "OT1",
            (_, "OXT") => "OT2",
            ("LYS", "HB2") => "1HB",
            ("LYS", "HB3") => "2HB",
            ("ILE", "CD1") => "CD",
            ("ILE", "HD11") => "HD1",
            ("ILE", "HD12") => "HD2",
            ("ILE", "HD13") => "HD3",
            _ => atom,
        };
        (residue.to_owned(), atom.to_owned())
    });
    let prepared = run(&(old, whole.1.clone()));
    assert_eq!(prepared.positions, whole.1);
    for residue in 0..4 {
        assert_eq!(names(&prepared.topology, residue), names(&whole.0, residue));
    }
    assert_eq!(prepared.report.n_added_hydrogens, 0);
    assert!(prepared.report.renamed.len() >= 10);
}

#[test]
fn gaps_are_reported_and_not_bridged() {
    let whole = peptide("AAGAAA");
    let prepared = run(&without(&whole, |residue, _| residue == 2 || residue == 3));
    let [gap] = &prepared.report.gaps[..] else {
        panic!("{:?}", prepared.report.gaps);
    };
    assert_eq!(
        (gap.after.number, gap.before.number, gap.n_missing),
        (2, 5, 2)
    );
    assert!(prepared.topology.find(1, "OXT").is_some());
    assert!(prepared.topology.find(2, "H3").is_some());
    let config = PrepareConfig {
        caps: true,
        ..PrepareConfig::default()
    };
    let (topology, positions) = without(&whole, |residue, name| {
        residue == 2 || residue == 3 || name == "OXT" || name.starts_with('H')
    });
    let capped = prepare(&topology, &positions, &config).unwrap().topology;
    let chain: Vec<&str> = capped.residues().iter().map(|r| r.name.as_str()).collect();
    assert_eq!(
        chain,
        ["ACE", "ALA", "ALA", "NME", "ACE", "ALA", "ALA", "NME"]
    );
}

#[test]
fn protons_follow_ph_names_and_hydrogens() {
    let bare = |sequence: &str| without(&peptide(sequence), |_, name| name.starts_with('H'));
    let forms = |structure: &(Topology, Vec<[f32; 3]>), ph| {
        let config = PrepareConfig {
            ph,
            ..PrepareConfig::default()
        };
        let prepared = prepare(&structure.0, &structure.1, &config)
            .unwrap()
            .topology;
        let names: Vec<String> = prepared.residues().iter().map(|r| r.name.clone()).collect();
        names[1..names.len() - 1].join(" ")
    };
    let acids = bare("GDEHCKG");
    let plain = renamed(&acids.0, |residue, atom| {
        let standard = standard_amino_acid(residue).unwrap_or(residue);
        (standard.to_owned(), atom.to_owned())
    });
    let acids = (plain, acids.1);
    assert_eq!(forms(&acids, 7.0), "ASP GLU HIE CYS LYS");
    assert_eq!(forms(&acids, 4.0), "ASP GLH HIP CYS LYS");
    assert_eq!(forms(&acids, 1.0), "ASH GLH HIP CYS LYS");
    assert_eq!(forms(&acids, 12.0), "ASP GLU HIE CYM LYN");
    // names say more than pH
    assert_eq!(forms(&bare("G(HID)(ASH)(LYN)G"), 7.0), "HID ASH LYN");
    // and so do hydrogens
    let with = peptide("G(HIP)(GLH)G");
    let plain = renamed(&with.0, |residue, atom| {
        let standard = standard_amino_acid(residue).unwrap_or(residue);
        (standard.to_owned(), atom.to_owned())
    });
    assert_eq!(forms(&(plain, with.1), 7.0), "HIP GLH");
}

#[test]
fn histidine_puts_its_proton_where_an_acceptor_is() {
    let (topology, positions) = without(&peptide("GHG"), |_, name| name.starts_with('H'));
    for (nitrogen, beyond, expected) in [
        ("ND1", ["CG", "CE1"], "HID"),
        ("NE2", ["CD2", "CE1"], "HIE"),
    ] {
        // a ligand's carbonyl oxygen 0.28 nm out from the ring's nitrogen
        let at = |name: &str| {
            nalgebra::Vector3::from(positions[topology.find(1, name).unwrap()].map(f64::from))
        };
        let away = (2.0 * at(nitrogen) - at(beyond[0]) - at(beyond[1])).normalize();
        let oxygen = at(nitrogen) + 0.28 * away;
        let mut builder = TopologyBuilder::default();
        for residue in topology.residues() {
            let name = standard_amino_acid(&residue.name).unwrap();
            builder.start_residue(name, residue.number, None, false);
            for atom in &topology.atoms()[residue.atoms.clone()] {
                builder.add_atom(AtomRecord::new(&atom.name, atom.element));
            }
        }
        // an aspartate's oxygen, alone: what matters is what it accepts
        builder.start_chain("L");
        builder.start_residue("ASP", 9, None, false);
        builder.add_atom(AtomRecord::new("OD1", Element::OXYGEN));
        let mut all = positions.clone();
        all.push(oxygen.map(|x| x as f32).into());
        let prepared = prepare(&builder.build(), &all, &PrepareConfig::default()).unwrap();
        assert_eq!(prepared.topology.residues()[1].name, expected);
    }
}

#[test]
fn methyl_groups_turn_away_from_what_they_overlap() {
    let whole = peptide("AAA");
    let at = |name: &str| {
        let atom = whole.0.find(1, name).unwrap();
        whole.1[atom]
    };
    let [carbon, hydrogen] = ["CB", "HB1"].map(at);
    let (topology, mut positions) = without(&whole, |_, name| name.starts_with('H'));
    let mut builder = TopologyBuilder::default();
    builder.start_chain("A");
    for residue in topology.residues() {
        builder.start_residue(&residue.name, residue.number, None, false);
        for atom in &topology.atoms()[residue.atoms.clone()] {
            builder.add_atom(AtomRecord::new(&atom.name, atom.element));
        }
    }
    // an ion straight ahead of a staggered hydrogen
    builder.start_chain("B");
    builder.start_residue("NA", 1, None, true);
    builder.add_atom(AtomRecord::new("NA", Element::from_symbol("Na").unwrap()));
    let far = 0.28 / length(carbon, hydrogen);
    positions.push([0, 1, 2].map(|axis| carbon[axis] + far * (hydrogen[axis] - carbon[axis])));
    let config = PrepareConfig {
        keep: vec![Keep::Ions],
        ..PrepareConfig::default()
    };
    let prepared = prepare(&builder.build(), &positions, &config).unwrap();
    let place = |residue: usize, name: &str| {
        let atom = prepared.topology.find(residue, name).unwrap();
        prepared.positions[atom]
    };
    let ion = place(3, "NA");
    for name in ["HB1", "HB2", "HB3"] {
        let d = length(place(1, name), ion);
        assert!(d > 0.22, "{name} at {d} nm");
        assert!((length(place(1, name), place(1, "CB")) - 0.109).abs() < 1e-4);
    }
}

#[test]
fn sulphurs_within_reach_are_a_disulfide() {
    let (mut topology, mut positions) = peptide("CAC");
    // mirror images of one residue whose SG are 0.205 nm apart would do; here the second is moved onto the first
    let sulphur = |residue| topology.find(residue, "SG").unwrap();
    let (first, second) = (sulphur(0), sulphur(2));
    positions[second] = positions[first];
    positions[second][0] += 0.205;
    topology.set_bonds([]).unwrap();
    let prepared = prepare(&topology, &positions, &PrepareConfig::default()).unwrap();
    assert_eq!(prepared.topology.residues()[0].name, "CYX");
    assert_eq!(prepared.report.disulfides.len(), 1);
    assert_eq!(prepared.report.removed_atoms.len(), 2);
    let pair = [0, 2].map(|residue| prepared.topology.find(residue, "SG").unwrap());
    assert!(prepared.topology.bonds().contains(&pair));
}

#[test]
fn selenomethionine_insertion_codes_and_chains() {
    let forms = parse_sequence("AMA").unwrap();
    let mut chain = ChainPlan::new("B", &forms);
    chain.residues[1] = ResiduePlan {
        number: 1,
        insertion_code: Some('A'),
        ..chain.residues[1].clone()
    };
    let builder = ProteinBuilder::new(&[chain], &[]).unwrap();
    let torsions = conformation_torsions(&forms, Conformation::Helix).unwrap();
    let positions = builder
        .from_torsions(&torsions, &SideChainConfig::default())
        .unwrap();
    let mut selenium = TopologyBuilder::default();
    selenium.start_chain("B");
    for residue in builder.topology().residues() {
        let name = if residue.name == "MET" {
            "MSE"
        } else {
            &residue.name
        };
        selenium.start_residue(name, residue.number, residue.insertion_code, name == "MSE");
        for atom in &builder.topology().atoms()[residue.atoms.clone()] {
            if atom.name == "SD" {
                selenium.add_atom(AtomRecord::new("SE", Element::from_symbol("Se").unwrap()));
            } else {
                selenium.add_atom(AtomRecord::new(&atom.name, atom.element));
            }
        }
    }
    selenium.start_residue("HOH", 50, None, true);
    selenium.add_atom(AtomRecord::new("O", Element::OXYGEN));
    selenium.start_residue("ZN", 51, None, true);
    selenium.add_atom(AtomRecord::new("ZN", Element::from_symbol("Zn").unwrap()));
    let topology = selenium.build();
    let mut all = positions.clone();
    all.extend([[3.0; 3], [4.0; 3]]);
    let config = PrepareConfig {
        keep: vec![Keep::Ions],
        ..PrepareConfig::default()
    };
    let prepared = prepare(&topology, &all, &config).unwrap();
    assert_eq!(prepared.report.dropped, [("HOH".to_owned(), 1)]);
    assert_eq!(prepared.report.changed_residues[0].1, "MET");
    let residues = prepared.topology.residues();
    assert_eq!(residues[1].name, "MET");
    assert_eq!(residues[1].insertion_code, Some('A'));
    assert_eq!(residues[3].name, "ZN");
    let sulphur = prepared.topology.find(1, "SD").unwrap();
    assert_eq!(prepared.topology.atoms()[sulphur].element, Element::SULPHUR);
    assert_eq!(prepared.positions[sulphur], positions[sulphur]);
    assert_eq!(prepared.topology.chains()[0].id, "B");
}

#[derive(Deserialize)]
struct Golden {
    /// Of each structure, for each amino acid, its name and the names of its atoms.
    structures: BTreeMap<String, Vec<(String, String)>>,
}

/// PDBFixer's hydrogens at pH 7 against ours; protons of histidines are where each program puts them.
#[test]
#[allow(clippy::print_stderr)] // the one line that a test says
fn atoms_are_those_that_pdbfixer_and_openmm_give() {
    let Some(folder) = std::env::var_os("FOLDSCAPE_TEST_DATA").map(PathBuf::from) else {
        eprintln!("FOLDSCAPE_TEST_DATA is not set: real structures are not compared with PDBFixer");
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/prepare/atoms.json");
    let golden: Golden = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (file, expected) in &golden.structures {
        let path = folder.join(file);
        let topology = read_topology(&path).unwrap();
        let mut frame = Frame::default();
        assert!(open(&path).unwrap().read_frame(&mut frame).unwrap());
        let (bare, positions) = without(&(topology, frame.positions), |_, name| {
            let name = name.trim_start_matches(|c: char| c.is_ascii_digit());
            name.starts_with('H')
        });
        // forms by pH alone
        let bare = renamed_in_chains(&bare);
        let prepared = prepare(&bare, &positions, &PrepareConfig::default()).unwrap();
        assert_eq!(prepared.topology.n_residues(), expected.len(), "{file}");
        for (residue, (name, atoms)) in expected.iter().enumerate() {
            let ours = &prepared.topology.residues()[residue];
            let standard = standard_amino_acid(&ours.name).unwrap();
            assert_eq!(standard, name, "{file} {residue}");
            let found = names(&prepared.topology, residue);
            if standard == "HIS" {
                let protons = |names: &str| names.replace("HD1", "HE2");
                let sorted = |names: String| {
                    let mut list: Vec<String> = names.split(' ').map(str::to_owned).collect();
                    list.sort_unstable();
                    list
                };
                assert_eq!(
                    sorted(protons(&found)),
                    sorted(protons(atoms)),
                    "{file} {residue}"
                );
            } else {
                assert_eq!(&found, atoms, "{file} {name} {residue}");
            }
        }
    }
}

/// Under the standard names of the amino acids.
fn renamed_in_chains(topology: &Topology) -> Topology {
    let mut builder = TopologyBuilder::default();
    for chain in topology.chains() {
        builder.start_chain(&chain.id);
        for residue in &topology.residues()[chain.residues.clone()] {
            let name = standard_amino_acid(&residue.name).unwrap_or(&residue.name);
            builder.start_residue(name, residue.number, residue.insertion_code, residue.hetero);
            for atom in &topology.atoms()[residue.atoms.clone()] {
                builder.add_atom(AtomRecord::new(&atom.name, atom.element));
            }
        }
    }
    builder.build()
}
