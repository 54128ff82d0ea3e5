//! What CUDA kernels must do, on a GPU and in the emulation.

use super::energy_random::system;
use super::energy_support::{Engines, by_engine, difference, largest, reference, rounded, terms};
use super::system_support::structure;
use forcefield_gpu::system::BornModel;
use forcefield_gpu::{ConstrainedBonds, ForceField, System, SystemOptions};

/// A small protein with its positions, in a solvent.
pub(crate) fn protein(name: &str, model: BornModel) -> (System, Vec<[f64; 3]>) {
    let structure = structure(name);
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(3.0),
        ..SystemOptions::with_solvent(model)
    };
    let force_field = ForceField::ff14sb().unwrap();
    let system = force_field
        .create_system(&structure.topology, &options)
        .unwrap();
    (system, structure.positions)
}

/// Forces within 1e-4 of the largest, every term's energy within `energy_tolerance`.
pub(crate) fn proteins_follow_the_reference(engines: Engines, energy_tolerance: f64) {
    for model in [
        BornModel::Hct,
        BornModel::Obc1,
        BornModel::Obc2,
        BornModel::Gbn,
        BornModel::Gbn2,
    ] {
        let (system, positions) = protein("chignolin", model);
        let (expected, expected_forces) = reference(&system, &rounded(&positions));
        for (backend, engine) in engines(&system) {
            let (energies, forces) = by_engine(&engine, std::slice::from_ref(&positions)).remove(0);
            for ((name, found), (_, expected)) in terms(&energies).into_iter().zip(terms(&expected))
            {
                let error = (found - expected).abs() / expected.abs().max(1.0);
                assert!(
                    error <= energy_tolerance,
                    "{backend}: {model:?}: {name}: {found}, expected {expected}"
                );
            }
            let error = difference(&forces, &expected_forces) / largest(&expected_forces);
            assert!(error <= 1e-4, "{backend}: {model:?}: {error:.1e}");
        }
    }
}

/// Atoms nearly on top of each other: forces beyond the first scale of fixed point are still right.
pub(crate) fn forces_beyond_fixed_point(engines: Engines) {
    let (system, mut positions) = system(8, 10, BornModel::Gbn2);
    let [x, y, z] = positions[0];
    positions[9] = [x + 0.01, y, z];
    let (_, expected) = reference(&system, &rounded(&positions));
    assert!(largest(&expected) > 1e12);
    for (backend, engine) in engines(&system) {
        let (_, forces) = by_engine(&engine, std::slice::from_ref(&positions)).remove(0);
        let error = difference(&forces, &expected) / largest(&expected);
        assert!(error < 1e-5, "{backend}: {error:.1e}");
    }
}
