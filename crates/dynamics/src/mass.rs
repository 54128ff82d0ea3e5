//! Masses that allow longer time steps.

use crate::{Error, Result};

/// Moves mass (Da) from heavy atoms to the hydrogens bonded to them, so that each such hydrogen has
/// `hydrogen_mass`; the total stays as it is.
///
/// Equilibrium averages over positions do not depend on masses; the fastest motions become slower,
/// which with constrained X–H bonds allows steps of 4 fs. Massless (frozen) atoms are left alone.
///
/// # Errors
/// [`Error::Setting`] for lengths that differ, bonds to atoms that do not exist, a `hydrogen_mass`
/// that is not positive, or a heavy atom that would be left without mass.
///
/// # Examples
/// ```
/// let mut masses = [12.011, 1.008, 1.008];
/// let hydrogens = [false, true, true];
/// dynamics::repartition_hydrogen_mass(&mut masses, &[[0, 1], [0, 2]], &hydrogens, 3.0).unwrap();
/// assert_eq!(masses.map(|m| (m * 1e3_f64).round()), [8027.0, 3000.0, 3000.0]);
/// ```
///
/// # References
/// C. W. Hopkins, S. Le Grand, R. C. Walker, A. E. Roitberg, J. Chem. Theory Comput. 11, 1864
/// (2015), <https://doi.org/10.1021/ct5010406>.
pub fn repartition_hydrogen_mass(
    masses: &mut [f64],
    bonds: &[[usize; 2]],
    hydrogens: &[bool],
    hydrogen_mass: f64,
) -> Result<()> {
    if hydrogens.len() != masses.len() {
        let (expected, found) = (masses.len(), hydrogens.len());
        return Err(Error::setting("number of hydrogen flags", expected, found));
    }
    if !(hydrogen_mass > 0.0 && hydrogen_mass.is_finite()) {
        return Err(Error::setting("hydrogen mass", "positive", hydrogen_mass));
    }
    let mut changed = masses.to_vec();
    for &[a, b] in bonds {
        let last = a.max(b);
        if last >= masses.len() {
            let expected = format!("below {}", masses.len());
            return Err(Error::setting("an atom of a bond", expected, last));
        }
        if hydrogens[a] == hydrogens[b] {
            continue;
        }
        let (hydrogen, heavy) = if hydrogens[a] { (a, b) } else { (b, a) };
        if masses[hydrogen] == 0.0 || masses[heavy] == 0.0 {
            continue;
        }
        changed[heavy] -= hydrogen_mass - changed[hydrogen];
        changed[hydrogen] = hydrogen_mass;
        if changed[heavy] <= 0.0 {
            let expected = "positive after giving mass to hydrogens";
            return Err(Error::setting(
                "mass of a heavy atom",
                expected,
                changed[heavy],
            ));
        }
    }
    masses.copy_from_slice(&changed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_mass_stays_and_bad_input_is_refused() {
        let mut masses = [14.007, 1.008, 12.011, 0.0, 1.008];
        let total: f64 = masses.iter().sum();
        let hydrogens = [false, true, false, false, true];
        let bonds = [[1, 0], [0, 2], [3, 4]];
        repartition_hydrogen_mass(&mut masses, &bonds, &hydrogens, 4.0).unwrap();
        assert_eq!(masses[1], 4.0);
        assert_eq!(masses[4], 1.008, "bonded to a frozen atom");
        assert!((masses.iter().sum::<f64>() - total).abs() < 1e-12);
        for (bonds, mass) in [([[0, 9]], 3.0), ([[0, 1]], 40.0), ([[0, 1]], f64::NAN)] {
            let before = masses;
            assert!(repartition_hydrogen_mass(&mut masses, &bonds, &hydrogens, mass).is_err());
            assert_eq!(masses, before);
        }
    }
}
