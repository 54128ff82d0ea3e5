//! Tables of the report: verdicts, frames, settings, values of every frame.

use super::{Comparison, Entry};
use crate::report::{Cell, Table};
use std::fmt::Write as _;

/// Frames of a side in the table that comes with the report, at most.
const CSV_FRAMES: usize = 20_000;

impl Comparison {
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

    pub(super) fn table(&self) -> Table {
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

    pub(super) fn frames_table(&self) -> Table {
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

    pub(super) fn settings(&self) -> Table {
        let config = &self.config;
        let ucsc = self.summary.tica.w1_2d.and_then(|plane| plane.ucsc);
        let mut table = Table::new(["setting", "value"]);
        for (name, source) in ["reference", "model"].iter().zip(&config.sources) {
            if !source.is_empty() {
                table = table.row([(*name).to_owned(), source.clone()]);
            }
        }
        table
            .row([
                "stride, frames".to_owned(),
                (config.stride * config.read_stride).to_string(),
            ])
            .row([
                "TICA lag time, strided frames".to_owned(),
                config.lag.to_string(),
            ])
            .row([
                "TICA features, CA–CA distances".to_owned(),
                self.n_features.to_string(),
            ])
            .row([
                "principal components of them in which TICA looked".to_owned(),
                self.summary.tica.directions.to_string(),
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

    /// Values of every frame, or of every n-th where there are very many: the report has to open in a
    /// browser.
    pub(super) fn csv(&self) -> String {
        let mut csv = String::from("ensemble,replica,frame,weight,rg_nm");
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
            let every = gyration.len().div_ceil(CSV_FRAMES).max(1);
            let rows = projection.chunks_exact(self.n_components).enumerate();
            for (frame, row) in rows.step_by(every) {
                let origin = sample.origins[frame] as usize;
                let replica = sample.starts.partition_point(|&start| start <= origin) - 1;
                let number = (origin - sample.starts[replica]) * self.config.read_stride;
                let (weight, gyration) = (sample.weights[frame], gyration[frame]);
                let _ = write!(csv, "{name},{replica},{number},{weight},{gyration:.5}");
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
