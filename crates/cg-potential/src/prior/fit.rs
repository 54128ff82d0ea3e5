//! Fits of prior terms to frames by Boltzmann inversion: U(x) = −kT ln(p(x)/J(x)).
//!
//! Every form here is linear in some parametrisation (k(x − x₀)² is a parabola, k cos(nφ − φₙ) is
//! a cos nφ + b sin nφ), so each fit is one weighted least-squares problem without a starting guess.

mod counts;
mod walls;

use super::angle_fit::fit_quartic;
use super::convention::{AngleForm, Convention};
use super::dihedral_fit::{Waves, fit_waves};
use super::geometry::{cosine, dihedral, distance};
use super::histogram::{Histogram, Measure, Point};
use super::terms::{Angle, AngleTerm, Dihedral, DihedralTerm, PairInteraction, PairTerm};
use super::{BeadGraph, PriorConfig, Priors};
use crate::{Error, Result};
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::f64::consts::PI;

/// Priors and how they came about.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorFit {
    /// The terms, bead by bead.
    pub priors: Priors,
    /// What each was fitted to.
    pub curves: Vec<FittedCurve>,
}

/// A free energy from counts, and the term that was fitted to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedCurve {
    /// As `bond GLY-THR`, `contact TRP`.
    pub name: String,
    /// Unit of `x`: `nm`, `rad`, or `1` for a cosine.
    pub unit: String,
    /// Centres of the bins that were used.
    pub x: Vec<f64>,
    /// Free energies there (kJ/mol), the least being 0.
    pub free_energy: Vec<f64>,
    /// The fitted function there (kJ/mol), with its constant.
    pub fitted: Vec<f64>,
    /// Values that were counted, each as many times as its frame counts.
    pub samples: f64,
}

impl PriorFit {
    /// Fits the terms of `config` to frames of beads at one temperature.
    ///
    /// # Shapes
    /// `positions`: `[n_frames][n_beads][3]` in nm, flat; `temperature` in K.
    ///
    /// # Errors
    /// [`Error::PriorFit`] for a histogram without counts in its range, too few bins for the term's
    /// parameters, a fit that is not finite, or a constant that is not positive: each names its term.
    /// [`Error::Length`] for positions that are not whole frames; [`Error::Setting`].
    ///
    /// # Examples
    /// ```
    /// use cg_potential::{BeadGraph, PriorConfig, PriorFit};
    /// use molio::{AtomRecord, Element, TopologyBuilder};
    ///
    /// let mut builder = TopologyBuilder::default();
    /// for number in 1..=2 {
    ///     builder.start_residue("GLY", number, None, false);
    ///     builder.add_atom(AtomRecord::new("CA", Element::CARBON));
    /// }
    /// let mut beads = builder.build();
    /// beads.set_bonds([[0, 1]])?;
    /// // distances at the quantiles of a normal distribution of mean 0.38 nm and deviation 0.005 nm
    /// let positions: Vec<[f32; 3]> = (0..2000)
    ///     .flat_map(|i| {
    ///         let u = (f64::from(i) + 0.5) / 2000.0;
    ///         let z = (u / (1.0 - u)).ln() / 1.702;
    ///         [[0.0; 3], [(0.38 + 0.005 * z) as f32, 0.0, 0.0]]
    ///     })
    ///     .collect();
    /// let graph = BeadGraph::new(&beads)?;
    /// let mut config = PriorConfig::default();
    /// config.repulsion.wall = cg_potential::Wall::None;
    /// let fit = PriorFit::new(&config, &graph, &positions, 300.0)?;
    /// assert_eq!(fit.curves[0].name, "bond GLY-GLY");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        config: &PriorConfig,
        beads: &BeadGraph,
        positions: &[[f32; 3]],
        temperature: f64,
    ) -> Result<Self> {
        Self::fit(config, beads, positions, None, temperature)
    }

    /// The same for frames that do not count alike: frame i as `counts[i]` frames.
    ///
    /// # Shapes
    /// `positions`: `[n_frames][n_beads][3]` in nm, flat; `counts`: `[n_frames]`.
    ///
    /// # Errors
    /// Those of [`PriorFit::new`]; [`Error::Length`] for other than one count a frame, and
    /// [`Error::Setting`] for one that is negative or not finite.
    pub fn counted(
        config: &PriorConfig,
        beads: &BeadGraph,
        positions: &[[f32; 3]],
        counts: &[f64],
        temperature: f64,
    ) -> Result<Self> {
        Self::fit(config, beads, positions, Some(counts), temperature)
    }

    fn fit(
        config: &PriorConfig,
        beads: &BeadGraph,
        positions: &[[f32; 3]],
        counts: Option<&[f64]>,
        temperature: f64,
    ) -> Result<Self> {
        config.validate()?;
        let n_beads = beads.n_beads();
        if positions.is_empty() || !positions.len().is_multiple_of(n_beads) {
            let whole = positions.len().div_ceil(n_beads).max(1) * n_beads;
            return Err(Error::Length {
                what: "positions of frames",
                expected: whole,
                found: positions.len(),
            });
        }
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(Error::setting("temperature", "above 0 K", temperature));
        }
        let n_frames = positions.len() / n_beads;
        if let Some(counts) = counts {
            if counts.len() != n_frames {
                return Err(Error::Length {
                    what: "counts of frames",
                    expected: n_frames,
                    found: counts.len(),
                });
            }
            if let Some(count) = counts.iter().find(|c| !(c.is_finite() && **c >= 0.0)) {
                return Err(Error::setting("count of a frame", "0 or above", count));
            }
        }
        let mut fitter = Fitter {
            config,
            beads,
            positions,
            counts,
            n_frames: counts.map_or(n_frames as f64, |counts| counts.iter().sum()),
            kt: dynamics::BOLTZMANN * temperature,
            curves: Vec::new(),
        };
        let mut pairs = fitter.bonds()?;
        let angles = fitter.angles()?;
        let mut dihedrals = fitter.dihedrals()?;
        dihedrals.extend(fitter.branches()?);
        pairs.extend(fitter.walls()?);
        let curves = fitter.curves;
        Ok(Self {
            priors: Priors::new(n_beads, pairs, angles, dihedrals)?,
            curves,
        })
    }
}

/// Uncertainty of a free energy that a simple form cannot describe anyway, in kT: it keeps the
/// best-sampled bins from drowning all others.
const TOLERANCE: f64 = 0.5;
/// Counts given to every bin of a dihedral, so that what was never seen is high but finite.
const PSEUDO_COUNT: f64 = 0.5;

struct Fitter<'a> {
    config: &'a PriorConfig,
    beads: &'a BeadGraph,
    positions: &'a [[f32; 3]],
    /// What each frame counts, where that is not 1.
    counts: Option<&'a [f64]>,
    /// The sum of that.
    n_frames: f64,
    kt: f64,
    curves: Vec<FittedCurve>,
}

/// Terms of the same types, fitted together.
type Groups<const N: usize> = BTreeMap<String, Vec<[usize; N]>>;

impl Fitter<'_> {
    fn bonds(&mut self) -> Result<Vec<PairInteraction>> {
        let mut terms = Vec::new();
        for (name, bonds) in self.groups("bond", self.beads.bonds(), true) {
            let range = match self.config.convention {
                Convention::Foldscape => None,
                Convention::Torchmd => Some((0.355, 0.42, 40)),
                Convention::Mlcg => Some((0.0, 0.6, 100)),
                Convention::Ucsc => Some((0.0, 3.0, 3000)),
            };
            let value = |x: &[[f64; 3]], [i, j]: [usize; 2]| distance(x[i], x[j]);
            let histogram = self.histogram(&bonds, range, value);
            let points = self.points(&histogram, Measure::Shell, None);
            let (length, k) = self.parabola(&name, "nm", &histogram, &points)?;
            let term = PairTerm::Harmonic { length, k };
            terms.extend(bonds.iter().map(|&beads| PairInteraction { beads, term }));
        }
        Ok(terms)
    }

    fn angles(&mut self) -> Result<Vec<Angle>> {
        let mut terms = Vec::new();
        if self.config.angles == AngleForm::None {
            return Ok(terms);
        }
        let cosines = self.config.angles != AngleForm::Harmonic;
        for (name, angles) in self.groups("angle", self.beads.angles(), true) {
            let range = match (self.config.convention, cosines) {
                (Convention::Foldscape, _) => None,
                (Convention::Mlcg, _) => Some((-1.1, 1.1, 100)),
                (_, true) => Some((-1.0, 1.0, 40)),
                (_, false) => Some((0.0, PI, 40)),
            };
            let value = |x: &[[f64; 3]], [i, j, k]: [usize; 3]| {
                let cosine = cosine(x[i], x[j], x[k]).clamp(-1.0, 1.0);
                if cosines { cosine } else { cosine.acos() }
            };
            let histogram = self.histogram(&angles, range, value);
            let (measure, unit) = if cosines {
                (Measure::Flat, "1")
            } else {
                (Measure::Band, "rad")
            };
            let points = self.points(&histogram, measure, None);
            if self.config.angles == AngleForm::Quartic
                && let Some(quartic) = fit_quartic(&name, &points, &self.weights(&points))?
            {
                self.keep(&name, unit, &histogram, &points, quartic.fitted);
                let coefficients = quartic.coefficients;
                let term = AngleTerm::Quartic { coefficients };
                terms.extend(angles.iter().map(|&beads| Angle { beads, term }));
                continue;
            }
            let (rest, k) = self.parabola(&name, unit, &histogram, &points)?;
            let term = if cosines {
                AngleTerm::Cosine { cosine: rest, k }
            } else {
                AngleTerm::Harmonic { angle: rest, k }
            };
            term.validate()
                .map_err(|e| refused(&name, "a rest value in range", e))?;
            terms.extend(angles.iter().map(|&beads| Angle { beads, term }));
        }
        Ok(terms)
    }

    fn dihedrals(&mut self) -> Result<Vec<Dihedral>> {
        let config = self.config.dihedrals;
        if config.terms == 0 || config.scale == 0.0 {
            return Ok(Vec::new());
        }
        let mut terms = Vec::new();
        let lists = self.beads.dihedrals();
        for (name, dihedrals) in self.groups("dihedral", lists, config.per_type) {
            let (n_bins, pseudo_count) = match self.config.convention {
                Convention::Foldscape => (72, Some(PSEUDO_COUNT)),
                Convention::Mlcg => (100, None),
                Convention::Torchmd | Convention::Ucsc => (80, None),
            };
            let value = |x: &[[f64; 3]], [i, j, k, l]: [usize; 4]| dihedral(x[i], x[j], x[k], x[l]);
            let histogram = self.histogram(&dihedrals, Some((-PI, PI, n_bins)), value);
            self.some_counts(&name, &histogram)?;
            let points = self.points(&histogram, Measure::Flat, pseudo_count);
            let select = self.config.convention == Convention::Mlcg;
            let Waves {
                terms: waves,
                fitted,
            } = fit_waves(&name, &points, &self.weights(&points), config.terms, select)?;
            self.keep(&name, "rad", &histogram, &points, fitted);
            let scaled = waves.into_iter().map(|mut wave| {
                wave.k *= config.scale;
                wave
            });
            let term = DihedralTerm::Fourier {
                terms: scaled.collect(),
            };
            term.validate()
                .map_err(|e| refused(&name, "finite constants", e))?;
            let term = |&beads: &[usize; 4]| Dihedral {
                beads,
                term: term.clone(),
            };
            terms.extend(dihedrals.iter().map(term));
        }
        Ok(terms)
    }

    /// The hand of beads with three neighbours, whatever the convention has for dihedrals.
    fn branches(&mut self) -> Result<Vec<Dihedral>> {
        let mut terms = Vec::new();
        for (name, branches) in self.groups("branch", self.beads.branches(), true) {
            let value = |x: &[[f64; 3]], [i, j, k, l]: [usize; 4]| dihedral(x[i], x[j], x[k], x[l]);
            let histogram = self.histogram(&branches, Some((-PI, PI, 180)), value);
            self.some_counts(&name, &histogram)?;
            let mut points = self.points(&histogram, Measure::Flat, None);
            // a parabola lives on a line: cut the circle opposite to the mode
            let mode = points
                .iter()
                .min_by(|a, b| a.free_energy.total_cmp(&b.free_energy))
                .map_or(0.0, |p| p.x);
            for point in &mut points {
                point.x = mode + super::geometry::wrap(point.x - mode);
            }
            let (angle, k) = self.parabola(&name, "rad", &histogram, &points)?;
            let angle = super::geometry::wrap(angle);
            let term = DihedralTerm::Harmonic { angle, k };
            let term = |&beads: &[usize; 4]| Dihedral {
                beads,
                term: term.clone(),
            };
            terms.extend(branches.iter().map(term));
        }
        Ok(terms)
    }

    /// Position of the minimum x₀ and curvature k of ½k(x − x₀)² + c.
    ///
    /// The peers fit a parabola to free energies, which has no minimum where a distribution has two
    /// peaks. This crate's convention takes mean and variance of p(x)/J(x), the harmonic term of greatest
    /// likelihood: the same for one peak, and a wide one over both for two.
    fn parabola(
        &mut self,
        name: &str,
        unit: &str,
        histogram: &Histogram,
        points: &[Point],
    ) -> Result<(f64, f64)> {
        self.some_counts(name, histogram)?;
        let from_data = self.config.convention == Convention::Foldscape;
        let density = |p: &Point| (-p.free_energy / self.kt).exp();
        let weights: Vec<f64> = if from_data {
            points.iter().map(density).collect()
        } else {
            vec![1.0; points.len()]
        };
        let total: f64 = weights.iter().sum();
        let mean = |f: &dyn Fn(&Point) -> f64| {
            let terms = points.iter().zip(&weights);
            terms.map(|(p, w)| w * f(p)).sum::<f64>() / total
        };
        let centre = mean(&|p| p.x);
        let variance = mean(&|p| (p.x - centre).powi(2));
        let spread = variance.sqrt().max(histogram.width());
        let scaled = |x: f64| (x - centre) / spread;
        let [a, b, c] = if from_data {
            if points.len() < 3 {
                let expected = "at least 3 bins with enough counts";
                return Err(fit_error(name, expected, points.len()));
            }
            let a = 0.5 * self.kt * spread * spread / variance;
            [a, 0.0, mean(&|p| p.free_energy - a * scaled(p.x).powi(2))]
        } else {
            let solution = least_squares(name, points, &weights, 3, |x, row| {
                let u = scaled(x);
                row.copy_from_slice(&[u * u, u, 1.0]);
            })?;
            [solution[0], solution[1], solution[2]]
        };
        let k = 2.0 * a / (spread * spread);
        if !(a > 0.0 && k.is_finite()) {
            return Err(fit_error(name, "a positive constant", format!("k = {k}")));
        }
        let fitted = |p: &Point| {
            let u = scaled(p.x);
            a * u * u + b * u + c
        };
        let fitted = points.iter().map(fitted).collect();
        self.keep(name, unit, histogram, points, fitted);
        Ok((centre - spread * b / (2.0 * a), k))
    }
}

/// min Σ w (y − Σ cₖ fₖ(x))², `fill` writing the n functions of x into a row.
pub(super) fn least_squares(
    name: &str,
    points: &[Point],
    weights: &[f64],
    n: usize,
    fill: impl Fn(f64, &mut [f64]),
) -> Result<Vec<f64>> {
    if points.len() < n {
        let expected = format!("at least {n} bins with enough counts");
        return Err(fit_error(name, &expected, points.len()));
    }
    let mut row = vec![0.0; n];
    let mut design = DMatrix::zeros(points.len(), n);
    let mut values = DVector::zeros(points.len());
    for (index, (point, weight)) in points.iter().zip(weights).enumerate() {
        fill(point.x, &mut row);
        for (column, value) in row.iter().enumerate() {
            design[(index, column)] = weight.sqrt() * value;
        }
        values[index] = weight.sqrt() * point.free_energy;
    }
    let solved = design.svd(true, true).solve(&values, 1e-12);
    match solved {
        Ok(solution) if solution.iter().all(|c| c.is_finite()) => {
            Ok(solution.iter().copied().collect())
        }
        Ok(_) => Err(fit_error(name, "finite constants", "NaN")),
        Err(reason) => Err(fit_error(name, "a solution", reason)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "called with temporaries")]
pub(super) fn fit_error(name: &str, expected: &str, found: impl ToString) -> Error {
    Error::PriorFit {
        term: name.to_owned(),
        expected: expected.to_owned(),
        found: found.to_string(),
    }
}

fn refused(name: &str, expected: &str, error: Error) -> Error {
    fit_error(name, expected, error)
}

#[cfg(test)]
pub(super) fn wall_of(
    config: &PriorConfig,
    beads: &BeadGraph,
    positions: &[[f32; 3]],
    temperature: f64,
    pairs: &[[usize; 2]],
) -> Result<[f64; 2]> {
    let mut fitter = Fitter {
        config,
        beads,
        positions,
        counts: None,
        n_frames: (positions.len() / beads.n_beads()) as f64,
        kt: dynamics::BOLTZMANN * temperature,
        curves: Vec::new(),
    };
    fitter.wall("contact", pairs)
}
