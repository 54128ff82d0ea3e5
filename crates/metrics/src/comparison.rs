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

mod columns;
mod contact_maps;
mod ensemble;
mod evaluate;
mod figures;
mod macrostates;
mod ramachandran;
mod sections;
mod summary;

pub use columns::Column;
pub use ensemble::Ensemble;
pub use ramachandran::BackboneTorsions;
pub use summary::{
    Difference, Distance, Entry, Estimate, Frames, MacrostateEntry, MsmEntries, NativeEntry,
    PlaneEntry, RamachandranEntries, RamachandranShares, Summary, TicaEntries,
};

use crate::bootstrap::{Blocks, statistical_inefficiency};
use crate::divergence::kullback_leibler;
use crate::error::{Error, Result, check_count, check_length};
use crate::histogram::{Bins, histogram_2d};
use crate::tica::{Tica, TicaConfig, TicaEstimator};
use crate::wasserstein::published;
use contact_maps::{contact_pairs, contact_probabilities, root_mean_square_difference};
use ensemble::{Beads, Sample};
use evaluate::Weights;
use molio::Topology;

/// Cells along each axis for distances in the plane of two TICs.
const PLANE_BINS: usize = 30;
/// Share to which empty bins are raised in the Kullback–Leibler divergence.
const FLOOR: f64 = 1e-6;
/// Frames whose TICA features are held at once.
const CHUNK: usize = 4096;
/// Resamples whose weights are held at once for contact maps.
const RESAMPLES: usize = 25;

/// What a comparison is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonConfig {
    /// Lag time of TICA in frames after the stride.
    pub lag: usize,
    /// Every how many frames one is used.
    pub stride: usize,
    /// Number of bootstrap resamples; 0 for no errors.
    pub n_resamples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// CA–CA distance below which a pair is in contact, nm.
    pub contact_cutoff: f64,
    /// CA–CA bond length from which a frame is rejected as having come apart, nm.
    pub longest_bond: f64,
    /// CA atoms whose distances are the features of TICA, at most; evenly spaced if there are more.
    pub tica_residues: usize,
    /// TICs that are compared one by one, at most.
    pub n_components: usize,
    /// Native structure (nm): all atoms of the topology, or its CA atoms.
    pub native: Option<Vec<[f32; 3]>>,
    /// Where the native structure came from, for the report.
    pub native_source: String,
    /// k-means clusters of the Markov state model, at most; one for every ten frames if that is less.
    pub n_microstates: usize,
    /// Macrostates, at most.
    pub n_macrostates: usize,
    /// Lag time of the Markov state model in frames after the stride; that of TICA without it.
    pub msm_lag: Option<usize>,
    /// φ and ψ of both sides.
    pub torsions: Option<[BackboneTorsions; 2]>,
    /// The user's own values per frame.
    pub columns: Vec<Column>,
}

impl ComparisonConfig {
    /// The published suite's contact cutoff (1.5 nm), 100 resamples, bonds up to 1 nm, distances of
    /// 40 residues, three TICs, no native structure; 100 microstates in ten TICs and five macrostates
    /// as there, at the lag time of TICA.
    pub fn new(lag: usize) -> Self {
        Self {
            lag,
            stride: 1,
            n_resamples: 100,
            seed: 0,
            contact_cutoff: 1.5,
            longest_bond: 1.0,
            tica_residues: 40,
            n_components: 3,
            native: None,
            native_source: "given".to_owned(),
            n_microstates: 100,
            n_macrostates: 5,
            msm_lag: None,
            torsions: None,
            columns: Vec::new(),
        }
    }
}

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

fn check_config(config: &ComparisonConfig) -> Result<()> {
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let wrong = if config.lag == 0 {
        Some(("lag time in frames", "0".to_owned()))
    } else if config.stride == 0 {
        Some(("stride", "0".to_owned()))
    } else if !positive(config.contact_cutoff) {
        Some(("contact cutoff", config.contact_cutoff.to_string()))
    } else if !positive(config.longest_bond) {
        Some(("longest bond", config.longest_bond.to_string()))
    } else if config.msm_lag == Some(0) || config.n_macrostates == 0 {
        Some((
            "lag time of the Markov model and number of macrostates",
            "0".to_owned(),
        ))
    } else if config.tica_residues < 2 {
        Some((
            "residues of TICA less one",
            (config.tica_residues as i64 - 1).to_string(),
        ))
    } else {
        None
    };
    wrong.map_or(Ok(()), |(what, found)| {
        Err(Error::Argument {
            what,
            expected: "a positive number",
            found,
        })
    })
}

fn frames(samples: &[Sample; 2]) -> Frames {
    Frames {
        reference: samples[0].n_frames(),
        model: samples[1].n_frames(),
        rejected: samples[1].rejected,
        rejected_reference: samples[0].rejected,
    }
}

/// At most `most` of `n` indices, the first and the last among them.
fn evenly_spaced(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    (0..most)
        .map(|i| (i * (n - 1) + (most - 1) / 2) / (most - 1))
        .collect()
}

fn fit_tica(sample: &Sample, chosen: &[usize], lag: usize) -> Result<(Tica, usize)> {
    let n_features = chosen.len() * (chosen.len() - 1) / 2;
    let mut estimator = TicaEstimator::new(n_features, TicaConfig::new(lag))?;
    for run in sample.run_ranges() {
        for frames in chunks(run) {
            let features = sample.distances(chosen, frames.clone());
            estimator.add_chunk(&features, Some(&sample.weights[frames]))?;
        }
        estimator.end_trajectory();
    }
    Ok((estimator.fit()?, n_features))
}

/// A range in pieces of [`CHUNK`].
fn chunks(range: std::ops::Range<usize>) -> impl Iterator<Item = std::ops::Range<usize>> {
    let end = range.end;
    range
        .step_by(CHUNK)
        .map(move |first| first..end.min(first + CHUNK))
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

fn tica_entries(
    tica: &Tica,
    projections: &[Vec<f64>; 2],
    n_components: usize,
    config: &ComparisonConfig,
    weights: &Weights,
) -> Result<TicaEntries> {
    let column = |side: usize, i: usize| -> Vec<f64> {
        projections[side]
            .iter()
            .skip(i)
            .step_by(n_components)
            .copied()
            .collect()
    };
    let mut w1_1d = Vec::new();
    for i in 0..n_components.min(config.n_components) {
        w1_1d.push(weights.line(&column(0, i), &column(1, i), false)?);
    }
    let (mut w1_2d, mut kl_2d) = (None, None);
    if n_components >= 2 {
        let clouds = [0, 1].map(|side| plane(&projections[side], n_components));
        let ucsc = published::wasserstein_2d(
            &clouds[0],
            Some(&weights.reference),
            &clouds[1],
            Some(&weights.model),
        );
        let ucsc = match ucsc {
            Ok(distance) => Some(distance),
            // Too few or collinear frames have no kernel density.
            Err(Error::Undetermined { .. } | Error::TooFew { .. }) => None,
            Err(other) => return Err(other),
        };
        let entry = weights.plane(&clouds[0], &clouds[1], PLANE_BINS)?;
        w1_2d = Some(PlaneEntry { entry, ucsc });
        kl_2d = Some(divergence(&clouds, weights)?);
    }
    Ok(TicaEntries {
        eigenvalues: tica.eigenvalues().to_vec(),
        w1_2d,
        w1_1d,
        kl_2d,
    })
}

/// The first two components of each frame.
fn plane(projection: &[f64], n_components: usize) -> Vec<[f64; 2]> {
    projection
        .chunks_exact(n_components)
        .map(|row| [row[0], row[1]])
        .collect()
}

fn divergence(clouds: &[Vec<[f64; 2]>; 2], weights: &Weights) -> Result<Entry> {
    let axis = |axis: usize| -> Result<Bins> {
        let values: Vec<f64> = clouds[0].iter().map(|p| p[axis]).collect();
        let bins = Bins::spanning(&[&values], PLANE_BINS)?;
        let margin = 0.1 * (bins.high - bins.low);
        Bins::new(bins.low - margin, bins.high + margin, PLANE_BINS)
    };
    let (x, y) = (axis(0)?, axis(1)?);
    let of = |model: &[[f64; 2]], u: &[f64], v: &[f64]| -> Result<f64> {
        let p = histogram_2d(&x, &y, &clouds[0], Some(u))?;
        kullback_leibler(&p, &histogram_2d(&x, &y, model, Some(v))?, FLOOR)
    };
    weights.entry(|u, v| of(&clouds[1], u, v), |u, v| of(&clouds[0], u, v))
}
