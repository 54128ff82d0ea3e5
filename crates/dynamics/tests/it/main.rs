//! Integration tests of dynamics.

mod checkpoints;
mod ensembles;
mod exchange;
mod faults;
mod minimisation;
mod openmm;
mod potentials;
mod reproducibility;
mod steppers;
