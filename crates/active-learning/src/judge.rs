//! The trait of what measures a model.

use crate::BoxError;
use molio::Trajectory;
use serde::{Deserialize, Serialize};

/// One number that says how wrong a model's ensemble is; 0 is best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What it is called: `dihedral_w1`.
    pub name: String,
    /// Its value, lower is better.
    pub value: f64,
    /// Its standard error, where it is known.
    pub error: Option<f64>,
    /// Whether a model that is worse in it, beyond the errors, is rejected.
    pub guarded: bool,
}

/// Measures what a model proposes against what it should.
///
/// # Examples
/// The mean distance from the origin should be 1:
/// ```
/// use active_learning::{BoxError, Judge, Measure};
/// use molio::Trajectory;
///
/// struct UnitRadius;
///
/// impl Judge for UnitRadius {
///     fn measure(&self, sample: &Trajectory) -> Result<Vec<Measure>, BoxError> {
///         let radius = |x: &[f32; 3]| f64::from(x.iter().map(|x| x * x).sum::<f32>().sqrt());
///         let all = sample.all_positions();
///         let mean = all.iter().map(radius).sum::<f64>() / all.len() as f64;
///         Ok(vec![Measure { name: "radius".into(), value: (mean - 1.0).abs(), error: None, guarded: true }])
///     }
/// }
/// ```
pub trait Judge {
    /// Measures of a sample of the model: its replicas one after the other, each in order of time.
    ///
    /// # Errors
    /// Whatever keeps the implementor from measuring.
    fn measure(&self, sample: &Trajectory) -> Result<Vec<Measure>, BoxError>;
}
