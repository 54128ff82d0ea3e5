//! Sections of the report on kinetics and on backbone torsions.

use super::tables::format_number;
use super::{Comparison, Estimate};
use crate::error::Result;
use crate::figure::{Axis, Colour, Figure, HeatMap, LineChart};
use crate::histogram::free_energy;
use crate::report::{Cell, Report, Table};

impl Comparison {
    /// Macrostates and implied timescales, or why there are none.
    pub(super) fn add_kinetics(&self, report: &mut Report) -> Result<()> {
        if let Some(reason) = &self.summary.msm_undetermined {
            let section = report.section("Macrostates");
            section.text(format!("There is no Markov state model: {reason}."));
            return Ok(());
        }
        let Some(msm) = &self.summary.msm else {
            return Ok(());
        };
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let section = report.section("Macrostates");
        section.text(format!(
            "{} clusters of the reference in the first {} TICs, of which {} are connected; reversible \
             maximum likelihood at a lag of {} frames, macrostates by PCCA+. The model's frames are \
             sorted into the same clusters. In no macrostate: {} of the reference, {} of the model.",
            msm.n_microstates,
            self.n_components,
            msm.n_connected,
            msm.lag,
            percent(msm.outside_reference),
            percent(msm.outside_model),
        ));
        section.table(self.macrostate_table());
        let figures = self.timescale_figure()?;
        section.figures(figures);
        Ok(())
    }

    fn macrostate_table(&self) -> Table {
        let mut table = Table::new([
            "macrostate",
            "reference / %",
            "model / %",
            "difference / %",
            "reference halves / %",
            "stationary / %",
            "free energy / kT",
            "mean RMSD / nm",
        ]);
        let Some(msm) = &self.summary.msm else {
            return table;
        };
        let shown = |estimate: Estimate| match estimate.error {
            Some(error) => format!("{:.1} ± {:.1}", 100.0 * estimate.value, 100.0 * error),
            None => format!("{:.1}", 100.0 * estimate.value),
        };
        let largest = msm.macrostates.iter().map(|m| m.stationary.value);
        let largest = largest.fold(0.0, f64::max);
        for (index, state) in msm.macrostates.iter().enumerate() {
            let native = if msm.native == Some(index) {
                ", native"
            } else {
                ""
            };
            let difference = format!("{:.1}", 100.0 * state.difference.value);
            let rejected = self.summary.frames.rejected > 0;
            table = table.row([
                Cell::text(format!("{}{native}", index + 1)),
                Cell::text(shown(state.reference)),
                Cell::text(shown(state.model)),
                if state.difference.within_baseline() && !rejected {
                    Cell::good(difference)
                } else {
                    Cell::bad(difference)
                },
                Cell::text(format!("{:.1}", 100.0 * state.difference.baseline)),
                Cell::text(shown(state.stationary)),
                Cell::text(format!("{:.2}", (largest / state.stationary.value).ln())),
                state
                    .rmsd_to_native
                    .map_or_else(|| Cell::faint("–"), |rmsd| Cell::text(format_number(rmsd))),
            ]);
        }
        table.legend(
            "Shares of frames, and the stationary probability and free energy in the Markov model of the \
             reference. RMSD is that of the reference's frames to the native structure.",
        )
    }

    fn timescale_figure(&self) -> Result<Vec<Figure>> {
        let Some(kinetics) = &self.macrostates else {
            return Ok(Vec::new());
        };
        let at = &kinetics.timescales;
        let n = at.iter().map(|at| at.values.len()).max().unwrap_or(0);
        if at.len() < 2 || n == 0 {
            return Ok(Vec::new());
        }
        let lags: Vec<f64> = at.iter().map(|at| at.lag as f64).collect();
        let unit = match self.config.stride * self.config.read_stride {
            1 => "frames".to_owned(),
            stride => format!("{stride} frames"),
        };
        let mut chart = LineChart::new(
            Axis::new("lag time", &unit),
            Axis::new("implied timescale", &unit).logarithmic(),
        )
        .title("Implied timescales of the reference");
        for process in 0..n {
            let value = |i: usize| at[i].values.get(process).copied().unwrap_or(f64::NAN);
            let error = |i: usize| at[i].errors.get(process).copied().flatten().unwrap_or(0.0);
            let edge = |sign: f64| -> Vec<f64> {
                // A logarithmic axis ends where the error is as large as the value.
                let ends = (0..at.len()).map(|i| value(i) + sign * error(i));
                ends.zip(0..)
                    .map(|(end, i)| end.max(0.2 * value(i)))
                    .collect()
            };
            let values: Vec<f64> = (0..at.len()).map(value).collect();
            chart = chart
                .line(format!("process {}", process + 1), &lags, &values)
                .band(&edge(-1.0), &edge(1.0));
        }
        let limit = chart
            .line("lag time", &lags, &lags)
            .colour(Colour(0x80, 0x80, 0x80))
            .dashed();
        Ok(vec![limit.draw()?.caption(
            "With one standard error by block bootstrap. Where the curves are level, the clusters are \
             Markovian; what is faster than the dashed line cannot be told.",
        )])
    }

    /// φ/ψ maps of both sides.
    pub(super) fn add_phi_psi(&self, report: &mut Report) -> Result<()> {
        let (Some(maps), Some(entries)) = (&self.maps, &self.summary.ramachandran) else {
            return Ok(());
        };
        let n = (maps[0].len() as f64).sqrt().round() as usize;
        let energies = [free_energy(&maps[0]), free_energy(&maps[1])];
        let finite = energies.iter().flatten().filter(|e| e.is_finite());
        let highest = finite.copied().fold(1.0, f64::max);
        let draw = |title: &str, values: &[f64]| {
            let circle = |label: &str| Axis::angle(label);
            let bar = Axis::new("free energy", "kT").range(0.0, highest);
            HeatMap::new(circle("φ"), circle("ψ"), bar, n, values.to_vec())
                .title(title)
                .draw()
        };
        let section = report.section("Ramachandran");
        section.text("φ and ψ of all residues of all frames; both maps share the scale.");
        section.figures([
            draw("Reference", &energies[0])?,
            draw("Model", &energies[1])?,
        ]);
        let shown = |estimate: Estimate| match estimate.error {
            Some(error) => format!("{:.2} ± {:.2}", 100.0 * estimate.value, 100.0 * error),
            None => format!("{:.2}", 100.0 * estimate.value),
        };
        let mut table = Table::new(["", "favored / %", "allowed / %", "outliers / %"]);
        for (name, shares) in [("reference", entries.reference), ("model", entries.model)] {
            table = table.row([
                name.to_owned(),
                shown(shares.favored),
                shown(shares.allowed),
                shown(shares.outlier),
            ]);
        }
        section.table(table.legend("Classes by the Top8000 contours."));
        Ok(())
    }
}
