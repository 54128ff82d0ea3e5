//! The Markov state model of the reference, and the model's frames in its macrostates.

use super::evaluate::{Weights, weighted_mean};
use super::{Comparison, Entry, Estimate, MacrostateEntry, MsmEntries, Sample};
use crate::error::{Error, Result};
use crate::kmeans::{KMeans, KMeansConfig};
use crate::msm::{
    Counting, Discrete, Macrostates, MarkovModel, Resampled, TimescalesAtLag, TransitionCounts,
};

/// TICs in which frames are clustered, at most; as many as the published suite takes.
pub(super) const TICS: usize = 10;
/// Frames for one microstate, at least.
const FRAMES_PER_STATE: usize = 10;
/// Resamples for the figure of implied timescales.
const FIGURE_RESAMPLES: usize = 25;
/// Timescales that are reported.
const TIMESCALES: usize = 4;

/// What the report draws.
#[derive(Clone, Debug)]
pub(super) struct Kinetics {
    pub(super) timescales: Vec<TimescalesAtLag>,
}

impl Comparison {
    /// A reference without a connected set leaves the entry empty and says why.
    pub(super) fn add_macrostates(&mut self, weights: &Weights) -> Result<()> {
        match self.macrostate_entries(weights) {
            Ok((entries, kinetics)) => {
                self.summary.msm = Some(entries);
                self.macrostates = Some(kinetics);
                Ok(())
            }
            Err(error @ (Error::Undetermined { .. } | Error::TooFew { .. })) => {
                self.summary.msm_undetermined = Some(error.to_string());
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    fn macrostate_entries(&self, weights: &Weights) -> Result<(MsmEntries, Kinetics)> {
        let lag = self.config.msm_lag.unwrap_or(self.config.lag);
        let [reference, model] = &self.samples;
        let most = reference.n_frames() / FRAMES_PER_STATE;
        let config = KMeansConfig {
            seed: self.config.seed,
            ..KMeansConfig::new(self.config.n_microstates.min(most).max(2))
        };
        let clusters = KMeans::fit(
            self.n_components,
            &self.projections[0],
            Some(&reference.weights),
            &config,
        )?;
        let states = clusters.assign(&self.projections[0])?;
        let model_states = clusters.assign(&self.projections[1])?;
        let runs: Vec<Vec<u32>> = reference
            .run_ranges()
            .into_iter()
            .map(|run| states[run].to_vec())
            .collect();
        let given = split(reference, &weights.reference);
        let discrete = Discrete {
            trajectories: &runs,
            weights: Some(&given),
            n_states: clusters.n_clusters(),
        };
        let counts = TransitionCounts::new(&discrete, lag, Counting::Sliding)?;
        let markov = MarkovModel::new(&counts)?;
        if markov.states().len() < 2 {
            return Err(Error::Undetermined {
                what: "a Markov model of the reference",
                reason: format!(
                    "no two of its {} microstates are connected in both directions: it never comes back",
                    clusters.n_clusters()
                ),
            });
        }
        let macrostates = self.coarse(&markov)?;
        let draw = |index| split(reference, &weights.resample(0, index));
        let resampled = Resampled::of_weights(&discrete, &markov, weights.n_resamples, draw)?;
        let n_drawn = FIGURE_RESAMPLES.min(weights.n_resamples);
        let kinetics = Kinetics {
            timescales: at_lags(&discrete, lag, n_drawn, draw)?,
        };
        let frames = [&states, &model_states].map(|states| {
            let of = states.iter().map(|&state| macrostates.of_state(state));
            of.collect::<Vec<_>>()
        });
        let native = match &self.config.native {
            Some(native) => macrostates.native(
                &states,
                &reference.rmsd_to(native)?,
                Some(&weights.reference),
            )?,
            None => None,
        };
        let outside = |side: usize, sample: &Sample| share(&frames[side], None, &sample.weights);
        let stationary_errors = resampled.population_errors(&macrostates);
        let mut entries = Vec::with_capacity(macrostates.n_macrostates());
        for (index, &population) in macrostates.populations().iter().enumerate() {
            let of = |side: usize, w: &[f64]| share(&frames[side], Some(index), w);
            entries.push(MacrostateEntry {
                reference: weights.estimate(0, |w| of(0, w)),
                model: weights.estimate(1, |w| of(1, w)),
                difference: weights.entry(
                    |u, v| Ok((of(1, v) - of(0, u)).abs()),
                    |u, v| Ok((of(0, v) - of(0, u)).abs()),
                )?,
                stationary: Estimate {
                    value: population,
                    error: stationary_errors.get(index).copied().flatten(),
                },
                rmsd_to_native: native
                    .as_ref()
                    .map(|native| native.mean[index])
                    .filter(|mean| mean.is_finite()),
            });
        }
        let errors = resampled.timescale_errors();
        let timescales = markov.timescales().into_iter().enumerate().take(TIMESCALES);
        let entries = MsmEntries {
            n_microstates: clusters.n_clusters(),
            n_connected: markov.states().len(),
            lag,
            outside_reference: outside(0, reference),
            outside_model: outside(1, model),
            timescales: timescales
                .map(|(i, value)| Estimate {
                    value,
                    error: errors.get(i).copied().flatten(),
                })
                .collect(),
            populations: total_variation(&frames, macrostates.n_macrostates(), weights)?,
            native: native.map(|native| native.index),
            macrostates: entries,
        };
        Ok((entries, kinetics))
    }

    /// As many macrostates as asked for, or as the eigenvectors allow.
    fn coarse(&self, markov: &MarkovModel) -> Result<Macrostates> {
        let mut n = self.config.n_macrostates.min(markov.states().len());
        loop {
            match markov.macrostates(n) {
                Err(Error::Undetermined { .. }) if n > 1 => n -= 1,
                other => return other,
            }
        }
    }
}

/// Weighted share of the frames in a macrostate, or in none.
fn share(frames: &[Option<usize>], macrostate: Option<usize>, weights: &[f64]) -> f64 {
    let inside = frames.iter().map(|&m| f64::from(u8::from(m == macrostate)));
    weighted_mean(&inside.collect::<Vec<_>>(), weights)
}

/// ½ Σ |p − q| over macrostates and what lies in none.
fn total_variation(frames: &[Vec<Option<usize>>; 2], n: usize, weights: &Weights) -> Result<Entry> {
    let distribution = |side: usize, weights: &[f64]| {
        let mut sums = vec![0.0; n + 1];
        for (macrostate, weight) in frames[side].iter().zip(weights) {
            sums[macrostate.unwrap_or(n)] += weight;
        }
        let total: f64 = sums.iter().sum();
        sums.iter_mut().for_each(|sum| *sum /= total);
        sums
    };
    let distance = |p: &[f64], q: &[f64]| -> f64 {
        0.5 * p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum::<f64>()
    };
    weights.entry(
        |u, v| Ok(distance(&distribution(0, u), &distribution(1, v))),
        |u, v| Ok(distance(&distribution(0, u), &distribution(0, v))),
    )
}

/// Weights of all frames, run by run.
fn split(sample: &Sample, weights: &[f64]) -> Vec<Vec<f64>> {
    let runs = sample.run_ranges().into_iter();
    runs.map(|run| weights[run].to_vec()).collect()
}

/// Implied timescales around the lag time that was chosen, for the reader to judge it.
fn at_lags(
    discrete: &Discrete<'_>,
    lag: usize,
    n_resamples: usize,
    draw: impl Fn(usize) -> Vec<Vec<f64>> + Sync,
) -> Result<Vec<TimescalesAtLag>> {
    let mut lags: Vec<usize> = [(1, 8), (1, 4), (1, 2), (3, 4), (1, 1), (3, 2), (2, 1)]
        .iter()
        .map(|(a, b)| (lag * a).div_ceil(*b))
        .collect();
    lags.dedup();
    let mut found = Vec::with_capacity(lags.len());
    for lag in lags {
        // A lag beyond what the reference holds has no point in the figure.
        let Ok(counts) = TransitionCounts::new(discrete, lag, Counting::Sliding) else {
            continue;
        };
        let Ok(model) = MarkovModel::new(&counts) else {
            continue;
        };
        let mut values = model.timescales();
        values.truncate(TIMESCALES);
        let resampled = Resampled::of_weights(discrete, &model, n_resamples, &draw)?;
        let mut errors = resampled.timescale_errors();
        errors.resize(values.len(), None);
        found.push(TimescalesAtLag {
            lag,
            values,
            errors,
            n_connected: model.states().len(),
        });
    }
    Ok(found)
}
