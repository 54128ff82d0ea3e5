//! The formulas, each written once, generic over a lane type.

pub(crate) mod cmap;
pub(crate) mod neck;
mod neck_tables;
