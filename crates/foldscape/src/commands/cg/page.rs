//! `report.html` of a training run.

use super::config::Config;
use super::train::Report;
use anyhow::{Context, Result};
use cg_potential::{EpochRecord, FittedCurve, RefinementRecord};
use metrics::figure::{Axis, Figure, LineChart};
use metrics::report::{Cell, Report as Page, Table};
use std::path::Path;

/// Curves of one kind of prior that are drawn; a protein of hundreds of residues has hundreds.
const MOST_CURVES: usize = 24;

const KINDS: [(&str, &str); 4] = [
    ("bond", "Bonds"),
    ("angle", "Angles"),
    ("dihedral", "Dihedrals"),
    ("contact", "Contacts"),
];

/// All that a page tells of.
pub(super) struct Story<'a> {
    pub(super) config: &'a Config,
    pub(super) report: &'a Report,
    pub(super) network: &'a str,
    pub(super) curves: &'a [FittedCurve],
    pub(super) epochs: &'a [EpochRecord],
    pub(super) refinement: &'a [RefinementRecord],
}

impl Story<'_> {
    /// Writes the page into the run's folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join("report.html");
        let html = self.page()?.to_html();
        dynamics::write_atomically(&path, html.as_bytes())
            .with_context(|| path.display().to_string())
    }

    fn page(&self) -> Result<Page> {
        let mut page = Page::new("Coarse-grained potential");
        page.subtitle(format!(
            "{} beads at {} K; {} frames, {} of them for training",
            self.report.beads,
            self.report.temperature,
            self.report.frames,
            self.report.training_frames
        ));
        page.summary(self.table());
        let section = page.section("Force matching");
        section.text(
            "Forces of single frames are mostly noise: what atoms that are no beads happen to do. No model's loss \
             can be below the floor, so what counts is the share of the way from the priors to the floor.",
        );
        section.figure(self.losses()?);
        if !self.refinement.is_empty() {
            let section = page.section("Refinement");
            section.text(
                "The energy gap is the mean energy of the model's frames less that of the data's. It goes up and down around \
                 0 once the model's ensemble is that of the data.",
            );
            section.figures(self.refinement()?);
        }
        let section = page.section("Priors");
        section.text(
            "Free energies of the training frames (Boltzmann inversion with the measure's Jacobian, as the settings say) and \
             the functions that were fitted to them.",
        );
        for (kind, title) in KINDS {
            let of_kind = |curve: &&FittedCurve| curve.name.split(' ').next() == Some(kind);
            let curves: Vec<_> = self.curves.iter().filter(of_kind).collect();
            if curves.is_empty() {
                continue;
            }
            section.heading(title);
            if curves.len() > MOST_CURVES {
                section.text(format!(
                    "The first {MOST_CURVES} of {}; priors.json has all.",
                    curves.len()
                ));
            }
            let figures: Result<Vec<_>> =
                curves.iter().take(MOST_CURVES).map(|c| draw(c)).collect();
            section.figures(figures?);
        }
        let settings = [
            ("network", self.network.to_owned()),
            ("map", serde_json::to_string(&self.config.map)?),
            ("prior", serde_json::to_string(&self.config.prior)?),
            ("training", serde_json::to_string(&self.config.training)?),
        ];
        page.section("Settings").details("As used", |inner| {
            for (name, text) in settings {
                inner.text(format!("{name}: {text}"));
            }
        });
        Ok(page)
    }

    fn table(&self) -> Table {
        let report = self.report;
        let unit = "(kJ/mol/nm)²";
        let mut table = Table::new(["quantity", "value"]);
        let mut row = |name: &str, value: String| {
            table = std::mem::take(&mut table).row([Cell::text(name), Cell::text(value)]);
        };
        row(
            "loss of the priors alone",
            format!("{:.0} {unit}", report.prior_only_loss),
        );
        if let Some(loss) = report.train_loss {
            row("training loss, best epoch", format!("{loss:.0} {unit}"));
        }
        if let Some(loss) = report.validation_loss {
            row("validation loss, best epoch", format!("{loss:.0} {unit}"));
            let way = report.prior_only_loss - report.noise_floor;
            if way > 0.0 {
                let share = 100.0 * (report.prior_only_loss - loss) / way;
                row(
                    "of the way from the priors to the floor",
                    format!("{share:.0} %"),
                );
            }
        }
        row(
            "noise floor",
            format!(
                "{:.0} ± {:.0} {unit}",
                report.noise_floor, report.noise_floor_standard_error
            ),
        );
        if let Some(balance) = &report.balance {
            row("virial of the forces", balance.text());
        }
        if let Some(before) = report.rms_force_constraint_aware {
            row(
                "root mean square force",
                format!(
                    "{:.0} kJ/mol/nm; {before:.0} summed over constrained groups only",
                    report.rms_force
                ),
            );
        }
        if let Some(deviation) = report.force_deviation {
            row(
                "deviation of the members' forces",
                format!("{deviation:.0} kJ/mol/nm over {} members", report.members),
            );
        }
        row("epochs", format!("{}, {}", report.epochs, report.outcome));
        table
    }

    fn losses(&self) -> Result<Figure> {
        let column = |of: fn(&EpochRecord) -> f64| self.epochs.iter().map(of).collect::<Vec<_>>();
        let epochs = column(|record| record.epoch as f64 + 1.0);
        let last = epochs.last().copied().unwrap_or(1.0);
        let ends = [1.0, last.max(2.0)];
        let level = |value: f64| [value / 1e3; 2];
        let (floor, error) = (
            self.report.noise_floor,
            self.report.noise_floor_standard_error,
        );
        let chart = LineChart::new(
            Axis::new("epoch", "").range(ends[0], ends[1]),
            Axis::new("force loss", "10³ (kJ/mol/nm)²"),
        )
        .title("Loss")
        .line("training", &epochs, &column(|record| record.train / 1e3))
        .line(
            "validation",
            &epochs,
            &column(|record| record.validation / 1e3),
        )
        .line("noise floor", &ends, &level(floor))
        .band(&level(floor - error), &level(floor + error))
        .dashed()
        .line("priors alone", &ends, &level(self.report.prior_only_loss))
        .dashed();
        Ok(chart.draw()?.caption(
            "The floor's band is its standard error. The training loss is taken while parameters move.",
        ))
    }

    fn refinement(&self) -> Result<[Figure; 2]> {
        let column =
            |of: fn(&RefinementRecord) -> f64| self.refinement.iter().map(of).collect::<Vec<_>>();
        let iterations = column(|record| record.iteration as f64);
        let chart = |name: &str, unit: &str, values: &[f64]| {
            LineChart::new(Axis::new("iteration", ""), Axis::new(name, unit))
                .title(name)
                .line("", &iterations, values)
        };
        let ends = [0.0, iterations.last().copied().unwrap_or(1.0)];
        Ok([
            chart("energy gap", "kJ/mol", &column(|record| record.energy_gap))
                .line("", &ends, &[0.0; 2])
                .dashed()
                .draw()?,
            chart(
                "force loss",
                "(kJ/mol/nm)²",
                &column(|record| record.force_loss),
            )
            .draw()?,
        ])
    }
}

/// A free energy and what was fitted to it.
fn draw(curve: &FittedCurve) -> Result<Figure> {
    let (kind, beads) = curve.name.split_once(' ').unwrap_or(("", &curve.name));
    let x = match (kind, curve.unit.as_str()) {
        ("dihedral", _) => Axis::angle("dihedral"),
        ("angle", "1") => Axis::new("cosine of the angle", ""),
        ("bond" | "contact", unit) => Axis::new("distance", unit),
        (_, unit) => Axis::new(kind, unit),
    };
    let figure = LineChart::new(x, Axis::new("free energy", "kJ/mol"))
        .title(beads)
        .line("frames", &curve.x, &curve.free_energy)
        .line("prior", &curve.x, &curve.fitted)
        .draw()?;
    Ok(figure.caption(format!("{} values", curve.samples.round())))
}
