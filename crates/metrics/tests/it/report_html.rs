//! The report as a document: self-contained, escaped, well-formed.

use metrics::Error;
use metrics::figure::{
    Axis, Colour, ColourMap, Figure, HeatMap, HistogramOverlay, LineChart, RamachandranPlot,
    Scatter, StructureOverlay,
};
use metrics::report::{Cell, Report, Table};

fn every_figure() -> Vec<Figure> {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|x| (0.3 * x).sin()).collect();
    let axis = || Axis::new("x < y & z", "nm");
    let square = || Axis::new("TIC", "").range(-1.0, 1.0);
    let helix: Vec<[f32; 3]> = (0..10)
        .map(|i| [(i as f32).cos(), (i as f32).sin(), 0.3 * i as f32])
        .collect();
    vec![
        LineChart::new(axis(), axis())
            .line("a", &x, &y)
            .band(&y, &y)
            .line("b", &x, &x)
            .dashed()
            .draw(),
        Scatter::new(axis(), axis()).points("a", &x, &y).draw(),
        Scatter::new(axis(), axis())
            .coloured("", &x, &y, &x, Axis::new("t", "ps"))
            .square()
            .draw(),
        HeatMap::new(
            square(),
            square(),
            Axis::new("free energy", "kT"),
            5,
            x.clone(),
        )
        .contours(4.0)
        .path("path", &[(0.0, 0.0), (0.5, 0.5)], Colour::MODEL)
        .points("native", &[(0.1, 0.1)], Colour::REFERENCE)
        .map(ColourMap::Cividis)
        .draw(),
        HistogramOverlay::new(axis(), 10)
            .sample("a", &x, None)
            .sample("b", &y, Some(&x))
            .draw(),
        RamachandranPlot::new()
            .residues("all", &y, &y)
            .background(4, &[0.5; 16])
            .draw(),
        StructureOverlay::new()
            .title("input & output")
            .trace("input", &helix)
            .draw(),
    ]
    .into_iter()
    .collect::<Result<_, _>>()
    .unwrap()
}

/// Fails unless every tag is closed in order and no text holds a bare ampersand.
fn assert_well_formed(markup: &str) {
    let void = ["meta", "br"];
    let mut open: Vec<&str> = Vec::new();
    for piece in markup.split('<').skip(1) {
        let end = piece.find('>').expect("a tag ends");
        let (tag, text) = (&piece[..end], &piece[end + 1..]);
        for (at, _) in text.match_indices('&') {
            assert!(text[at..].contains(';'), "bare ampersand in {text:?}");
        }
        if tag.starts_with('!') || tag.ends_with('/') {
            continue;
        }
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !void.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

#[test]
fn a_report_is_one_document_without_links_to_the_network() {
    let mut report = Report::new("a < b & \"c\"");
    report.subtitle("from <somewhere>");
    report.summary(
        Table::new(["quantity", "value"])
            .row([Cell::text("good"), Cell::good("1.0")])
            .row([Cell::text("bad"), Cell::bad("2.0")])
            .caption("what & how")
            .legend("✓ within the baseline"),
    );
    let section = report.section("Figures");
    section
        .figures(every_figure())
        .details("Settings", |inner| {
            inner.text("lag < 20");
        });
    section.download("a.csv", "text/csv", "a,b\n1,2\n");
    report.section("Empty").heading("nothing");
    report.section("Third");
    let html = report.to_html();

    let style_end = html.find("</style>").unwrap();
    assert_well_formed(
        &html[style_end..]
            .replacen("</style>\n</head>", "", 1)
            .replace("</html>", ""),
    );
    let outside = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http://") && !outside.contains("https://"));
    assert!(html.contains("a &lt; b &amp; &quot;c&quot;") && !html.contains("<somewhere>"));
    assert!(
        html.contains("class=\"number good\">✓ 1.0") && html.contains("class=\"number bad\">✗ 2.0")
    );
    assert!(html.contains("data:text/csv;base64,YSxiCjEsMgo="));
    assert!(html.contains("@media print") && html.contains("prefers-color-scheme: dark"));
}

#[test]
fn figures_are_well_formed_and_follow_the_colour_of_the_page() {
    for figure in every_figure() {
        assert_well_formed(figure.svg());
        assert!(figure.svg().contains("currentColor") && !figure.svg().contains("#010203"));
        assert!(figure.svg().contains("<text"), "text stays text");
    }
}

#[test]
fn sections_of_another_report_follow() {
    let mut first = Report::new("first");
    first.section("one").text("1");
    let mut second = Report::new("second");
    second.opening().text("opening of the second");
    second.section("two").text("2");
    first.append(second);
    let html = first.to_html();
    let place = |text: &str| html.find(text).unwrap();
    assert!(place("<h2>one") < place("opening of the second"));
    assert!(place("opening of the second") < place("<h2>two"));
}

#[test]
fn bad_data_gives_an_error_not_a_figure() {
    let axis = || Axis::new("x", "");
    let short = LineChart::new(axis(), axis())
        .line("a", &[1.0, 2.0], &[1.0])
        .draw();
    assert!(matches!(
        short,
        Err(Error::Length {
            expected: 2,
            found: 1,
            ..
        })
    ));
    let nothing = Scatter::new(axis(), axis())
        .points("a", &[f64::NAN], &[1.0])
        .draw();
    assert!(matches!(nothing, Err(Error::TooFew { .. })));
    let ragged = HeatMap::new(
        axis().range(0.0, 1.0),
        axis().range(0.0, 1.0),
        axis(),
        2,
        vec![1.0; 3],
    )
    .draw();
    assert!(matches!(ragged, Err(Error::Length { .. })));
    let empty = HeatMap::new(
        axis().range(0.0, 1.0),
        axis().range(0.0, 1.0),
        axis(),
        0,
        vec![],
    )
    .draw();
    assert!(empty.is_err());
    let endless = HeatMap::new(
        axis().range(0.0, 1.0),
        axis().range(0.0, 1.0),
        axis(),
        1,
        vec![0.0, 1.0],
    )
    .contours(0.0)
    .draw();
    assert!(matches!(endless, Err(Error::Argument { .. })));
    let broken = StructureOverlay::new()
        .trace("a", &[[0.0; 3], [f32::NAN; 3]])
        .draw();
    assert!(matches!(broken, Err(Error::NotFinite { .. })));
    assert!(
        HistogramOverlay::new(axis(), 0)
            .sample("a", &[1.0], None)
            .draw()
            .is_err()
    );
}

#[test]
fn histograms_lose_no_mass_beyond_their_range() {
    // All of the second sample lies outside the axis: it must still show, in the last bin.
    let inside = HistogramOverlay::new(Axis::new("x", "").range(0.0, 1.0), 2)
        .sample("", &[0.9], None)
        .draw()
        .unwrap();
    let outside = HistogramOverlay::new(Axis::new("x", "").range(0.0, 1.0), 2)
        .sample("", &[50.0], None)
        .draw()
        .unwrap();
    assert_eq!(inside.svg(), outside.svg());
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let error = Report::new("r")
        .write("/nonexistent-folder/report.html")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("/nonexistent-folder/report.html")
    );
}
