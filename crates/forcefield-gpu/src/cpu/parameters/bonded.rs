//! Terms over few atoms.

use crate::System;
use crate::system::{CmapTorsion, PositionalRestraint};
use crate::terms::cmap::Map;
use std::collections::HashMap;
use std::ops::Range;

/// A harmonic bond.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Bond {
    pub(in crate::cpu) atoms: [usize; 2],
    pub(in crate::cpu) length: f32,
    pub(in crate::cpu) k: f32,
}

/// A harmonic angle.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Angle {
    pub(in crate::cpu) atoms: [usize; 3],
    pub(in crate::cpu) angle: f32,
    pub(in crate::cpu) k: f32,
}

/// All terms over one quadruple, as a Fourier series.
#[derive(Clone, Debug)]
pub(in crate::cpu) struct Torsion {
    pub(in crate::cpu) atoms: [usize; 4],
    /// Its coefficients within [`Bonded::series`].
    pub(in crate::cpu) series: Range<usize>,
}

/// Terms over few atoms.
#[derive(Debug)]
pub(in crate::cpu) struct Bonded {
    pub(in crate::cpu) bonds: Vec<Bond>,
    pub(in crate::cpu) angles: Vec<Angle>,
    pub(in crate::cpu) torsions: Vec<Torsion>,
    /// aₙ and bₙ of Σ aₙ cos nφ + bₙ sin nφ.
    pub(in crate::cpu) series: Vec<[f32; 2]>,
    pub(in crate::cpu) maps: Vec<Map>,
    pub(in crate::cpu) map_torsions: Vec<CmapTorsion>,
    pub(in crate::cpu) restraints: Vec<PositionalRestraint>,
}

impl Bonded {
    pub(super) fn new(system: &System) -> Self {
        let bonds = system.bonds.iter().map(|bond| Bond {
            atoms: bond.atoms,
            length: bond.length as f32,
            k: bond.k as f32,
        });
        let angles = system.angles.iter().map(|angle| Angle {
            atoms: angle.atoms,
            angle: angle.angle as f32,
            k: angle.k as f32,
        });
        let (torsions, series) = fourier_series(system);
        Self {
            bonds: bonds.collect(),
            angles: angles.collect(),
            torsions,
            series,
            maps: system.cmap.grids.iter().map(Map::new).collect(),
            map_torsions: system.cmap.torsions.clone(),
            restraints: system.restraints.clone(),
        }
    }
}

/// Merges periodic and Ryckaert–Bellemans torsions over the same quadruple, in order of appearance.
///
/// k(1 + cos(nφ − φ₀)) = k + k cos φ₀ cos nφ + k sin φ₀ sin nφ.
fn fourier_series(system: &System) -> (Vec<Torsion>, Vec<[f32; 2]>) {
    let mut index_of = HashMap::new();
    let mut merged: Vec<([usize; 4], Vec<[f64; 2]>)> = Vec::new();
    let mut add = |atoms: [usize; 4], terms: &[(usize, [f64; 2])]| {
        let [a, b, c, d] = atoms;
        // φ is the same read backwards
        let key = if a < d { atoms } else { [d, c, b, a] };
        let index = *index_of.entry(key).or_insert_with(|| {
            merged.push((key, vec![[0.0; 2]]));
            merged.len() - 1
        });
        let series = &mut merged[index].1;
        for &(n, [a, b]) in terms {
            if series.len() <= n {
                series.resize(n + 1, [0.0; 2]);
            }
            series[n][0] += a;
            series[n][1] += b;
        }
    };
    for torsion in &system.torsions {
        let (sine, cosine) = torsion.phase.sin_cos();
        let wave = [torsion.k * cosine, torsion.k * sine];
        add(
            torsion.atoms,
            &[(0, [torsion.k, 0.0]), (torsion.periodicity as usize, wave)],
        );
    }
    for torsion in &system.ryckaert_bellemans_torsions {
        add(torsion.atoms, &ryckaert_bellemans(torsion.coefficients));
    }
    let mut series = Vec::new();
    let torsions = merged
        .into_iter()
        .map(|(atoms, terms)| {
            let start = series.len();
            series.extend(terms.iter().map(|&[a, b]| [a as f32, b as f32]));
            Torsion {
                atoms,
                series: start..series.len(),
            }
        })
        .collect();
    (torsions, series)
}

/// Σ Cₙ cosⁿ(φ − π) = Σ Cₙ(−cos φ)ⁿ as a cosine series, by x Tₙ(x) = (Tₙ₊₁(x) + Tₙ₋₁(x))/2.
fn ryckaert_bellemans(coefficients: [f64; 6]) -> Vec<(usize, [f64; 2])> {
    let mut power = [0.0; 7];
    power[0] = 1.0;
    let mut sum = [0.0; 6];
    for c in coefficients {
        for n in 0..6 {
            sum[n] += c * power[n];
        }
        let mut next = [0.0; 7];
        for n in 0..6 {
            next[n + 1] -= 0.5 * power[n];
            next[n.abs_diff(1)] -= 0.5 * power[n];
        }
        power = next;
    }
    sum.into_iter()
        .enumerate()
        .map(|(n, a)| (n, [a, 0.0]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::ryckaert_bellemans;

    #[test]
    fn powers_become_multiples() {
        let coefficients = [0.3, -1.2, 2.5, 0.7, -0.4, 1.1];
        let series = ryckaert_bellemans(coefficients);
        for phi in [0.0f64, 0.4, 1.9, -2.7] {
            let x = -phi.cos();
            let expected: f64 = (0..6).map(|n| coefficients[n] * x.powi(n as i32)).sum();
            let found: f64 = series
                .iter()
                .map(|&(n, [a, _])| a * (n as f64 * phi).cos())
                .sum();
            assert!((found - expected).abs() < 1e-12);
        }
    }
}
