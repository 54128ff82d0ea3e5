//! Repulsion, from the side of a distribution where beads meet.

use super::super::convention::{Convention, Wall};
use super::super::geometry::distance;
use super::super::histogram::{Measure, Point};
use super::super::terms::{PairInteraction, PairTerm};
use super::{Fitter, fit_error, least_squares};
use crate::Result;
use std::collections::BTreeMap;

impl Fitter<'_> {
    pub(super) fn walls(&mut self) -> Result<Vec<PairInteraction>> {
        if self.config.repulsion.wall == Wall::None {
            return Ok(Vec::new());
        }
        let pairs = self
            .beads
            .distant_pairs(self.config.repulsion.exclude_bonds);
        if self.config.convention == Convention::Mlcg {
            return self.thresholds(&pairs);
        }
        // as the peers have it: each type against all others, combined by the geometric mean
        let mut strengths: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
        let beads = self.beads;
        for kind in beads.types() {
            if strengths.contains_key(kind.as_str()) {
                continue;
            }
            let own =
                |&&[i, j]: &&[usize; 2]| beads.types()[i] == *kind || beads.types()[j] == *kind;
            let own: Vec<[usize; 2]> = pairs.iter().filter(own).copied().collect();
            if !own.is_empty() {
                let strength = self.wall(&format!("contact {kind}"), &own)?;
                strengths.insert(kind, strength);
            }
        }
        let wall = self.config.repulsion.wall;
        let term = |&[i, j]: &[usize; 2]| {
            let of = |bead: usize| strengths.get(beads.types()[bead].as_str()).copied();
            let (a, b) = (of(i)?, of(j)?);
            let [repulsion, attraction] = [(a[0] * b[0]).sqrt(), (a[1] * b[1]).sqrt()];
            Some(PairInteraction {
                beads: [i, j],
                term: wall_term(wall, repulsion, attraction),
            })
        };
        Ok(pairs.iter().filter_map(term).collect())
    }

    /// B of B/rⁿ, or A and C of A/r¹² − C/r⁶, from the side of the distribution where beads meet.
    pub(super) fn wall(&mut self, name: &str, pairs: &[[usize; 2]]) -> Result<[f64; 2]> {
        let value = |x: &[[f64; 3]], [i, j]: [usize; 2]| distance(x[i], x[j]);
        let (power, well) = match self.config.repulsion.wall {
            Wall::R6 => (6, false),
            Wall::R12 | Wall::None => (12, false),
            Wall::Lj => (12, true),
        };
        if self.config.convention == Convention::Foldscape && !well {
            return self.threshold_wall(name, pairs, power);
        }
        let histogram = if self.config.convention == Convention::Foldscape {
            let (least, _) = self.range(pairs, value);
            let n_bins = self.n_bins(pairs.len());
            self.histogram(pairs, Some((least, least + 0.3, n_bins)), value)
        } else {
            self.histogram(pairs, Some((0.3, 0.6, 30)), value)
        };
        self.some_counts(name, &histogram)?;
        let points = self.points(&histogram, Measure::Shell, None);
        let reference = points.first().map_or(1.0, |p| p.x);
        let columns = |x: f64| {
            let ratio = reference / x;
            [ratio.powi(power), 1.0, -ratio.powi(6)]
        };
        let n = if well { 3 } else { 2 };
        let weights = self.weights(&points);
        let solution = least_squares(name, &points, &weights, n, |x, row| {
            row.copy_from_slice(&columns(x)[..n]);
        })?;
        let attraction = if well { solution[2] } else { 1.0 };
        if solution[0] <= 0.0 || attraction <= 0.0 {
            let found = format!("{solution:?} kJ/mol at {reference:.3} nm");
            return Err(fit_error(name, "positive coefficients", found));
        }
        let fitted = |p: &Point| columns(p.x).iter().zip(&solution).map(|(f, c)| f * c).sum();
        let fitted = points.iter().map(fitted).collect();
        self.keep(name, "nm", &histogram, &points, fitted);
        let repulsion = solution[0] * reference.powi(power);
        Ok([repulsion, attraction * reference.powi(6)])
    }

    /// This crate's wall: B/rⁿ is kT at the distance below which only one in 200 lies.
    ///
    /// A slope fitted to the few closest pairs can come out with either sign; a quantile cannot.
    fn threshold_wall(&mut self, name: &str, pairs: &[[usize; 2]], power: i32) -> Result<[f64; 2]> {
        const SHARE: f64 = 0.005;
        let value = |x: &[[f64; 3]], [i, j]: [usize; 2]| distance(x[i], x[j]);
        let (least, most) = self.range(pairs, value);
        let fine = self.histogram(pairs, Some((least, most.max(least + 1e-6), 4000)), value);
        self.some_counts(name, &fine)?;
        let wanted = SHARE * fine.total();
        let mut below = 0.0;
        let bin = fine.counts().iter().position(|&count| {
            below += count;
            below >= wanted
        });
        let threshold = fine.edge(bin.unwrap_or(0) + 1);
        let coefficient = self.kt * threshold.powi(power);
        if !(coefficient.is_finite() && coefficient > 0.0) {
            return Err(fit_error(name, "beads that do not coincide", threshold));
        }
        let n_bins = self.n_bins(pairs.len());
        let histogram = self.histogram(pairs, Some((least, least + 0.3, n_bins)), value);
        let points = self.points(&histogram, Measure::Shell, None);
        let fitted = points
            .iter()
            .map(|p| coefficient * p.x.powi(-power))
            .collect();
        self.keep(name, "nm", &histogram, &points, fitted);
        Ok([coefficient, 1.0])
    }

    /// mlcg: (σ/r)⁶ kcal/mol, σ the lower edge of the first bin with a count, for each pair of types.
    fn thresholds(&mut self, pairs: &[[usize; 2]]) -> Result<Vec<PairInteraction>> {
        const KILOCALORIE: f64 = 4.184;
        let value = |x: &[[f64; 3]], [i, j]: [usize; 2]| distance(x[i], x[j]);
        let mut terms = Vec::new();
        for (name, pairs) in self.groups("contact", pairs.to_vec(), true) {
            let histogram = self.histogram(&pairs, Some((0.0, 3.0, 101)), value);
            self.some_counts(&name, &histogram)?;
            let first = histogram.counts().iter().position(|&count| count > 0.0);
            let sigma = histogram.edge(first.unwrap_or(0));
            if sigma <= 0.0 {
                return Err(fit_error(&name, "beads that do not coincide", "r = 0"));
            }
            let points = self.points(&histogram, Measure::Flat, None);
            let fitted = |p: &Point| KILOCALORIE * (sigma / p.x).powi(6);
            let fitted = points.iter().map(fitted).collect();
            self.keep(&name, "nm", &histogram, &points, fitted);
            let term = match self.config.repulsion.wall {
                Wall::Lj => PairTerm::LennardJones {
                    sigma,
                    epsilon: KILOCALORIE,
                },
                Wall::R12 => PairTerm::Repulsion {
                    coefficient: KILOCALORIE * sigma.powi(12),
                    power: 12,
                },
                Wall::R6 | Wall::None => PairTerm::Repulsion {
                    coefficient: KILOCALORIE * sigma.powi(6),
                    power: 6,
                },
            };
            terms.extend(pairs.iter().map(|&beads| PairInteraction { beads, term }));
        }
        Ok(terms)
    }
}

fn wall_term(wall: Wall, coefficient: f64, attraction: f64) -> PairTerm {
    match wall {
        Wall::R6 => PairTerm::Repulsion {
            coefficient,
            power: 6,
        },
        Wall::R12 | Wall::None => PairTerm::Repulsion {
            coefficient,
            power: 12,
        },
        Wall::Lj => PairTerm::LennardJones {
            sigma: (coefficient / attraction).powf(1.0 / 6.0),
            epsilon: attraction * attraction / (4.0 * coefficient),
        },
    }
}
