//! The demo's findings as one HTML page.

use super::findings::{Findings, Summary, mean};
use metrics::figure::{Axis, Figure, HistogramOverlay, LineChart, Scatter, StructureOverlay};
use metrics::report::{Cell, Report, Table};

pub(super) fn report(findings: &Findings, summary: &Summary) -> Result<Report, metrics::Error> {
    let mut report = Report::new("Foldscape demo: an autoencoder of protein conformations");
    report.subtitle(findings.system.clone());
    report.summary(overview(findings, summary));

    let section = report.section("Training");
    section.text(format!(
        "{} with {} parameters, two latent coordinates, trained on the mean squared error in standardised coordinates. \
         Validation frames are whole blocks of time that training does not see; the epoch with the smallest validation \
         loss is kept.",
        findings.model, findings.n_parameters
    ));
    section.figure(loss_chart(findings)?);

    let section = report.section("Latent space");
    section.text("Every frame of the trajectory, encoded. Frames that resemble each other should lie together.");
    section.figures([time_map(findings)?, rmsd_map(findings)?]);

    let section = report.section("Held-out frames");
    section.text(format!(
        "Frames that neither training nor the choice of the best epoch saw, encoded to two numbers, decoded, and superposed \
         on the input. A principal component analysis of the same training frames with two components leaves {:.2} Å.",
        10.0 * mean(&findings.rmsd_pca)
    ));
    section.figures([rmsd_histogram(findings)?, overlay(findings)?]);

    let section = report.section("A path through latent space");
    section.text(
        "The straight line between the codes of the first frame and of the frame farthest from it, decoded at equal steps. \
         Nothing in this training asks that the structures between are physical.",
    );
    section.figure(path_chart(findings)?);
    section.download(
        "interpolation.pdb",
        "chemical/x-pdb",
        findings.path_pdb.as_slice(),
    );
    Ok(report)
}

fn overview(findings: &Findings, summary: &Summary) -> Table {
    let numbers = &summary.autoencoder;
    let mut table = Table::new(["quantity", "value"]);
    for (label, value) in numbers.rows() {
        let cell = match label {
            "held-out RMSD" if mean(&findings.rmsd) < mean(&findings.rmsd_pca) => Cell::good(value),
            "held-out RMSD" => Cell::bad(value),
            _ => Cell::text(value),
        };
        table = table.row([Cell::text(label), cell]);
    }
    table.legend("green: below the principal component analysis of the same split; red: not")
}

fn loss_chart(findings: &Findings) -> Result<Figure, metrics::Error> {
    let epochs: Vec<f64> = findings
        .epochs
        .iter()
        .map(|epoch| epoch.epoch as f64 + 1.0)
        .collect();
    let train: Vec<f64> = findings.epochs.iter().map(|epoch| epoch.train).collect();
    let validation: Vec<f64> = findings
        .epochs
        .iter()
        .map(|epoch| epoch.validation)
        .collect();
    let figure = LineChart::new(
        Axis::new("epoch", ""),
        Axis::new("mean squared error", "").logarithmic(),
    )
    .title("Loss")
    .line("training", &epochs, &train)
    .line("validation", &epochs, &validation)
    .draw()?;
    Ok(figure.caption(
        "In units of the variance of all coordinates: 1 is a model that knows the mean only.",
    ))
}

fn latent_scatter(
    findings: &Findings,
    title: &str,
    values: &[f64],
    bar: Axis,
) -> Result<Figure, metrics::Error> {
    let x: Vec<f64> = findings.codes.iter().map(|code| code[0]).collect();
    let y: Vec<f64> = findings.codes.iter().map(|code| code[1]).collect();
    Scatter::new(Axis::new("latent 1", ""), Axis::new("latent 2", ""))
        .title(title)
        .coloured("frames", &x, &y, values, bar)
        .draw()
}

fn time_map(findings: &Findings) -> Result<Figure, metrics::Error> {
    let bar = if findings.has_times {
        Axis::new("time", "ps")
    } else {
        Axis::new("frame", "")
    };
    latent_scatter(findings, "Coloured by time", &findings.times, bar)
}

fn rmsd_map(findings: &Findings) -> Result<Figure, metrics::Error> {
    let bar = Axis::new("RMSD to the first frame", "nm");
    latent_scatter(
        findings,
        "Coloured by distance from the first frame",
        &findings.rmsd_to_first,
        bar,
    )
}

fn rmsd_histogram(findings: &Findings) -> Result<Figure, metrics::Error> {
    let angstrom = |values: &[f64]| values.iter().map(|v| 10.0 * v).collect::<Vec<_>>();
    let figure = HistogramOverlay::new(Axis::new("RMSD to the input", "Å"), 24)
        .title("Reconstruction of held-out frames")
        .sample("autoencoder", &angstrom(&findings.rmsd), None)
        .sample("PCA, 2 components", &angstrom(&findings.rmsd_pca), None)
        .draw()?;
    Ok(figure.caption("After superposition; further to the left is better."))
}

fn overlay(findings: &Findings) -> Result<Figure, metrics::Error> {
    let figure = StructureOverlay::new()
        .title("A held-out frame")
        .trace("input", &findings.overlay[0])
        .trace("decoded", &findings.overlay[1])
        .draw()?;
    Ok(figure.caption(format!(
        "The frame whose RMSD, {:.2} Å, is the median.",
        10.0 * findings.overlay_rmsd
    )))
}

fn path_chart(findings: &Findings) -> Result<Figure, metrics::Error> {
    let n = findings.path.len().max(2);
    let along: Vec<f64> = (0..findings.path.len())
        .map(|i| i as f64 / (n - 1) as f64)
        .collect();
    let angstrom = |values: &[f64]| values.iter().map(|v| 10.0 * v).collect::<Vec<_>>();
    LineChart::new(Axis::new("along the path", ""), Axis::new("RMSD", "Å"))
        .title("Decoded structures between two frames")
        .line(
            "to the first frame",
            &along,
            &angstrom(&findings.path_rmsd[0]),
        )
        .line(
            "to the frame farthest from it",
            &along,
            &angstrom(&findings.path_rmsd[1]),
        )
        .draw()
}
