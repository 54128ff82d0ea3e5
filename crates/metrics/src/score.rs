//! Users' own numbers per frame.

use crate::BoxError;
use molio::Trajectory;
use rayon::prelude::*;

/// A number per frame that joins maps, tables and reports beside the built-in ones.
///
/// An implementor holds whatever it needs of the topology and gives a number for any frame of it, from
/// any thread. `None` says that the number is undefined in this frame.
///
/// # Examples
/// ```
/// use metrics::{BoxError, score::Score};
///
/// /// Height of the highest atom.
/// struct Top;
///
/// impl Score for Top {
///     fn name(&self) -> &str {
///         "top"
///     }
///     fn unit(&self) -> &str {
///         "nm"
///     }
///     fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Option<f64>, BoxError> {
///         Ok(positions.iter().map(|p| f64::from(p[2])).reduce(f64::max))
///     }
/// }
///
/// assert_eq!(Top.evaluate(&[[0.0, 0.0, 0.5]]).unwrap(), Some(0.5));
/// ```
pub trait Score: Send + Sync {
    /// Name in tables and files.
    fn name(&self) -> &str;

    /// Unit, empty for pure numbers.
    fn unit(&self) -> &str;

    /// The number for the frame with these positions (nm), `[n_atoms][3]`.
    ///
    /// # Errors
    /// Whatever the implementor cannot cope with; it ends the analysis.
    fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Option<f64>, BoxError>;
}

/// A [`Score`] from a closure.
///
/// # Examples
/// ```
/// use metrics::score::{FunctionScore, Score};
/// let score = FunctionScore::new("first_x", "nm", |frame| Ok(frame.first().map(|p| f64::from(p[0]))));
/// assert_eq!(score.evaluate(&[[2.0, 0.0, 0.0]]).unwrap(), Some(2.0));
/// ```
pub struct FunctionScore<F> {
    name: String,
    unit: String,
    function: F,
}

impl<F> FunctionScore<F>
where
    F: Fn(&[[f32; 3]]) -> Result<Option<f64>, BoxError> + Send + Sync,
{
    /// Calls `function` with the positions (nm, `[n_atoms][3]`) of each frame.
    pub fn new(name: impl Into<String>, unit: impl Into<String>, function: F) -> Self {
        Self {
            name: name.into(),
            unit: unit.into(),
            function,
        }
    }
}

impl<F> Score for FunctionScore<F>
where
    F: Fn(&[[f32; 3]]) -> Result<Option<f64>, BoxError> + Send + Sync,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn unit(&self) -> &str {
        &self.unit
    }

    fn evaluate(&self, positions: &[[f32; 3]]) -> Result<Option<f64>, BoxError> {
        (self.function)(positions)
    }
}

/// The score of every frame of `trajectory`, on all threads.
///
/// # Errors
/// The score's error, of one of the frames that have one.
pub fn score_frames(
    score: &dyn Score,
    trajectory: &Trajectory,
) -> Result<Vec<Option<f64>>, BoxError> {
    (0..trajectory.n_frames())
        .into_par_iter()
        .map(|frame| score.evaluate(trajectory.positions(frame)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A user's function sees atoms as rows: a radius of gyration computed in one is the crate's own,
    /// not that of transposed coordinates.
    #[test]
    fn a_closure_sees_atoms_as_rows() {
        let frame: Vec<[f32; 3]> = (0..30)
            .map(|i| [i as f32, (i * i % 7) as f32, (i % 4) as f32 * 5.0])
            .collect();
        let own = FunctionScore::new("rg", "nm", |frame: &[[f32; 3]]| {
            let n = frame.len() as f64;
            let mut variance = 0.0;
            for axis in 0..3 {
                let mean = frame.iter().map(|p| f64::from(p[axis])).sum::<f64>() / n;
                variance += frame
                    .iter()
                    .map(|p| (f64::from(p[axis]) - mean).powi(2))
                    .sum::<f64>();
            }
            Ok(Some((variance / n).sqrt()))
        });
        let expected = crate::gyration::RadiusOfGyration::from_weights(&[1.0; 30])
            .unwrap()
            .evaluate(&frame)
            .unwrap();
        let trajectory = Trajectory::from_positions(30, frame).unwrap();
        let got = score_frames(&own, &trajectory).unwrap()[0].unwrap();
        assert!((got - expected).abs() < 1e-9);
    }

    #[test]
    fn an_error_ends_the_analysis() {
        let failing = FunctionScore::new("none", "", |_: &[[f32; 3]]| Err("no".into()));
        let trajectory = Trajectory::from_positions(1, vec![[0.0; 3]; 3]).unwrap();
        assert!(score_frames(&failing, &trajectory).is_err());
    }
}
