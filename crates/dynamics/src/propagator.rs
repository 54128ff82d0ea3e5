//! The trait of everything that moves replicas in time.

use crate::BoxError;
use molio::Frame;

/// Advances replicas of one system.
///
/// The implementor guarantees that frames it hands out are finite: a replica that blew up is frozen
/// at its last finite frame and listed in its own fault report.
pub trait Propagator: Send {
    /// Number of replicas.
    fn n_replicas(&self) -> usize;

    /// Advances every healthy replica by `n_steps` time steps.
    ///
    /// # Errors
    /// Whatever keeps the implementor from going on with any replica.
    fn advance(&mut self, n_steps: u64) -> Result<(), BoxError>;

    /// The present frame of a replica: positions, velocities, forces, time (ps) and step.
    ///
    /// # Errors
    /// Whatever keeps the implementor from reading its state back.
    ///
    /// # Panics
    /// If there is no such replica.
    fn frame(&self, replica: usize) -> Result<Frame, BoxError>;

    /// The potential energy of a replica's present frame, kJ/mol, where the propagator knows it.
    ///
    /// # Panics
    /// If there is no such replica.
    fn potential_energy(&self, replica: usize) -> Option<f64> {
        let _ = replica;
        None
    }
}
