//! What a section holds.

use super::encode::{base64, escape};
use super::table::Table;
use crate::figure::Figure;
use std::fmt::Write as _;

/// The content of a section, in reading order.
#[derive(Clone, Debug, Default)]
pub struct Section {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
enum Block {
    Text(String),
    Heading(String),
    Table(Table),
    Figures(Vec<Figure>),
    Details(String, Section),
    Download(String, String, Vec<u8>),
}

impl Section {
    /// A paragraph.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// A heading below that of the section.
    pub fn heading(&mut self, text: impl Into<String>) -> &mut Self {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    /// A table.
    pub fn table(&mut self, table: Table) -> &mut Self {
        self.blocks.push(Block::Table(table));
        self
    }

    /// One figure.
    pub fn figure(&mut self, figure: Figure) -> &mut Self {
        self.figures([figure])
    }

    /// Figures side by side, as far as the page is wide.
    pub fn figures(&mut self, figures: impl IntoIterator<Item = Figure>) -> &mut Self {
        self.blocks
            .push(Block::Figures(figures.into_iter().collect()));
        self
    }

    /// Content that stays folded until the reader opens it; printed in full.
    pub fn details(&mut self, title: impl Into<String>, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        fill(&mut inner);
        self.blocks.push(Block::Details(title.into(), inner));
        self
    }

    /// A link that saves this data, which travels inside the report.
    pub fn download(
        &mut self,
        file_name: impl Into<String>,
        media_type: impl Into<String>,
        data: impl Into<Vec<u8>>,
    ) -> &mut Self {
        self.blocks.push(Block::Download(
            file_name.into(),
            media_type.into(),
            data.into(),
        ));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(crate) fn html(&self) -> String {
        let mut html = String::new();
        for block in &self.blocks {
            match block {
                Block::Text(text) => {
                    let _ = writeln!(html, "<p>{}</p>", escape(text));
                }
                Block::Heading(text) => {
                    let _ = writeln!(html, "<h3>{}</h3>", escape(text));
                }
                Block::Table(table) => html.push_str(&table.html()),
                Block::Figures(figures) => html.push_str(&figures_html(figures)),
                Block::Details(title, inner) => {
                    let _ = writeln!(
                        html,
                        "<details>\n<summary>{}</summary>\n{}</details>",
                        escape(title),
                        inner.html()
                    );
                }
                Block::Download(name, media_type, data) => {
                    let name = escape(name);
                    let _ = writeln!(
                        html,
                        "<p class=\"download\"><a download=\"{name}\" href=\"data:{};base64,{}\">{name}</a></p>",
                        escape(media_type),
                        base64(data)
                    );
                }
            }
        }
        html
    }
}

fn figures_html(figures: &[Figure]) -> String {
    let mut html = String::from("<div class=\"figures\">\n");
    for figure in figures {
        let _ = write!(html, "<figure>\n{}", figure.svg());
        if !figure.caption_text().is_empty() {
            let _ = writeln!(
                html,
                "<figcaption>{}</figcaption>",
                escape(figure.caption_text())
            );
        }
        html.push_str("</figure>\n");
    }
    html.push_str("</div>\n");
    html
}
