//! Threads over frames.

use molio::Trajectory;
use rayon::prelude::*;

/// The value of `evaluate` for each frame of `trajectory`, in order, computed on all threads.
///
/// # Examples
/// ```
/// use metrics::geometry::{distance, map_frames};
/// let positions = vec![[0.0; 3], [0.1, 0.0, 0.0], [0.0; 3], [0.2, 0.0, 0.0]];
/// let trajectory = molio::Trajectory::from_positions(2, positions).unwrap();
/// let distances = map_frames(&trajectory, |frame| distance(frame[0], frame[1]));
/// assert!((distances[1] - 0.2).abs() < 1e-7);
/// ```
pub fn map_frames<T: Send>(
    trajectory: &Trajectory,
    evaluate: impl Fn(&[[f32; 3]]) -> T + Sync,
) -> Vec<T> {
    (0..trajectory.n_frames())
        .into_par_iter()
        .map(|frame| evaluate(trajectory.positions(frame)))
        .collect()
}
