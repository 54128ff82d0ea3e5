//! What simulations of many replicas have in common, whatever moves in them.

mod schedule;
mod temperatures;
mod tracks;

pub(super) use schedule::{Schedule, acceptance, piece};
pub(super) use temperatures::of_replicas;
pub(super) use tracks::{Mark, Tracks, beside, check_free, checkpoint_path, synced_length};
