//! Torsions over the same four atoms, merged into one Fourier series.

use crate::System;
use std::collections::HashMap;

/// Σₙ aₙ cos nφ + bₙ sin nφ over one quadruple.
#[derive(Clone, Debug)]
pub(crate) struct TorsionSeries {
    pub(crate) atoms: [usize; 4],
    /// aₙ and bₙ from n = 0, kJ/mol.
    pub(crate) coefficients: Vec<[f64; 2]>,
}

/// Merges periodic and Ryckaert–Bellemans torsions over the same quadruple, in order of appearance.
///
/// k(1 + cos(nφ − φ₀)) = k + k cos φ₀ cos nφ + k sin φ₀ sin nφ.
pub(crate) fn merge(system: &System) -> Vec<TorsionSeries> {
    let mut index_of = HashMap::new();
    let mut merged: Vec<TorsionSeries> = Vec::new();
    let mut add = |atoms: [usize; 4], terms: &[(usize, [f64; 2])]| {
        let [a, b, c, d] = atoms;
        // φ is the same read backwards
        let key = if a < d { atoms } else { [d, c, b, a] };
        let index = *index_of.entry(key).or_insert_with(|| {
            merged.push(TorsionSeries {
                atoms: key,
                coefficients: vec![[0.0; 2]],
            });
            merged.len() - 1
        });
        let series = &mut merged[index].coefficients;
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
    merged
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
