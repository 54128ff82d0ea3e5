//! Energies and forces against OpenMM's Reference platform.

use super::energy_support::{
    Case, Engines, by_engine, cases, difference, engines, largest, reference, rounded, term, terms,
};

fn all_cases() -> impl Iterator<Item = Case> {
    cases("terms.json").into_iter().chain(cases("born.json"))
}

#[test]
fn reference_agrees_with_openmm() {
    for case in all_cases() {
        let (energies, forces) = reference(&case.system, &case.positions);
        for (name, &expected) in &case.energies {
            let found = term(&energies, name);
            assert!(
                (found - expected).abs() <= 1e-6 * expected.abs(),
                "{}: {name}: {found}, expected {expected}",
                case.name
            );
        }
        let error = difference(&forces, &case.forces) / largest(&case.forces);
        assert!(
            error <= 1e-6,
            "{}: forces differ by {error:.1e} of the largest",
            case.name
        );
    }
}

/// The reference is evaluated at the positions as f32 holds them: what rounding them does to the energy
/// is no error of an engine.
pub(crate) fn agree_with_the_reference(engines: Engines, energy_tolerance: f64) {
    for case in all_cases() {
        let (expected, expected_forces) = reference(&case.system, &rounded(&case.positions));
        for (backend, engine) in engines(&case.system) {
            let (energies, forces) =
                by_engine(&engine, std::slice::from_ref(&case.positions)).remove(0);
            for ((name, found), (_, expected)) in terms(&energies).into_iter().zip(terms(&expected))
            {
                assert!(
                    (found - expected).abs() <= energy_tolerance * expected.abs(),
                    "{}: {backend}: {name}: {found}, expected {expected}",
                    case.name
                );
            }
            let error = difference(&forces, &expected_forces) / largest(&expected_forces);
            assert!(
                error <= 1e-5,
                "{}: {backend}: forces differ by {error:.1e} of the largest",
                case.name
            );
        }
    }
}

#[test]
fn engines_agree_with_the_reference() {
    agree_with_the_reference(engines, 1e-5);
}
