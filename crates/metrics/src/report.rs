//! A report in one HTML file: it needs no network, prints, and follows the reader's light or dark
//! setting.
//!
//! ```
//! use metrics::figure::{Axis, LineChart};
//! use metrics::report::{Cell, Report, Table};
//!
//! let loss = LineChart::new(Axis::new("epoch", ""), Axis::new("loss", "nm²").logarithmic())
//!     .title("Training")
//!     .line("training set", &[1.0, 2.0, 3.0], &[1e-1, 2e-2, 8e-3])
//!     .line("validation set", &[1.0, 2.0, 3.0], &[1e-1, 3e-2, 2e-2])
//!     .draw()?
//!     .caption("Both losses fall; they part after the second epoch.");
//!
//! let mut report = Report::new("Conformations of MurD");
//! report.subtitle("two states, 100 frames of 437 residues");
//! report.summary(
//!     Table::new(["quantity", "value", "baseline"])
//!         .row([Cell::text("RMSD / nm"), Cell::good("0.08"), Cell::text("0.10")])
//!         .row([Cell::text("outliers / %"), Cell::bad("7.1"), Cell::text("0.4")])
//!         .legend("✓ within the baseline, ✗ beyond it"),
//! );
//! let section = report.section("Training");
//! section.text("The autoencoder was trained for three epochs.");
//! section.figures([loss]);
//! section.details("Settings", |inner| {
//!     inner.text("batch 8, learning rate 0.001");
//! });
//! section.download("loss.csv", "text/csv", b"epoch,loss\n1,0.1\n");
//! let html = report.to_html();
//! assert!(html.starts_with("<!doctype html>"));
//! # Ok::<(), metrics::Error>(())
//! ```

mod encode;
mod section;
mod table;

pub use section::Section;
pub use table::{Cell, Table};

pub(crate) use encode::escape;

use crate::error::{Error, Result};
use std::fmt::Write as _;
use std::path::Path;

const STYLE: &str = include_str!("report/style.css");

/// A report under construction.
#[derive(Clone, Debug, Default)]
pub struct Report {
    title: String,
    subtitle: String,
    summary: Section,
    sections: Vec<(String, Section)>,
}

impl Report {
    /// An empty report.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// The line below the title: what was compared, when, with which program.
    pub fn subtitle(&mut self, text: impl Into<String>) -> &mut Self {
        self.subtitle = text.into();
        self
    }

    /// Adds a table above all sections.
    pub fn summary(&mut self, table: Table) -> &mut Self {
        self.summary.table(table);
        self
    }

    /// What stands above all sections, to add text or figures to.
    pub fn opening(&mut self) -> &mut Section {
        &mut self.summary
    }

    /// Starts a section; what it returns takes its content.
    pub fn section(&mut self, title: impl Into<String>) -> &mut Section {
        self.sections.push((title.into(), Section::default()));
        let last = self.sections.len() - 1;
        &mut self.sections[last].1
    }

    /// Appends the sections of another report, its opening as a section under its title.
    pub fn append(&mut self, other: Self) -> &mut Self {
        if !other.summary.is_empty() {
            self.sections.push((other.title, other.summary));
        }
        self.sections.extend(other.sections);
        self
    }

    /// The whole document.
    pub fn to_html(&self) -> String {
        let title = escape(&self.title);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
        );
        if !self.subtitle.is_empty() {
            let _ = writeln!(html, "<p class=\"subtitle\">{}</p>", escape(&self.subtitle));
        }
        html.push_str("</header>\n");
        if self.sections.len() > 2 {
            html.push_str("<nav aria-label=\"Sections\">");
            for (index, (name, _)) in self.sections.iter().enumerate() {
                let _ = write!(html, "<a href=\"#section-{index}\">{}</a>", escape(name));
            }
            html.push_str("</nav>\n");
        }
        html.push_str("<main>\n");
        if !self.summary.is_empty() {
            let _ = writeln!(
                html,
                "<section class=\"summary\">\n{}</section>",
                self.summary.html()
            );
        }
        for (index, (name, section)) in self.sections.iter().enumerate() {
            let _ = writeln!(
                html,
                "<section id=\"section-{index}\">\n<h2>{}</h2>\n{}</section>",
                escape(name),
                section.html()
            );
        }
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }

    /// Writes the document to a file.
    ///
    /// # Errors
    /// [`Error::Io`] with the file's name.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        std::fs::write(path, self.to_html()).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })
    }
}
