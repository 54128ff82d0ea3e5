//! Structure and distribution metrics of protein ensembles.

mod error;
pub mod figure;
pub mod pca;
pub mod report;
pub mod tica;
pub mod vamp;

pub use error::{Error, Result};
