//! Selectors that come with this crate.

mod committee;
mod density;
mod farthest_first;
mod random;
mod ranked;

pub use committee::committee_force_deviation;
pub use density::SparseRegions;
pub use farthest_first::{Choice, FarthestFirst};
pub use random::RandomChoice;
pub use ranked::{FarthestRanked, Ranked, Score};
