//! What is counted of which beads.

use super::super::convention::Convention;
use super::super::histogram::{Histogram, Measure, Point};
use super::{FittedCurve, Fitter, Groups, TOLERANCE, fit_error};
use crate::Result;

impl Fitter<'_> {
    pub(super) fn groups<const N: usize>(
        &self,
        kind: &str,
        tuples: Vec<[usize; N]>,
        per_type: bool,
    ) -> Groups<N> {
        let mut groups = Groups::new();
        for tuple in tuples {
            let types = tuple.map(|bead| self.beads.types()[bead].as_str());
            let mut reversed = types;
            reversed.reverse();
            let name = if per_type {
                format!("{kind} {}", types.min(reversed).join("-"))
            } else {
                format!("{kind} {}", ["X"; N].join("-"))
            };
            groups.entry(name).or_default().push(tuple);
        }
        groups
    }

    pub(super) fn histogram<const N: usize>(
        &self,
        tuples: &[[usize; N]],
        range: Option<(f64, f64, usize)>,
        value: impl Fn(&[[f64; 3]], [usize; N]) -> f64,
    ) -> Histogram {
        let (low, high, n_bins) = range.unwrap_or_else(|| {
            let (low, high) = self.range(tuples, &value);
            // a coordinate that does not move at all still needs a bin with a width
            (low, high.max(low + 1e-6), self.n_bins(tuples.len()))
        });
        let mut histogram = Histogram::new(low, high, n_bins);
        self.visit(tuples, value, |value, count| histogram.add(value, count));
        histogram
    }

    /// As many bins as have some 25 counts each, within reason.
    pub(super) fn n_bins(&self, n_tuples: usize) -> usize {
        ((self.n_frames * n_tuples as f64 / 25.0) as usize).clamp(8, 60)
    }

    pub(super) fn range<const N: usize>(
        &self,
        tuples: &[[usize; N]],
        value: impl Fn(&[[f64; 3]], [usize; N]) -> f64,
    ) -> (f64, f64) {
        let mut range = (f64::INFINITY, f64::NEG_INFINITY);
        self.visit(tuples, value, |value, _| {
            range = (range.0.min(value), range.1.max(value));
        });
        range
    }

    fn visit<const N: usize>(
        &self,
        tuples: &[[usize; N]],
        value: impl Fn(&[[f64; 3]], [usize; N]) -> f64,
        mut see: impl FnMut(f64, f64),
    ) {
        let mut frame = vec![[0.0; 3]; self.beads.n_beads()];
        let frames = self.positions.chunks_exact(self.beads.n_beads());
        for (index, positions) in frames.enumerate() {
            let count = self.counts.map_or(1.0, |counts| counts[index]);
            for (to, from) in frame.iter_mut().zip(positions) {
                *to = from.map(f64::from);
            }
            for &tuple in tuples {
                see(value(&frame, tuple), count);
            }
        }
    }

    pub(super) fn points(
        &self,
        histogram: &Histogram,
        measure: Measure,
        pseudo_count: Option<f64>,
    ) -> Vec<Point> {
        let mlcg = self.config.convention == Convention::Mlcg;
        let measure = if mlcg { Measure::Flat } else { measure };
        let mut points =
            histogram.free_energy(self.kt, measure, self.config.min_count, pseudo_count);
        if mlcg {
            let area: f64 = points.iter().map(|p| p.free_energy).sum::<f64>() * histogram.width();
            points.retain(|p| p.free_energy.abs() > 1e-4 * area.abs());
        }
        points
    }

    pub(super) fn weights(&self, points: &[Point]) -> Vec<f64> {
        if self.config.convention == Convention::Foldscape {
            // variance of −ln(count), and what the form cannot describe
            let weight = |p: &Point| 1.0 / (1.0 / p.count + TOLERANCE * TOLERANCE);
            return points.iter().map(weight).collect();
        }
        vec![1.0; points.len()]
    }

    pub(super) fn some_counts(&self, name: &str, histogram: &Histogram) -> Result<()> {
        if histogram.total() > 0.0 {
            return Ok(());
        }
        let (low, high) = (histogram.edge(0), histogram.edge(histogram.counts().len()));
        let expected = format!("values from {low:.4} to {high:.4}");
        Err(fit_error(name, &expected, "an empty histogram"))
    }

    pub(super) fn keep(
        &mut self,
        name: &str,
        unit: &str,
        histogram: &Histogram,
        points: &[Point],
        fitted: Vec<f64>,
    ) {
        self.curves.push(FittedCurve {
            name: name.to_owned(),
            unit: unit.to_owned(),
            x: points.iter().map(|p| p.x).collect(),
            free_energy: points.iter().map(|p| p.free_energy).collect(),
            fitted,
            samples: histogram.total(),
        });
    }
}
