//! How small a force loss can become.

use super::ForceData;
use crate::{Error, Result};
use molio::superpose;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Settings of [`ForceData::noise_floor`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoiseFloorConfig {
    /// Frames whose neighbours are looked for.
    pub queries: usize,
    /// Frames among which they are looked for, evenly spaced; 0 for all.
    pub candidates: usize,
    /// Neighbours of each.
    pub neighbours: usize,
    /// Frames of the same trajectory closer in time than this are no neighbours.
    pub window: usize,
}

impl Default for NoiseFloorConfig {
    fn default() -> Self {
        Self {
            queries: 500,
            candidates: 20_000,
            neighbours: 10,
            window: 50,
        }
    }
}

/// An estimate of the least mean squared error (kJ²/mol²/nm²) that any function of the positions can
/// have on these forces.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseFloor {
    /// The estimate.
    pub floor: f64,
    /// Its standard error, from blocks of queries.
    pub standard_error: f64,
    /// Half the mean squared difference of forces between nearest neighbours: an upper bound.
    pub neighbour_bound: f64,
    /// The mean square of the forces: the error of a network that says 0.
    pub mean_square: f64,
    /// Mean RMSD (nm) of the nearest neighbours.
    pub neighbour_rmsd: f64,
}

/// One query's k-th neighbour.
#[derive(Clone, Copy)]
struct Pair {
    distance2: f64,
    half_square: f64,
}

impl ForceData {
    /// Estimates the noise of `forces` (those of [`ForceData::delta_forces`], or residuals of a trained
    /// network) about their mean given the positions.
    ///
    /// With F = F̄(R) + η, half the squared difference of two frames' forces, one rotated onto the other, has
    /// the mean var(η) + ½|F̄(R) − F̄(R′)|², and the second part vanishes as |R − R′|². So the k-th
    /// neighbours' half squares γ(k) are regressed on their squared RMSD δ(k), and the line's value at
    /// δ = 0 is the noise (the Γ test). Neighbours close in time are left out, since their η are
    /// correlated. In many dimensions neighbours are far; then the estimate is between the floor and
    /// the bound that is given with it, and it is the sharper the smoother `forces` are: subtract the
    /// priors, or a network, first.
    ///
    /// # Errors
    /// [`Error::Length`] for forces of another number of frames, [`Error::Setting`] for settings that
    /// leave less than two neighbours.
    ///
    /// # References
    /// D. Evans, A. J. Jones, Proc. R. Soc. A 458, 2759 (2002), 10.1098/rspa.2002.1010.
    pub fn noise_floor(
        &self,
        forces: &[[f32; 3]],
        config: &NoiseFloorConfig,
    ) -> Result<NoiseFloor> {
        let (n, n_frames) = (self.n_beads, self.n_frames());
        if forces.len() != self.positions.len() {
            return Err(Error::Length {
                what: "forces",
                expected: self.positions.len(),
                found: forces.len(),
            });
        }
        let wanted = if config.candidates == 0 {
            n_frames
        } else {
            config.candidates.min(n_frames)
        };
        let spaced = |count: usize| -> Vec<usize> {
            (0..count).map(|i| i * n_frames / count.max(1)).collect()
        };
        let (queries, candidates) = (spaced(config.queries.min(n_frames)), spaced(wanted));
        if config.neighbours < 2 || queries.is_empty() || candidates.len() <= config.neighbours {
            let expected = "at least 2 neighbours, and more frames than these";
            return Err(Error::setting("noise floor", expected, config.neighbours));
        }
        let features = Features::new(self, &candidates);
        let found: Vec<Option<Vec<Pair>>> = queries
            .par_iter()
            .map(|&query| {
                let near = self.neighbours(query, &candidates, &features, config)?;
                near.into_iter()
                    .map(|other| self.pair(forces, query, other))
                    .collect::<Option<Vec<Pair>>>()
            })
            .collect();
        let pairs: Vec<Vec<Pair>> = found.into_iter().flatten().collect();
        if pairs.len() < 2 {
            let expected = format!("frames more than {} apart in time", config.window);
            return Err(Error::setting("noise floor", expected, n_frames));
        }
        let n_blocks = pairs.len().min(10);
        let all: Vec<&Vec<Pair>> = pairs.iter().collect();
        let (floor, bound, distance2) = intercept(&all);
        // delete-one-block jackknife: queries are in the order of time
        let estimates: Vec<f64> = (0..n_blocks)
            .map(|block| {
                let rest = all.iter().enumerate();
                let kept: Vec<&Vec<Pair>> = rest
                    .filter(|(i, _)| i * n_blocks / all.len() != block)
                    .map(|(_, p)| *p)
                    .collect();
                intercept(&kept).0
            })
            .collect();
        let mean = estimates.iter().sum::<f64>() / n_blocks as f64;
        let spread: f64 = estimates.iter().map(|e| (e - mean).powi(2)).sum();
        let squares: f64 = forces
            .as_flattened()
            .iter()
            .map(|&f| f64::from(f).powi(2))
            .sum();
        Ok(NoiseFloor {
            floor,
            standard_error: (spread * (n_blocks - 1) as f64 / n_blocks as f64).sqrt(),
            neighbour_bound: bound,
            mean_square: squares / (3 * n * n_frames) as f64,
            neighbour_rmsd: distance2.sqrt(),
        })
    }

    /// The candidates with the least RMSD to the query: first by distances between beads, then, among
    /// five times as many, exactly.
    fn neighbours(
        &self,
        query: usize,
        candidates: &[usize],
        features: &Features,
        config: &NoiseFloorConfig,
    ) -> Option<Vec<usize>> {
        let series = self
            .series()
            .iter()
            .find(|series| series.contains(&query))?;
        let own = features.of(self, query);
        let near_in_time =
            |frame: usize| series.contains(&frame) && frame.abs_diff(query) <= config.window;
        let mut rough: Vec<(f32, usize)> = candidates
            .iter()
            .enumerate()
            .filter(|&(_, &frame)| !near_in_time(frame))
            .map(|(place, &frame)| (features.distance2(place, &own), frame))
            .collect();
        let keep = 5 * config.neighbours;
        if rough.len() <= config.neighbours {
            return None;
        }
        if rough.len() > keep {
            rough.select_nth_unstable_by(keep, |a, b| a.0.total_cmp(&b.0));
            rough.truncate(keep);
        }
        let frame =
            |index: usize| &self.positions[index * self.n_beads..(index + 1) * self.n_beads];
        let mut exact: Vec<(f64, usize)> = rough
            .into_iter()
            .filter_map(|(_, other)| Some((molio::rmsd(frame(other), frame(query)).ok()?, other)))
            .collect();
        exact.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        exact.truncate(config.neighbours);
        (exact.len() == config.neighbours).then(|| exact.into_iter().map(|(_, f)| f).collect())
    }

    fn pair(&self, forces: &[[f32; 3]], query: usize, other: usize) -> Option<Pair> {
        let n = self.n_beads;
        let range = |index: usize| index * n..(index + 1) * n;
        let moved = superpose(
            &self.positions[range(other)],
            &self.positions[range(query)],
            None,
        )
        .ok()?;
        let mut squares = 0.0;
        for (a, b) in forces[range(query)].iter().zip(&forces[range(other)]) {
            for (axis, row) in moved.rotation.iter().enumerate() {
                let turned: f64 = row.iter().zip(b).map(|(r, &f)| r * f64::from(f)).sum();
                squares += (f64::from(a[axis]) - turned).powi(2);
            }
        }
        Some(Pair {
            distance2: moved.rmsd.powi(2),
            half_square: 0.5 * squares / (3 * n) as f64,
        })
    }
}

/// Distances between beads of the candidates: alike for frames that are alike, whatever their pose.
struct Features {
    pairs: Vec<[usize; 2]>,
    values: Vec<f32>,
}

impl Features {
    fn new(data: &ForceData, frames: &[usize]) -> Self {
        // a few hundred distances tell large proteins apart as well as all do
        let n = data.n_beads;
        let all = n * n.saturating_sub(1) / 2;
        let stride = all.div_ceil(256).max(1);
        let every = (0..n).flat_map(|i| (i + 1..n).map(move |j| [i, j]));
        let mut features = Self {
            pairs: every.step_by(stride).collect(),
            values: Vec::new(),
        };
        for &frame in frames {
            let own = features.of(data, frame);
            features.values.extend(own);
        }
        features
    }

    fn of(&self, data: &ForceData, frame: usize) -> Vec<f32> {
        let x = &data.positions[frame * data.n_beads..(frame + 1) * data.n_beads];
        let distance = |&[i, j]: &[usize; 2]| {
            (0..3)
                .map(|axis| (x[i][axis] - x[j][axis]).powi(2))
                .sum::<f32>()
                .sqrt()
        };
        self.pairs.iter().map(distance).collect()
    }

    fn distance2(&self, place: usize, own: &[f32]) -> f32 {
        let size = self.pairs.len();
        let values = &self.values[place * size..(place + 1) * size];
        values.iter().zip(own).map(|(a, b)| (a - b).powi(2)).sum()
    }
}

/// The line through (δ(k), γ(k)) at δ = 0, γ(1), and δ(1).
fn intercept(queries: &[&Vec<Pair>]) -> (f64, f64, f64) {
    let n = queries.len().max(1) as f64;
    let n_neighbours = queries.first().map_or(0, |pairs| pairs.len());
    let mean =
        |k: usize, value: fn(&Pair) -> f64| queries.iter().map(|q| value(&q[k])).sum::<f64>() / n;
    let points: Vec<(f64, f64)> = (0..n_neighbours)
        .map(|k| (mean(k, |p| p.distance2), mean(k, |p| p.half_square)))
        .collect();
    let count = points.len().max(1) as f64;
    let x = points.iter().map(|p| p.0).sum::<f64>() / count;
    let y = points.iter().map(|p| p.1).sum::<f64>() / count;
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    let slope = if variance > 0.0 {
        covariance / variance
    } else {
        0.0
    };
    let first = points.first().copied().unwrap_or((0.0, 0.0));
    // noise of the points themselves can tilt the line downwards; forces that differ less when beads
    // are farther apart are no reason to go above their mean
    (y - slope.max(0.0) * x, first.1, first.0)
}
