//! What simulations of many replicas have in common, whatever moves in them.

mod files;
mod rungs;
mod schedule;
mod temperatures;
mod tracks;

pub(super) use files::{Files, table_path};
pub(super) use rungs::Rungs;
pub(super) use schedule::{Schedule, acceptance, piece};
pub(super) use temperatures::of_replicas;
pub(super) use tracks::{Mark, beside, check_free, checkpoint_path};
