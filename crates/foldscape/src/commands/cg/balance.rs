//! Whether mapped forces belong to the ensemble of the mapped positions.

use anyhow::Result;
use cg_potential::{ForceData, Virial, VirialBalance};
use serde::Serialize;

/// Standard errors that are no reason to warn.
const TOLERATED: f64 = 4.0;

/// The virial balance of mapped forces, kJ/mol.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Balance {
    /// −⟨Σ F·x⟩, x from the mean position of a frame's beads.
    pub(crate) virial: f64,
    /// From blocks of frames.
    pub(crate) virial_standard_error: f64,
    /// (3n − 3)·kT; absent where no temperature was given.
    virial_expected: Option<f64>,
    /// The temperature (K) whose ensemble the forces would belong to.
    virial_temperature: f64,
    #[serde(skip)]
    deviation: Option<f64>,
}

impl Balance {
    pub(crate) fn new(virial: &Virial, temperature: Option<f64>) -> Option<Self> {
        let balance: VirialBalance = virial.balance()?;
        Some(Self {
            virial: balance.mean,
            virial_standard_error: balance.standard_error,
            virial_expected: temperature.map(|kelvin| balance.expected(kelvin)),
            virial_temperature: balance.mean / balance.expected(1.0),
            deviation: temperature.map(|kelvin| balance.deviation(kelvin)),
        })
    }

    pub(crate) fn of(data: &ForceData, temperature: f64) -> Result<Option<Self>> {
        let n = data.n_beads();
        let mut virial = Virial::default();
        for (x, f) in data.positions().chunks(n).zip(data.forces().chunks(n)) {
            virial.add(x, f)?;
        }
        Ok(Self::new(&virial, Some(temperature)))
    }

    /// Says on standard error if forces and positions do not fit.
    pub(crate) fn warn(&self) {
        if let (Some(deviation), Some(expected)) = (self.deviation, self.virial_expected)
            && deviation > TOLERATED
        {
            eprintln!(
                "warning: the virial of the mapped forces, {:.1} ± {:.1} kJ/mol, is {deviation:.1} standard errors from \
                 the {expected:.1} of this temperature: frames out of equilibrium, another temperature, or a force map \
                 that is not right for the simulation's constraints",
                self.virial, self.virial_standard_error
            );
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let expected = match self.virial_expected {
            Some(expected) => format!("{expected:.1}"),
            None => format!("that of {:.0} K", self.virial_temperature),
        };
        format!(
            "{:.1} ± {:.1} kJ/mol, in equilibrium {expected}",
            self.virial, self.virial_standard_error
        )
    }
}
