//! Traces of structures laid over each other.

use super::canvas::{FINE, TITLE_LINE, below_title, label_attribute, title_lines};
use super::{Colour, Figure};
use crate::error::{Error, Result, check_finite};
use nalgebra::{Matrix3, Vector3};
use plotters::drawing::IntoDrawingArea;
use plotters::element::{PathElement, Text};
use plotters::prelude::SVGBackend;
use plotters::style::{Color, IntoFont, RGBColor};

/// CA (or backbone) traces drawn over each other, seen along the direction in which the first one
/// is thinnest; what is nearer is thicker and more opaque. A bar shows 1 nm.
///
/// Superpose the structures first: positions are drawn as they are.
///
/// # Examples
/// ```
/// use metrics::figure::StructureOverlay;
/// let helix: Vec<[f32; 3]> = (0..12)
///     .map(|i| {
///         let turn = (i as f32) * 100f32.to_radians();
///         [0.23 * turn.cos(), 0.23 * turn.sin(), 0.15 * i as f32]
///     })
///     .collect();
/// let figure = StructureOverlay::new().trace("input", &helix).draw()?;
/// assert!(figure.svg().contains("1 nm"));
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StructureOverlay {
    title: String,
    traces: Vec<Trace>,
}

#[derive(Clone, Debug)]
struct Trace {
    name: String,
    positions: Vec<Vector3<f64>>,
    colour: Colour,
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
/// Room below the traces for the bar that shows 1 nm.
const BAR_SPACE: f64 = 34.0;
/// Pieces of curve between two atoms.
const PIECES: usize = 6;

impl StructureOverlay {
    /// A figure without traces.
    pub fn new() -> Self {
        Self::default()
    }

    /// The heading above the figure.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// A trace through these positions (nm); start another one where a chain ends.
    #[must_use]
    pub fn trace(mut self, name: impl Into<String>, positions: &[[f32; 3]]) -> Self {
        let vector = |p: &[f32; 3]| Vector3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2]));
        self.traces.push(Trace {
            name: name.into(),
            positions: positions.iter().map(vector).collect(),
            colour: Colour::category(self.traces.len()),
        });
        self
    }

    /// Gives the last trace another colour.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> Self {
        if let Some(trace) = self.traces.last_mut() {
            trace.colour = colour;
        }
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// If there is no trace of two atoms, or a position is not finite.
    pub fn draw(&self) -> Result<Figure> {
        for trace in &self.traces {
            for position in &trace.positions {
                check_finite("positions of a trace", position.as_slice())?;
            }
        }
        let first = self.traces.iter().find(|trace| trace.positions.len() >= 2);
        let first = first.ok_or(Error::TooFew {
            what: "positions of a trace",
            needed: 2,
            found: 0,
        })?;
        let view = View::along_thinnest(&first.positions);
        let mut pieces = Vec::new();
        for trace in &self.traces {
            let turned: Vec<Vector3<f64>> = trace.positions.iter().map(|p| view.turn(p)).collect();
            for pair in smooth(&turned).windows(2) {
                pieces.push((pair[0], pair[1], trace.colour));
            }
        }
        self.render(pieces)
    }

    fn render(&self, mut pieces: Vec<(Vector3<f64>, Vector3<f64>, Colour)>) -> Result<Figure> {
        let depth = |piece: &(Vector3<f64>, Vector3<f64>, Colour)| piece.0.z + piece.1.z;
        pieces.sort_by(|a, b| depth(a).total_cmp(&depth(b)));
        let ends = pieces.iter().flat_map(|(a, b, _)| [a, b]);
        let (mut low, mut high) = (Vector3::repeat(f64::MAX), Vector3::repeat(f64::MIN));
        for end in ends {
            low = low.inf(end);
            high = high.sup(end);
        }
        let title = title_lines(&self.title, WIDTH as i32 - 12);
        let top = f64::from(below_title(title.len())) + 27.0;
        let span = (high - low).map(|s| s.max(1e-6));
        let scale = ((WIDTH - 40.0) / span.x).min((HEIGHT - 40.0) / span.y);
        let height = (span.y * scale + 40.0).max(100.0) + top + BAR_SPACE;
        let fine = f64::from(FINE);
        let place = |p: &Vector3<f64>| {
            let x = 0.5 * WIDTH + (p.x - 0.5 * (low.x + high.x)) * scale;
            let y = top + 0.5 * (height - top - BAR_SPACE) - (p.y - 0.5 * (low.y + high.y)) * scale;
            ((x * fine).round() as i32, (y * fine).round() as i32)
        };
        let mut svg = String::new();
        let size = ((WIDTH * fine) as u32, (height * fine) as u32);
        let mut draw = || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            let page = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            for (a, b, colour) in &pieces {
                let near = (0.5 * (a.z + b.z) - low.z) / span.z;
                let width = ((1.6 + 2.6 * near) * fine).round() as u32;
                let style = colour.rgb().mix(0.45 + 0.55 * near).stroke_width(width);
                page.draw(&PathElement::new(vec![place(a), place(b)], style))?;
            }
            self.draw_texts(&page, &title, scale, height)?;
            page.present()?;
            Ok(())
        };
        draw().map_err(Error::Drawing)?;
        let label = label_attribute(&self.title);
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"img\" width=\"{WIDTH}\" \
             height=\"{height:.0}\" viewBox=\"0 0 {} {}\" font-family=\"system-ui,sans-serif\" \
             stroke-linecap=\"round\"{label}>\n",
            size.0, size.1
        );
        let body = svg.find('>').map_or("", |i| svg[i + 1..].trim_start());
        let svg = format!("{head}{body}")
            .replace("#010203", "currentColor")
            .replace(" font-family=\"sans-serif\"", "");
        Ok(Figure::from_svg(&self.title, svg))
    }

    fn draw_texts(
        &self,
        page: &plotters::drawing::DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
        title: &[String],
        scale: f64,
        height: f64,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let ink: RGBColor = super::canvas::ink();
        let font = |size: f64| ("sans-serif", size * 1.24 * f64::from(FINE)).into_font();
        let at = |x: f64, y: f64| ((x * f64::from(FINE)) as i32, (y * f64::from(FINE)) as i32);
        for (index, words) in title.iter().enumerate() {
            let bold = font(14.0)
                .style(plotters::style::FontStyle::Bold)
                .color(&ink);
            let y = 8.0 + f64::from(TITLE_LINE) * index as f64;
            page.draw(&Text::new(words.as_str(), at(12.0, y), bold))?;
        }
        let y = f64::from(below_title(title.len())) + 9.0;
        let mut x = 12.0;
        let mut named: Vec<&str> = Vec::new();
        for trace in self.traces.iter().filter(|trace| !trace.name.is_empty()) {
            if named.contains(&trace.name.as_str()) {
                continue;
            }
            named.push(&trace.name);
            let style = trace.colour.rgb().stroke_width(4 * FINE as u32);
            page.draw(&PathElement::new(vec![at(x, y), at(x + 20.0, y)], style))?;
            page.draw(&Text::new(
                trace.name.as_str(),
                at(x + 26.0, y - 6.0),
                font(12.0).color(&ink),
            ))?;
            x += 42.0 + 6.8 * trace.name.chars().count() as f64;
        }
        let y = height - 14.0;
        let bar = vec![at(12.0, y), at(12.0 + scale, y)];
        page.draw(&PathElement::new(bar, ink.stroke_width(2 * FINE as u32)))?;
        page.draw(&Text::new(
            "1 nm",
            at(12.0, y - 18.0),
            font(12.0).color(&ink),
        ))?;
        Ok(())
    }
}

/// Turns positions so that the widest direction lies along x and the thinnest along the view.
struct View {
    centre: Vector3<f64>,
    axes: Matrix3<f64>,
}

impl View {
    fn along_thinnest(positions: &[Vector3<f64>]) -> Self {
        let centre = positions.iter().sum::<Vector3<f64>>() / positions.len() as f64;
        let moments: Matrix3<f64> = positions
            .iter()
            .map(|p| (p - centre) * (p - centre).transpose())
            .sum();
        let eigen = moments.symmetric_eigen();
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let x = eigen.eigenvectors.column(order[0]).into_owned();
        let y = eigen.eigenvectors.column(order[1]).into_owned();
        // The third axis by the cross product: the view must never show the mirror image.
        let z = x.cross(&y);
        Self {
            centre,
            axes: Matrix3::from_rows(&[x.transpose(), y.transpose(), z.transpose()]),
        }
    }

    fn turn(&self, position: &Vector3<f64>) -> Vector3<f64> {
        self.axes * (position - self.centre)
    }
}

/// A Catmull–Rom curve through the points.
fn smooth(points: &[Vector3<f64>]) -> Vec<Vector3<f64>> {
    let mut curve = Vec::with_capacity(points.len() * PIECES);
    for i in 0..points.len().saturating_sub(1) {
        let before = points[i.saturating_sub(1)];
        let (from, to) = (points[i], points[i + 1]);
        let after = points[(i + 2).min(points.len() - 1)];
        for piece in 0..PIECES {
            let t = piece as f64 / PIECES as f64;
            let (slope_from, slope_to) = (0.5 * (to - before), 0.5 * (after - from));
            let (t2, t3) = (t * t, t * t * t);
            curve.push(
                from * (2.0 * t3 - 3.0 * t2 + 1.0)
                    + slope_from * (t3 - 2.0 * t2 + t)
                    + to * (-2.0 * t3 + 3.0 * t2)
                    + slope_to * (t3 - t2),
            );
        }
    }
    curve.extend(points.last());
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_keeps_handedness() {
        let points = [
            [0.0, 0.0, 0.0],
            [1.0, 0.2, 0.0],
            [0.4, 2.0, 0.1],
            [0.3, 0.5, 3.0],
        ];
        let points: Vec<Vector3<f64>> = points
            .iter()
            .map(|p| Vector3::from_column_slice(p))
            .collect();
        let view = View::along_thinnest(&points);
        assert!((view.axes.determinant() - 1.0).abs() < 1e-12);
    }
}
