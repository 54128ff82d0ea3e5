//! The demo's findings as one HTML page.

use super::energies::{Energies, quantile};
use super::findings::{Findings, Scale, Summary, mean};
use autoencoder::{EpochRecord, TermValue};
use metrics::figure::{Axis, Figure, HistogramOverlay, LineChart, Scatter, StructureOverlay};
use metrics::report::{Cell, Report, Table};

pub(super) fn report(findings: &mut Findings, summary: &Summary) -> Result<Report, metrics::Error> {
    let mut report = Report::new("Foldscape demo: an autoencoder of protein conformations");
    report.subtitle(findings.system.clone());
    report.summary(overview(findings, summary));

    let section = report.section("Training");
    section.text(format!(
        "{} with {} parameters and two latent coordinates, trained on the mean squared error in standardised coordinates. \
         Validation frames are whole blocks of time that training does not see; the epoch with the smallest validation \
         error is kept.{}",
        findings.model,
        findings.n_parameters,
        if findings.without.is_some() {
            " A second term of the loss is the energy of structures decoded between the frames of each batch; its gradient \
             is kept at a fixed share of the error's."
        } else {
            ""
        }
    ));
    section.figure(loss_chart(findings)?);

    let section = report.section("Latent space");
    section.text(format!(
        "Every frame, encoded. Frames that resemble each other should lie together. Distances from {} are those of CA atoms, \
         where there are any.",
        findings.reference
    ));
    section.figures([scale_map(findings)?, rmsd_map(findings)?]);

    let section = report.section("Held-out frames");
    section.text(format!(
        "Frames that neither training nor the choice of the best epoch saw, encoded to two numbers, decoded, and superposed \
         on the input. A principal component analysis of the same training frames with two components leaves {:.2} Å.",
        10.0 * mean(&findings.rmsd_pca)
    ));
    section.figures([rmsd_histogram(findings)?, overlay(findings)?]);

    let section = report.section("A path through latent space");
    section.text(format!(
        "The straight line between the codes of the frame nearest to {} and of the frame farthest from it, decoded at equal \
         steps.",
        findings.reference
    ));
    section.figure(path_chart(findings)?);
    if let Some((energies, _)) = &findings.without {
        section.heading("Energies");
        section.text(
            "The same network was trained a second time without the force field. Energies are those of the loss: ff14SB's \
             bonds, angles and torsions of the atoms that the model has, and a soft repulsion that is zero in sound \
             structures. They measure strained geometry and clashes, not stability. Where frames are few, as among unfolded \
             ones, decoded structures stay far above the data: minimise them before use.",
        );
        section.figures([path_energies(energies)?, energy_distributions(energies)?]);
    }
    section.download(
        "interpolation.pdb",
        "chemical/x-pdb",
        findings.path_pdb.as_slice(),
    );
    if let Some(coarse) = findings.coarse.take() {
        report.append(coarse.report);
    }
    Ok(report)
}

fn overview(findings: &Findings, summary: &Summary) -> Table {
    let mut table = Table::new(["quantity", "value"]);
    for (label, value) in summary.rows() {
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
    // the error is the first term; energies have their own chart
    let error = |terms: &[TermValue]| terms.first().map_or(f64::NAN, |term| term.value);
    let of = |terms: fn(&EpochRecord) -> &[TermValue]| -> Vec<f64> {
        findings
            .epochs
            .iter()
            .map(|epoch| error(terms(epoch)))
            .collect()
    };
    let train = of(|epoch| &epoch.train_terms);
    let validation = of(|epoch| &epoch.validation_terms);
    let figure = LineChart::new(
        Axis::new("epoch", ""),
        Axis::new("mean squared error", "").logarithmic(),
    )
    .title("Error")
    .line("training", &epochs, &train)
    .line("validation", &epochs, &validation)
    .draw()?;
    Ok(figure.caption("In units of the variance of all coordinates."))
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

fn scale_map(findings: &Findings) -> Result<Figure, metrics::Error> {
    let (title, values, bar) = match &findings.scale {
        Scale::Temperature(values) => (
            "Coloured by temperature",
            values,
            Axis::new("temperature", "K"),
        ),
        Scale::Time(values) => ("Coloured by time", values, Axis::new("time", "ps")),
        Scale::Frame(values) => ("Coloured by time", values, Axis::new("frame", "")),
    };
    latent_scatter(findings, title, values, bar)
}

fn rmsd_map(findings: &Findings) -> Result<Figure, metrics::Error> {
    let angstrom: Vec<f64> = findings
        .rmsd_to_reference
        .iter()
        .map(|v| 10.0 * v)
        .collect();
    let bar = Axis::new("RMSD", "Å");
    let title = format!("Coloured by distance from {}", findings.reference);
    latent_scatter(findings, &title, &angstrom, bar)
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
            "to the nearest frame",
            &along,
            &angstrom(&findings.path_rmsd[0]),
        )
        .line(
            "to the farthest frame",
            &along,
            &angstrom(&findings.path_rmsd[1]),
        )
        .draw()
}

/// From 0 to 1 over `n` points.
fn fractions(n: usize) -> Vec<f64> {
    let last = n.saturating_sub(1).max(1) as f64;
    (0..n).map(|i| i as f64 / last).collect()
}

fn path_energies(energies: &Energies) -> Result<Figure, metrics::Error> {
    let along = fractions(energies.path.with_physics.len());
    let data = vec![quantile(&energies.data, 0.5); along.len()];
    let figure = LineChart::new(
        Axis::new("along the path", ""),
        Axis::new("energy", "kJ/mol").logarithmic(),
    )
    .title("Energy along the path")
    .line("with force field", &along, &energies.path.with_physics)
    .line("without", &along, &energies.path.without)
    .line("median of the data", &along, &data)
    .dashed()
    .draw()?;
    Ok(figure.caption("Each model's own path between the same two frames."))
}

fn energy_distributions(energies: &Energies) -> Result<Figure, metrics::Error> {
    let between = &energies.between;
    let mut chart = LineChart::new(
        Axis::new("energy", "kJ/mol").logarithmic(),
        Axis::new("structures below", ""),
    )
    .title("Between held-out frames");
    for (name, values) in [
        ("with force field", &between.with_physics),
        ("without", &between.without),
        ("data", &energies.data),
    ] {
        let finite = values.iter().filter(|e| e.is_finite()).count();
        chart = chart.line(name, &values[..finite], &fractions(values.len())[..finite]);
    }
    let figure = chart.draw()?;
    Ok(figure.caption(format!(
        "Cumulative: {} points on the lines between random pairs of held-out frames, and the frames themselves.",
        between.with_physics.len()
    )))
}
