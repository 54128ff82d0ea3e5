//! Points in a plane.

use super::canvas::{FINE, Layout, Mark};
use super::{Axis, Colour, ColourMap, Figure};
use crate::error::{Result, check_length};
use plotters::prelude::Circle;
use plotters::style::Color;

/// Points in a plane, in one colour per set or coloured by a value with a colour bar.
///
/// # Examples
/// ```
/// use metrics::figure::{Axis, Scatter};
/// let figure = Scatter::new(Axis::new("latent x", ""), Axis::new("latent y", ""))
///     .coloured("frames", &[0.0, 1.0], &[1.0, 0.0], &[0.12, 0.31], Axis::new("RMSD", "nm"))
///     .draw()?;
/// assert!(figure.svg().contains("RMSD / nm"));
/// # Ok::<(), metrics::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scatter {
    x: Axis,
    y: Axis,
    title: String,
    sets: Vec<Points>,
    bar: Option<Axis>,
    map: ColourMap,
    square: bool,
    radius: f64,
}

#[derive(Clone, Debug)]
struct Points {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    values: Option<Vec<f64>>,
    colour: Colour,
}

impl Scatter {
    /// A chart without points.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            title: String::new(),
            sets: Vec::new(),
            bar: None,
            map: ColourMap::Viridis,
            square: false,
            radius: 2.5,
        }
    }

    /// The heading above the chart.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Points of one colour; an empty name stays out of the legend.
    #[must_use]
    pub fn points(mut self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        self.sets.push(Points {
            name: name.into(),
            x: x.to_vec(),
            y: y.to_vec(),
            values: None,
            colour: Colour::category(self.sets.len()),
        });
        self
    }

    /// Points coloured by a value; the bar's axis says what it is. Points whose value is not
    /// finite are grey.
    #[must_use]
    pub fn coloured(
        mut self,
        name: impl Into<String>,
        x: &[f64],
        y: &[f64],
        values: &[f64],
        bar: Axis,
    ) -> Self {
        self = self.points(name, x, y);
        if let Some(set) = self.sets.last_mut() {
            set.values = Some(values.to_vec());
        }
        self.bar = Some(bar);
        self
    }

    /// Gives the last set of points another colour.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> Self {
        if let Some(set) = self.sets.last_mut() {
            set.colour = colour;
        }
        self
    }

    /// The colour map of the bar; viridis without this.
    #[must_use]
    pub fn map(mut self, map: ColourMap) -> Self {
        self.map = map;
        self
    }

    /// Makes the plotting area square.
    #[must_use]
    pub fn square(mut self) -> Self {
        self.square = true;
        self
    }

    /// Radius of the points in pixels; 2.5 without this.
    #[must_use]
    pub fn radius(mut self, pixels: f64) -> Self {
        self.radius = pixels;
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// If a set has other numbers of x, y and values, or an axis has neither a range nor a finite
    /// value.
    pub fn draw(&self) -> Result<Figure> {
        for set in &self.sets {
            check_length("y of points", set.x.len(), set.y.len())?;
            if let Some(values) = &set.values {
                check_length("values of points", set.x.len(), values.len())?;
            }
        }
        let values = self.sets.iter().filter_map(|set| set.values.as_ref());
        let colour_bar = match &self.bar {
            None => None,
            Some(axis) => {
                let coordinate = axis.coordinate(values.flatten().copied(), 0.0)?;
                Some((axis, coordinate, self.map))
            }
        };
        let scale = colour_bar
            .as_ref()
            .map(|(_, coordinate, _)| coordinate.clone());
        let xs = self.sets.iter().flat_map(|set| set.x.iter().copied());
        let ys = self.sets.iter().flat_map(|set| set.y.iter().copied());
        let named = self
            .sets
            .iter()
            .filter(|set| !set.name.is_empty() && set.values.is_none());
        let layout = Layout {
            title: &self.title,
            x: (&self.x, self.x.coordinate(xs, 0.04)?),
            y: (&self.y, self.y.coordinate(ys, 0.04)?),
            legend: named
                .map(|set| (set.name.clone(), set.colour, Mark::Dot))
                .collect(),
            colour_bar,
            square: self.square,
            mosaic: false,
        };
        let radius = (self.radius * f64::from(FINE)).round().max(1.0) as i32;
        let figure = layout.draw(|plot| {
            for set in &self.sets {
                for i in 0..set.x.len() {
                    if !(set.x[i].is_finite() && set.y[i].is_finite()) {
                        continue;
                    }
                    let colour = match (&set.values, &scale) {
                        (Some(values), Some(scale)) if values[i].is_finite() => {
                            self.map.at(scale.fraction(values[i]))
                        }
                        (Some(_), _) => Colour(150, 150, 150),
                        (None, _) => set.colour,
                    };
                    let style = colour.rgb().mix(0.8).filled();
                    plot.draw(&Circle::new((set.x[i], set.y[i]), radius, style))?;
                }
            }
            Ok(())
        })?;
        // The dark end of a colour map would vanish on a dark page without an outline.
        let outline = "stroke=\"currentColor\" stroke-opacity=\"0.45\" stroke-width=\"2\"";
        let plain = "stroke=\"none\" stroke-width=\"1\"";
        Ok(Figure::from_svg(
            figure.title(),
            figure.svg().replace(plain, outline),
        ))
    }
}
