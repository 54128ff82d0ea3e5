//! Backbone torsions.

use super::canvas::{FINE, Layout, Mark};
use super::{Axis, Colour, Figure};
use crate::error::{Result, check_length};
use plotters::element::Polygon;
use plotters::prelude::Circle;
use plotters::style::Color;

/// φ against ψ: one set of points per class (favoured, allowed, outlier) or per ensemble.
///
/// # Examples
/// ```
/// use metrics::figure::RamachandranPlot;
/// let figure = RamachandranPlot::new()
///     .residues("helix", &[-1.05], &[-0.79])
///     .draw()?;
/// assert!(figure.svg().contains("φ / degrees"));
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RamachandranPlot {
    title: String,
    sets: Vec<(String, Vec<f64>, Vec<f64>, Colour)>,
    background: Option<(usize, Vec<f64>)>,
}

impl RamachandranPlot {
    /// A plot without residues.
    pub fn new() -> Self {
        Self::default()
    }

    /// The heading above the plot.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Residues by φ and ψ in radians; undefined ones (NaN) are left out.
    #[must_use]
    pub fn residues(mut self, name: impl Into<String>, phi: &[f64], psi: &[f64]) -> Self {
        let colour = Colour::category(self.sets.len());
        self.sets
            .push((name.into(), phi.to_vec(), psi.to_vec(), colour));
        self
    }

    /// Gives the last set another colour.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> Self {
        if let Some(set) = self.sets.last_mut() {
            set.3 = colour;
        }
        self
    }

    /// Shades the plane by how favoured it is: a square grid of levels from 0 (outlier, left blank)
    /// to 1, rows along φ from −180°, the first row at ψ = −180°.
    #[must_use]
    pub fn background(mut self, n_phi: usize, levels: &[f64]) -> Self {
        self.background = Some((n_phi, levels.to_vec()));
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// If a set has other numbers of φ and ψ, or the background is not a square grid.
    pub fn draw(&self) -> Result<Figure> {
        for (_, phi, psi, _) in &self.sets {
            check_length("ψ of residues", phi.len(), psi.len())?;
        }
        if let Some((n, levels)) = &self.background {
            check_length("background of a Ramachandran plot", n * n, levels.len())?;
        }
        let (x, y) = (Axis::angle("φ"), Axis::angle("ψ"));
        let legend = self.sets.iter().filter(|set| !set.0.is_empty());
        let layout = Layout {
            title: &self.title,
            x: (&x, x.coordinate(std::iter::empty(), 0.0)?),
            y: (&y, y.coordinate(std::iter::empty(), 0.0)?),
            legend: legend
                .map(|set| (set.0.clone(), set.3, Mark::Dot))
                .collect(),
            colour_bar: None,
            square: true,
            mosaic: false,
        };
        let n_points: usize = self.sets.iter().map(|set| set.1.len()).sum();
        let radius = if n_points > 2000 {
            6 * FINE / 4
        } else {
            10 * FINE / 4
        };
        layout.draw(|plot| {
            if let Some((n, levels)) = &self.background {
                let edge = |i: usize| std::f64::consts::PI * (2.0 * i as f64 / *n as f64 - 1.0);
                for (cell, &level) in levels.iter().enumerate().filter(|(_, level)| **level > 0.0) {
                    let (x, y) = (cell % n, cell / n);
                    let corners = vec![
                        (edge(x), edge(y)),
                        (edge(x + 1), edge(y)),
                        (edge(x + 1), edge(y + 1)),
                        (edge(x), edge(y + 1)),
                    ];
                    let style = Colour(110, 130, 140)
                        .rgb()
                        .mix(0.35 * level.min(1.0))
                        .filled();
                    plot.draw(&Polygon::new(corners, style))?;
                }
            }
            for (_, phi, psi, colour) in &self.sets {
                for (&phi, &psi) in phi.iter().zip(psi) {
                    if phi.is_finite() && psi.is_finite() {
                        let style = colour.rgb().mix(0.7).filled();
                        plot.draw(&Circle::new((phi, psi), radius, style))?;
                    }
                }
            }
            Ok(())
        })
    }
}
