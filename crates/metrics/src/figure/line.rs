//! Curves over an axis.

use super::canvas::{FINE, Layout, Mark, Plot};
use super::{Axis, Colour, Figure};
use crate::error::{Result, check_length};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::{Color, ShapeStyle};

/// Several curves over one axis: time series, learning curves, implied timescales.
///
/// # Examples
/// ```
/// use metrics::figure::{Axis, LineChart};
/// let figure = LineChart::new(Axis::new("epoch", ""), Axis::new("loss", "nm²").logarithmic())
///     .title("training")
///     .line("training set", &[1.0, 2.0, 3.0], &[1e-1, 1e-2, 5e-3])
///     .draw()?;
/// assert!(figure.svg().contains("training set"));
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LineChart {
    x: Axis,
    y: Axis,
    title: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    band: Option<(Vec<f64>, Vec<f64>)>,
    colour: Colour,
    dashed: bool,
}

impl LineChart {
    /// A chart without curves.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            title: String::new(),
            lines: Vec::new(),
        }
    }

    /// The heading above the chart.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// A curve; where a value is not finite the curve has a gap, and a value alone is a dot. An empty name stays out of the
    /// legend.
    #[must_use]
    pub fn line(mut self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        let colour = Colour::category(self.lines.len());
        self.lines.push(Line {
            name: name.into(),
            x: x.to_vec(),
            y: y.to_vec(),
            band: None,
            colour,
            dashed: false,
        });
        self
    }

    /// Shades from `low` to `high` around the last curve, as for a standard error.
    #[must_use]
    pub fn band(mut self, low: &[f64], high: &[f64]) -> Self {
        if let Some(line) = self.lines.last_mut() {
            line.band = Some((low.to_vec(), high.to_vec()));
        }
        self
    }

    /// Gives the last curve another colour.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> Self {
        if let Some(line) = self.lines.last_mut() {
            line.colour = colour;
        }
        self
    }

    /// Draws the last curve dashed, as for a bound or a baseline.
    #[must_use]
    pub fn dashed(mut self) -> Self {
        if let Some(line) = self.lines.last_mut() {
            line.dashed = true;
        }
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// If a curve has other numbers of x and y, or an axis has neither a range nor a finite value.
    pub fn draw(&self) -> Result<Figure> {
        for line in &self.lines {
            check_length("y of a curve", line.x.len(), line.y.len())?;
            if let Some((low, high)) = &line.band {
                check_length("lower edge of a band", line.x.len(), low.len())?;
                check_length("upper edge of a band", line.x.len(), high.len())?;
            }
        }
        let xs = self.lines.iter().flat_map(|line| line.x.iter().copied());
        let ys = self.lines.iter().flat_map(|line| {
            let band = line
                .band
                .iter()
                .flat_map(|(low, high)| low.iter().chain(high));
            line.y.iter().chain(band).copied()
        });
        let legend = self.lines.iter().filter(|line| !line.name.is_empty());
        let layout = Layout {
            title: &self.title,
            x: (&self.x, self.x.coordinate(xs, 0.0)?),
            y: (&self.y, self.y.coordinate(ys, 0.05)?),
            legend: legend
                .map(|line| {
                    let mark = if line.dashed {
                        Mark::Dashed
                    } else {
                        Mark::Line
                    };
                    (line.name.clone(), line.colour, mark)
                })
                .collect(),
            colour_bar: None,
            square: false,
            mosaic: false,
        };
        layout.draw(|plot| {
            for line in &self.lines {
                draw_band(plot, line)?;
            }
            for line in &self.lines {
                draw_line(plot, line)?;
            }
            Ok(())
        })
    }
}

type Drawn = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn draw_line(plot: &Plot<'_>, line: &Line) -> Drawn {
    let style: ShapeStyle = line.colour.rgb().stroke_width(2 * FINE as u32);
    for run in runs(&line.x, &line.y) {
        let points: Vec<(f64, f64)> = run.map(|i| (line.x[i], line.y[i])).collect();
        if let [alone] = points[..] {
            // A value between two gaps has no line through it.
            plot.draw(&Circle::new(alone, 3 * FINE, line.colour.rgb().filled()))?;
        } else if line.dashed {
            let pieces =
                plotters::element::DashedPathElement::new(points, 7 * FINE, 4 * FINE, style);
            plot.draw(&pieces)?;
        } else {
            plot.draw(&PathElement::new(points, style))?;
        }
    }
    Ok(())
}

fn draw_band(plot: &Plot<'_>, line: &Line) -> Drawn {
    let Some((low, high)) = &line.band else {
        return Ok(());
    };
    let both: Vec<f64> = low.iter().zip(high).map(|(l, h)| l + h).collect();
    for run in runs(&line.x, &both) {
        let forth = run.clone().map(|i| (line.x[i], low[i]));
        let back = run.clone().rev().map(|i| (line.x[i], high[i]));
        let outline: Vec<(f64, f64)> = forth.chain(back).collect();
        plot.draw(&Polygon::new(outline, line.colour.rgb().mix(0.22).filled()))?;
    }
    Ok(())
}

/// Runs of entries where both values are finite.
fn runs(x: &[f64], y: &[f64]) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for index in 0..=x.len() {
        let good = index < x.len() && x[index].is_finite() && y[index].is_finite();
        match (good, start) {
            (true, None) => start = Some(index),
            (false, Some(first)) => {
                runs.push(first..index);
                start = None;
            }
            _ => {}
        }
    }
    runs
}
