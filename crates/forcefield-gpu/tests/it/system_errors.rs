//! What is refused, and in which words.

use crate::system_support::structure;
use forcefield_gpu::{Device, Engine, EngineConfig, Error, ForceField, System, SystemOptions};
use molio::{AtomRecord, Element, Topology, TopologyBuilder};

fn refusal(topology: &Topology) -> String {
    let force_field = ForceField::ff14sb().unwrap();
    let error = force_field
        .create_system(topology, &SystemOptions::default())
        .unwrap_err();
    assert!(matches!(error, Error::NoTemplate { .. }), "{error}");
    error.to_string()
}

/// The same residues, one of them under another name or with one carbon more on its CB.
fn changed(topology: &Topology, residue: usize, name: Option<&str>) -> Topology {
    let mut builder = TopologyBuilder::default();
    let mut places = Vec::new();
    let mut bonds = Vec::new();
    for (index, old) in topology.residues().iter().enumerate() {
        let chosen = index == residue;
        let name = name.filter(|_| chosen).unwrap_or(&old.name);
        builder.start_residue(name, old.number, None, false);
        for atom in &topology.atoms()[old.atoms.clone()] {
            places.push(builder.add_atom(AtomRecord::new(&atom.name, atom.element)));
        }
        if chosen && name == old.name {
            let carbon = builder.add_atom(AtomRecord::new("CX", Element::CARBON));
            bonds.push([places[topology.find(index, "CB").unwrap()], carbon]);
        }
    }
    bonds.extend(
        topology
            .bonds()
            .iter()
            .map(|bond| bond.map(|atom| places[atom])),
    );
    let mut built = builder.build();
    built.set_bonds(bonds).unwrap();
    built
}

fn renamed(topology: &Topology, residue: usize, name: &str) -> Topology {
    changed(topology, residue, Some(name))
}

fn with_carbon(topology: &Topology, residue: usize) -> Topology {
    changed(topology, residue, None)
}

#[test]
fn a_residue_without_template_is_named_with_what_it_lacks() {
    let topology = structure("chignolin").topology;
    let without = |gone: &str| {
        let keep = |&atom: &usize| {
            topology.atoms()[atom].residue != 1 || topology.atoms()[atom].name != gone
        };
        topology.select(&(0..topology.n_atoms()).filter(keep).collect::<Vec<_>>())
    };
    let message = refusal(&without("HH"));
    assert!(
        message.contains("TYR 2") && message.contains("heavy atoms are those of TYR"),
        "{message}"
    );
    assert!(message.contains("missing 1 H atom"), "{message}");
    // a residue is held to its own name, whatever other residue it may look like
    let message = refusal(&without("OH"));
    assert!(message.contains("nearest is TYR"), "{message}");
    assert!(message.contains("missing 1 O atom"), "{message}");
    let message = refusal(&with_carbon(&topology, 1));
    assert!(message.contains("nearest is TYR"), "{message}");
    assert!(message.contains("has 1 C atom too many"), "{message}");
    // under another name it has the atoms of a phenylalanine, but not its bonds
    let message = refusal(&renamed(&without("OH"), 1, "XYZ"));
    assert!(
        message.contains("those of PHE") && message.contains("1 H-C bond"),
        "{message}"
    );
    let mut unbonded = topology.clone();
    unbonded.set_bonds([]).unwrap();
    assert!(refusal(&unbonded).contains("all its bonds"));
}

#[test]
fn a_force_that_is_not_known_is_named_with_its_expression() {
    let text = "<System><Particles><Particle mass='1'/></Particles><Constraints/><Forces>\
        <Force type='CustomBondForce' energy='k*(r-r0)^4'/></Forces></System>";
    let message = System::from_openmm_xml(text).unwrap_err().to_string();
    assert!(
        message.contains("CustomBondForce") && message.contains("k*(r-r0)^4"),
        "{message}"
    );
    let message =
        ForceField::from_xml("<ForceField>\n<AmoebaBondForce/></ForceField>").unwrap_err();
    assert!(
        message.to_string().contains("line 2: AmoebaBondForce"),
        "{message}"
    );
    let script = "<ForceField><Script>import os</Script></ForceField>";
    assert!(matches!(
        ForceField::from_xml(script),
        Err(Error::UnsupportedForce { .. })
    ));
}

#[test]
fn hostile_xml_is_an_error() {
    let bomb =
        "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><ForceField>&b;</ForceField>";
    let deep = "<ForceField>".repeat(200_000);
    let negative = "<System><Particles><Particle mass='-1'/></Particles><Forces/></System>";
    let outside = "<System><Particles><Particle mass='1'/></Particles><Forces>\
        <Force type='HarmonicBondForce'><Bonds><Bond p1='0' p2='9' d='1' k='1'/></Bonds></Force>\
        </Forces></System>";
    for text in [
        "",
        "<",
        bomb,
        &deep,
        negative,
        outside,
        "<ForceField><AtomTypes><Type/>",
    ] {
        assert!(ForceField::from_xml(text).is_err());
        assert!(System::from_openmm_xml(text).is_err());
    }
}

/// Whatever this machine has, and with the feature or without: an error that says what is missing.
#[test]
fn cuda_that_is_not_there_is_an_error() {
    let config = EngineConfig {
        device: Device::Cuda(999),
        ..EngineConfig::default()
    };
    let error = Engine::new(&System::new(vec![1.0]), config).unwrap_err();
    assert!(matches!(error, Error::NoCuda { .. }), "{error}");
    assert!(error.to_string().starts_with("CUDA is not available: "));
}
