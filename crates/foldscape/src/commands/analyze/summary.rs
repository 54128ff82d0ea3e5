//! An analysis for people: means with errors, and a report.

use super::measures::Analysis;
use anyhow::Result;
use metrics::bootstrap::{Blocks, standard_error, statistical_inefficiency};
use metrics::figure::{Axis, Colour, HeatMap, LineChart};
use metrics::histogram::{Bins, free_energy};
use metrics::report::{Cell, Report, Table};

/// Points of a time series that are drawn; more would only make the file larger.
const SERIES_POINTS: usize = 1500;
/// Bins around each circle of the Ramachandran map.
const CIRCLE_BINS: usize = 72;

/// Mean over the frames that have a value, its standard error by block bootstrap, and the spread.
struct Mean {
    value: f64,
    error: Option<f64>,
    deviation: f64,
}

impl Mean {
    fn of(series: &[f64]) -> Option<Self> {
        let defined: Vec<f64> = series.iter().copied().filter(|x| x.is_finite()).collect();
        let n = defined.len() as f64;
        if defined.is_empty() {
            return None;
        }
        let value = defined.iter().sum::<f64>() / n;
        let squares = defined.iter().map(|x| (x - value).powi(2)).sum::<f64>();
        let block = (2.0 * statistical_inefficiency(&defined)).ceil() as usize;
        let blocks =
            Blocks::new(&[defined.len()], block.clamp(1, defined.len().div_ceil(4))).ok()?;
        let resampled: Vec<f64> = (0..100)
            .map(|index| {
                let counts = blocks.resample(0, index);
                counts.iter().zip(&defined).map(|(c, x)| c * x).sum::<f64>() / n
            })
            .collect();
        Some(Self {
            value,
            error: standard_error(&resampled).filter(|_| defined.len() > 1),
            deviation: (squares / n).sqrt(),
        })
    }
}

impl Mean {
    /// A number with as many decimals as give the error two digits, or the spread three.
    fn digits(&self, number: f64) -> String {
        let (scale, digits) = match self.error {
            Some(error) if error > 0.0 => (error, 1),
            _ => (self.deviation.max(self.value.abs() * 1e-3), 2),
        };
        if scale <= 0.0 {
            return format!("{number}");
        }
        let decimals = (digits - scale.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{number:.decimals$}")
    }
}

impl Analysis {
    /// Every quantity with one number a frame: name, unit, values.
    fn series(&self) -> Vec<(String, &'static str, Vec<f64>)> {
        let counts = |values: &[Option<u32>]| -> Vec<f64> {
            values
                .iter()
                .map(|n| n.map_or(f64::NAN, f64::from))
                .collect()
        };
        let share = |of: fn(&super::measures::RamachandranFrame) -> usize| -> Vec<f64> {
            let percent = |frame: &super::measures::RamachandranFrame| {
                let all = frame.favored + frame.allowed + frame.outlier;
                100.0 * of(frame) as f64 / all as f64
            };
            let frames = self.ramachandran.iter();
            frames
                .map(|frame| frame.as_ref().map_or(f64::NAN, percent))
                .collect()
        };
        let mut series = vec![
            ("RMSD".to_owned(), "nm", self.rmsd.clone()),
            ("Radius of gyration".to_owned(), "nm", self.rg.clone()),
        ];
        let n_chains = self.end_to_end.width;
        for chain in 0..n_chains {
            let ends = self.end_to_end.values.iter().skip(chain).step_by(n_chains);
            let name = if n_chains == 1 {
                "End-to-end distance".to_owned()
            } else {
                format!("End-to-end distance, chain {}", chain + 1)
            };
            series.push((name, "nm", ends.map(|&x| f64::from(x)).collect()));
        }
        let dope = self.dope_label.unwrap_or("DOPE").to_owned();
        series.extend([
            (
                "Native contacts Q".to_owned(),
                "",
                self.native_contacts.clone(),
            ),
            ("Accessible surface".to_owned(), "nm²", self.sasa.clone()),
            ("Ramachandran favored".to_owned(), "%", share(|r| r.favored)),
            ("Ramachandran allowed".to_owned(), "%", share(|r| r.allowed)),
            (
                "Ramachandran outliers".to_owned(),
                "%",
                share(|r| r.outlier),
            ),
            ("D residues".to_owned(), "", counts(&self.chirality_errors)),
            (
                "Hydrogen bonds".to_owned(),
                "",
                counts(&self.hydrogen_bonds),
            ),
            ("Clashes".to_owned(), "", counts(&self.clashes)),
            (
                "Strained backbone bonds".to_owned(),
                "",
                counts(&self.strained_bonds),
            ),
            ("Helix, H G I".to_owned(), "%", self.letters("HGI")),
            ("Strand, E B".to_owned(), "%", self.letters("EB")),
            (dope, "", self.dope.clone()),
        ]);
        for (name, rows) in &self.columns {
            for column in 0..rows.width {
                let values = rows.values.iter().skip(column).step_by(rows.width);
                let name = if rows.width == 1 {
                    name.clone()
                } else {
                    format!("{name}, {}", column + 1)
                };
                series.push((name, "", values.map(|&x| f64::from(x)).collect()));
            }
        }
        series.retain(|(_, _, values)| values.iter().any(|x| x.is_finite()));
        series
    }

    /// Percentage of residues with one of these DSSP letters.
    fn letters(&self, which: &str) -> Vec<f64> {
        let share = |letters: &String| {
            let n = letters.chars().filter(|&c| which.contains(c)).count();
            100.0 * n as f64 / letters.chars().count().max(1) as f64
        };
        let frames = self.secondary_structure.iter();
        frames
            .map(|letters| letters.as_ref().map_or(f64::NAN, share))
            .collect()
    }

    /// Means over frames.
    pub(super) fn rows(&self) -> Vec<(String, String)> {
        let mut rows = vec![
            ("frames".to_owned(), self.frames.to_string()),
            ("atoms".to_owned(), self.atoms.to_string()),
        ];
        if self.rejected > 0 {
            let text = format!("{} frames that are not finite", self.rejected);
            rows.push(("rejected".to_owned(), text));
        }
        let fluctuation = self.rmsf.iter().sum::<f64>() / self.rmsf.len() as f64;
        rows.push((
            "RMSF".to_owned(),
            format!("{fluctuation:.4} nm, mean over atoms"),
        ));
        for (name, unit, values) in self.series() {
            if let Some(mean) = Mean::of(&values) {
                let error = mean
                    .error
                    .map_or_else(String::new, |e| format!(" ± {e:.4}"));
                let mut text = format!("{:.4}{error} {unit}", mean.value)
                    .trim_end()
                    .to_owned();
                if self.frames > 1 {
                    text += &format!(" (mean, standard error; spread {:.4})", mean.deviation);
                }
                rows.push((name, text));
            }
        }
        rows
    }

    /// The report.
    pub(super) fn report(&self, title: &str, note: &str) -> Result<Report> {
        let mut report = Report::new(format!("Structure of {title}"));
        report.subtitle(format!(
            "{} frames of {} atoms, {} rejected as not finite",
            self.frames, self.atoms, self.rejected
        ));
        let series = self.series();
        let mut table = Table::new(["quantity", "mean", "± error", "spread", "unit"]);
        for (name, unit, values) in &series {
            if let Some(mean) = Mean::of(values) {
                table = table.row([
                    Cell::text(name),
                    Cell::text(mean.digits(mean.value)),
                    match mean.error {
                        Some(error) => Cell::text(mean.digits(error)),
                        None => Cell::faint("–"),
                    },
                    Cell::text(mean.digits(mean.deviation)),
                    Cell::text(*unit),
                ]);
            }
        }
        report.summary(table.legend(format!(
            "Means over frames with standard errors by block bootstrap over time; the spread is the \
             standard deviation over frames. {note}"
        )));
        if self.frames > 1 {
            let mut figures = Vec::new();
            for (name, unit, values) in &series {
                let (frames, values) = self.points(values);
                let chart = LineChart::new(Axis::new("frame", ""), Axis::new(name, *unit))
                    .title(name)
                    .line("", &frames, &values)
                    .colour(Colour::REFERENCE);
                figures.push(chart.draw()?);
            }
            report.section("Time series").figures(figures);
            let atoms: Vec<f64> = (1..=self.rmsf.len()).map(|i| i as f64).collect();
            let chart = LineChart::new(Axis::new("selected atom", ""), Axis::new("RMSF", "nm"))
                .title("Fluctuations around the mean")
                .line("", &atoms, &self.rmsf);
            report.section("Fluctuations").figure(chart.draw()?);
        }
        self.add_ramachandran(&mut report)?;
        Ok(report)
    }

    /// What is drawn of a time series: a point every so many frames, and a gap after each file.
    fn points(&self, values: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let every = values.len().div_ceil(SERIES_POINTS).max(1);
        let ends = self.starts.iter().skip(1).copied().chain([values.len()]);
        let (mut frames, mut drawn) = (Vec::new(), Vec::new());
        for (&start, end) in self.starts.iter().zip(ends) {
            for frame in (start..end).step_by(every) {
                frames.push(frame as f64);
                drawn.push(values[frame]);
            }
            frames.push(f64::NAN);
            drawn.push(f64::NAN);
        }
        (frames, drawn)
    }

    fn add_ramachandran(&self, report: &mut Report) -> Result<()> {
        let circle = Bins::around_the_circle(CIRCLE_BINS)?;
        let mut shares = vec![0.0; CIRCLE_BINS * CIRCLE_BINS];
        for (&phi, &psi) in self.phi.values.iter().zip(&self.psi.values) {
            if phi.is_finite() && psi.is_finite() {
                let (x, y) = (circle.index(f64::from(phi)), circle.index(f64::from(psi)));
                shares[y * CIRCLE_BINS + x] += 1.0;
            }
        }
        if shares.iter().all(|&share| share == 0.0) {
            return Ok(());
        }
        let energies = free_energy(&shares);
        let highest = energies.iter().copied().filter(|e| e.is_finite());
        let bar = Axis::new("free energy", "kT").range(0.0, highest.fold(1.0, f64::max));
        let map = HeatMap::new(
            Axis::angle("φ"),
            Axis::angle("ψ"),
            bar,
            CIRCLE_BINS,
            energies,
        )
        .title("φ and ψ of all residues and frames")
        .draw()?;
        report.section("Ramachandran").figure(map);
        Ok(())
    }
}
