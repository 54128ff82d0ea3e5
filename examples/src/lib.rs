//! Small programs over the crates, each in the folder `examples`:
//!
//! - `convert`: any trajectory format to any other, as `mdconvert` of mdtraj does it;
//! - `custom_oracle`: an active-learning campaign with an oracle, a model and a judge of one's own;
//! - `custom_selector`: a selector of one's own, compared with those that come with the crate;
//! - `energies`: energies by term of every frame, as a loop over OpenMM contexts does it;
//! - `langevin`: molecular dynamics of many replicas in implicit solvent.
//!
//! Run one with `cargo run --release -p foldscape-examples --example langevin`.
