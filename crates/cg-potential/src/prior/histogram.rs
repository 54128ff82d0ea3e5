//! Histograms, and free energies from them.

/// Counts of a quantity in equal bins, in frames.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    low: f64,
    width: f64,
    counts: Vec<f64>,
}

/// What the volume of a bin is: the Jacobian of the quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// Equal volumes.
    Flat,
    /// Spherical shells, (4π/3)(r₂³ − r₁³).
    Shell,
    /// Bands of a sphere, cos θ₁ − cos θ₂.
    Band,
}

/// The free energy of one bin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// The bin's centre.
    pub(super) x: f64,
    /// −kT ln(counts/volume), the least being 0.
    pub(super) free_energy: f64,
    /// What was counted, at least the pseudo-count.
    pub(super) count: f64,
}

impl Histogram {
    pub(super) fn new(low: f64, high: f64, n_bins: usize) -> Self {
        Self {
            low,
            width: (high - low) / n_bins as f64,
            counts: vec![0.0; n_bins],
        }
    }

    /// Counts a value as `count` values, unless it is outside the range.
    pub(super) fn add(&mut self, value: f64, count: f64) {
        let bin = ((value - self.low) / self.width).floor();
        let last = self.counts.len() - 1;
        if bin >= 0.0 && bin <= last as f64 {
            self.counts[bin as usize] += count;
        } else if bin == last as f64 + 1.0 && value <= self.edge(last + 1) {
            // the largest value of the data, on the upper edge
            self.counts[last] += count;
        }
    }

    pub(super) fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    pub(super) fn edge(&self, bin: usize) -> f64 {
        self.low + self.width * bin as f64
    }

    pub(super) fn width(&self) -> f64 {
        self.width
    }

    pub(super) fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// Free energies of the bins with at least `min_count` counts; with a pseudo-count, of all bins.
    pub(super) fn free_energy(
        &self,
        kt: f64,
        measure: Measure,
        min_count: u64,
        pseudo_count: Option<f64>,
    ) -> Vec<Point> {
        let mut points = Vec::new();
        for (bin, &count) in self.counts.iter().enumerate() {
            let count = match pseudo_count {
                Some(pseudo) => count + pseudo,
                None if count > 0.0 && count >= min_count as f64 => count,
                None => continue,
            };
            let (from, to) = (self.edge(bin), self.edge(bin + 1));
            let volume = match measure {
                Measure::Flat => 1.0,
                Measure::Shell => to.powi(3) - from.max(0.0).powi(3),
                Measure::Band => from.cos() - to.cos(),
            };
            points.push(Point {
                x: 0.5 * (from + to),
                free_energy: -kt * (count / volume).ln(),
                count,
            });
        }
        let least = points.iter().map(|p| p.free_energy).reduce(f64::min);
        for point in &mut points {
            point.free_energy -= least.unwrap_or(0.0);
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_bins() {
        let mut histogram = Histogram::new(1.0, 2.0, 4);
        for value in [0.99, 1.0, 1.24, 1.25, 1.99, 2.0, 2.01, f64::NAN] {
            histogram.add(value, 1.0);
        }
        assert_eq!(histogram.counts(), [2.0, 1.0, 0.0, 2.0]);
        histogram.add(1.3, 0.25);
        assert_eq!(histogram.counts(), [2.0, 1.25, 0.0, 2.0]);
    }

    #[test]
    fn free_energies_know_the_volume_of_bins() {
        let mut histogram = Histogram::new(0.0, 2.0, 2);
        // shells of volume 1 and 7: equal densities
        for value in [0.5, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7] {
            histogram.add(value, 1.0);
        }
        let points = histogram.free_energy(2.5, Measure::Shell, 1, None);
        assert!(points.iter().all(|p| p.free_energy.abs() < 1e-12));
        let flat = histogram.free_energy(2.5, Measure::Flat, 1, None);
        assert!((flat[0].free_energy - 2.5 * 7.0_f64.ln()).abs() < 1e-12);
        assert_eq!(histogram.free_energy(2.5, Measure::Flat, 2, None).len(), 1);
    }
}
