//! Replicas that trade temperatures.

use crate::random::{Purpose, counter, philox, uniform};
use crate::{BOLTZMANN, Error, Potential, Result, Simulation};
use serde::{Deserialize, Serialize};

/// Replica exchange over a ladder of temperatures: replica positions stay where they are,
/// temperatures wander.
///
/// Rungs (2k, 2k + 1) and (2k + 1, 2k + 2) try in turn. With βᵢ = 1/kTᵢ of neighbouring rungs and
/// potential energies Uᵢ of the replicas on them, a swap is accepted with probability
/// min(1, exp[(βᵢ − βⱼ)(Uᵢ − Uⱼ)]); velocities are scaled by √(T new/T old). The decision is a
/// function of (seed, step, rung). Rungs that hold a frozen replica do not try.
///
/// # References
/// Y. Sugita, Y. Okamoto, Chem. Phys. Lett. 314, 141 (1999),
/// <https://doi.org/10.1016/S0009-2614(99)01123-9>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaExchange {
    temperatures: Vec<f64>,
    replica_at: Vec<usize>,
    rounds: u64,
    counts: Vec<ExchangeCounts>,
}

/// How often two neighbouring rungs tried to swap, and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeCounts {
    /// Swaps tried.
    pub tried: u64,
    /// Swaps accepted.
    pub accepted: u64,
}

impl ReplicaExchange {
    /// A ladder made of the replicas of `simulation` at their present temperatures.
    ///
    /// # Errors
    /// [`Error::Setting`] for a temperature of zero.
    pub fn new<P: Potential>(simulation: &Simulation<P>) -> Result<Self> {
        let mut replica_at: Vec<usize> = (0..simulation.n_replicas()).collect();
        replica_at.sort_by(|&a, &b| {
            let (a, b) = (simulation.temperature(a), simulation.temperature(b));
            a.total_cmp(&b)
        });
        let temperatures: Vec<f64> = replica_at
            .iter()
            .map(|&replica| simulation.temperature(replica))
            .collect();
        if temperatures[0] <= 0.0 {
            return Err(Error::setting("temperature", "positive", temperatures[0]));
        }
        Ok(Self {
            counts: vec![ExchangeCounts::default(); temperatures.len().saturating_sub(1)],
            temperatures,
            replica_at,
            rounds: 0,
        })
    }

    /// One round of attempted swaps between neighbours.
    ///
    /// # Errors
    /// [`Error::Setting`] if `simulation` has another number of replicas, or they are no longer at
    /// this ladder's temperatures.
    pub fn exchange<P: Potential>(&mut self, simulation: &mut Simulation<P>) -> Result<()> {
        let (expected, found) = (self.replica_at.len(), simulation.n_replicas());
        if expected != found {
            return Err(Error::setting("number of replicas", expected, found));
        }
        for (&replica, &expected) in self.replica_at.iter().zip(&self.temperatures) {
            let found = simulation.temperature(replica);
            if found != expected {
                return Err(Error::setting("temperature of a replica", expected, found));
            }
        }
        let energies = simulation.potential_energies();
        for low in ((self.rounds % 2) as usize..self.counts.len()).step_by(2) {
            let [cold, hot] = [self.replica_at[low], self.replica_at[low + 1]];
            if simulation.is_frozen(cold) || simulation.is_frozen(hot) {
                continue;
            }
            self.counts[low].tried += 1;
            let [beta_cold, beta_hot] =
                [low, low + 1].map(|rung| 1.0 / (BOLTZMANN * self.temperatures[rung]));
            let exponent = (beta_cold - beta_hot) * (energies[cold] - energies[hot]);
            let at = counter(Purpose::Exchange, low as u32, 0, simulation.step());
            let deviate = uniform(philox(at, simulation.config().seed)[0]);
            if deviate < exponent.exp() {
                simulation.set_temperature(cold, self.temperatures[low + 1])?;
                simulation.set_temperature(hot, self.temperatures[low])?;
                self.replica_at.swap(low, low + 1);
                self.counts[low].accepted += 1;
            }
        }
        self.rounds += 1;
        Ok(())
    }

    /// Temperatures of the rungs, ascending, K.
    pub fn temperatures(&self) -> &[f64] {
        &self.temperatures
    }

    /// The replica on each rung.
    pub fn replica_at(&self) -> &[usize] {
        &self.replica_at
    }

    /// Swaps tried and accepted between each rung and the next.
    pub fn counts(&self) -> &[ExchangeCounts] {
        &self.counts
    }
}
