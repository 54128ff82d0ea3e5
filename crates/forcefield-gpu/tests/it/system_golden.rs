//! Systems built here against those that OpenMM builds: every parameter, energy and force.

use crate::energy_support::{reference, term};
use crate::system_support::{Structure, assert_same, golden, openmm_system, structure};
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, ForceField, Solvent, System, SystemOptions};

const MODELS: [(&str, BornModel); 5] = [
    ("hct", BornModel::Hct),
    ("obc1", BornModel::Obc1),
    ("obc2", BornModel::Obc2),
    ("gbn", BornModel::Gbn),
    ("gbn2", BornModel::Gbn2),
];

fn ff14sb(structure: &Structure, options: &SystemOptions) -> System {
    let force_field = ForceField::ff14sb().unwrap();
    force_field
        .create_system(&structure.topology, options)
        .unwrap()
}

/// Every energy within 1e-6 relative, every force within 1e-6 of the root mean square.
fn assert_golden(name: &str, case: &str, system: &System, positions: &[[f64; 3]]) {
    let golden = golden(name, case);
    let (energies, forces) = reference(system, positions);
    for (which, &expected) in &golden.energies {
        let found = term(&energies, which);
        let error = (found - expected).abs() / expected.abs().max(1.0);
        assert!(
            error < 1e-6,
            "{name} {case} {which}: {found}, OpenMM {expected}"
        );
    }
    let squares: f64 = forces.iter().flatten().map(|f| f * f).sum();
    let mean_square = squares / forces.len() as f64;
    let error = (mean_square / golden.mean_square_force - 1.0).abs();
    assert!(
        error < 2e-6,
        "{name} {case}: mean square force {mean_square}"
    );
    let scale = golden.mean_square_force.sqrt();
    for (atom, expected) in golden.forces {
        for axis in 0..3 {
            let error = (forces[atom][axis] - expected[axis]).abs() / scale;
            assert!(
                error < 1e-6,
                "{name} {case}: force {:?} on atom {atom}, OpenMM {expected:?}",
                forces[atom]
            );
        }
    }
}

#[test]
fn every_residue_has_openmms_parameters() {
    let structure = structure("capped");
    let vacuum = ff14sb(&structure, &SystemOptions::default());
    assert_same(&vacuum, &openmm_system("capped", "vacuum"));
    for (name, model) in [("obc2", BornModel::Obc2), ("gbn2", BornModel::Gbn2)] {
        let system = ff14sb(&structure, &SystemOptions::with_solvent(model));
        assert_same(&system, &openmm_system("capped", name));
    }
}

#[test]
fn every_residue_has_openmms_energies_in_every_solvent() {
    let structure = structure("capped");
    let system = ff14sb(&structure, &SystemOptions::default());
    assert_golden("capped", "vacuum", &system, &structure.positions);
    for (name, model) in MODELS {
        let system = ff14sb(&structure, &SystemOptions::with_solvent(model));
        assert_golden("capped", name, &system, &structure.positions);
    }
}

#[test]
fn cutoffs_follow_openmm() {
    let structure = structure("capped");
    let mut options = SystemOptions {
        cutoff: Some(0.9),
        ..SystemOptions::default()
    };
    let system = ff14sb(&structure, &options);
    assert_golden("capped", "reaction_field", &system, &structure.positions);
    options.solvent = Some(Solvent {
        kappa: 0.7,
        ..Solvent::new(BornModel::Gbn2)
    });
    let system = ff14sb(&structure, &options);
    assert_golden("capped", "gbn2_cutoff_salt", &system, &structure.positions);
}

#[test]
fn constraints_and_heavy_hydrogens_follow_openmm() {
    let structure = structure("capped");
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(3.0),
        ..SystemOptions::default()
    };
    let system = ff14sb(&structure, &options);
    assert_same(&system, &openmm_system("capped", "hydrogen_constraints"));
    assert_golden(
        "capped",
        "hydrogen_constraints",
        &system,
        &structure.positions,
    );
}

#[test]
fn every_terminal_form_is_openmms() {
    let structure = structure("termini");
    let vacuum = ff14sb(&structure, &SystemOptions::default());
    assert_same(&vacuum, &openmm_system("termini", "vacuum"));
    let gbn2 = ff14sb(&structure, &SystemOptions::with_solvent(BornModel::Gbn2));
    assert_same(&gbn2, &openmm_system("termini", "gbn2"));
    assert_golden("termini", "gbn2", &gbn2, &structure.positions);
}

#[test]
fn names_and_order_of_atoms_do_not_matter() {
    // OpenMM's choice between symmetric atoms, and with it its impropers, depends on their order.
    let structure = structure("scrambled");
    let system = ff14sb(&structure, &SystemOptions::default());
    assert_same(&system, &openmm_system("scrambled", "vacuum"));
    assert_golden("scrambled", "vacuum", &system, &structure.positions);
}

#[test]
fn ff19sb_is_openmms() {
    let structure = structure("capped19");
    let force_field = ForceField::ff19sb().unwrap();
    let system = force_field
        .create_system(&structure.topology, &SystemOptions::default())
        .unwrap();
    assert_same(&system, &openmm_system("capped19", "vacuum"));
    assert_golden("capped19", "vacuum", &system, &structure.positions);
}

#[test]
fn small_proteins_have_openmms_energies() {
    for name in ["chignolin", "cln025"] {
        let structure = structure(name);
        let system = ff14sb(&structure, &SystemOptions::default());
        assert_golden(name, "vacuum", &system, &structure.positions);
        for (case, model) in MODELS {
            let system = ff14sb(&structure, &SystemOptions::with_solvent(model));
            assert_golden(name, case, &system, &structure.positions);
        }
    }
}
