//! The formulas, each written once, generic over a lane type.

pub(crate) mod bonded;
pub(crate) mod born;
pub(crate) mod cmap;
pub(crate) mod lane;
pub(crate) mod neck;
mod neck_tables;
pub(crate) mod nonbonded;
