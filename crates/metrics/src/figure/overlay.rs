//! Distributions over one axis.

use super::canvas::{FINE, Layout, Mark};
use super::{Axis, Colour, Figure};
use crate::error::{Error, Result, check_length};
use plotters::element::{PathElement, Polygon};
use plotters::style::Color;

/// Histograms of several samples over one axis, as densities, so that samples of any size compare.
///
/// # Examples
/// ```
/// use metrics::figure::{Axis, HistogramOverlay};
/// let figure = HistogramOverlay::new(Axis::new("Rg", "nm").range(0.0, 1.0), 20)
///     .sample("reference", &[0.40, 0.45, 0.5], None)
///     .sample("model", &[0.5, 0.55], None)
///     .draw()?;
/// assert!(figure.svg().contains("density"));
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HistogramOverlay {
    x: Axis,
    n_bins: usize,
    title: String,
    samples: Vec<Sample>,
}

#[derive(Clone, Debug)]
struct Sample {
    name: String,
    values: Vec<f64>,
    weights: Option<Vec<f64>>,
    colour: Colour,
}

impl HistogramOverlay {
    /// A chart without samples, with this many bins over the axis' range (that of all samples, if
    /// it has none). Values beyond a range given by hand count in the bin at that end, so that no
    /// mass vanishes.
    pub fn new(x: Axis, n_bins: usize) -> Self {
        Self {
            x,
            n_bins,
            title: String::new(),
            samples: Vec::new(),
        }
    }

    /// The heading above the chart.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// A sample, weighted where weights are given; values that are not finite are left out.
    #[must_use]
    pub fn sample(
        mut self,
        name: impl Into<String>,
        values: &[f64],
        weights: Option<&[f64]>,
    ) -> Self {
        self.samples.push(Sample {
            name: name.into(),
            values: values.to_vec(),
            weights: weights.map(<[f64]>::to_vec),
            colour: Colour::category(self.samples.len()),
        });
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// If there are no bins (or more than 10,000), no finite values, or other numbers of weights
    /// than of values.
    pub fn draw(&self) -> Result<Figure> {
        if !(1..=10_000).contains(&self.n_bins) {
            return Err(Error::Argument {
                what: "number of bins",
                expected: "1 to 10000",
                found: self.n_bins.to_string(),
            });
        }
        let values = self.samples.iter().flat_map(|s| s.values.iter().copied());
        let x = self.x.coordinate(values, 0.02)?;
        let mut densities = Vec::new();
        for sample in &self.samples {
            densities.push(sample.density(x.low, x.high, self.n_bins)?);
        }
        let width = (x.high - x.low) / self.n_bins as f64;
        let per = Axis::new("density", "");
        let highest = densities.iter().flatten().copied().fold(0.0, f64::max);
        let y = per
            .clone()
            .range(0.0, if highest > 0.0 { 1.06 * highest } else { 1.0 })
            .coordinate(std::iter::empty(), 0.0)?;
        let low = x.low;
        let legend = self.samples.iter().filter(|s| !s.name.is_empty());
        let layout = Layout {
            title: &self.title,
            x: (&self.x, x),
            y: (&per, y),
            legend: legend
                .map(|s| (s.name.clone(), s.colour, Mark::Area))
                .collect(),
            colour_bar: None,
            square: false,
            mosaic: false,
        };
        layout.draw(|plot| {
            for (sample, density) in self.samples.iter().zip(&densities) {
                let steps: Vec<(f64, f64)> = density
                    .iter()
                    .enumerate()
                    .flat_map(|(bin, &d)| {
                        let edge = |i: usize| low + width * i as f64;
                        [(edge(bin), d), (edge(bin + 1), d)]
                    })
                    .collect();
                let mut area = steps.clone();
                area.push((low + width * self.n_bins as f64, 0.0));
                area.push((low, 0.0));
                plot.draw(&Polygon::new(area, sample.colour.rgb().mix(0.22).filled()))?;
                let style = sample.colour.rgb().stroke_width(2 * FINE as u32);
                plot.draw(&PathElement::new(steps, style))?;
            }
            Ok(())
        })
    }
}

impl Sample {
    fn density(&self, low: f64, high: f64, n_bins: usize) -> Result<Vec<f64>> {
        if let Some(weights) = &self.weights {
            check_length("weights of a sample", self.values.len(), weights.len())?;
        }
        let mut counts = vec![0.0; n_bins];
        for (i, &value) in self.values.iter().enumerate() {
            if value.is_finite() {
                let bin = ((value - low) / (high - low) * n_bins as f64).floor();
                let bin = bin.clamp(0.0, (n_bins - 1) as f64) as usize;
                counts[bin] += self.weights.as_ref().map_or(1.0, |w| w[i]);
            }
        }
        let total: f64 = counts.iter().sum::<f64>() * (high - low) / n_bins as f64;
        if total > 0.0 {
            counts.iter_mut().for_each(|c| *c /= total);
        }
        Ok(counts)
    }
}
