//! Standard errors of Markov models by block bootstrap.

use super::{Counting, Discrete, Macrostates, MarkovModel, TransitionCounts};
use crate::bootstrap::{Blocks, standard_error};
use crate::error::Result;
use rayon::prelude::*;

/// Models of resampled transitions, over the states of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled {
    /// Per resample, probability of each state of the model; zero where it was not connected.
    stationary: Vec<Vec<f64>>,
    timescales: Vec<Vec<f64>>,
    failed: usize,
}

impl Resampled {
    /// Estimates the model anew for `n_resamples` draws of blocks of transitions.
    ///
    /// How often a frame is drawn multiplies the weight of the transition that starts there, so that
    /// no transition is cut. Blocks should be longer than the lag and the slowest timescale.
    ///
    /// # Errors
    /// If the trajectories do not fit the model, or a block is empty.
    pub fn new(
        discrete: &Discrete<'_>,
        model: &MarkovModel,
        block: usize,
        n_resamples: usize,
        seed: u64,
    ) -> Result<Self> {
        let lengths: Vec<usize> = discrete.trajectories.iter().map(Vec::len).collect();
        let blocks = Blocks::new(&lengths, block)?;
        Self::of_weights(discrete, model, n_resamples, |index| {
            split(&blocks.resample(seed, index as u64), discrete)
        })
    }

    /// Estimates the model anew for sets of weights of the frames, which are drawn when they are
    /// needed: kept, a hundred of them would be larger than the trajectories.
    pub(crate) fn of_weights(
        discrete: &Discrete<'_>,
        model: &MarkovModel,
        n_resamples: usize,
        draw: impl Fn(usize) -> Vec<Vec<f64>> + Sync,
    ) -> Result<Self> {
        // Fails here for all draws alike if the trajectories are not sound.
        TransitionCounts::new(discrete, model.lag(), Counting::Sliding)?;
        let models: Vec<Option<(Vec<f64>, Vec<f64>)>> = (0..n_resamples)
            .into_par_iter()
            .map(|index| redraw(discrete, model, &draw(index)))
            .collect();
        let failed = models.iter().filter(|model| model.is_none()).count();
        let (stationary, timescales) = models.into_iter().flatten().unzip();
        Ok(Self {
            stationary,
            timescales,
            failed,
        })
    }

    /// Resamples without any connected set, which enter no error.
    pub fn n_failed(&self) -> usize {
        self.failed
    }

    /// Standard error of the probability of each state of the model.
    pub fn stationary_errors(&self) -> Vec<Option<f64>> {
        errors(&self.stationary)
    }

    /// Standard error of the free energy −ln π of each state, kT, over the resamples that hold it.
    pub fn free_energy_errors(&self) -> Vec<Option<f64>> {
        let energies = self.stationary.iter();
        let energies: Vec<Vec<f64>> = energies
            .map(|pi| {
                pi.iter()
                    .map(|p| if *p > 0.0 { -p.ln() } else { f64::NAN })
                    .collect()
            })
            .collect();
        errors(&energies)
    }

    /// Standard error of each implied timescale, in frames.
    pub fn timescale_errors(&self) -> Vec<Option<f64>> {
        errors(&self.timescales)
    }

    /// Standard error of the probability of each macrostate.
    pub fn population_errors(&self, macrostates: &Macrostates) -> Vec<Option<f64>> {
        let populations = self.stationary.iter();
        let populations: Vec<Vec<f64>> = populations
            .map(|pi| macrostates.populations_of(pi))
            .collect();
        errors(&populations)
    }
}

/// An implied timescale at one lag time, for each of the slowest processes.
#[derive(Clone, Debug, PartialEq)]
pub struct TimescalesAtLag {
    /// Lag time in frames.
    pub lag: usize,
    /// Timescales −τ/ln|λ| in frames, the slowest first.
    pub values: Vec<f64>,
    /// Their standard errors by block bootstrap; `None` without resamples.
    pub errors: Vec<Option<f64>>,
    /// States in the connected set at this lag.
    pub n_connected: usize,
}

/// Implied timescales of reversible models at several lag times: where they no longer grow with the
/// lag, the states are Markovian.
///
/// # Errors
/// As for one model, at any of the lags.
pub fn implied_timescales(
    discrete: &Discrete<'_>,
    lags: &[usize],
    n_timescales: usize,
    block: usize,
    n_resamples: usize,
    seed: u64,
) -> Result<Vec<TimescalesAtLag>> {
    let at = |&lag: &usize| {
        let model = MarkovModel::new(&TransitionCounts::new(discrete, lag, Counting::Sliding)?)?;
        let resampled = Resampled::new(discrete, &model, block, n_resamples, seed)?;
        let mut values = model.timescales();
        values.truncate(n_timescales);
        let mut errors = resampled.timescale_errors();
        errors.resize(values.len(), None);
        Ok(TimescalesAtLag {
            lag,
            values,
            errors,
            n_connected: model.states().len(),
        })
    };
    lags.iter().map(at).collect()
}

/// Counts of draws as weights, trajectory by trajectory, times the weights there are.
fn split(counts: &[f64], discrete: &Discrete<'_>) -> Vec<Vec<f64>> {
    let mut rest = counts;
    let mut weights = Vec::with_capacity(discrete.trajectories.len());
    for (index, states) in discrete.trajectories.iter().enumerate() {
        let (mine, others) = rest.split_at(states.len());
        rest = others;
        let mut mine = mine.to_vec();
        if let Some(given) = discrete.weights {
            mine.iter_mut()
                .zip(&given[index])
                .for_each(|(count, weight)| *count *= weight);
        }
        weights.push(mine);
    }
    weights
}

fn redraw(
    discrete: &Discrete<'_>,
    model: &MarkovModel,
    weights: &[Vec<f64>],
) -> Option<(Vec<f64>, Vec<f64>)> {
    let drawn = Discrete {
        weights: Some(weights),
        ..*discrete
    };
    let counts = TransitionCounts::new(&drawn, model.lag(), Counting::Sliding).ok()?;
    let again = MarkovModel::new(&counts).ok()?;
    let mut of_all = vec![0.0; discrete.n_states];
    for (&state, pi) in again.states().iter().zip(again.stationary()) {
        of_all[state] = *pi;
    }
    let mine = model.states().iter().map(|&state| of_all[state]).collect();
    Some((mine, again.timescales()))
}

/// Standard errors by column; rows may end early.
fn errors(rows: &[Vec<f64>]) -> Vec<Option<f64>> {
    let n = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |i: usize| -> Vec<f64> { rows.iter().filter_map(|r| r.get(i).copied()).collect() };
    (0..n).map(|i| standard_error(&column(i))).collect()
}
