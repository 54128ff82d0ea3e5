//! What the tests of system building share: structures and golden values of `tests/data/system`.

use super::energy_support::data;
use flate2::read::GzDecoder;
use forcefield_gpu::System;
use molio::{AtomRecord, Element, Topology, TopologyBuilder};
use std::collections::BTreeMap;
use std::io::Read;

/// A structure and its positions (nm).
pub(crate) struct Structure {
    pub(crate) topology: Topology,
    pub(crate) positions: Vec<[f64; 3]>,
}

/// Energies (kJ/mol) by term, and forces (kJ/mol/nm) of some atoms.
#[derive(Default)]
pub(crate) struct Golden {
    pub(crate) energies: BTreeMap<String, f64>,
    pub(crate) mean_square_force: f64,
    pub(crate) forces: Vec<(usize, [f64; 3])>,
}

fn path(name: &str, file: &str) -> String {
    format!("{}/system/{name}/{file}", data())
}

fn text(name: &str, file: &str) -> String {
    let path = path(name, file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads `structure.txt`.
pub(crate) fn structure(name: &str) -> Structure {
    let mut builder = TopologyBuilder::default();
    let (mut positions, mut bonds) = (Vec::new(), Vec::new());
    let mut chain = None;
    let mut number = 0;
    for line in text(name, "structure.txt").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "residue" => {
                if chain.as_deref() != Some(words[2]) {
                    builder.start_chain(words[2]);
                    chain = Some(words[2].to_owned());
                }
                number += 1;
                builder.start_residue(words[1], number, None, false);
            }
            "atom" => {
                let element = Element::from_symbol(words[2]).unwrap();
                builder.add_atom(AtomRecord::new(words[1], element));
                let [x, y, z] = [3, 4, 5].map(|index| words[index].parse().unwrap());
                positions.push([x, y, z]);
            }
            "bond" => bonds.push([words[1].parse().unwrap(), words[2].parse().unwrap()]),
            _ => {}
        }
    }
    let mut topology = builder.build();
    topology.set_bonds(bonds).unwrap();
    Structure {
        topology,
        positions,
    }
}

/// Reads one case of `golden.txt`.
pub(crate) fn golden(name: &str, case: &str) -> Golden {
    let mut golden = Golden::default();
    let mut inside = false;
    for line in text(name, "golden.txt").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |index: usize| words[index].parse::<f64>().unwrap();
        match words[0] {
            "case" => inside = words[1] == case,
            _ if !inside => {}
            "energy" => {
                golden.energies.insert(words[1].to_owned(), number(2));
            }
            "mean_square_force" => golden.mean_square_force = number(1),
            "force" => {
                let atom = words[1].parse().unwrap();
                golden
                    .forces
                    .push((atom, [number(2), number(3), number(4)]));
            }
            _ => {}
        }
    }
    assert!(!golden.energies.is_empty(), "{name} has no case {case}");
    golden
}

/// A system that OpenMM serialised.
pub(crate) fn openmm_system(name: &str, case: &str) -> System {
    let path = path(name, &format!("{case}.xml.gz"));
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut text = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .unwrap();
    System::from_openmm_xml(&text).unwrap()
}

/// Asserts that two systems have the same terms with the same parameters, in any order.
pub(crate) fn assert_same(ours: &System, openmm: &System) {
    close(
        "masses",
        vec![ours.masses.clone()],
        vec![openmm.masses.clone()],
    );
    let pair = |[a, b]: [usize; 2]| [a.min(b) as f64, a.max(b) as f64];
    let bonds = |s: &System| {
        s.bonds
            .iter()
            .map(|b| [&pair(b.atoms)[..], &[b.length, b.k]].concat())
            .collect()
    };
    close("bonds", bonds(ours), bonds(openmm));
    let angles = |s: &System| {
        let ordered = |[a, v, b]: [usize; 3]| [a.min(b) as f64, v as f64, a.max(b) as f64];
        s.angles
            .iter()
            .map(|a| [&ordered(a.atoms)[..], &[a.angle, a.k]].concat())
            .collect()
    };
    close("angles", angles(ours), angles(openmm));
    // The dihedral angle of four atoms is the same read backwards.
    let four = |[a, b, c, d]: [usize; 4]| {
        (if a < d { [a, b, c, d] } else { [d, c, b, a] }).map(|atom| atom as f64)
    };
    let torsions = |s: &System| {
        let row = |t: &forcefield_gpu::system::PeriodicTorsion| {
            [
                &four(t.atoms)[..],
                &[f64::from(t.periodicity), t.phase, t.k],
            ]
            .concat()
        };
        s.torsions.iter().map(row).collect()
    };
    close("torsions", torsions(ours), torsions(openmm));
    let rb = |s: &System| {
        let row = |t: &forcefield_gpu::system::RyckaertBellemansTorsion| {
            [&four(t.atoms)[..], &t.coefficients].concat()
        };
        s.ryckaert_bellemans_torsions.iter().map(row).collect()
    };
    close("Ryckaert-Bellemans torsions", rb(ours), rb(openmm));
    let cmaps = |s: &System| {
        let row = |t: &forcefield_gpu::system::CmapTorsion| {
            [
                t.phi.map(|a| a as f64),
                t.psi.map(|a| a as f64),
                [t.grid as f64, 0.0, 0.0, 0.0],
            ]
            .concat()
        };
        s.cmap.torsions.iter().map(row).collect()
    };
    close("correction maps", cmaps(ours), cmaps(openmm));
    let grids = |s: &System| s.cmap.grids.iter().map(|g| g.energies.clone()).collect();
    close("grids", grids(ours), grids(openmm));
    let constraints = |s: &System| {
        s.constraints
            .iter()
            .map(|c| [&pair(c.atoms)[..], &[c.length]].concat())
            .collect()
    };
    close("constraints", constraints(ours), constraints(openmm));
    let particles = |s: &System| {
        let particles = s.nonbonded.iter().flat_map(|n| &n.particles).enumerate();
        particles
            .map(|(i, p)| vec![i as f64, p.charge, p.sigma, p.epsilon])
            .collect()
    };
    close("particles", particles(ours), particles(openmm));
    let exceptions = |s: &System| {
        let row = |e: &forcefield_gpu::system::NonbondedException| {
            [&pair(e.atoms)[..], &[e.charge_product, e.sigma, e.epsilon]].concat()
        };
        s.nonbonded
            .iter()
            .flat_map(|n| &n.exceptions)
            .map(row)
            .collect()
    };
    close("exceptions", exceptions(ours), exceptions(openmm));
    let born = |s: &System| {
        let particles = s
            .generalized_born
            .iter()
            .flat_map(|g| &g.particles)
            .enumerate();
        let row = |(i, p): (usize, &forcefield_gpu::system::BornParticle)| {
            [
                &[i as f64, p.charge, p.radius, p.screen][..],
                &p.alpha_beta_gamma,
            ]
            .concat()
        };
        particles.map(row).collect()
    };
    close("Born particles", born(ours), born(openmm));
    let model = |s: &System| {
        s.generalized_born
            .as_ref()
            .map(|g| (g.model, g.surface, g.cutoff))
    };
    assert_eq!(model(ours), model(openmm));
}

fn close(what: &str, mut ours: Vec<Vec<f64>>, mut openmm: Vec<Vec<f64>>) {
    // Rounding may differ in the last digits, so rows are sorted by rounded values.
    let key = |row: &Vec<f64>| {
        row.iter()
            .map(|x| (x * 1e8).round() as i64)
            .collect::<Vec<_>>()
    };
    ours.sort_by_key(key);
    openmm.sort_by_key(key);
    assert_eq!(ours.len(), openmm.len(), "number of {what}");
    for (a, b) in ours.iter().zip(&openmm) {
        let same = a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(x, y)| (x - y).abs() <= 1e-9 * x.abs().max(1e-3));
        assert!(same, "{what}: ours {a:?}, OpenMM's {b:?}");
    }
}
