//! k-means with a spread-out start.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Most rounds of assigning points and moving centroids.
const MAX_ITERATIONS: usize = 300;

/// For each cluster that is not empty, the point nearest to its centroid, ascending.
///
/// Starts by k-means++ and stops when no point changes its cluster. A cluster that loses all its points
/// gets the one that is farthest from its own centroid. The result depends on the seed, not on threads.
///
/// # Shapes
/// `points`: `[n_points][n_dimensions]`, with at least `k` points.
///
/// # References
/// S. P. Lloyd, IEEE Trans. Inf. Theory 28, 129 (1982), 10.1109/TIT.1982.1056489;
/// D. Arthur, S. Vassilvitskii, SODA '07, 1027 (2007), 10.5555/1283383.1283494.
pub(super) fn nearest_to_centroids(
    points: &[f64],
    n_dimensions: usize,
    k: usize,
    seed: u64,
) -> Vec<usize> {
    let mut centroids = spread_out(points, n_dimensions, k, seed);
    let mut labels = vec![usize::MAX; points.len() / n_dimensions];
    for _ in 0..MAX_ITERATIONS {
        let nearest = assign(points, n_dimensions, &centroids);
        let unchanged = nearest
            .iter()
            .zip(&labels)
            .all(|((label, _), old)| label == old);
        labels = nearest.iter().map(|(label, _)| *label).collect();
        if unchanged {
            break;
        }
        move_centroids(points, n_dimensions, &nearest, &mut centroids);
    }
    let mut best = vec![(f64::INFINITY, usize::MAX); k];
    for (point, &label) in labels.iter().enumerate() {
        let centroid = &centroids[label * n_dimensions..(label + 1) * n_dimensions];
        let distance = squared_distance(
            &points[point * n_dimensions..(point + 1) * n_dimensions],
            centroid,
        );
        if distance < best[label].0 {
            best[label] = (distance, point);
        }
    }
    let mut chosen: Vec<usize> = best
        .into_iter()
        .map(|(_, point)| point)
        .filter(|&point| point != usize::MAX)
        .collect();
    chosen.sort_unstable();
    chosen
}

/// k-means++: each further centroid is a point drawn with a probability proportional to its squared
/// distance from the centroids so far.
fn spread_out(points: &[f64], n_dimensions: usize, k: usize, seed: u64) -> Vec<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let n_points = points.len() / n_dimensions;
    let point = |index: usize| &points[index * n_dimensions..(index + 1) * n_dimensions];
    let mut centroids = point(generator.random_range(0..n_points)).to_vec();
    let mut distances = vec![f64::INFINITY; n_points];
    for _ in 1..k {
        let latest = &centroids[centroids.len() - n_dimensions..];
        distances
            .par_iter_mut()
            .with_min_len(1024)
            .enumerate()
            .for_each(|(index, d)| *d = d.min(squared_distance(point(index), latest)));
        let mut left = generator.random::<f64>() * distances.iter().sum::<f64>();
        let drawn = distances.iter().position(|d| {
            left -= d;
            left < 0.0
        });
        // all distances zero: every point is on a centroid already
        centroids.extend_from_slice(point(drawn.unwrap_or(n_points - 1)));
    }
    centroids
}

/// Each point's nearest centroid and the squared distance to it.
fn assign(points: &[f64], n_dimensions: usize, centroids: &[f64]) -> Vec<(usize, f64)> {
    points
        .par_chunks(n_dimensions)
        .with_min_len(64)
        .map(|point| {
            let mut best = (0, f64::INFINITY);
            for (label, centroid) in centroids.chunks(n_dimensions).enumerate() {
                let distance = squared_distance(point, centroid);
                if distance < best.1 {
                    best = (label, distance);
                }
            }
            best
        })
        .collect()
}

fn move_centroids(
    points: &[f64],
    n_dimensions: usize,
    nearest: &[(usize, f64)],
    centroids: &mut [f64],
) {
    let mut counts = vec![0usize; centroids.len() / n_dimensions];
    centroids.fill(0.0);
    for (point, (label, _)) in points.chunks(n_dimensions).zip(nearest) {
        counts[*label] += 1;
        for (sum, x) in centroids[label * n_dimensions..].iter_mut().zip(point) {
            *sum += x;
        }
    }
    let mut farthest: Vec<usize> = Vec::new();
    for (centroid, &count) in centroids.chunks_mut(n_dimensions).zip(&counts) {
        if count > 0 {
            centroid.iter_mut().for_each(|x| *x /= count as f64);
            continue;
        }
        if farthest.is_empty() {
            farthest = (0..nearest.len()).collect();
            // ascending: the farthest is taken from the end
            farthest.sort_by(|&a, &b| nearest[a].1.total_cmp(&nearest[b].1).then(b.cmp(&a)));
        }
        if let Some(point) = farthest.pop() {
            centroid.copy_from_slice(&points[point * n_dimensions..(point + 1) * n_dimensions]);
        }
    }
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::nearest_to_centroids;

    #[test]
    fn finds_the_middles_of_clear_clusters() {
        // three tight groups of 11 points on a line; their middles are points 5, 16, 27
        let points: Vec<f64> = (0..33)
            .map(|i| f64::from(i / 11) * 100.0 + f64::from(i % 11))
            .collect();
        for seed in 0..10 {
            assert_eq!(nearest_to_centroids(&points, 1, 3, seed), [5, 16, 27]);
        }
    }

    #[test]
    fn copies_leave_clusters_empty() {
        let chosen = nearest_to_centroids(&[1.0; 6], 1, 3, 0);
        assert!(!chosen.is_empty() && chosen.len() <= 3);
    }

    #[test]
    fn as_many_clusters_as_points() {
        let points: Vec<f64> = (0..7).map(f64::from).collect();
        let chosen = nearest_to_centroids(&points, 1, 7, 5);
        assert_eq!(chosen, [0, 1, 2, 3, 4, 5, 6]);
    }
}
