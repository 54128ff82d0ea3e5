//! Greedy farthest-first choice of frames by RMSD.

use super::store::FrameStore;
use crate::align::frames_per_chunk;
use crate::{CentredFrames, Error, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Frames that cover all others within a radius.
#[derive(Clone, Debug, PartialEq)]
pub struct KCentres {
    /// The chosen frames, in the order of choice: places in the list of candidates.
    pub centres: Vec<usize>,
    /// For each candidate, which centre (place in `centres`) is nearest.
    pub labels: Vec<usize>,
    /// For each candidate, the RMSD (nm) to that centre.
    pub distances: Vec<f32>,
}

impl KCentres {
    /// The largest RMSD (nm) of any candidate from its centre.
    pub fn radius(&self) -> f32 {
        self.distances.iter().copied().fold(0.0, f32::max)
    }
}

/// Chooses `n` frames one after the other, each the farthest by RMSD from those chosen before.
///
/// The first is drawn by the seed. The covering radius is at most twice the best that any choice of `n`
/// frames reaches where distances obey the triangle inequality, which the least RMSD does. Takes `n`
/// RMSDs per frame, and memory for one number per frame.
///
/// # Errors
/// [`Error::Argument`] for more centres than frames, or none.
///
/// # Examples
/// ```
/// // rods of lengths 0.1, 0.11 and 0.5 nm: two of them cover the third
/// let rods = [0.1f32, 0.11, 0.5].map(|l| [[0.0; 3], [l, 0.0, 0.0]]).concat();
/// let frames = molio::CentredFrames::from_positions(2, &rods)?;
/// let chosen = molio::k_centres(&frames, 2, 1)?;
/// assert!(chosen.centres.contains(&2));
/// assert!((chosen.radius() - 0.005).abs() < 1e-6);
/// # Ok::<(), molio::Error>(())
/// ```
///
/// # References
/// T. F. Gonzalez, Theor. Comput. Sci. 38, 293 (1985), 10.1016/0304-3975(85)90224-5.
pub fn k_centres(frames: &CentredFrames, n: usize, seed: u64) -> Result<KCentres> {
    farthest_first(frames.n_frames(), n, seed, &mut |centre, out| {
        frames.rmsd_to_all(centre, out);
        Ok(())
    })
}

/// [`k_centres`] among some frames of a store, which are read anew for each centre, a bounded number at
/// a time.
pub(super) fn k_centres_of_store(
    store: &FrameStore,
    candidates: &[usize],
    n: usize,
    seed: u64,
) -> Result<KCentres> {
    let n_atoms = store.n_atoms();
    let chunk = frames_per_chunk(n_atoms);
    let mut frame = vec![[0.0; 3]; n_atoms];
    let mut centre_frame = vec![[0.0; 3]; n_atoms];
    farthest_first(candidates.len(), n, seed, &mut |centre, out| {
        store.read(candidates[centre], &mut centre_frame)?;
        for (indices, out) in candidates.chunks(chunk).zip(out.chunks_mut(chunk)) {
            let mut frames = CentredFrames::new(n_atoms)?;
            for &index in indices {
                store.read(index, &mut frame)?;
                frames.push(&frame)?;
            }
            frames.push(&centre_frame)?;
            let mut row = vec![0.0; frames.n_frames()];
            frames.rmsd_to_all(indices.len(), &mut row);
            out.copy_from_slice(&row[..indices.len()]);
        }
        Ok(())
    })
}

/// `distances(centre, out)` writes every candidate's distance to candidate `centre`.
fn farthest_first(
    n_candidates: usize,
    n: usize,
    seed: u64,
    distances: &mut dyn FnMut(usize, &mut [f32]) -> Result<()>,
) -> Result<KCentres> {
    check_number(n, n_candidates)?;
    let mut centre = ChaCha8Rng::seed_from_u64(seed).random_range(0..n_candidates);
    let mut result = KCentres {
        centres: Vec::with_capacity(n),
        labels: vec![0; n_candidates],
        distances: vec![f32::INFINITY; n_candidates],
    };
    let mut row = vec![0.0; n_candidates];
    let mut chosen = vec![false; n_candidates];
    loop {
        distances(centre, &mut row)?;
        row[centre] = 0.0;
        chosen[centre] = true;
        for (candidate, &distance) in row.iter().enumerate() {
            if distance < result.distances[candidate] {
                result.distances[candidate] = distance;
                result.labels[candidate] = result.centres.len();
            }
        }
        result.centres.push(centre);
        if result.centres.len() == n {
            return Ok(result);
        }
        // the first of equally far ones; copies of chosen frames come last, but none comes twice
        centre = (0..n_candidates)
            .filter(|&candidate| !chosen[candidate])
            .max_by(|&a, &b| {
                let by_distance = result.distances[a].total_cmp(&result.distances[b]);
                by_distance.then(b.cmp(&a))
            })
            .unwrap_or(centre);
    }
}

pub(super) fn check_number(n: usize, n_candidates: usize) -> Result<()> {
    if (1..=n_candidates).contains(&n) {
        return Ok(());
    }
    Err(Error::argument(
        "number of frames or clusters to choose",
        format!("1 to {n_candidates}, the number of candidates"),
        n.to_string(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rods: two atoms at the given distances; their RMSD is half the difference of lengths.
    fn rods(lengths: &[f32]) -> Vec<[f32; 3]> {
        lengths
            .iter()
            .flat_map(|&l| [[0.0; 3], [l, 0.0, 0.0]])
            .collect()
    }

    #[test]
    fn store_and_memory_choose_alike() {
        let lengths: Vec<f32> = (0..50u32).map(|i| (i * 37 % 50) as f32 * 0.01).collect();
        let positions = rods(&lengths);
        let frames = CentredFrames::from_positions(2, &positions).unwrap();
        let mut store = FrameStore::in_memory(2);
        for frame in positions.chunks(2) {
            store.push(frame).unwrap();
        }
        let candidates: Vec<usize> = (0..50).collect();
        let found = k_centres(&frames, 5, 3).unwrap();
        assert_eq!(
            found,
            k_centres_of_store(&store, &candidates, 5, 3).unwrap()
        );
        // five centres on 50 evenly spaced rods
        assert!(
            found.radius() < 0.5 * 0.5 / 4.0 + 1e-6,
            "{}",
            found.radius()
        );
        for (candidate, &label) in found.labels.iter().enumerate() {
            let expected = 0.5 * (lengths[candidate] - lengths[found.centres[label]]).abs();
            assert!((found.distances[candidate] - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn copies_are_not_chosen_twice() {
        let frames = CentredFrames::from_positions(2, &rods(&[0.3; 4])).unwrap();
        let mut centres = k_centres(&frames, 4, 0).unwrap().centres;
        centres.sort_unstable();
        assert_eq!(centres, [0, 1, 2, 3]);
        assert!(k_centres(&frames, 5, 0).is_err());
        assert!(k_centres(&frames, 0, 0).is_err());
    }
}
