//! Nearest known frames, exactly, without looking at all of them.

use super::{Points, SLACK, Space};
use crate::Result;
use molio::Trajectory;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// How well known frames cover others.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// For each candidate, the distance to the nearest known frame; infinite where none is known.
    pub distances: Vec<f64>,
    /// Distances that were computed; without the triangle inequality it would be candidates × known.
    pub n_distances: u64,
}

impl Coverage {
    /// The largest distance of any candidate from the known frames; zero without candidates.
    pub fn radius(&self) -> f64 {
        self.distances.iter().copied().fold(0.0, f64::max)
    }
}

/// The distance of each candidate to the nearest known frame.
///
/// Known frames are grouped around √n of themselves, chosen farthest first. With d(c, a) the distance
/// of a candidate from a group's centre and d(k, a) that of a member, d(c, k) ≥ |d(c, a) − d(k, a)|:
/// members, and whole groups, for which this is above the least distance found are passed over. The
/// result is that of comparing all pairs. Memory: the frames, and three numbers each.
///
/// # Errors
/// As [`Space::distances`].
///
/// # Examples
/// ```
/// use active_learning::{Space, coverage};
/// use molio::Trajectory;
///
/// // rods: the RMSD of two is half the difference of their lengths
/// let rods = |lengths: &[f32]| {
///     let positions = lengths.iter().flat_map(|&l| [[0.0; 3], [l, 0.0, 0.0]]).collect();
///     Trajectory::from_positions(2, positions).unwrap()
/// };
/// let found = coverage(&Space::Rmsd, &rods(&[0.1, 0.6]), &rods(&[0.2, 0.3]))?;
/// assert!((found.radius() - 0.15).abs() < 1e-6);
/// # Ok::<(), active_learning::Error>(())
/// ```
pub fn coverage(space: &Space, candidates: &Trajectory, known: &Trajectory) -> Result<Coverage> {
    let points = Points::new(space, &[candidates, known])?;
    let n_candidates = candidates.n_frames();
    let found = nearest(&points, 0..n_candidates, n_candidates..points.len());
    Ok(Coverage {
        distances: found.distances,
        n_distances: found.n_distances,
    })
}

/// For each candidate, the distance to the nearest known point, and to one anchor among the known.
pub(crate) struct Nearest {
    pub(crate) distances: Vec<f64>,
    /// Points that candidates' anchors are.
    pub(crate) anchors: Vec<usize>,
    /// For each candidate, the place in `anchors` of the nearest one.
    pub(crate) anchor: Vec<u32>,
    /// The distance to it.
    pub(crate) anchor_distances: Vec<f64>,
    pub(crate) n_distances: u64,
}

pub(crate) fn nearest(points: &Points, candidates: Range<usize>, known: Range<usize>) -> Nearest {
    let (groups, n_grouping) = groups(points, known);
    let counted = AtomicU64::new(n_grouping);
    let found: Vec<(f64, u32, f64)> = candidates
        .into_par_iter()
        .map_init(Vec::new, |to_centres, candidate| {
            let mut n = groups.len() as u64;
            let found = search(points, candidate, &groups, to_centres, &mut n);
            counted.fetch_add(n, Ordering::Relaxed);
            found
        })
        .collect();
    Nearest {
        distances: found.iter().map(|f| f.0).collect(),
        anchor: found.iter().map(|f| f.1).collect(),
        anchor_distances: found.iter().map(|f| f.2).collect(),
        anchors: groups.iter().map(|group| group.centre).collect(),
        n_distances: counted.into_inner(),
    }
}

/// Known points around one of them, sorted by their distance from it.
struct Group {
    centre: usize,
    members: Vec<(f64, usize)>,
}

/// The groups, and how many distances it took to form them.
fn groups(points: &Points, known: Range<usize>) -> (Vec<Group>, u64) {
    let n = known.len();
    if n == 0 {
        return (Vec::new(), 0);
    }
    let n_groups = ((n as f64).sqrt().ceil() as usize).clamp(1, 512);
    let mut nearest = vec![(f64::INFINITY, 0_usize); n];
    let mut centres: Vec<usize> = Vec::with_capacity(n_groups);
    let mut next = known.start;
    while centres.len() < n_groups {
        let group = centres.len();
        centres.push(next);
        nearest
            .par_iter_mut()
            .zip(known.clone())
            .for_each(|(nearest, point)| {
                let distance = points.distance(next, point);
                if distance < nearest.0 {
                    *nearest = (distance, group);
                }
            });
        let (farthest, distance) = argmax(nearest.iter().map(|n| n.0));
        if distance <= SLACK {
            break;
        }
        next = known.start + farthest;
    }
    let n_distances = (n * centres.len()) as u64;
    let mut groups: Vec<Group> = centres
        .iter()
        .map(|&centre| Group {
            centre,
            members: Vec::new(),
        })
        .collect();
    for (point, (distance, group)) in known.zip(nearest) {
        groups[group].members.push((distance, point));
    }
    for group in &mut groups {
        group
            .members
            .sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }
    (groups, n_distances)
}

/// The nearest known distance, the nearest group's centre, and the distance to that.
fn search(
    points: &Points,
    candidate: usize,
    groups: &[Group],
    to_centres: &mut Vec<(f64, usize)>,
    n_distances: &mut u64,
) -> (f64, u32, f64) {
    to_centres.clear();
    let centres = groups.iter().enumerate();
    to_centres
        .extend(centres.map(|(index, group)| (points.distance(candidate, group.centre), index)));
    to_centres.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let Some(&(anchor_distance, anchor)) = to_centres.first() else {
        return (f64::INFINITY, 0, f64::INFINITY);
    };
    let mut best = anchor_distance;
    for &(to_centre, index) in to_centres.iter() {
        let members = &groups[index].members;
        let radius = members.last().map_or(0.0, |m| m.0);
        if to_centre - radius > best + SLACK {
            continue;
        }
        // from the member at the same distance from the centre outwards, both ways
        let start = members.partition_point(|m| m.0 < to_centre);
        let mut visit = |&(distance, point): &(f64, usize)| {
            if (to_centre - distance).abs() > best + SLACK {
                return false;
            }
            *n_distances += 1;
            best = best.min(points.distance(candidate, point));
            true
        };
        let _ = members[start..].iter().all(&mut visit);
        let _ = members[..start].iter().rev().all(&mut visit);
    }
    (best, anchor as u32, anchor_distance)
}

/// The first of the largest values, and where it stands.
pub(crate) fn argmax(values: impl Iterator<Item = f64>) -> (usize, f64) {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, value) in values.enumerate() {
        if value > best.1 {
            best = (index, value);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trajectory(n_atoms: usize) -> impl Strategy<Value = Trajectory> {
        let position = prop::array::uniform3(-1.0f32..1.0);
        prop::collection::vec(position, 0..40 * n_atoms).prop_map(move |mut positions| {
            positions.truncate(positions.len() / n_atoms * n_atoms);
            Trajectory::from_positions(n_atoms, positions).unwrap()
        })
    }

    fn brute_force(points: &Points, n_candidates: usize) -> Vec<f64> {
        let known = n_candidates..points.len();
        (0..n_candidates)
            .map(|c| known.clone().map(move |k| points.distance(c, k)))
            .map(|distances| distances.fold(f64::INFINITY, f64::min))
            .collect()
    }

    proptest! {
        #[test]
        fn is_what_all_pairs_give(
            (candidates, known) in (1usize..6).prop_flat_map(|n| (trajectory(n), trajectory(n)))
        ) {
            let first = Space::Features(std::sync::Arc::new(|x: &[[f32; 3]]| Ok(x[0].to_vec())));
            for space in [Space::Rmsd, first] {
                let points = Points::new(&space, &[&candidates, &known]).unwrap();
                let expected = brute_force(&points, candidates.n_frames());
                let found = coverage(&space, &candidates, &known).unwrap();
                for (found, expected) in found.distances.iter().zip(&expected) {
                    prop_assert!(found == expected || (found - expected).abs() <= SLACK);
                }
            }
        }
    }

    #[test]
    fn most_pairs_are_passed_over_where_frames_form_clusters() {
        let rods = |n: u32, shift: f32| {
            let lengths = (0..n).map(|i| shift + (i * 7919 % 4001) as f32 * 1e-3);
            let positions = lengths.flat_map(|l| [[0.0; 3], [l, 0.0, 0.0]]).collect();
            Trajectory::from_positions(2, positions).unwrap()
        };
        let (candidates, known) = (rods(500, 0.0004), rods(2000, 0.0));
        let found = coverage(&Space::Rmsd, &candidates, &known).unwrap();
        assert!(found.n_distances < 200_000, "{}", found.n_distances);
        let points = Points::new(&Space::Rmsd, &[&candidates, &known]).unwrap();
        let expected = brute_force(&points, 500);
        for (found, expected) in found.distances.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}
