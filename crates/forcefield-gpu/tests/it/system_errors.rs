//! What is refused, and in which words.

use crate::system_support::structure;
use forcefield_gpu::{Error, ForceField, System, SystemOptions};

fn refusal(topology: &molio::Topology) -> String {
    let force_field = ForceField::ff14sb().unwrap();
    let error = force_field
        .create_system(topology, &SystemOptions::default())
        .unwrap_err();
    assert!(matches!(error, Error::NoTemplate { .. }), "{error}");
    error.to_string()
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
    // Without its oxygen a tyrosine has the atoms of a phenylalanine, but not its bonds.
    let message = refusal(&without("OH"));
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
