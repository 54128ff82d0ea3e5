//! Backbones from their CA atoms.

use molio::{
    ChainPlan, Conformation, Frame, ProteinBuilder, SideChainConfig, Topology, backbone_from_ca,
    backbone_from_ca_cb, conformation_torsions, open, parse_sequence, read_topology,
};
use std::path::PathBuf;

/// Stretches of residues whose CA are 0.27 to 0.41 nm apart.
fn stretches(topology: &Topology, positions: &[[f32; 3]]) -> Vec<Vec<usize>> {
    let mut stretches: Vec<Vec<usize>> = Vec::new();
    for residue in 0..topology.n_residues() {
        let whole = ["N", "CA", "C", "O"]
            .iter()
            .all(|name| find(topology, residue, name).is_some());
        if !whole {
            continue;
        }
        let ca = |residue: usize| positions[find(topology, residue, "CA").unwrap()];
        let linked = stretches.last().is_some_and(|stretch: &Vec<usize>| {
            let last = stretch[stretch.len() - 1];
            (0.27..0.41).contains(&distance(ca(last), ca(residue)))
        });
        match stretches.last_mut().filter(|_| linked) {
            Some(stretch) => stretch.push(residue),
            None => stretches.push(vec![residue]),
        }
    }
    stretches.retain(|stretch| stretch.len() > 3);
    stretches
}

fn find(topology: &Topology, residue: usize, name: &str) -> Option<usize> {
    let other = if name == "O" { "OT1" } else { name };
    topology
        .find(residue, name)
        .or_else(|| topology.find(residue, other))
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f64 {
    (0..3)
        .map(|x| f64::from(a[x] - b[x]).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// Root mean square distance (nm) of N, C and O from where they were; the ends of stretches, which a trace
/// does not determine, left out. And their number.
fn deviation(topology: &Topology, positions: &[[f32; 3]]) -> (f64, usize) {
    let (mut sum, mut count) = (0.0, 0);
    for stretch in stretches(topology, positions) {
        let at = |residue: usize, name| positions[find(topology, residue, name).unwrap()];
        let trace: Vec<[f32; 3]> = stretch.iter().map(|&r| at(r, "CA")).collect();
        let names: Vec<&str> = stretch
            .iter()
            .map(|&r| topology.residues()[r].name.as_str())
            .collect();
        let backbone = backbone_from_ca(&trace, &names).unwrap();
        for place in 1..stretch.len() - 1 {
            let built = &backbone[place];
            for (name, new) in [("N", built.n), ("C", built.c), ("O", built.o.unwrap())] {
                sum += distance(new, at(stretch[place], name)).powi(2);
                count += 1;
            }
        }
    }
    ((sum / f64::from(count)).sqrt(), count as usize)
}

#[test]
fn regular_structures_return() {
    for (conformation, limit) in [
        (Conformation::Helix, 0.03),
        (Conformation::Extended, 0.04),
        (
            Conformation::Hairpin {
                turn: molio::Turn::TypeIPrime,
                first: None,
            },
            0.06,
        ),
    ] {
        let forms = parse_sequence("AVLKAEPTGNGSYTIW").unwrap();
        let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
        let torsions = conformation_torsions(&forms, conformation).unwrap();
        let positions = builder
            .from_torsions(&torsions, &SideChainConfig::default())
            .unwrap();
        let (rmsd, _) = deviation(builder.topology(), &positions);
        assert!(rmsd < limit, "{conformation:?}: {rmsd} nm");
    }
}

#[test]
fn cis_bonds_follow_from_short_distances() {
    let forms = parse_sequence("AAAPAAA").unwrap();
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
    let mut torsions = conformation_torsions(&forms, Conformation::Extended).unwrap();
    torsions[3].omega = 0.0;
    let positions = builder
        .from_torsions(&torsions, &SideChainConfig::default())
        .unwrap();
    let (rmsd, _) = deviation(builder.topology(), &positions);
    assert!(rmsd < 0.05, "{rmsd} nm");
}

#[test]
fn a_built_backbone_takes_side_chains() {
    let forms = parse_sequence("YYDPETGTWY").unwrap();
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
    let torsions = conformation_torsions(&forms, Conformation::Helix).unwrap();
    let config = SideChainConfig::default();
    let positions = builder.from_torsions(&torsions, &config).unwrap();
    let trace: Vec<[f32; 3]> = (0..10)
        .map(|residue| positions[builder.topology().find(residue, "CA").unwrap()])
        .collect();
    let names: Vec<&str> = forms.iter().map(|form| form.name()).collect();
    let backbone = backbone_from_ca(&trace, &names).unwrap();
    let rebuilt = builder.from_backbone(&backbone, &config).unwrap();
    for (residue, ca) in trace.iter().enumerate() {
        assert_eq!(
            rebuilt[builder.topology().find(residue, "CA").unwrap()],
            *ca
        );
    }
}

/// With CB the ends are determined as well, and everything is nearer to where it was. Without proline, which
/// bends a helix away from its ideal torsions.
#[test]
fn beta_carbons_tell_the_ends() {
    let forms = parse_sequence("YYDAETGTWY").unwrap();
    let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[]).unwrap();
    let names: Vec<&str> = forms.iter().map(|form| form.name()).collect();
    for conformation in [Conformation::Extended, Conformation::Helix] {
        let torsions = conformation_torsions(&forms, conformation).unwrap();
        let positions = builder
            .from_torsions(&torsions, &SideChainConfig::default())
            .unwrap();
        let at = |residue: usize, name: &str| {
            let atom = builder.topology().find(residue, name);
            atom.map(|atom| positions[atom])
        };
        let trace: Vec<[f32; 3]> = (0..10).map(|r| at(r, "CA").unwrap()).collect();
        let cb: Vec<Option<[f32; 3]>> = (0..10).map(|r| at(r, "CB")).collect();
        let backbone = backbone_from_ca_cb(&trace, &cb, &names).unwrap();
        for (residue, built) in backbone.iter().enumerate() {
            assert_eq!(built.cb, cb[residue]);
            for (name, new) in [("N", built.n), ("C", built.c)] {
                let far = distance(new, at(residue, name).unwrap());
                assert!(far < 0.02, "{conformation:?} {residue} {name}: {far} nm");
            }
        }
        assert!(backbone_from_ca_cb(&trace, &cb[1..], &names).is_err());
    }
}

#[test]
fn traces_that_are_none_are_refused() {
    assert!(backbone_from_ca(&[[0.0; 3]], &["ALA"]).is_err());
    assert!(backbone_from_ca(&[[0.0; 3], [0.38, 0.0, 0.0]], &["ALA"]).is_err());
    assert!(backbone_from_ca(&[[0.0; 3], [f32::NAN; 3]], &["ALA"; 2]).is_err());
    // on top of each other, or in a line: some backbone, of finite coordinates
    for trace in [
        vec![[0.0; 3]; 4],
        (0..4).map(|i| [0.38 * i as f32, 0.0, 0.0]).collect(),
    ] {
        let backbone = backbone_from_ca(&trace, &["ALA"; 4]).unwrap();
        let finite = |x: [f32; 3]| x.iter().all(|x| x.is_finite());
        assert!(
            backbone
                .iter()
                .all(|residue| finite(residue.n) && finite(residue.c))
        );
    }
}

/// Crystal structures: N, C and O come back to 0.06 nm, as PULCHRA's do (P. Rotkiewicz and J. Skolnick,
/// J. Comput. Chem. 29, 1460 (2008), 10.1002/jcc.20906).
#[test]
#[allow(clippy::print_stderr)] // the one line that a test says
fn real_backbones_return() {
    let Some(folder) = std::env::var_os("FOLDSCAPE_TEST_DATA").map(PathBuf::from) else {
        eprintln!("FOLDSCAPE_TEST_DATA is not set: no real backbone is built from its CA");
        return;
    };
    for (file, limit) in [
        ("murd/5A5E_full.pdb", 0.06),
        ("murd/5A5F_full.pdb", 0.06),
        ("adk/adk_closed.pdb", 0.06),
        ("chignolin/5awl.pdb", 0.06),
    ] {
        let path = folder.join(file);
        let topology = read_topology(&path).unwrap();
        let mut frame = Frame::default();
        assert!(open(&path).unwrap().read_frame(&mut frame).unwrap());
        let (rmsd, n_atoms) = deviation(&topology, &frame.positions);
        eprintln!("{file}: {rmsd:.4} nm over {n_atoms} atoms");
        assert!(rmsd < limit, "{file}: {rmsd} nm");
    }
}
