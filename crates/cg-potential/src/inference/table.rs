//! Filters as cubic Hermite splines over distance.

use crate::cpu::{Buffer, TabulatedPair};
use crate::network::Dual;
use crate::{Error, Network, Result};
use rayon::prelude::*;

/// Largest error of a tabulated filter, relative to the largest filter of its block, and of its slope,
/// relative to the largest slope.
const TOLERANCE: f64 = 2e-5;

/// Places in an interval: its knot, and where the error of a Hermite cubic's slope, (3 − √3)/6, and of its
/// value, ½, is largest.
const CHECKED: [f64; 3] = [0.0, 0.211_324_865_405_187_13, 0.5];

/// Numbers of intervals that are tried.
const INTERVALS: [usize; 5] = [256, 512, 1024, 2048, 4096];

/// Filters of all blocks, by distance and sequence feature.
///
/// Made in f64 and kept in f32 as values and slopes at knots: two neighbouring knots make a cubic, and
/// each knot serves both of its intervals, so that a block's table stays in the second-level cache.
#[derive(Clone, Debug)]
pub(crate) struct FilterTable {
    /// One a block: `[class][knot][value, slope times spacing]`.
    pub(crate) blocks: Vec<Buffer>,
    /// Values of the sequence feature, one a class.
    classes: Vec<f64>,
    cutoffs: [f64; 2],
    intervals: usize,
    spacing: f64,
}

impl FilterTable {
    /// Tabulates filters on as many intervals as the tolerance asks for.
    ///
    /// Where a cubic's errors are largest, the filter and its slope are within 2·10⁻⁵ of the largest of
    /// their block.
    ///
    /// # Errors
    /// [`Error::Setting`] for filters that vary too fast, or are not finite.
    pub(crate) fn new(network: &Network) -> Result<Self> {
        let config = network.config();
        let n = network.bead_types().len();
        let mut classes = vec![0.0];
        for i in 0..n {
            for j in 0..i {
                let feature = network.pair_feature(i, j);
                if !classes.contains(&feature) {
                    classes.push(feature);
                }
            }
        }
        let cutoffs = [config.cutoff_lower, config.cutoff_upper];
        let mut error = f64::INFINITY;
        for intervals in INTERVALS {
            let mut table = Self {
                blocks: Vec::new(),
                classes: classes.clone(),
                cutoffs,
                intervals,
                spacing: (cutoffs[1] - cutoffs[0]) / intervals as f64,
            };
            error = table.fill(network);
            if error <= TOLERANCE {
                return Ok(table);
            }
        }
        let expected = format!("tabulated within {TOLERANCE} on 4096 intervals");
        Err(Error::setting(
            "filters",
            expected,
            format!("error {error}"),
        ))
    }

    /// Fills the table; returns the largest relative error between knots.
    fn fill(&mut self, network: &Network) -> f64 {
        let [lower, upper] = self.cutoffs;
        // a Bessel function is 0/0 at the very end, where the envelope is 0 anyway
        let least = lower + 1e-9 * (upper - lower);
        let mut error = 0.0_f64;
        for block in 0..network.config().layers {
            let knots = self.intervals + 1;
            let rows = 2 * knots * self.classes.len();
            let mut table = Buffer::new(rows, network.config().filters);
            for (class, &feature) in self.classes.iter().enumerate() {
                // each knot is followed by where the cubic is checked
                let exact: Vec<Vec<Dual>> = (0..=3 * self.intervals)
                    .into_par_iter()
                    .map(|sample| {
                        let place = (sample / 3) as f64 + CHECKED[sample % 3];
                        let r = lower + self.spacing * place;
                        network.filter(block, r.max(least), feature)
                    })
                    .collect();
                for knot in 0..knots {
                    let row = 2 * (class * knots + knot);
                    for (column, exact) in exact[3 * knot].iter().enumerate() {
                        table.row_mut(row)[column] = exact.value as f32;
                        table.row_mut(row + 1)[column] = (self.spacing * exact.derivative) as f32;
                    }
                }
                let of_class = table.rows_from(2 * class * knots);
                error = error.max(self.error(&exact, of_class, table.stride()));
            }
            self.blocks.push(table);
        }
        error
    }

    /// The largest relative error of the cubics where they are checked; infinite if anything is.
    fn error(&self, exact: &[Vec<Dual>], table: &[f32], stride: usize) -> f64 {
        let size = |of: fn(&Dual) -> f64| {
            let sizes = exact.iter().flatten().map(|x| of(x).abs());
            sizes.fold(f64::MIN_POSITIVE, f64::max)
        };
        let (values, slopes) = (size(|x| x.value), size(|x| x.derivative));
        let mut error = 0.0_f64;
        for interval in 0..self.intervals {
            let rows = &table[2 * interval * stride..];
            for column in 0..exact[0].len() {
                let [value_a, slope_a, value_b, slope_b] =
                    [0, 1, 2, 3].map(|row| f64::from(rows[row * stride + column]));
                let rise = value_b - value_a;
                let c = [
                    value_a,
                    slope_a,
                    3.0 * rise - 2.0 * slope_a - slope_b,
                    slope_a + slope_b - 2.0 * rise,
                ];
                for k in 1..3 {
                    let (t, exact) = (CHECKED[k], exact[3 * interval + k][column]);
                    let value = c[0] + t * (c[1] + t * (c[2] + t * c[3]));
                    let slope = (c[1] + t * (2.0 * c[2] + 3.0 * t * c[3])) / self.spacing;
                    if !(value + slope).is_finite() {
                        return f64::INFINITY;
                    }
                    error = error.max((value - exact.value).abs() / values);
                    error = error.max((slope - exact.derivative).abs() / slopes);
                }
            }
        }
        error
    }

    /// The class of a value of the sequence feature.
    pub(crate) fn class(&self, feature: f64) -> usize {
        self.classes
            .iter()
            .position(|&known| known == feature)
            .unwrap_or(0)
    }

    /// How the filter of two beads `r` nm apart is made; `None` beyond the cutoffs.
    ///
    /// A distance that is no number gives weights that are none.
    #[inline]
    pub(crate) fn pair(&self, beads: [u32; 2], r: f64, class: usize) -> Option<TabulatedPair> {
        if r >= self.cutoffs[1] || r < self.cutoffs[0] {
            return None;
        }
        let place = (r - self.cutoffs[0]) / self.spacing;
        // a cast turns NaN into 0
        let interval = (place as usize).min(self.intervals - 1);
        let t = (place - interval as f64) as f32;
        let rate = (1.0 / self.spacing) as f32;
        let s = 1.0 - t;
        let bend = 6.0 * t * s * rate;
        Some(TabulatedPair {
            beads,
            row: 2 * (class * (self.intervals + 1) + interval) as u32,
            value: [
                s * s * (1.0 + 2.0 * t),
                t * s * s,
                t * t * (3.0 - 2.0 * t),
                -t * t * s,
            ],
            slope: [
                -bend,
                s * (1.0 - 3.0 * t) * rate,
                bend,
                t * (3.0 * t - 2.0) * rate,
            ],
        })
    }
}
