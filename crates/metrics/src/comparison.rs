//! Two sets of frames against each other: what the published CG benchmarks measure, with standard
//! errors, a baseline, weights honoured everywhere and no frame lost in silence.
//!
//! All quantities are of the CA atoms. Frames in which a coordinate is not finite, or a CA–CA bond
//! is longer than a limit, are counted as rejected: they enter no distribution, and no verdict of
//! the report is green while there are any.
//!
//! Deviations from the published suite, on purpose: exact transport from sorted samples in place of
//! smoothed grids, angles around the circle, every frame used, weights in every number, contact
//! maps in the order of the pairs, KL(reference ‖ model) with its sign. The published number stands
//! beside ours as `ucsc`.
//!
//! # Memory
//! The CA atoms of the frames that are used, twice, and one distribution at a time, sorted: about 56
//! bytes for each CA atom of each frame of both sides, and 1 kB a frame. It grows with these frames and
//! CA atoms, not with the size of the files; a stride makes it less.

mod columns;
mod config;
mod contact_maps;
mod ensemble;
mod evaluate;
mod figures;
mod macrostates;
mod ramachandran;
mod sections;
mod slow_coordinates;
mod summary;
mod tables;

pub use columns::Column;
pub use config::ComparisonConfig;
pub use ensemble::Ensemble;
pub use ramachandran::BackboneTorsions;
pub use summary::{
    Difference, Distance, Entry, Estimate, Frames, MacrostateEntry, MsmEntries, NativeEntry,
    PlaneEntry, RamachandranEntries, RamachandranShares, Summary, TicaEntries,
};

use crate::bootstrap::{Blocks, statistical_inefficiency};
use crate::error::{Error, Result, check_count, check_length};
use config::check_config;
use contact_maps::{contact_pairs, contact_probabilities, root_mean_square_difference};
use ensemble::{Beads, Sample};
use evaluate::Weights;
use molio::Topology;
use slow_coordinates::{chunks, evenly_spaced, fit_tica, tica_entries};

/// Resamples whose weights are held at once for contact maps.
const RESAMPLES: usize = 25;

/// A reference and a model, compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    config: ComparisonConfig,
    summary: Summary,
    beads: Beads,
    samples: [Sample; 2],
    /// Projections of both samples, `[n_frames][n_components]`.
    projections: [Vec<f64>; 2],
    n_components: usize,
    contacts: Option<ContactMaps>,
    macrostates: Option<macrostates::Kinetics>,
    maps: Option<[Vec<f64>; 2]>,
    n_features: usize,
    blocks: [usize; 2],
}

#[derive(Clone, Debug)]
struct ContactMaps {
    pairs: Vec<[usize; 2]>,
    reference: Vec<f64>,
    model: Vec<f64>,
}

impl Comparison {
    /// Compares `model` with `reference`; both have the atoms of `topology`.
    ///
    /// # Errors
    /// No two CA atoms, no usable frame on either side, a reference shorter than two lag times,
    /// frames with other numbers of atoms, weights that do not fit, or a setting without meaning.
    pub fn new(
        reference: &Ensemble<'_>,
        model: &Ensemble<'_>,
        topology: &Topology,
        config: ComparisonConfig,
    ) -> Result<Self> {
        check_config(&config)?;
        let beads = Beads::new(topology)?;
        let sample = |ensemble: &Ensemble<'_>| {
            Sample::new(
                ensemble,
                &beads,
                topology.n_atoms(),
                config.stride,
                config.longest_bond,
            )
        };
        let samples = [sample(reference)?, sample(model)?];
        check_count(
            "usable frames of the reference",
            2 * config.lag + 2,
            samples[0].n_frames(),
        )?;
        check_count("usable frames of the model", 1, samples[1].n_frames())?;

        let chosen = evenly_spaced(beads.atoms.len(), config.tica_residues);
        let (tica, n_features) = fit_tica(&samples[0], &chosen, config.lag)?;
        let n_components = tica
            .n_components()
            .min(config.n_components.max(macrostates::TICS));
        let project = |sample: &Sample| -> Result<Vec<f64>> {
            let mut projected = Vec::with_capacity(sample.n_frames() * n_components);
            for frames in chunks(0..sample.n_frames()) {
                let all = tica.project(&sample.distances(&chosen, frames))?;
                let rows = all.chunks_exact(tica.n_components());
                rows.for_each(|row| projected.extend_from_slice(&row[..n_components]));
            }
            Ok(projected)
        };
        let projections = [project(&samples[0])?, project(&samples[1])?];

        let blocks = [0, 1].map(|side| {
            let slowest: Vec<f64> = projections[side]
                .iter()
                .step_by(n_components)
                .copied()
                .collect();
            block_length(&slowest, &samples[side].lengths)
        });
        let resampling = [
            Blocks::new(&samples[0].lengths, blocks[0])?,
            Blocks::new(&samples[1].lengths, blocks[1])?,
        ];
        let weights = Weights::new(
            &samples[0],
            &samples[1],
            resampling,
            config.n_resamples,
            config.seed,
        );
        let mut comparison = Self {
            summary: Summary {
                frames: frames(&samples),
                tica: tica_entries(&tica, &projections, n_components, &config, &weights)?,
                bond: None,
                angle: None,
                dihedral: None,
                rg: Distance {
                    w1: weights.line(
                        &samples[0].radii_of_gyration(),
                        &samples[1].radii_of_gyration(),
                        false,
                    )?,
                },
                end_to_end: None,
                contacts: None,
                rmsd_to_native: None,
                msm: None,
                msm_undetermined: None,
                ramachandran: None,
                columns: std::collections::BTreeMap::new(),
            },
            config,
            beads,
            samples,
            projections,
            n_components,
            contacts: None,
            macrostates: None,
            maps: None,
            n_features,
            blocks,
        };
        comparison.add_internal_coordinates(&weights)?;
        comparison.add_contacts(&weights);
        comparison.add_native(&weights, topology)?;
        comparison.add_macrostates(&weights)?;
        comparison.add_ramachandran(&weights)?;
        comparison.add_columns(&weights)?;
        Ok(comparison)
    }

    /// The numbers.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The numbers as one line of JSON; see [`Summary`] for the names and units.
    ///
    /// # Errors
    /// [`Error::Undetermined`] if a number cannot be written.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(&self.summary).map_err(|error| Error::Undetermined {
            what: "the JSON of a comparison",
            reason: error.to_string(),
        })
    }

    /// Frames in a block of the bootstrap, of the reference and the model: twice the statistical
    /// inefficiency of the slowest coordinate.
    pub fn block_lengths(&self) -> [usize; 2] {
        self.blocks
    }

    fn add_internal_coordinates(&mut self, weights: &Weights) -> Result<()> {
        let beads = &self.beads;
        let [reference, model] = &self.samples;
        let line = |u: Vec<f64>, v: Vec<f64>, circular: bool| -> Result<Option<Distance>> {
            if u.is_empty() {
                return Ok(None);
            }
            let w1 = weights.line(&u, &v, circular)?;
            Ok(Some(Distance { w1 }))
        };
        self.summary.bond = line(reference.bonds(beads), model.bonds(beads), false)?;
        self.summary.angle = line(reference.angles(beads), model.angles(beads), false)?;
        self.summary.dihedral = line(reference.dihedrals(beads), model.dihedrals(beads), true)?;
        self.summary.end_to_end =
            line(reference.end_to_end(beads), model.end_to_end(beads), false)?;
        Ok(())
    }

    fn add_contacts(&mut self, weights: &Weights) {
        let pairs = contact_pairs(&self.beads);
        if pairs.is_empty() {
            return;
        }
        let cutoff = self.config.contact_cutoff;
        let sets = [
            weights.reference.clone(),
            weights.halves[0].clone(),
            weights.halves[1].clone(),
        ];
        let reference = contact_probabilities(&self.samples[0], &pairs, &sets, cutoff);
        let sets = [weights.model.clone()];
        let model = contact_probabilities(&self.samples[1], &pairs, &sets, cutoff);
        let mut errors = Vec::with_capacity(weights.n_resamples);
        for first in (0..weights.n_resamples).step_by(RESAMPLES) {
            let last = weights.n_resamples.min(first + RESAMPLES);
            let drawn = [0, 1].map(|side| {
                let sets: Vec<_> = (first..last).map(|i| weights.resample(side, i)).collect();
                contact_probabilities(&self.samples[side], &pairs, &sets, cutoff)
            });
            let maps = drawn[0].iter().zip(&drawn[1]);
            errors.extend(maps.map(|(u, v)| root_mean_square_difference(u, v)));
        }
        self.summary.contacts = Some(Difference {
            rmsd: Entry {
                value: root_mean_square_difference(&reference[0], &model[0]),
                error: crate::bootstrap::standard_error(&errors),
                baseline: root_mean_square_difference(&reference[1], &reference[2]),
            },
        });
        self.contacts = Some(ContactMaps {
            pairs,
            reference: reference[0].clone(),
            model: model[0].clone(),
        });
    }

    fn add_native(&mut self, weights: &Weights, topology: &Topology) -> Result<()> {
        let Some(native) = &self.config.native else {
            return Ok(());
        };
        let native: Vec<[f32; 3]> = if native.len() == topology.n_atoms() {
            self.beads.atoms.iter().map(|&atom| native[atom]).collect()
        } else {
            check_length(
                "atoms of the native structure",
                self.beads.atoms.len(),
                native.len(),
            )?;
            native.clone()
        };
        let values = [
            self.samples[0].rmsd_to(&native)?,
            self.samples[1].rmsd_to(&native)?,
        ];
        let mean = |side: usize| {
            weights.estimate(side, |weights| {
                evaluate::weighted_mean(&values[side], weights)
            })
        };
        self.summary.rmsd_to_native = Some(NativeEntry {
            entry: weights.line(&values[0], &values[1], false)?,
            reference: mean(0),
            model: mean(1),
        });
        self.config.native = Some(native);
        Ok(())
    }
}

fn frames(samples: &[Sample; 2]) -> Frames {
    Frames {
        reference: samples[0].n_frames(),
        model: samples[1].n_frames(),
        rejected: samples[1].rejected,
        rejected_reference: samples[0].rejected,
    }
}

/// Twice the statistical inefficiency, between the cube root and a quarter of a replica.
fn block_length(series: &[f64], lengths: &[usize]) -> usize {
    let (mut first, mut sum, mut n) = (0, 0.0, 0);
    for &length in lengths {
        sum += statistical_inefficiency(&series[first..first + length]) * length as f64;
        first += length;
        n += length;
    }
    let longest = lengths.iter().copied().max().unwrap_or(1);
    let least = (longest as f64).cbrt().ceil() as usize;
    let most = (longest / 4).max(1);
    ((2.0 * sum / n.max(1) as f64).ceil() as usize)
        .max(least)
        .min(most)
}
