//! k-means clustering: the microstates of a Markov state model.

mod seeding;

use crate::error::{Error, Result, check_count, check_length};
use rayon::prelude::*;

/// Rows that one thread works on at once; a fixed number, so that sums do not depend on how many
/// threads there are.
const BLOCK: usize = 2048;
/// Centres are padded to a multiple of this with copies that are never nearest.
const LANES: usize = 8;

/// What a clustering is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansConfig {
    /// Number of clusters, at least 1.
    pub n_clusters: usize,
    /// Seed of the choice of the first centres.
    pub seed: u64,
    /// Most rounds of assigning rows and moving centres.
    pub max_iterations: usize,
    /// The rounds end when the inertia falls by less than this share of itself.
    pub tolerance: f64,
}

impl KMeansConfig {
    /// deeptime's defaults: at most 500 rounds, tolerance 10⁻⁵; seed 0.
    pub fn new(n_clusters: usize) -> Self {
        Self {
            n_clusters,
            seed: 0,
            max_iterations: 500,
            tolerance: 1e-5,
        }
    }
}

/// Cluster centres, found by Lloyd's rounds from a k-means++ start.
///
/// The same seed gives the same centres on any number of threads. A cluster that loses its last
/// row moves to the row that is farthest from its centre.
///
/// # References
/// S. P. Lloyd, IEEE Trans. Inf. Theory 1982, 28, 129, doi:10.1109/TIT.1982.1056489.
/// D. Arthur, S. Vassilvitskii, SODA 2007, 1027, doi:10.5555/1283383.1283494.
///
/// # Examples
/// ```
/// use metrics::kmeans::{KMeans, KMeansConfig};
/// let rows = [0.0, 0.2, 5.0, 5.2];
/// let clusters = KMeans::fit(1, &rows, None, &KMeansConfig::new(2))?;
/// let found = clusters.assign(&rows)?;
/// assert!(found[0] == found[1] && found[2] == found[3] && found[0] != found[2]);
/// assert!((clusters.inertia() - 4.0 * 0.1f64.powi(2)).abs() < 1e-12);
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    n_features: usize,
    centres: Vec<f64>,
    inertia: f64,
    iterations: usize,
    converged: bool,
}

impl KMeans {
    /// Clusters weighted rows.
    ///
    /// # Shapes
    /// Rows `[n_frames][n_features]`, weights `[n_frames]`.
    ///
    /// # Errors
    /// If rows are not whole, a value is not finite, weights do not fit, or there are fewer
    /// different rows of positive weight than clusters.
    pub fn fit(
        n_features: usize,
        rows: &[f64],
        weights: Option<&[f64]>,
        config: &KMeansConfig,
    ) -> Result<Self> {
        let n_frames = rows.len() / n_features.max(1);
        check_length("rows to cluster", n_frames * n_features, rows.len())?;
        check_count("clusters", 1, config.n_clusters)?;
        check_count("frames to cluster", config.n_clusters, n_frames)?;
        crate::error::check_finite("rows to cluster", rows)?;
        let weights = crate::wasserstein::checked_weights(n_frames, weights)?;
        let centres = seeding::plus_plus(n_features, rows, &weights, config)?;
        let mut clusters = Self {
            n_features,
            centres,
            inertia: f64::INFINITY,
            iterations: 0,
            converged: false,
        };
        while clusters.iterations < config.max_iterations && !clusters.converged {
            let before = clusters.inertia;
            clusters.step(rows, &weights);
            clusters.iterations += 1;
            let fall = before - clusters.inertia;
            clusters.converged =
                fall.is_finite() && fall.abs() <= config.tolerance * clusters.inertia;
        }
        clusters.inertia = clusters.measure(rows, &weights);
        Ok(clusters)
    }

    /// Clusters around given centres.
    ///
    /// # Shapes
    /// Centres `[n_clusters][n_features]`.
    ///
    /// # Errors
    /// If there is none, they are not whole rows, or one is not finite.
    pub fn from_centres(n_features: usize, centres: Vec<f64>) -> Result<Self> {
        let n = centres.len() / n_features.max(1);
        check_count("cluster centres", 1, n)?;
        check_length("cluster centres", n * n_features, centres.len())?;
        crate::error::check_finite("cluster centres", &centres)?;
        Ok(Self {
            n_features,
            centres,
            inertia: f64::NAN,
            iterations: 0,
            converged: false,
        })
    }

    /// Centres `[n_clusters][n_features]`.
    pub fn centres(&self) -> &[f64] {
        &self.centres
    }

    /// Number of clusters.
    pub fn n_clusters(&self) -> usize {
        self.centres.len() / self.n_features
    }

    /// Σ w |row − nearest centre|² of the rows it was fitted to; NaN for given centres.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// Rounds that were made.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Whether the rounds ended by the tolerance and not by their number.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// The nearest centre of each row; of equally near ones the first.
    ///
    /// # Errors
    /// If rows are not whole or a value is not finite.
    pub fn assign(&self, rows: &[f64]) -> Result<Vec<u32>> {
        let n_frames = rows.len() / self.n_features;
        check_length("rows to assign", n_frames * self.n_features, rows.len())?;
        crate::error::check_finite("rows to assign", rows)?;
        let table = Table::new(self.n_features, &self.centres);
        let mut states = vec![0; n_frames];
        states
            .par_chunks_mut(BLOCK)
            .zip(rows.par_chunks(BLOCK * self.n_features))
            .for_each(|(states, rows)| {
                let mut squares = table.buffer();
                let rows = rows.chunks_exact(self.n_features);
                for (state, row) in states.iter_mut().zip(rows) {
                    *state = table.nearest(row, &mut squares).0 as u32;
                }
            });
        Ok(states)
    }

    /// One round: assigns all rows, then moves the centres to their means.
    fn step(&mut self, rows: &[f64], weights: &[f64]) {
        let (n, k) = (self.n_features, self.n_clusters());
        let table = Table::new(n, &self.centres);
        let partial: Vec<Sums> = rows
            .par_chunks(BLOCK * n)
            .zip(weights.par_chunks(BLOCK))
            .map(|(rows, weights)| {
                let mut sums = Sums::new(n, k);
                let mut squares = table.buffer();
                for (index, (row, &weight)) in rows.chunks_exact(n).zip(weights).enumerate() {
                    let (cluster, square) = table.nearest(row, &mut squares);
                    sums.add(index, row, weight, cluster, square);
                }
                sums
            })
            .collect();
        let mut all = Sums::new(n, k);
        for (block, sums) in partial.iter().enumerate() {
            all.merge(sums, block * BLOCK);
        }
        self.inertia = all.inertia;
        let mut spare = all.farthest;
        for cluster in 0..k {
            let centre = &mut self.centres[cluster * n..(cluster + 1) * n];
            if all.weights[cluster] > 0.0 {
                let sum = &all.rows[cluster * n..(cluster + 1) * n];
                for (x, s) in centre.iter_mut().zip(sum) {
                    *x = s / all.weights[cluster];
                }
            } else if let Some((_, row)) = spare.take() {
                centre.copy_from_slice(&rows[row * n..(row + 1) * n]);
                // Not yet at its minimum, whatever the inertia says.
                self.inertia = f64::INFINITY;
            }
        }
    }

    fn measure(&self, rows: &[f64], weights: &[f64]) -> f64 {
        let table = Table::new(self.n_features, &self.centres);
        let partial: Vec<f64> = rows
            .par_chunks(BLOCK * self.n_features)
            .zip(weights.par_chunks(BLOCK))
            .map(|(rows, weights)| {
                let mut squares = table.buffer();
                let rows = rows.chunks_exact(self.n_features).zip(weights);
                rows.map(|(row, w)| w * table.nearest(row, &mut squares).1)
                    .sum()
            })
            .collect();
        partial.iter().sum()
    }
}

/// Centres by feature, so that the distances to all of them are computed side by side.
struct Table {
    padded: usize,
    /// `[n_features][padded]`
    columns: Vec<f64>,
}

impl Table {
    fn new(n_features: usize, centres: &[f64]) -> Self {
        let k = centres.len() / n_features;
        let padded = k.next_multiple_of(LANES);
        let mut columns = vec![f64::INFINITY; n_features * padded];
        for (cluster, centre) in centres.chunks_exact(n_features).enumerate() {
            for (feature, &x) in centre.iter().enumerate() {
                columns[feature * padded + cluster] = x;
            }
        }
        Self { padded, columns }
    }

    fn buffer(&self) -> Vec<f64> {
        vec![0.0; self.padded]
    }

    /// The nearest centre and the square of its distance.
    fn nearest(&self, row: &[f64], squares: &mut [f64]) -> (usize, f64) {
        squares.fill(0.0);
        for (&x, column) in row.iter().zip(self.columns.chunks_exact(self.padded)) {
            for (square, c) in squares.iter_mut().zip(column) {
                *square += (x - c) * (x - c);
            }
        }
        let mut lanes = [f64::INFINITY; LANES];
        for chunk in squares.chunks_exact(LANES) {
            for (lane, &square) in lanes.iter_mut().zip(chunk) {
                *lane = if square < *lane { square } else { *lane };
            }
        }
        let least = lanes.into_iter().fold(f64::INFINITY, f64::min);
        let place = squares.iter().position(|&square| square == least);
        (place.unwrap_or(0), least)
    }
}

/// What a round adds up.
struct Sums {
    rows: Vec<f64>,
    weights: Vec<f64>,
    inertia: f64,
    /// The row of positive weight that is farthest from its centre.
    farthest: Option<(f64, usize)>,
}

impl Sums {
    fn new(n_features: usize, n_clusters: usize) -> Self {
        Self {
            rows: vec![0.0; n_features * n_clusters],
            weights: vec![0.0; n_clusters],
            inertia: 0.0,
            farthest: None,
        }
    }

    fn add(&mut self, index: usize, row: &[f64], weight: f64, cluster: usize, square: f64) {
        let n = row.len();
        for (sum, x) in self.rows[cluster * n..(cluster + 1) * n]
            .iter_mut()
            .zip(row)
        {
            *sum += weight * x;
        }
        self.weights[cluster] += weight;
        self.inertia += weight * square;
        if weight > 0.0 && self.farthest.is_none_or(|(most, _)| square > most) {
            self.farthest = Some((square, index));
        }
    }

    fn merge(&mut self, other: &Self, offset: usize) {
        let add = |a: &mut [f64], b: &[f64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        add(&mut self.rows, &other.rows);
        add(&mut self.weights, &other.weights);
        self.inertia += other.inertia;
        if let Some((square, index)) = other.farthest
            && self.farthest.is_none_or(|(most, _)| square > most)
        {
            self.farthest = Some((square, offset + index));
        }
    }
}

/// The error when there are fewer different rows than clusters.
fn too_few(n_clusters: usize, found: usize) -> Error {
    Error::TooFew {
        what: "different frames to cluster",
        needed: n_clusters,
        found,
    }
}
