//! The report of a campaign, written anew after every round.

mod figures;

use super::data::Data;
use super::judge::{Baseline, EnsembleJudge};
use super::{config::Config, slow, watch};
use active_learning::{AttemptSummary, Measure, RoundSummary, Stage, Summary};
use anyhow::Result;
use figures::{Cloud, Curve};
use metrics::report::{Cell, Report, Section, Table};
use molio::Trajectory;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Structures that are drawn of each round.
const DRAWN: usize = 6;

/// A campaign as far as it got.
pub(super) struct Story<'a> {
    config: &'a Config,
    data: &'a Data,
    judge: &'a EnsembleJudge<'a>,
    summary: &'a Summary,
}

impl<'a> Story<'a> {
    pub(super) fn new(
        config: &'a Config,
        data: &'a Data,
        judge: &'a EnsembleJudge<'a>,
        summary: &'a Summary,
    ) -> Self {
        Self {
            config,
            data,
            judge,
            summary,
        }
    }

    /// Writes `report.html` to the campaign's folder.
    pub(super) fn write(&self) -> Result<()> {
        let path = self.config.folder.join("report.html");
        let html = self.report()?.to_html();
        Ok(dynamics::write_atomically(&path, html.as_bytes())?)
    }

    fn report(&self) -> Result<Report> {
        let summary = self.summary;
        let mut report = Report::new("Active learning of a coarse-grained model");
        let ending = match summary.ending {
            Some(ending) => serde_json::to_value(ending)?
                .as_str()
                .map_or("ended".to_owned(), |text| text.replace('_', " ")),
            None => "running".to_owned(),
        };
        report.subtitle(format!(
            "{} beads at {} K; {} base frames, {} frames asked of the oracle in {} of {} rounds; {ending}",
            self.data.maps.positions.n_beads(),
            self.config.system.temperature,
            summary.n_base,
            summary.oracle_frames(),
            summary.rounds.len().saturating_sub(1),
            self.config.rounds.rounds,
        ));
        let baselines = self.baselines()?;
        report.summary(self.measures_table(&baselines));
        if !baselines.is_empty() {
            self.curves(report.section("Distances from the reference"), &baselines)?;
            self.maps(report.section("Slow coordinates"))?;
        }
        self.coverage(report.section("Coverage"))?;
        self.structures(report.section("Selected frames"))?;
        report.section("The oracle").table(self.cost_table());
        let rejected = self.rejected_table();
        let section = report.section("Attempts");
        section.text(
            "A round's model replaces the one before it if no guarded measure is worse beyond its standard error. \
             Where no attempt is accepted the labels are kept, and the model before stays.",
        );
        section.table(rejected);
        report
            .section("Where the time went")
            .table(self.timing_table());
        report
            .section("Settings")
            .details("Configuration", |inner| {
                for (name, text) in self.config.sections() {
                    inner.text(format!("{name}: {text}"));
                }
            });
        Ok(report)
    }

    /// What matters most of it, as part of another report.
    pub(super) fn brief(&self) -> Result<Report> {
        let mut report = Report::new("Active learning of a coarse-grained model");
        let baselines = self.baselines()?;
        let opening = report.opening();
        opening.text(format!(
            "A model of {} beads learned the forces of {} frames, and was simulated. Frames were chosen of it, given their \
             atoms back, and simulated with the force field; the model was trained anew with what came back: {} frames \
             asked in {} rounds. Distances from the reference:",
            self.data.maps.positions.n_beads(),
            self.summary.n_base,
            self.summary.oracle_frames(),
            self.summary.rounds.len().saturating_sub(1),
        ));
        opening.table(self.measures_table(&baselines));
        if !baselines.is_empty() {
            self.maps(opening)?;
        }
        self.coverage(opening)?;
        Ok(report)
    }

    /// What the halves of the reference differ by.
    fn baselines(&self) -> Result<Vec<Baseline>> {
        // the model's side does not matter here, so a few of the base set's frames do
        let base = self.data.base_trajectories()?;
        let compared = self.judge.compare(&base, Some(0))?;
        Ok(compared.map_or_else(Vec::new, |c| self.judge.measures(c.summary()).1))
    }

    fn rounds(&self) -> impl Iterator<Item = (&RoundSummary, Option<&AttemptSummary>)> {
        let rounds = &self.summary.rounds;
        rounds.iter().map(|round| {
            let accepted = self.summary.accepted_at(round.round);
            let attempt =
                accepted.and_then(|(round, attempt)| rounds.get(round)?.attempts.get(attempt));
            (round, attempt)
        })
    }

    fn measures_table(&self, baselines: &[Baseline]) -> Table {
        let mut columns = vec!["accepted model".to_owned()];
        columns.extend(self.summary.rounds.iter().map(|round| match round.round {
            0 => "base".to_owned(),
            n => format!("round {n}"),
        }));
        columns.push("halves of the reference".to_owned());
        let mut table = Table::new(columns);
        for name in super::judge::NAMES {
            let found: Vec<Option<&Measure>> = self
                .rounds()
                .map(|(_, attempt)| attempt?.measures.iter().find(|m| m.name == name))
                .collect();
            let Some(Some(first)) = found.first() else {
                continue;
            };
            let mut cells = vec![Cell::text(title(name))];
            for measure in &found {
                cells.push(match measure {
                    None => Cell::faint("–"),
                    Some(measure) => {
                        let text = with_error(measure);
                        let gain = first.value - measure.value;
                        let allowed = first
                            .error
                            .unwrap_or(0.0)
                            .hypot(measure.error.unwrap_or(0.0));
                        if gain > allowed {
                            Cell::good(text)
                        } else if -gain > allowed {
                            Cell::bad(text)
                        } else {
                            Cell::text(text)
                        }
                    }
                });
            }
            let baseline = baselines.iter().find(|b| b.name == name);
            cells.push(baseline.map_or(Cell::faint("–"), |b| Cell::text(number(b.value))));
            table = table.row(cells);
        }
        table.legend("✓ better than the base model beyond the standard errors, ✗ worse")
    }

    fn curves(&self, section: &mut Section, baselines: &[Baseline]) -> Result<()> {
        section.text("Of the accepted model after each round; the band is one standard error, the dashed line what two halves of the reference differ by.");
        let mut drawn = Vec::new();
        for name in super::judge::NAMES {
            let points = self.rounds().filter_map(|(round, attempt)| {
                let measure = attempt?.measures.iter().find(|m| m.name == name)?;
                Some((
                    round.round as f64,
                    measure.value,
                    measure.error.unwrap_or(0.0),
                ))
            });
            let curve = Curve {
                title: title(name),
                points: points.collect(),
                baseline: baselines.iter().find(|b| b.name == name).map(|b| b.value),
            };
            if !curve.points.is_empty() {
                drawn.push(curve.draw()?);
            }
        }
        section.figures(drawn);
        Ok(())
    }

    /// The sample of the model that is accepted after a round.
    fn sample(&self, round: usize) -> Result<Option<Trajectory>> {
        let Some((round, attempt)) = self.summary.accepted_at(round) else {
            return Ok(None);
        };
        let path = self.round_file(round, &format!("attempt-{attempt}/sample.trr"));
        let sample = Trajectory::read(path)?;
        Ok((sample.n_frames() > 0).then_some(sample))
    }

    fn round_file(&self, round: usize, name: &str) -> PathBuf {
        self.config.folder.join(format!("round-{round:03}/{name}"))
    }

    fn selected(&self, round: usize) -> Result<Option<Trajectory>> {
        let path = self.round_file(round, "selected.trr");
        if !path.exists() {
            return Ok(None);
        }
        let selected = Trajectory::read(path)?;
        Ok((selected.n_frames() > 0).then_some(selected))
    }

    fn maps(&self, section: &mut Section) -> Result<()> {
        let Some(config) = &self.config.reference else {
            return Ok(());
        };
        section.text(
            "The two slowest coordinates of the reference (TICA of the distances between beads, in the unit of a \
             kinetic map), in the reference, the base set, and the models. Points: frames that were chosen in that round.",
        );
        let tica = slow::fit(&self.data.reference, config.lag)?;
        let mut reference = Vec::new();
        for trajectory in &self.data.reference {
            reference.extend(slow::project(&tica, trajectory)?);
        }
        let mut clouds = vec![Cloud {
            title: "Reference".to_owned(),
            frames: reference,
            marks: Vec::new(),
        }];
        let mut base = Vec::new();
        for trajectory in &self.data.base_trajectories()? {
            base.extend(slow::project(&tica, trajectory)?);
        }
        clouds.push(Cloud {
            title: "Base set".to_owned(),
            frames: base,
            marks: Vec::new(),
        });
        for round in &self.summary.rounds {
            let Some(sample) = self.sample(round.round)? else {
                continue;
            };
            let marks = match self.selected(round.round)? {
                Some(selected) => slow::project(&tica, &selected)?,
                None => Vec::new(),
            };
            clouds.push(Cloud {
                title: match round.round {
                    0 => "Base model".to_owned(),
                    n => format!("Model after round {n}"),
                },
                frames: slow::project(&tica, &sample)?,
                marks,
            });
        }
        section.figures(figures::maps(&clouds)?);
        Ok(())
    }

    fn coverage(&self, section: &mut Section) -> Result<()> {
        section.text(
            "How far the model's frames are from the native structure, and from the nearest frame that was known when \
             the round began. What the second histogram has on its right is what the round could ask about.",
        );
        let mut drawn = Vec::new();
        if let Some(native) = &self.data.native {
            let rmsd = |frames: &Trajectory| -> Result<Vec<f64>> {
                (0..frames.n_frames())
                    .map(|i| Ok(molio::rmsd(native, frames.positions(i))?))
                    .collect()
            };
            let mut samples = vec![("base set".to_owned(), rmsd(&self.data.base_frames()?)?)];
            let mut reference = Vec::new();
            for trajectory in &self.data.reference {
                reference.extend(rmsd(trajectory)?);
            }
            if !reference.is_empty() {
                samples.push(("reference".to_owned(), reference));
            }
            for round in &self.summary.rounds {
                if let Some(sample) = self.sample(round.round)? {
                    let name = match round.round {
                        0 => "base model".to_owned(),
                        n => format!("after round {n}"),
                    };
                    samples.push((name, rmsd(&sample)?));
                }
            }
            drawn.push(figures::histogram(
                "Distance from the native structure",
                "RMSD to the native structure",
                &samples,
            )?);
        }
        let nearest = self.summary.rounds.iter().filter(|round| round.round > 0);
        let nearest: Vec<(String, Vec<f64>)> = nearest
            .map(|round| {
                let distances = round.coverage.distances_before.iter();
                let values = distances.map(|&d| f64::from(d)).collect();
                (format!("round {}", round.round), values)
            })
            .filter(|(_, values): &(String, Vec<f64>)| !values.is_empty())
            .collect();
        if !nearest.is_empty() {
            drawn.push(figures::histogram(
                "Distance from what is known",
                "RMSD to the nearest training frame",
                &nearest,
            )?);
        }
        section.figures(drawn);
        Ok(())
    }

    fn structures(&self, section: &mut Section) -> Result<()> {
        section.text(format!(
            "The first {DRAWN} of each round, in the order of choice, over the native structure where there is one."
        ));
        let mut any = false;
        for round in &self.summary.rounds {
            let Some(selected) = self.selected(round.round)? else {
                continue;
            };
            any = true;
            section.heading(format!("Round {}", round.round));
            let native = self.data.native.as_deref();
            let shown = 0..selected.n_frames().min(DRAWN);
            let drawn: Result<Vec<_>> = shown
                .map(|index| figures::structure(index, selected.positions(index), native))
                .collect();
            section.figures(drawn?);
        }
        if !any {
            section.text("None yet.");
        }
        Ok(())
    }

    fn cost_table(&self) -> Table {
        let mut table = Table::new([
            "round",
            "candidates",
            "implausible",
            "chosen",
            "given atoms",
            "labels",
            "broken labels",
            "simulated / ns",
            "wall time / s",
            "radius before / nm",
            "after / nm",
        ]);
        for round in self.summary.rounds.iter().filter(|round| round.round > 0) {
            let radius =
                |radius: Option<f64>| radius.map_or("–".to_owned(), |r| format!("{r:.3}"));
            let causes: Vec<String> = round
                .implausible
                .iter()
                .map(|(cause, n)| format!("{n} {cause:?}"))
                .collect();
            let implausible = if causes.is_empty() {
                "0".to_owned()
            } else {
                causes.join(", ")
            };
            let seconds = round.seconds.get(&Stage::Ask).copied().unwrap_or(0.0);
            table = table.row([
                round.round.to_string(),
                round.n_candidates.to_string(),
                implausible,
                round.selected.len().to_string(),
                round.n_asked.to_string(),
                round.n_labels.to_string(),
                round.n_broken_labels.to_string(),
                format!("{:.3}", round.nanoseconds),
                format!("{seconds:.1}"),
                radius(round.coverage.radius_before),
                radius(round.coverage.radius_after),
            ]);
        }
        table
    }

    fn rejected_table(&self) -> Table {
        let mut table = Table::new(["round", "attempt", "how", "verdict", "what got worse"]);
        for round in &self.summary.rounds {
            for (index, attempt) in round.attempts.iter().enumerate() {
                let how = format!(
                    "{}, a label of the oracle counts {}",
                    if attempt.attempt.warm_start {
                        "going on from the model before"
                    } else {
                        "from scratch"
                    },
                    attempt.attempt.oracle_weight
                );
                let worse: Vec<String> = attempt
                    .verdict
                    .worsened
                    .iter()
                    .map(|w| {
                        let now = w.now.map_or("missing".to_owned(), number);
                        format!(
                            "{}: {} → {now} (allowed: {} more)",
                            title(&w.name),
                            number(w.before),
                            number(w.allowance)
                        )
                    })
                    .collect();
                let verdict = if attempt.verdict.accepted() {
                    Cell::good("accepted")
                } else {
                    Cell::bad("rejected")
                };
                table = table.row([
                    Cell::text(round.round.to_string()),
                    Cell::text((index + 1).to_string()),
                    Cell::text(how),
                    verdict,
                    Cell::text(worse.join("; ")),
                ]);
            }
        }
        table
    }

    fn timing_table(&self) -> Table {
        let rounds = &self.summary.rounds;
        let stages: BTreeSet<Stage> = rounds
            .iter()
            .flat_map(|r| r.seconds.keys().copied())
            .collect();
        let mut columns = vec!["s".to_owned()];
        columns.extend(rounds.iter().map(|round| format!("round {}", round.round)));
        columns.push("all".to_owned());
        let mut table = Table::new(columns);
        let mut row = |name: &str, of: &dyn Fn(&RoundSummary) -> f64| {
            let seconds: Vec<f64> = rounds.iter().map(of).collect();
            let total: f64 = seconds.iter().sum();
            let numbers = seconds.iter().chain([&total]).map(|s| format!("{s:.1}"));
            let cells = std::iter::once(name.to_owned()).chain(numbers);
            table = std::mem::take(&mut table).row(cells);
        };
        for stage in stages {
            row(watch::name(stage), &|round| {
                round.seconds.get(&stage).copied().unwrap_or(0.0)
            });
        }
        row("all", &|round| round.seconds.values().sum());
        table
    }
}

/// Of a measure, for people.
fn title(name: &str) -> String {
    let known = [
        ("tica_w1", "TICA W1"),
        ("tica_w1_ucsc", "TICA W1, published recipe"),
        ("bond_w1", "bond W1 / nm"),
        ("angle_w1", "angle W1 / rad"),
        ("dihedral_w1", "dihedral W1 / rad"),
        ("end_to_end_w1", "end-to-end W1 / nm"),
        ("rg_w1", "Rg W1 / nm"),
        ("rmsd_to_native_w1", "RMSD to native W1 / nm"),
        ("contacts_rmsd", "contact probabilities, RMS difference"),
    ];
    let found = known.iter().find(|(known, _)| *known == name);
    found.map_or(name, |(_, title)| title).to_owned()
}

fn with_error(measure: &Measure) -> String {
    match measure.error {
        Some(error) => {
            let digits = digits(error);
            format!("{:.digits$} ± {error:.digits$}", measure.value)
        }
        None => number(measure.value),
    }
}

/// Three digits that count.
fn number(value: f64) -> String {
    format!("{value:.0$}", digits(value) + 1)
}

/// Decimals with which two digits of a number show.
fn digits(value: f64) -> usize {
    if value.abs() < 1e-12 || !value.is_finite() {
        return 2;
    }
    (1.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize
}
