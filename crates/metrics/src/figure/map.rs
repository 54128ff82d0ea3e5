//! Values over a plane: free-energy surfaces, contact maps, landscapes.

use super::canvas::{FINE, Layout, Mark, Plot};
use super::contour::contour_lines;
use super::{Axis, Colour, ColourMap, Figure};
use crate::error::{Error, Result, check_length};
use plotters::element::{PathElement, Rectangle};
use plotters::prelude::Circle;
use plotters::style::{Color, ShapeStyle};

/// A grid of values as filled cells, with contour lines, marked points and paths where asked.
///
/// Rows of the grid run along x, from the low end; the first row is at the low end of y. Cells that
/// are not finite (never visited) stay empty.
///
/// # Shapes
/// Values `[n_y][n_x]`, row after row.
///
/// # Examples
/// ```
/// use metrics::figure::{Axis, HeatMap};
/// let (x, y) = (Axis::new("TIC 1", "").range(-1.0, 1.0), Axis::new("TIC 2", "").range(-1.0, 1.0));
/// let figure = HeatMap::new(x, y, Axis::new("free energy", "kT"), 2, vec![0.0, 1.0, 2.0, f64::NAN])
///     .contours(1.0)
///     .draw()?;
/// assert!(figure.svg().starts_with("<svg"));
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HeatMap {
    x: Axis,
    y: Axis,
    bar: Axis,
    title: String,
    n_x: usize,
    values: Vec<f64>,
    map: ColourMap,
    contours: Option<f64>,
    paths: Vec<Overlay>,
}

#[derive(Clone, Debug)]
struct Overlay {
    name: String,
    points: Vec<(f64, f64)>,
    colour: Colour,
    joined: bool,
}

/// More shades than the eye tells apart; fewer would show as steps, more as larger files.
const SHADES: f64 = 64.0;

impl HeatMap {
    /// A map of `values` with `n_x` columns. Both axes need a range: the outer edges of the grid.
    pub fn new(x: Axis, y: Axis, bar: Axis, n_x: usize, values: Vec<f64>) -> Self {
        Self {
            x,
            y,
            bar,
            title: String::new(),
            n_x,
            values,
            map: ColourMap::Viridis,
            contours: None,
            paths: Vec::new(),
        }
    }

    /// The heading above the map.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The colour map; viridis without this.
    #[must_use]
    pub fn map(mut self, map: ColourMap) -> Self {
        self.map = map;
        self
    }

    /// Draws a contour line at every multiple of `spacing`.
    #[must_use]
    pub fn contours(mut self, spacing: f64) -> Self {
        self.contours = Some(spacing);
        self
    }

    /// Marks points on the map.
    #[must_use]
    pub fn points(
        mut self,
        name: impl Into<String>,
        points: &[(f64, f64)],
        colour: Colour,
    ) -> Self {
        self.paths.push(Overlay {
            name: name.into(),
            points: points.to_vec(),
            colour,
            joined: false,
        });
        self
    }

    /// Draws a path over the map.
    #[must_use]
    pub fn path(mut self, name: impl Into<String>, points: &[(f64, f64)], colour: Colour) -> Self {
        self.paths.push(Overlay {
            name: name.into(),
            points: points.to_vec(),
            colour,
            joined: true,
        });
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// If the values do not fill whole rows, if an axis has no range, if no value is finite, or if
    /// the spacing of the contours is not a positive number.
    pub fn draw(&self) -> Result<Figure> {
        let n_y = self.values.len() / self.n_x.max(1);
        check_length("values of a map", self.n_x * n_y.max(1), self.values.len())?;
        let bar = self.bar.coordinate(self.values.iter().copied(), 0.0)?;
        let x = self.x.coordinate(std::iter::empty(), 0.0)?;
        let y = self.y.coordinate(std::iter::empty(), 0.0)?;
        let edge =
            |low: f64, high: f64, i: usize, n: usize| low + (high - low) * i as f64 / n as f64;
        let x_edges: Vec<f64> = (0..=self.n_x)
            .map(|i| edge(x.low, x.high, i, self.n_x))
            .collect();
        let y_edges: Vec<f64> = (0..=n_y).map(|i| edge(y.low, y.high, i, n_y)).collect();
        let levels = self.levels(bar.low, bar.high)?;
        let named = self.paths.iter().filter(|path| !path.name.is_empty());
        let layout = Layout {
            title: &self.title,
            x: (&self.x, x),
            y: (&self.y, y),
            legend: named
                .map(|path| {
                    let mark = if path.joined { Mark::Line } else { Mark::Dot };
                    (path.name.clone(), path.colour, mark)
                })
                .collect(),
            colour_bar: Some((&self.bar, bar.clone(), self.map)),
            square: true,
            mosaic: true,
        };
        let shade = |value: f64| {
            value
                .is_finite()
                .then(|| (bar.fraction(value).clamp(0.0, 1.0) * SHADES).round() as u32)
        };
        layout.draw(|plot| {
            for row in 0..n_y {
                let shades: Vec<Option<u32>> = self.values[row * self.n_x..(row + 1) * self.n_x]
                    .iter()
                    .map(|&v| shade(v))
                    .collect();
                let (low, high) = (y_edges[row], y_edges[row + 1]);
                let mut column = 0;
                // Neighbours of one shade are drawn as one rectangle.
                for run in shades.chunk_by(|a, b| a == b) {
                    if let Some(shade) = run[0] {
                        let corners = [(x_edges[column], low), (x_edges[column + run.len()], high)];
                        let colour = self.map.at(f64::from(shade) / SHADES).rgb();
                        plot.draw(&Rectangle::new(corners, colour.filled()))?;
                    }
                    column += run.len();
                }
            }
            self.draw_contours(plot, &x_edges, &y_edges, &levels)?;
            self.draw_overlays(plot)
        })
    }

    fn levels(&self, low: f64, high: f64) -> Result<Vec<f64>> {
        let Some(spacing) = self.contours else {
            return Ok(Vec::new());
        };
        let n = (high - low) / spacing;
        if !(spacing > 0.0 && n.is_finite() && n < 200.0) {
            return Err(Error::Argument {
                what: "spacing of contour lines",
                expected: "a positive number that gives fewer than 200 lines",
                found: format!("{spacing}"),
            });
        }
        let first = (low / spacing).floor() as i64 + 1;
        Ok((0..=n as i64)
            .map(|i| (first + i) as f64 * spacing)
            .filter(|&level| level < high)
            .collect())
    }

    fn draw_contours(
        &self,
        plot: &Plot<'_>,
        x_edges: &[f64],
        y_edges: &[f64],
        levels: &[f64],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let centres = |edges: &[f64]| {
            edges
                .windows(2)
                .map(|e| 0.5 * (e[0] + e[1]))
                .collect::<Vec<_>>()
        };
        let (x, y) = (centres(x_edges), centres(y_edges));
        let style: ShapeStyle = plotters::style::WHITE.mix(0.75).stroke_width(FINE as u32);
        for &level in levels {
            for line in contour_lines(&x, &y, &self.values, level) {
                plot.draw(&PathElement::new(line, style))?;
            }
        }
        Ok(())
    }

    fn draw_overlays(
        &self,
        plot: &Plot<'_>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let halo = plotters::style::WHITE;
        for path in &self.paths {
            if path.joined {
                let around = halo.stroke_width(5 * FINE as u32);
                plot.draw(&PathElement::new(path.points.clone(), around))?;
                let style = path.colour.rgb().stroke_width(3 * FINE as u32);
                plot.draw(&PathElement::new(path.points.clone(), style))?;
            } else {
                for &point in &path.points {
                    plot.draw(&Circle::new(point, 5 * FINE, halo.filled()))?;
                    plot.draw(&Circle::new(point, 4 * FINE, path.colour.rgb().filled()))?;
                }
            }
        }
        Ok(())
    }
}
