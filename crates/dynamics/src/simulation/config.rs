//! What a simulation is made of.

use crate::constraints::{Constraint, ConstraintSolver};
use crate::integrator::Coefficients;
use crate::{Error, Integrator, Result};
use serde::{Deserialize, Serialize};

/// Boltzmann's constant times Avogadro's, kJ/mol/K (exact in the SI of 2019, as in OpenMM).
pub const BOLTZMANN: f64 = 8.314_462_618_153_24e-3;

/// One replica of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replica {
    /// What its random numbers are keyed by, besides the seed and the step.
    pub id: u32,
    /// Temperature in K.
    pub temperature: f64,
}

impl Replica {
    /// Replicas at these temperatures (K), with identifiers 0, 1, 2, …
    pub fn numbered(temperatures: &[f64]) -> Vec<Self> {
        (0..)
            .zip(temperatures)
            .map(|(id, &temperature)| Self { id, temperature })
            .collect()
    }
}

/// What a [`crate::Simulation`] is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimulationConfig {
    /// Masses in Da; an atom of mass 0 never moves.
    pub masses: Vec<f64>,
    /// The replicas and their temperatures.
    pub replicas: Vec<Replica>,
    /// How they move.
    pub integrator: Integrator,
    /// Time step in ps.
    pub time_step: f64,
    /// Distances that stay as they are.
    pub constraints: Vec<Constraint>,
    /// Largest relative deviation of a constrained distance, 1e-6 say.
    pub constraint_tolerance: f64,
    /// Seed of all random numbers.
    pub seed: u64,
}

impl SimulationConfig {
    pub(crate) fn validate(&self, n_atoms: usize) -> Result<ConstraintSolver> {
        if self.masses.len() != n_atoms || n_atoms == 0 {
            let expected = format!("{n_atoms} (the potential's atoms), at least 1");
            return Err(Error::setting(
                "number of masses",
                expected,
                self.masses.len(),
            ));
        }
        if u32::try_from(n_atoms).is_err() {
            return Err(Error::setting("number of atoms", "below 2³²", n_atoms));
        }
        if let Some(mass) = self.masses.iter().find(|m| !(**m >= 0.0 && m.is_finite())) {
            return Err(Error::setting("a mass", "not negative", mass));
        }
        if self.replicas.is_empty() {
            return Err(Error::setting("number of replicas", "at least 1", 0));
        }
        for replica in &self.replicas {
            check_temperature(replica.temperature)?;
        }
        if !(self.time_step > 0.0 && self.time_step.is_finite()) {
            return Err(Error::setting("time step", "positive", self.time_step));
        }
        self.integrator.validate()?;
        ConstraintSolver::new(&self.constraints, &self.masses, self.constraint_tolerance)
    }

    pub(crate) fn coefficients(&self) -> Coefficients {
        Coefficients::new(self.integrator, self.time_step)
    }
}

pub(crate) fn check_temperature(temperature: f64) -> Result<()> {
    if temperature >= 0.0 && temperature.is_finite() {
        Ok(())
    } else {
        Err(Error::setting("temperature", "not negative", temperature))
    }
}
