//! The figures of a campaign's report.

use anyhow::Result;
use metrics::figure::{
    Axis, Colour, Figure, HeatMap, HistogramOverlay, LineChart, StructureOverlay,
};
use metrics::histogram::{Bins, free_energy, histogram_2d};

const MAP_BINS: usize = 40;

/// A measure from round to round.
pub(super) struct Curve {
    pub(super) title: String,
    /// Round, value, standard error.
    pub(super) points: Vec<(f64, f64, f64)>,
    pub(super) baseline: Option<f64>,
}

impl Curve {
    pub(super) fn draw(&self) -> Result<Figure> {
        let column = |of: &dyn Fn(&(f64, f64, f64)) -> f64| -> Vec<f64> {
            self.points.iter().map(of).collect()
        };
        let rounds = column(&|p| p.0);
        let last = rounds.last().copied().unwrap_or(0.0).max(1.0);
        let (low, high) = (column(&|p| (p.1 - p.2).max(0.0)), column(&|p| p.1 + p.2));
        let most = high
            .iter()
            .copied()
            .chain(self.baseline)
            .fold(0.0, f64::max);
        let mut chart = LineChart::new(
            Axis::new("round", "").range(0.0, last),
            Axis::new(self.title.clone(), "").range(0.0, (1.1 * most).max(1e-9)),
        )
        .title(self.title.clone())
        .line("model", &rounds, &column(&|p| p.1))
        .band(&low, &high);
        if let Some(baseline) = self.baseline {
            chart = chart
                .line("halves of the reference", &[0.0, last], &[baseline; 2])
                .dashed();
        }
        Ok(chart.draw()?)
    }
}

/// Frames in the plane of two slow coordinates.
pub(super) struct Cloud {
    pub(super) title: String,
    pub(super) frames: Vec<[f64; 2]>,
    pub(super) marks: Vec<[f64; 2]>,
}

/// Free-energy maps on one grid and one scale.
pub(super) fn maps(clouds: &[Cloud]) -> Result<Vec<Figure>> {
    let axis = |axis: usize| -> Result<Bins> {
        let mut values: Vec<f64> = Vec::new();
        for cloud in clouds {
            let mut own: Vec<f64> = cloud.frames.iter().map(|p| p[axis]).collect();
            own.sort_by(f64::total_cmp);
            // one frame far off must not shrink the map to a dot; it is counted in the last cell
            let at = |q: f64| own[(q * (own.len() - 1) as f64).round() as usize];
            if !own.is_empty() {
                values.extend([at(0.002), at(0.998)]);
            }
        }
        let inner = Bins::spanning(&[&values], MAP_BINS)?;
        let margin = 0.05 * (inner.high - inner.low);
        Ok(Bins::new(
            inner.low - margin,
            inner.high + margin,
            MAP_BINS,
        )?)
    };
    let (x, y) = (axis(0)?, axis(1)?);
    let mut energies = Vec::new();
    for cloud in clouds {
        energies.push(free_energy(&histogram_2d(&x, &y, &cloud.frames, None)?));
    }
    let finite = energies.iter().flatten().copied().filter(|e| e.is_finite());
    let highest = finite.fold(1.0, f64::max);
    let mut drawn = Vec::new();
    for (cloud, energies) in clouds.iter().zip(energies) {
        let mut map = HeatMap::new(
            Axis::new("TIC 1", "").range(x.low, x.high),
            Axis::new("TIC 2", "").range(y.low, y.high),
            Axis::new("free energy", "kT").range(0.0, highest),
            MAP_BINS,
            energies,
        )
        .title(cloud.title.clone());
        let inside = |bins: &Bins, value: f64| value > bins.low && value < bins.high;
        let marks: Vec<(f64, f64)> = cloud
            .marks
            .iter()
            .filter(|p| inside(&x, p[0]) && inside(&y, p[1]))
            .map(|p| (p[0], p[1]))
            .collect();
        if !marks.is_empty() {
            map = map.points(
                "chosen before this round's training",
                &marks,
                Colour::category(1),
            );
        }
        drawn.push(map.draw()?);
    }
    Ok(drawn)
}

/// Distances (nm) as densities.
pub(super) fn histogram(title: &str, axis: &str, samples: &[(String, Vec<f64>)]) -> Result<Figure> {
    let most = samples
        .iter()
        .flat_map(|s| s.1.iter().copied())
        .fold(0.1, f64::max);
    let mut chart = HistogramOverlay::new(Axis::new(axis, "nm").range(0.0, most), 50).title(title);
    for (name, values) in samples {
        chart = chart.sample(name.clone(), values, None);
    }
    Ok(chart.draw()?)
}

/// A chosen frame over the native structure.
pub(super) fn structure(
    index: usize,
    positions: &[[f32; 3]],
    native: Option<&[[f32; 3]]>,
) -> Result<Figure> {
    let mut drawn = StructureOverlay::new();
    let mut moved = positions.to_vec();
    let mut caption = String::new();
    if let Some(native) = native {
        let superposed = molio::superpose(positions, native, None)?;
        superposed.apply(&mut moved);
        caption = format!("{:.2} nm from the native structure", superposed.rmsd);
        drawn = drawn.trace("native", native).colour(Colour(150, 150, 150));
    }
    let figure = drawn
        .title(format!("Choice {}", index + 1))
        .trace("chosen", &moved)
        .colour(Colour::category(1))
        .draw()?;
    Ok(figure.caption(caption))
}
