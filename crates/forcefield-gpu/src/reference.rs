//! The definition of correct: every term in f64, one conformer, one pair at a time.
//!
//! Nothing here is optimised. Other engines are tested against this one, and this one against OpenMM's
//! Reference platform.

mod bonded;
mod generalized_born;
mod nonbonded;

use crate::{Error, Result, System, TermEnergies, terms::cmap};

/// Evaluates a system in f64.
///
/// # Examples
/// ½ · 1000 kJ/mol/nm² · (0.1 nm)² = 5 kJ/mol:
/// ```
/// use forcefield_gpu::{Reference, System};
/// use forcefield_gpu::system::HarmonicBond;
///
/// let mut system = System::new(vec![12.0; 2]);
/// system.bonds.push(HarmonicBond { atoms: [0, 1], length: 0.15, k: 1000.0 });
/// let reference = Reference::new(system).unwrap();
/// let mut forces = [[0.0; 3]; 2];
/// let energies = reference.evaluate(&[[0.0; 3], [0.25, 0.0, 0.0]], &mut forces).unwrap();
/// assert!((energies.bond - 5.0).abs() < 1e-12);
/// assert!((forces[0][0] - 100.0).abs() < 1e-9);
/// ```
#[derive(Clone, Debug)]
pub struct Reference {
    system: System,
    maps: Vec<cmap::Map>,
}

impl Reference {
    /// Prepares a system.
    ///
    /// # Errors
    /// If the system is not [valid](System::validate).
    pub fn new(system: System) -> Result<Self> {
        system.validate()?;
        let maps = system.cmap.grids.iter().map(cmap::Map::new).collect();
        Ok(Self { system, maps })
    }

    /// The system that is evaluated.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Energies by term (kJ/mol); `forces` are overwritten (kJ/mol/nm).
    ///
    /// # Shapes
    /// `positions` (nm), `forces`: `[n_atoms][3]`.
    ///
    /// # Errors
    /// If the number of positions or forces is not that of the system's atoms.
    pub fn evaluate(
        &self,
        positions: &[[f64; 3]],
        forces: &mut [[f64; 3]],
    ) -> Result<TermEnergies> {
        for (what, found) in [("positions", positions.len()), ("forces", forces.len())] {
            if found != self.system.n_atoms() {
                return Err(Error::Length {
                    what,
                    expected: self.system.n_atoms(),
                    found,
                });
            }
        }
        forces.fill([0.0; 3]);
        let system = &self.system;
        let mut energies = TermEnergies {
            bond: bonded::bonds(system, positions, forces),
            angle: bonded::angles(system, positions, forces),
            torsion: bonded::torsions(system, positions, forces),
            cmap: bonded::cmap(system, &self.maps, positions, forces),
            restraint: bonded::restraints(system, positions, forces),
            ..TermEnergies::default()
        };
        if let Some(term) = &system.nonbonded {
            energies.nonbonded += nonbonded::energy(term, positions, forces);
        }
        if let Some(term) = &system.soft_repulsion {
            energies.nonbonded += nonbonded::soft_repulsion(term, positions, forces);
        }
        if let Some(term) = &system.generalized_born {
            energies.solvation = generalized_born::energy(term, positions, forces);
        }
        Ok(energies)
    }
}
