#![no_main]

use forcefield_gpu::{ConstrainedBonds, ForceField, SystemOptions};
use molio::{AtomRecord, Element, Topology, TopologyBuilder};
use std::sync::LazyLock;

/// Molecules that the seed has templates for: H–C–C–H of two residues, and CH₂, which takes a patch.
static MOLECULES: LazyLock<[Topology; 2]> = LazyLock::new(|| {
    [
        molecule(&[2, 2], &[[0, 1], [2, 3], [0, 2]]),
        molecule(&[3], &[[0, 1], [0, 2]]),
    ]
});

/// Residues of a carbon and hydrogens.
fn molecule(sizes: &[usize], bonds: &[[usize; 2]]) -> Topology {
    let mut builder = TopologyBuilder::default();
    builder.start_chain("A");
    for (number, &size) in (1..).zip(sizes) {
        builder.start_residue("X", number, None, false);
        builder.add_atom(AtomRecord::new("C1", Element::CARBON));
        for name in &["H1", "H2"][..size - 1] {
            builder.add_atom(AtomRecord::new(name, Element::HYDROGEN));
        }
    }
    let mut topology = builder.build();
    topology
        .set_bonds(bonds.iter().copied())
        .expect("bonds between atoms that are there");
    topology
}

// a system that is set up must be one that every consumer takes
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(force_field) = ForceField::from_xml(text) else {
        return;
    };
    let stiff = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(1.5),
        ..SystemOptions::default()
    };
    for topology in MOLECULES.iter() {
        for options in [&SystemOptions::default(), &stiff] {
            if let Ok(system) = force_field.create_system(topology, options) {
                system
                    .validate()
                    .expect("a system that was set up is valid");
            }
        }
    }
});
