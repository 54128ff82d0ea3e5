//! Energies and forces against OpenMM's Reference platform.

use super::energy_support::{cases, difference, largest, reference, term};

#[test]
fn reference_agrees_with_openmm() {
    for case in cases("terms.json").into_iter().chain(cases("born.json")) {
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
