//! Histograms on regular grids, and the free energies they stand for.

use crate::error::{Error, Result, check_finite};

/// A regular grid over a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    /// Low edge of the first bin.
    pub low: f64,
    /// High edge of the last bin.
    pub high: f64,
    /// Number of bins.
    pub count: usize,
}

impl Bins {
    /// Bins over a range.
    ///
    /// # Errors
    /// If the ends are not finite and ascending, or there are no bins or more than 10⁶.
    pub fn new(low: f64, high: f64, count: usize) -> Result<Self> {
        let sound = low.is_finite() && high.is_finite() && low < high;
        if !sound || !(1..=1_000_000).contains(&count) {
            return Err(Error::Argument {
                what: "bins",
                expected: "finite ascending ends and 1 to 1000000 bins",
                found: format!("{count} bins over {low}…{high}"),
            });
        }
        Ok(Self { low, high, count })
    }

    /// Bins over the joint range of samples, widened a little so that the ends fall inside.
    ///
    /// # Errors
    /// If there is no value, or one is not finite.
    pub fn spanning(samples: &[&[f64]], count: usize) -> Result<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for sample in samples {
            check_finite("values of a histogram", sample)?;
            for &value in *sample {
                low = low.min(value);
                high = high.max(value);
            }
        }
        let margin = (1e-6 * (high - low))
            .max(1e-9 * high.abs().max(low.abs()))
            .max(1e-12);
        Self::new(low - margin, high + margin, count)
    }

    /// Bins of angles in radians around the whole circle; the first bin starts at −π and angles
    /// beyond ±π are turned back.
    ///
    /// # Errors
    /// As [`Bins::new`].
    pub fn around_the_circle(count: usize) -> Result<Self> {
        Self::new(-std::f64::consts::PI, std::f64::consts::PI, count)
    }

    /// Width of a bin.
    pub fn width(&self) -> f64 {
        (self.high - self.low) / self.count as f64
    }

    /// The bin of a value; beyond the range the bin at that end.
    pub fn index(&self, value: f64) -> usize {
        let place = ((value - self.low) / self.width()).floor();
        place.clamp(0.0, (self.count - 1) as f64) as usize
    }

    /// Centre of a bin.
    pub fn centre(&self, index: usize) -> f64 {
        self.low + (index as f64 + 0.5) * self.width()
    }

    /// The share of a weighted sample in each bin; the shares sum to one. Values beyond the range
    /// count in the bin at that end, so that no mass vanishes.
    ///
    /// # Errors
    /// If the sample is empty, a value is not finite, or weights do not fit.
    pub fn shares(&self, values: &[f64], weights: Option<&[f64]>) -> Result<Vec<f64>> {
        let weights = crate::wasserstein::weights_of(values, weights)?;
        let total: f64 = weights.iter().sum();
        let mut shares = vec![0.0; self.count];
        for (&value, weight) in values.iter().zip(&weights) {
            shares[self.index(value)] += weight / total;
        }
        Ok(shares)
    }
}

/// The share of a weighted cloud in each cell of a grid, row after row along x, the first row at
/// the low end of y.
///
/// # Shapes
/// Out `[y.count][x.count]`.
///
/// # Errors
/// If the cloud is empty, a coordinate is not finite, or weights do not fit.
pub fn histogram_2d(
    x: &Bins,
    y: &Bins,
    cloud: &[[f64; 2]],
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    crate::wasserstein::weights_of(cloud.as_flattened(), None)?;
    let weights = crate::wasserstein::checked_weights(cloud.len(), weights)?;
    let total: f64 = weights.iter().sum();
    let mut shares = vec![0.0; x.count * y.count];
    for (point, weight) in cloud.iter().zip(&weights) {
        shares[y.index(point[1]) * x.count + x.index(point[0])] += weight / total;
    }
    Ok(shares)
}

/// Free energies −ln p in kT, the lowest at zero; NaN where nothing was seen.
///
/// # Examples
/// ```
/// let energies = metrics::histogram::free_energy(&[0.5, 0.25, 0.0]);
/// assert!((energies[1] - 2f64.ln()).abs() < 1e-12 && energies[2].is_nan());
/// ```
pub fn free_energy(shares: &[f64]) -> Vec<f64> {
    let highest = shares.iter().copied().fold(0.0, f64::max);
    let energy = |share: f64| {
        if share > 0.0 {
            (highest / share).ln()
        } else {
            f64::NAN
        }
    };
    shares.iter().map(|&share| energy(share)).collect()
}
