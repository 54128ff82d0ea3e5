//! Tables with a verdict in their cells.

use super::encode::escape;
use std::fmt::Write as _;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Good,
    Bad,
    Faint,
}

impl Cell {
    /// A cell without a verdict.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Plain,
        }
    }

    /// A value as good as it should be: green, with ✓ for those who do not see green.
    pub fn good(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Good,
        }
    }

    /// A value that is not as it should be: red, with ✗.
    pub fn bad(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Bad,
        }
    }

    /// Something that is not there, or of less weight.
    pub fn faint(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Faint,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// A table. The first column names the rows; columns of numbers are aligned to the right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<Cell>>,
    caption: String,
    legend: String,
}

impl Table {
    /// An empty table with these columns.
    pub fn new<T: Into<String>>(columns: impl IntoIterator<Item = T>) -> Self {
        Self {
            header: columns.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Adds a row; cells beyond the columns are shown all the same.
    #[must_use]
    pub fn row<T: Into<Cell>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// The line above the table.
    #[must_use]
    pub fn caption(mut self, text: impl Into<String>) -> Self {
        self.caption = text.into();
        self
    }

    /// The line below the table: what the marks mean.
    #[must_use]
    pub fn legend(mut self, text: impl Into<String>) -> Self {
        self.legend = text.into();
        self
    }

    pub(crate) fn html(&self) -> String {
        let mut html = String::from("<div class=\"table\">\n<table>\n");
        if !self.caption.is_empty() {
            let _ = writeln!(html, "<caption>{}</caption>", escape(&self.caption));
        }
        html.push_str("<thead><tr>");
        for (column, name) in self.header.iter().enumerate() {
            let class = if self.holds_numbers(column) {
                " class=\"number\""
            } else {
                ""
            };
            let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(name));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                html.push_str(&cell_html(cell, column == 0, self.holds_numbers(column)));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n</table>\n");
        if !self.legend.is_empty() {
            let _ = writeln!(html, "<p class=\"legend\">{}</p>", escape(&self.legend));
        }
        html.push_str("</div>\n");
        html
    }

    /// Whether the column is aligned to the right: it holds numbers, and nothing else but dashes and
    /// empty cells.
    fn holds_numbers(&self, column: usize) -> bool {
        let texts = || {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.text.as_str())
        };
        let is_absent = |text: &str| matches!(text, "" | "–" | "-");
        column > 0
            && texts().any(is_number)
            && texts().all(|text| is_number(text) || is_absent(text))
    }
}

fn cell_html(cell: &Cell, names_row: bool, right: bool) -> String {
    let mut classes = Vec::new();
    if right {
        classes.push("number");
    }
    let mark = match cell.tone {
        Tone::Plain => "",
        Tone::Good => {
            classes.push("good");
            "✓ "
        }
        Tone::Bad => {
            classes.push("bad");
            "✗ "
        }
        Tone::Faint => {
            classes.push("faint");
            ""
        }
    };
    let class = if classes.is_empty() {
        String::new()
    } else {
        format!(" class=\"{}\"", classes.join(" "))
    };
    let text = escape(&cell.text);
    if names_row {
        format!("<th scope=\"row\"{class}>{mark}{text}</th>")
    } else {
        format!("<td{class}>{mark}{text}</td>")
    }
}

/// Whether a text is a number, with signs, a power of ten, an error and one unit if it has them: words
/// that start with a digit are not.
fn is_number(text: &str) -> bool {
    let bare = text.trim_start_matches(['-', '−', '+', '<', '>', '±', ' ']);
    bare.starts_with(|c: char| c.is_ascii_digit())
        && bare
            .split_whitespace()
            .filter(|word| !word.contains(|c: char| c.is_ascii_digit()) && *word != "±")
            .count()
            <= 1
        && !bare.contains([',', ':', ';'])
        && bare
            .split_whitespace()
            .all(|word| word.chars().count() <= 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_words() {
        for number in [
            "0",
            "−1.25",
            "0.11 ± 0.02",
            "7.1 %",
            "2.5×10⁻⁴",
            "1.0e-7",
            "12 nm",
        ] {
            assert!(is_number(number), "{number}");
        }
        for words in [
            "",
            "–",
            "none",
            "5AWL and its neighbours",
            "0.97, 0.91",
            "4 of 12 frames came back",
        ] {
            assert!(!is_number(words), "{words}");
        }
    }

    #[test]
    fn a_column_with_words_keeps_to_the_left() {
        let table = Table::new(["setting", "value", "n"])
            .row(["stride", "10", "1"])
            .row(["reference", "a long name of some file", "–"]);
        let html = table.html();
        assert!(html.contains("<td>10</td>"), "{html}");
        assert!(html.contains("<td class=\"number\">1</td>"), "{html}");
        assert!(
            html.contains("<th scope=\"col\" class=\"number\">n</th>"),
            "{html}"
        );
    }
}
