//! What takes replicas through whole steps itself.

use crate::{BoxError, Constraint, Fault, ReplicaState, SimulationConfig};

/// A potential that can integrate as well, where it can do both better together: a device that keeps replicas in its
/// own memory for many steps.
///
/// The implementor guarantees the steps of [`Simulation`](crate::Simulation): the integrator of the configuration
/// operation by operation, noise as a function of (seed, replica identifier, step, atom), forces at positions rounded
/// to `f32`; a frozen replica stays as it is, one whose step fails is put back to where the step began, marked as
/// frozen and reported.
pub trait ReplicaStepper: Send + Sync {
    /// Whether it can take these steps at all.
    fn takes(&self, config: &SimulationConfig) -> bool;

    /// Advances every replica that is not frozen; returns the faults.
    ///
    /// # Errors
    /// Whatever keeps the implementor from going on (a lost device, say); replicas are then as they were.
    fn advance(
        &self,
        steps: &ReplicaSteps<'_>,
        replicas: &mut [ReplicaState],
    ) -> Result<Vec<Fault>, BoxError>;
}

/// The steps that a [`ReplicaStepper`] is to take.
#[derive(Clone, Debug)]
pub struct ReplicaSteps<'a> {
    /// What the simulation is made of; temperatures are those of the replicas' states.
    pub config: &'a SimulationConfig,
    /// The step from which to go on.
    pub first: u64,
    /// Number of steps.
    pub count: u64,
    /// e^(−γΔt).
    pub decay: f64,
    /// √(1 − e^(−2γΔt)).
    pub noise: f64,
    /// Constraints in the order in which they are solved, by groups that share no atom that moves.
    pub clusters: Vec<Vec<Constraint>>,
}
