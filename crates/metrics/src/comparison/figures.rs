//! The report of a comparison.

use super::Comparison;
use super::contact_maps::SEPARATION;
use super::slow_coordinates::plane;
use crate::error::Result;
use crate::figure::{Axis, Colour, ColourMap, Figure, HeatMap, HistogramOverlay, LineChart};
use crate::histogram::{Bins, free_energy, histogram_2d};
use crate::report::Report;

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
                .text(self.tica_sentence())
                .figures(self.maps()?);
        }
        report
            .section("Distributions")
            .figures(self.distributions()?);
        if let Some(figures) = self.contact_figures()? {
            report
                .section("Contacts")
                .text(format!(
                    "Probability of a CA–CA distance below {} nm; neighbours up to {} along the chain are left \
                     out. Left: reference above the diagonal, model below it.",
                    self.config.contact_cutoff,
                    SEPARATION - 1,
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
            let n_values = values[0].len().max(values[1].len());
            let mut chart = HistogramOverlay::new(axis, n_bins(n_values)).title(title);
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
        let residue = || Axis::new("CA atom", "").range(0.5, n as f64 + 0.5);
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

    /// What was fitted, and to how much.
    fn tica_sentence(&self) -> String {
        let directions = self.summary.tica.directions;
        let limited = if directions < self.n_features {
            format!(
                ", in their first {directions} principal components (of {} distances; ten lagged pairs of \
                 frames for each at least, and no direction without variance)",
                self.n_features
            )
        } else {
            String::new()
        };
        format!(
            "TICA of CA–CA distances, fitted to the reference{limited}; both maps share axes and colours."
        )
    }

    fn series(&self) -> Result<Vec<Figure>> {
        let both =
            |of: &dyn Fn(&super::Sample) -> Vec<f64>| [of(&self.samples[0]), of(&self.samples[1])];
        let slowest = [0, 1].map(|side| {
            let row = self.projections[side].iter();
            row.step_by(self.n_components).copied().collect()
        });
        let mut figures = vec![
            self.time_series("Slowest coordinate", Axis::new("TIC 1", ""), &slowest)?,
            self.time_series(
                "Radius of gyration",
                Axis::new("radius of gyration", "nm"),
                &both(&|s| s.radii_of_gyration()),
            )?,
        ];
        if let Some(native) = &self.config.native {
            let values = [
                self.samples[0].rmsd_to(native)?,
                self.samples[1].rmsd_to(native)?,
            ];
            let axis = Axis::new("RMSD", "nm");
            figures.push(self.time_series("RMSD to the native structure", axis, &values)?);
        }
        for column in &self.config.columns {
            let values = column.usable(&self.samples)?;
            let axis = Axis::new(&column.name, "");
            figures.push(self.time_series(&column.name, axis, &values)?);
        }
        Ok(figures)
    }

    /// One value a frame of both sides, with a gap after each replica.
    fn time_series(&self, title: &str, axis: Axis, series: &[Vec<f64>; 2]) -> Result<Figure> {
        let mut chart =
            LineChart::new(Axis::new("frame, replica after replica", ""), axis).title(title);
        let colours = [Colour::REFERENCE, Colour::MODEL];
        let sides = ["reference", "model"].iter().zip(&self.samples);
        for (((name, sample), values), colour) in sides.zip(series).zip(colours) {
            let every = values.len().div_ceil(SERIES_POINTS).max(1);
            let (mut frames, mut drawn) = (Vec::new(), Vec::new());
            let mut first = 0;
            for &length in &sample.lengths {
                for frame in (first..first + length).step_by(every) {
                    frames.push(frame as f64);
                    drawn.push(values[frame]);
                }
                frames.push(f64::NAN);
                drawn.push(f64::NAN);
                first += length;
            }
            chart = chart.line(*name, &frames, &drawn).colour(colour);
        }
        chart.draw()
    }
}

/// Bins that so many values fill: twice the cube root of their number (the Rice rule), 60 at most.
fn n_bins(n_values: usize) -> usize {
    (2.0 * (n_values as f64).cbrt()).ceil().clamp(8.0, 60.0) as usize
}
