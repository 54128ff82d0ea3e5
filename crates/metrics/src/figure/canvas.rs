//! The frame that all charts share: axes, grid, legend, colour bar, and a clipped plotting area.

use super::{Axis, Colour, ColourMap, Figure, axis::Coordinate};
use crate::error::{Error, Result};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::{Circle, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

/// plotters places everything at whole pixels; drawing four times too large and letting the view
/// box shrink it keeps lines smooth.
pub(crate) const FINE: i32 = 4;

/// Stands for the page's text colour until the document is put together.
const INK: RGBColor = RGBColor(1, 2, 3);

/// The plotting area, in data coordinates, clipped.
pub(crate) type Plot<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<Coordinate, Coordinate>>;
type Page<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// How a legend shows one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Line,
    Dashed,
    Area,
    Dot,
}

/// What a chart puts around its plotting area.
pub(crate) struct Layout<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: (&'a Axis, Coordinate),
    pub(crate) y: (&'a Axis, Coordinate),
    pub(crate) legend: Vec<(String, Colour, Mark)>,
    pub(crate) colour_bar: Option<(&'a Axis, Coordinate, ColourMap)>,
    /// Whether the plotting area is a square.
    pub(crate) square: bool,
    /// Whether the body is a mosaic of rectangles that must not show seams.
    pub(crate) mosaic: bool,
}

const WIDTH: i32 = 520;
const PLOT_HEIGHT: i32 = 300;
const SQUARE: i32 = 360;
const LEFT: i32 = 76;
const RIGHT: i32 = 16;
const BAR: i32 = 84;
const BOTTOM: i32 = 50;
const TITLE: i32 = 28;
pub(crate) const TITLE_LINE: i32 = 19;
const LEGEND_ROW: i32 = 20;

impl Layout<'_> {
    /// Draws the frame, lets `body` draw into the plotting area, and makes the figure of both.
    pub(crate) fn draw(
        self,
        body: impl FnOnce(&Plot<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<Figure> {
        let right = if self.colour_bar.is_some() {
            BAR
        } else {
            RIGHT
        };
        let plot_width = if self.square {
            SQUARE
        } else {
            WIDTH - LEFT - right
        };
        let plot_height = if self.square { SQUARE } else { PLOT_HEIGHT };
        let width = LEFT + plot_width + right;
        let rows = legend_rows(&self.legend, width - LEFT);
        let title = title_lines(self.title, width - LEFT);
        let top = below_title(title.len()) + rows.len() as i32 * LEGEND_ROW;
        let height = top + plot_height + BOTTOM;

        let mut frame = String::new();
        {
            let size = ((width * FINE) as u32, (height * FINE) as u32);
            let page = SVGBackend::with_string(&mut frame, size).into_drawing_area();
            self.decorate(&page, [LEFT, top, plot_width, plot_height], &rows, &title)
                .map_err(drawing)?;
            page.present().map_err(drawing)?;
        }
        let mut inside = String::new();
        {
            let (w, h) = (plot_width * FINE, plot_height * FINE);
            let page = SVGBackend::with_string(&mut inside, (w as u32, h as u32));
            let area = page.into_drawing_area().apply_coord_spec(Cartesian2d::<
                Coordinate,
                Coordinate,
            >::new(
                self.x.1.clone(),
                self.y.1.clone(),
                (0..w, h..0),
            ));
            body(&area).map_err(Error::Drawing)?;
            area.present().map_err(drawing)?;
        }
        let rendering = if self.mosaic {
            " shape-rendering=\"crispEdges\""
        } else {
            ""
        };
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"img\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
             font-family=\"system-ui,sans-serif\"{}>\n{}<svg x=\"{}\" y=\"{}\" width=\"{}\" \
             height=\"{}\"{rendering}>\n{}</svg>\n{}</svg>\n",
            width * FINE,
            height * FINE,
            label_attribute(self.title),
            content(&frame).replace("#010203", "currentColor"),
            LEFT * FINE,
            top * FINE,
            plot_width * FINE,
            plot_height * FINE,
            content(&inside).replace("#010203", "currentColor"),
            outline([LEFT, top, plot_width, plot_height]),
        );
        Ok(Figure::from_svg(
            self.title,
            svg.replace(" font-family=\"sans-serif\"", ""),
        ))
    }

    fn decorate(
        &self,
        page: &Page<'_>,
        plot: [i32; 4],
        rows: &[Vec<usize>],
        title: &[String],
    ) -> Result<(), DrawingFailure> {
        let [left, top, width, height] = plot;
        let grid = faint(0.13);
        for &tick in self.x.1.ticks() {
            let x = left * FINE + self.x.1.map_to(tick, width * FINE);
            line(page, [x, top * FINE], [x, (top + height) * FINE], grid)?;
            text(
                page,
                &self.x.1.format(tick),
                [x, (top + height + 7) * FINE],
                12,
                Anchor::Below,
            )?;
        }
        for &tick in self.y.1.ticks() {
            let y = (top + height) * FINE - self.y.1.map_to(tick, height * FINE);
            line(page, [left * FINE, y], [(left + width) * FINE, y], grid)?;
            text(
                page,
                &self.y.1.format(tick),
                [(left - 7) * FINE, y],
                12,
                Anchor::Before,
            )?;
        }
        let middle = (left + width / 2) * FINE;
        text(
            page,
            &self.x.0.text(),
            [middle, (top + height + 28) * FINE],
            13,
            Anchor::Below,
        )?;
        let middle = (top + height / 2) * FINE;
        text(
            page,
            &self.y.0.text(),
            [6 * FINE, middle],
            13,
            Anchor::Upright,
        )?;
        for (index, words) in title.iter().enumerate() {
            let y = 7 + index as i32 * TITLE_LINE;
            text(page, words, [left * FINE, y * FINE], 14, Anchor::Title)?;
        }
        self.draw_legend(page, [left, below_title(title.len())], rows)?;
        if let Some((axis, coordinate, map)) = &self.colour_bar {
            draw_colour_bar(
                page,
                [left + width + 12, top, height],
                axis,
                coordinate,
                *map,
            )?;
        }
        Ok(())
    }

    fn draw_legend(
        &self,
        page: &Page<'_>,
        [left, first]: [i32; 2],
        rows: &[Vec<usize>],
    ) -> Result<(), DrawingFailure> {
        for (row, entries) in rows.iter().enumerate() {
            let y = (first + row as i32 * LEGEND_ROW + LEGEND_ROW / 2 - 4) * FINE;
            let mut x = left * FINE;
            for &entry in entries {
                let (name, colour, mark) = &self.legend[entry];
                let colour = colour.rgb();
                let end = x + 20 * FINE;
                match mark {
                    Mark::Line => {
                        line(page, [x, y], [end, y], colour.stroke_width(2 * FINE as u32))?;
                    }
                    Mark::Dashed => {
                        let third = 7 * FINE;
                        for start in [x, x + third, x + 2 * third] {
                            line(
                                page,
                                [start, y],
                                [start + 5 * FINE, y],
                                colour.stroke_width(2 * FINE as u32),
                            )?;
                        }
                    }
                    Mark::Area => page.draw(&Rectangle::new(
                        [(x, y - 5 * FINE), (end, y + 5 * FINE)],
                        colour.mix(0.55).filled(),
                    ))?,
                    Mark::Dot => {
                        page.draw(&Circle::new((x + 10 * FINE, y), 4 * FINE, colour.filled()))?;
                    }
                }
                text(page, name, [end + 5 * FINE, y], 12, Anchor::After)?;
                x += entry_width(name) * FINE;
            }
        }
        Ok(())
    }
}

impl Coordinate {
    /// Pixels from the low end of an axis of this many.
    fn map_to(&self, value: f64, length: i32) -> i32 {
        (self.fraction(value) * f64::from(length)).round() as i32
    }
}

type DrawingFailure = DrawingAreaErrorKind<std::io::Error>;

fn drawing(error: DrawingFailure) -> Error {
    Error::Drawing(Box::new(error))
}

/// The page's text colour, made faint.
pub(crate) fn faint(alpha: f64) -> ShapeStyle {
    INK.mix(alpha).stroke_width(FINE as u32)
}

/// The page's text colour.
pub(crate) fn ink() -> RGBColor {
    INK
}

fn line(
    page: &Page<'_>,
    from: [i32; 2],
    to: [i32; 2],
    style: impl Into<ShapeStyle>,
) -> Result<(), DrawingFailure> {
    page.draw(&PathElement::new(
        vec![(from[0], from[1]), (to[0], to[1])],
        style,
    ))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Below,
    Before,
    After,
    Upright,
    Title,
}

fn text(
    page: &Page<'_>,
    content: &str,
    at: [i32; 2],
    size: i32,
    anchor: Anchor,
) -> Result<(), DrawingFailure> {
    let (h_pos, v_pos) = match anchor {
        Anchor::Below | Anchor::Upright => (HPos::Center, VPos::Top),
        Anchor::Before => (HPos::Right, VPos::Center),
        Anchor::After => (HPos::Left, VPos::Center),
        Anchor::Title => (HPos::Left, VPos::Top),
    };
    let mut font = ("sans-serif", f64::from(size * FINE) * 1.24).into_font();
    if anchor == Anchor::Title {
        font = font.style(plotters::style::FontStyle::Bold);
    }
    if anchor == Anchor::Upright {
        font = font.transform(plotters::style::FontTransform::Rotate270);
    }
    let style = TextStyle::from(font)
        .color(&INK)
        .pos(Pos::new(h_pos, v_pos));
    page.draw(&Text::new(content, (at[0], at[1]), style))
}

fn draw_colour_bar(
    page: &Page<'_>,
    [left, top, height]: [i32; 3],
    axis: &Axis,
    coordinate: &Coordinate,
    map: ColourMap,
) -> Result<(), DrawingFailure> {
    const STEPS: i32 = 64;
    let (x0, x1) = (left * FINE, (left + 14) * FINE);
    for step in 0..STEPS {
        let colour = map.at((f64::from(step) + 0.5) / f64::from(STEPS));
        let y = |step: i32| (top + height) * FINE - step * height * FINE / STEPS;
        // One fine pixel of overlap hides the seam.
        let corners = [(x0, y(step + 1)), (x1, y(step) + i32::from(step > 0))];
        page.draw(&Rectangle::new(corners, colour.rgb().filled()))?;
    }
    for &tick in coordinate.ticks() {
        let y = (top + height) * FINE - coordinate.map_to(tick, height * FINE);
        line(page, [x1, y], [x1 + 4 * FINE, y], faint(0.7))?;
        text(
            page,
            &coordinate.format(tick),
            [x1 + 6 * FINE, y],
            12,
            Anchor::After,
        )?;
    }
    let middle = (top + height / 2) * FINE;
    text(
        page,
        &axis.text(),
        [(left + 54) * FINE, middle],
        13,
        Anchor::Upright,
    )
}

/// Where a figure goes on below this many lines of title.
pub(crate) fn below_title(n_lines: usize) -> i32 {
    match n_lines as i32 {
        0 => 10,
        n => TITLE + (n - 1) * TITLE_LINE,
    }
}

/// A title in lines that fit into this many pixels, broken between words, or in a word that is longer.
pub(crate) fn title_lines(title: &str, width: i32) -> Vec<String> {
    // Bold letters of 14 pixels are 8 to 9 wide on the average in the common fonts.
    let most = (width / 9).max(8) as usize;
    let mut lines: Vec<String> = Vec::new();
    for word in title.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.chunks(most) {
            let fits = lines
                .last()
                .is_some_and(|line| line.chars().count() + 1 + piece.len() <= most);
            match lines.last_mut().filter(|_| fits) {
                Some(line) => {
                    line.push(' ');
                    line.extend(piece);
                }
                None => lines.push(piece.iter().collect()),
            }
        }
    }
    lines
}

/// Pixels that a legend entry takes.
fn entry_width(name: &str) -> i32 {
    20 + 5 + (name.chars().count() as i32 * 27) / 4 + 16
}

fn legend_rows(legend: &[(String, Colour, Mark)], width: i32) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut used = i32::MAX;
    for (index, (name, _, _)) in legend.iter().enumerate() {
        let needed = entry_width(name);
        if used.saturating_add(needed) > width {
            rows.push(Vec::new());
            used = 0;
        }
        used += needed;
        if let Some(row) = rows.last_mut() {
            row.push(index);
        }
    }
    rows
}

/// What stands between the outer tags of an SVG document.
fn content(svg: &str) -> &str {
    let start = svg.find('>').map_or(0, |i| i + 1);
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    svg.get(start..end).unwrap_or("").trim_start()
}

fn outline([left, top, width, height]: [i32; 4]) -> String {
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"currentColor\" \
         stroke-opacity=\"0.6\" stroke-width=\"{FINE}\"/>\n",
        left * FINE,
        top * FINE,
        width * FINE,
        height * FINE
    )
}

pub(crate) fn label_attribute(title: &str) -> String {
    if title.is_empty() {
        String::new()
    } else {
        format!(" aria-label=\"{}\"", crate::report::escape(title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_break_where_the_figure_ends() {
        let title = "Coloured by distance from the crystal structure (PDB 5AWL), Å";
        let lines = title_lines(title, 450);
        assert_eq!(
            lines,
            [
                "Coloured by distance from the crystal structure",
                "(PDB 5AWL), Å"
            ]
        );
        assert_eq!(title_lines("short", 450), ["short"]);
        assert!(title_lines("", 450).is_empty());
        let long = title_lines(&"x".repeat(101), 450);
        assert_eq!(
            long.iter().map(String::len).collect::<Vec<_>>(),
            [50, 50, 1]
        );
    }
}
