//! Figures as SVG: text stays text, colours are safe for colour-blind readers, and axes, grid and
//! text follow the colour of the page they stand on, so one figure serves a light page, a dark page
//! and a printer.
//!
//! Every chart is a builder whose `draw` gives a [`Figure`]: the SVG to save, or to put in a
//! [`Report`](crate::report::Report).

mod axis;
mod canvas;
mod colour;
mod contour;
mod line;
mod map;
mod overlay;
mod ramachandran;
mod scatter;
mod structure;

pub use axis::Axis;
pub use colour::{Colour, ColourMap};
pub use line::LineChart;
pub use map::HeatMap;
pub use overlay::HistogramOverlay;
pub use ramachandran::RamachandranPlot;
pub use scatter::Scatter;
pub use structure::StructureOverlay;

/// A drawn figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    title: String,
    caption: String,
    svg: String,
}

impl Figure {
    /// A figure from an SVG element drawn elsewhere; it must be trusted, for it enters reports as
    /// it is.
    pub fn from_svg(title: impl Into<String>, svg: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            caption: String::new(),
            svg: svg.into(),
        }
    }

    /// Adds the sentence that stands below the figure in a report.
    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// The heading.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The sentence below the figure, empty where none was given.
    pub fn caption_text(&self) -> &str {
        &self.caption
    }

    /// The SVG element, complete enough to be a file.
    pub fn svg(&self) -> &str {
        &self.svg
    }
}
