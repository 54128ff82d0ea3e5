//! The report of a comparison.

use super::{Comparison, Entry, plane};
use crate::error::Result;
use crate::figure::{Axis, Colour, ColourMap, Figure, HeatMap, HistogramOverlay, LineChart};
use crate::histogram::{Bins, free_energy, histogram_2d};
use crate::report::{Cell, Report, Table};
use std::fmt::Write as _;

/// Cells along each axis of a free-energy map.
const MAP_BINS: usize = 50;
/// Points of a time series that are drawn; more would only make the file larger.
const SERIES_POINTS: usize = 1500;

impl Comparison {
    /// The report: a table of verdicts, then maps, distributions, contacts and time series.
    ///
    /// # Errors
    /// If a figure cannot be drawn.
    pub fn report(&self) -> Result<Report> {
        let mut report = Report::new("Model against reference");
        let frames = &self.summary.frames;
        report.subtitle(format!(
            "{} reference frames, {} model frames, {} CA atoms",
            frames.reference,
            frames.model,
            self.beads.atoms.len()
        ));
        report.opening().table(self.frames_table());
        report.summary(self.table());
        if self.n_components >= 2 {
            report
                .section("Free energy in the slow coordinates")
                .text("TICA of CA–CA distances, fitted to the reference; both maps share axes and colours.")
                .figures(self.maps()?);
        }
        report
            .section("Distributions")
            .figures(self.distributions()?);
        if let Some(figures) = self.contact_figures()? {
            report
                .section("Contacts")
                .text(format!(
                    "Probability of a CA–CA distance below {} nm. Left: reference above the diagonal, model below it.",
                    self.config.contact_cutoff
                ))
                .figures(figures);
        }
        self.add_kinetics(&mut report)?;
        self.add_phi_psi(&mut report)?;
        report.section("Time series").figures(self.series()?);
        let section = report.section("Settings and data");
        section.table(self.settings());
        section.download("summary.json", "application/json", self.to_json()?);
        section.download("frames.csv", "text/csv", self.csv());
        Ok(report)
    }

    fn rows(&self) -> Vec<(String, &'static str, Entry)> {
        let summary = &self.summary;
        let mut rows = Vec::new();
        if let Some(plane) = &summary.tica.w1_2d {
            rows.push(("TIC 1 and 2, W1".to_owned(), "", plane.entry));
        }
        for (i, entry) in summary.tica.w1_1d.iter().enumerate() {
            rows.push((format!("TIC {}, W1", i + 1), "", *entry));
        }
        if let Some(entry) = summary.tica.kl_2d {
            rows.push(("TIC 1 and 2, KL".to_owned(), "nats", entry));
        }
        let distances = [
            ("CA–CA bonds, W1", "nm", summary.bond),
            ("CA angles, W1", "rad", summary.angle),
            ("CA dihedrals, W1", "rad", summary.dihedral),
            ("Radius of gyration, W1", "nm", Some(summary.rg)),
            ("End-to-end distance, W1", "nm", summary.end_to_end),
        ];
        for (name, unit, distance) in distances {
            rows.extend(distance.map(|d| (name.to_owned(), unit, d.w1)));
        }
        let native = summary.rmsd_to_native;
        rows.extend(native.map(|native| ("RMSD to native, W1".to_owned(), "nm", native.entry)));
        if let Some(contacts) = summary.contacts {
            rows.push((
                "Contact probabilities, RMS difference".to_owned(),
                "",
                contacts.rmsd,
            ));
        }
        if let Some(msm) = &summary.msm {
            let name = "Populations of macrostates, total variation";
            rows.push((name.to_owned(), "", msm.populations));
        }
        if let Some(torsions) = summary.ramachandran {
            let name = "φ/ψ, Jensen–Shannon".to_owned();
            rows.push((name, "nats", torsions.jensen_shannon));
            let name = "Ramachandran outliers, difference of shares".to_owned();
            rows.push((name, "", torsions.outliers));
        }
        for (name, distance) in &summary.columns {
            rows.push((format!("{name}, W1"), "", distance.w1));
        }
        rows
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["quantity", "model", "± error", "reference halves", "unit"]);
        let rejected = self.summary.frames.rejected > 0;
        for (name, unit, entry) in self.rows() {
            let text = format_number(entry.value);
            let cell = if entry.within_baseline() && !rejected {
                Cell::good(text)
            } else {
                Cell::bad(text)
            };
            let error = entry
                .error
                .map_or_else(|| Cell::faint("–"), |e| Cell::text(format_number(e)));
            table = table.row([
                Cell::text(name),
                cell,
                error,
                Cell::text(format_number(entry.baseline)),
                Cell::text(unit),
            ]);
        }
        let note = if rejected {
            " All are red because frames of the model were rejected: what is left of a model that \
             comes apart is no fair sample of it."
        } else {
            ""
        };
        table.legend(format!(
            "Distance of the model from the reference, and of the first half of the reference from \
             the second. ✓ no more than two standard errors above the halves, ✗ beyond.{note}"
        ))
    }

    fn frames_table(&self) -> Table {
        let frames = &self.summary.frames;
        let rejected = |n: usize| {
            if n == 0 {
                Cell::good("0")
            } else {
                Cell::bad(n.to_string())
            }
        };
        Table::new(["", "frames", "rejected"])
            .row([
                Cell::text("reference"),
                Cell::text(frames.reference.to_string()),
                rejected(frames.rejected_reference),
            ])
            .row([
                Cell::text("model"),
                Cell::text(frames.model.to_string()),
                rejected(frames.rejected),
            ])
    }

    fn maps(&self) -> Result<Vec<Figure>> {
        let clouds = [0, 1].map(|side| plane(&self.projections[side], self.n_components));
        let axis = |axis: usize| -> Result<Bins> {
            let mut values: Vec<f64> = clouds.iter().flatten().map(|p| p[axis]).collect();
            values.sort_by(f64::total_cmp);
            // One frame far off must not shrink the map to a dot; it is counted in the last cell.
            let at = |q: f64| values[(q * (values.len() - 1) as f64).round() as usize];
            let inner = Bins::spanning(&[&[at(0.002), at(0.998)]], MAP_BINS)?;
            let margin = 0.05 * (inner.high - inner.low);
            Bins::new(inner.low - margin, inner.high + margin, MAP_BINS)
        };
        let (x, y) = (axis(0)?, axis(1)?);
        let mut energies = Vec::new();
        for (cloud, sample) in clouds.iter().zip(&self.samples) {
            energies.push(free_energy(&histogram_2d(
                &x,
                &y,
                cloud,
                Some(&sample.weights),
            )?));
        }
        let highest = energies
            .iter()
            .flatten()
            .copied()
            .filter(|e| e.is_finite())
            .fold(1.0, f64::max);
        let draw = |title: &str, values: &[f64]| {
            HeatMap::new(
                Axis::new("TIC 1", "").range(x.low, x.high),
                Axis::new("TIC 2", "").range(y.low, y.high),
                Axis::new("free energy", "kT").range(0.0, highest),
                MAP_BINS,
                values.to_vec(),
            )
            .title(title)
            .draw()
        };
        Ok(vec![
            draw("Reference", &energies[0])?,
            draw("Model", &energies[1])?,
        ])
    }

    fn distributions(&self) -> Result<Vec<Figure>> {
        let beads = &self.beads;
        let mut figures = Vec::new();
        let mut overlay = |title: &str, axis: Axis, values: [Vec<f64>; 2]| -> Result<()> {
            if values.iter().any(Vec::is_empty) {
                return Ok(());
            }
            let mut chart = HistogramOverlay::new(axis, 60).title(title);
            for ((name, sample), values) in ["reference", "model"]
                .iter()
                .zip(&self.samples)
                .zip(&values)
            {
                let per_frame = values.len() / sample.n_frames();
                let weights: Vec<f64> = (0..values.len())
                    .map(|i| sample.weights[i / per_frame])
                    .collect();
                chart = chart.sample(*name, values, Some(&weights));
            }
            figures.push(chart.draw()?);
            Ok(())
        };
        for i in 0..self.n_components.min(2) {
            let column = |side: usize| -> Vec<f64> {
                self.projections[side]
                    .iter()
                    .skip(i)
                    .step_by(self.n_components)
                    .copied()
                    .collect()
            };
            overlay(
                &format!("TIC {}", i + 1),
                Axis::new(format!("TIC {}", i + 1), ""),
                [column(0), column(1)],
            )?;
        }
        let both =
            |of: &dyn Fn(&super::Sample) -> Vec<f64>| [of(&self.samples[0]), of(&self.samples[1])];
        overlay(
            "Radius of gyration",
            Axis::new("radius of gyration", "nm"),
            both(&|s| s.radii_of_gyration()),
        )?;
        overlay(
            "End-to-end distance",
            Axis::new("distance", "nm"),
            both(&|s| s.end_to_end(beads)),
        )?;
        overlay(
            "CA–CA bonds",
            Axis::new("length", "nm"),
            both(&|s| s.bonds(beads)),
        )?;
        overlay(
            "CA angles",
            Axis::angle("angle").range(0.0, std::f64::consts::PI),
            both(&|s| s.angles(beads)),
        )?;
        overlay(
            "CA dihedrals",
            Axis::angle("dihedral"),
            both(&|s| s.dihedrals(beads)),
        )?;
        for column in &self.config.columns {
            let values = column.usable(&self.samples)?;
            overlay(&column.name, Axis::new(&column.name, ""), values)?;
        }
        if let Some(native) = &self.config.native {
            let values = [
                self.samples[0].rmsd_to(native)?,
                self.samples[1].rmsd_to(native)?,
            ];
            overlay(
                "RMSD to the native structure",
                Axis::new("RMSD", "nm"),
                values,
            )?;
        }
        Ok(figures)
    }

    fn contact_figures(&self) -> Result<Option<Vec<Figure>>> {
        let Some(contacts) = &self.contacts else {
            return Ok(None);
        };
        let n = self.beads.atoms.len();
        let (mut both, mut difference) = (vec![f64::NAN; n * n], vec![f64::NAN; n * n]);
        for (k, &[i, j]) in contacts.pairs.iter().enumerate() {
            both[j * n + i] = contacts.reference[k];
            both[i * n + j] = contacts.model[k];
            let change = contacts.model[k] - contacts.reference[k];
            difference[j * n + i] = change;
            difference[i * n + j] = change;
        }
        let largest = difference
            .iter()
            .copied()
            .filter(|d| d.is_finite())
            .fold(0.01, |a: f64, d| a.max(d.abs()));
        let residue = || Axis::new("residue", "").range(0.5, n as f64 + 0.5);
        let maps = HeatMap::new(
            residue(),
            residue(),
            Axis::new("probability", "").range(0.0, 1.0),
            n,
            both,
        )
        .title("Contacts: reference above, model below")
        .map(ColourMap::Cividis)
        .draw()?;
        let bar = Axis::new("difference", "").range(-largest, largest);
        let change = HeatMap::new(residue(), residue(), bar, n, difference)
            .title("Model − reference")
            .map(ColourMap::Diverging)
            .draw()?;
        Ok(Some(vec![maps, change]))
    }

    fn series(&self) -> Result<Vec<Figure>> {
        let gyration = [0, 1].map(|side| self.samples[side].radii_of_gyration());
        let slowest = [0, 1].map(|side| {
            self.projections[side]
                .iter()
                .step_by(self.n_components)
                .copied()
                .collect::<Vec<_>>()
        });
        let chart = |title: &str, axis: Axis, series: &[Vec<f64>; 2]| {
            let mut chart =
                LineChart::new(Axis::new("frame, replica after replica", ""), axis).title(title);
            let colours = [Colour::REFERENCE, Colour::MODEL];
            for ((name, values), colour) in ["reference", "model"].iter().zip(series).zip(colours) {
                let every = values.len().div_ceil(SERIES_POINTS).max(1);
                let frames: Vec<f64> = (0..values.len()).step_by(every).map(|i| i as f64).collect();
                let values: Vec<f64> = values.iter().step_by(every).copied().collect();
                chart = chart.line(*name, &frames, &values).colour(colour);
            }
            chart.draw()
        };
        Ok(vec![
            chart(
                "Radius of gyration",
                Axis::new("radius of gyration", "nm"),
                &gyration,
            )?,
            chart("Slowest coordinate", Axis::new("TIC 1", ""), &slowest)?,
        ])
    }

    fn settings(&self) -> Table {
        let config = &self.config;
        let ucsc = self.summary.tica.w1_2d.and_then(|plane| plane.ucsc);
        Table::new(["setting", "value"])
            .row(["stride, frames".to_owned(), config.stride.to_string()])
            .row([
                "TICA lag time, strided frames".to_owned(),
                config.lag.to_string(),
            ])
            .row([
                "TICA features, CA–CA distances".to_owned(),
                self.n_features.to_string(),
            ])
            .row([
                "first eigenvalues".to_owned(),
                self.summary
                    .tica
                    .eigenvalues
                    .iter()
                    .take(5)
                    .map(|v| format!("{v:.4}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            ])
            .row([
                "native structure".to_owned(),
                if config.native.is_some() {
                    config.native_source.clone()
                } else {
                    "none".to_owned()
                },
            ])
            .row([
                "bootstrap resamples".to_owned(),
                config.n_resamples.to_string(),
            ])
            .row([
                "bootstrap blocks, frames (reference, model)".to_owned(),
                format!("{}, {}", self.blocks[0], self.blocks[1]),
            ])
            .row(["seed".to_owned(), config.seed.to_string()])
            .row([
                "contact cutoff / nm".to_owned(),
                config.contact_cutoff.to_string(),
            ])
            .row([
                "frames rejected from a CA–CA bond of / nm".to_owned(),
                config.longest_bond.to_string(),
            ])
            .row([
                "TIC 1 and 2, W1 by the published recipe".to_owned(),
                ucsc.map_or_else(|| "undefined".to_owned(), format_number),
            ])
    }

    fn csv(&self) -> String {
        let mut csv = String::from("ensemble,frame,weight,rg_nm");
        for i in 0..self.n_components {
            let _ = write!(csv, ",tic{}", i + 1);
        }
        csv.push('\n');
        for ((name, sample), projection) in ["reference", "model"]
            .iter()
            .zip(&self.samples)
            .zip(&self.projections)
        {
            let gyration = sample.radii_of_gyration();
            for (frame, row) in projection.chunks_exact(self.n_components).enumerate() {
                let _ = write!(
                    csv,
                    "{name},{frame},{},{:.5}",
                    sample.weights[frame], gyration[frame]
                );
                for value in row {
                    let _ = write!(csv, ",{value:.5}");
                }
                csv.push('\n');
            }
        }
        csv
    }
}

/// Three significant digits.
pub(super) fn format_number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor() as i32;
    let digits = (2 - exponent).clamp(0, 6) as usize;
    if value.abs() < 1e-5 {
        format!("{value:.2e}")
    } else {
        format!("{value:.digits$}")
    }
}
