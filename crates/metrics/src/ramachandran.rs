//! Ramachandran analysis with the Top8000 contours: favored, allowed, outlier.
//!
//! The crate carries what classification needs of the six Top8000 grids (Richardson laboratory,
//! CC-BY-4.0; see `ATTRIBUTION.md`), re-encoded by `cargo xtask ramachandran`. Percentile scores need
//! the original files, which [`RamachandranGrids::read`] reads from a folder that the user names.

mod classify;
mod compact;
mod grid;

pub use classify::{
    Ramachandran, RamachandranCounts, RamachandranResidue, RamachandranResult, RamachandranScore,
};
pub use grid::{RamachandranClass, RamachandranGrids};
