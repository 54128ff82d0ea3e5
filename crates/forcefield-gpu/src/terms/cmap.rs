//! Bicubic interpolation of energy correction maps.

use crate::system::CmapGrid;
use std::f64::consts::TAU;

/// A map with the derivatives that make the interpolation smooth.
///
/// Derivatives at the nodes are those of periodic cubic splines along each axis, as in OpenMM; a patch is
/// the product of two cubic Hermite interpolations.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    size: usize,
    /// `[i + size·j]`: f, ∂f/∂φ·δ, ∂f/∂ψ·δ, ∂²f/∂φ∂ψ·δ², δ the spacing.
    nodes: Vec<[f64; 4]>,
}

impl Map {
    /// Prepares a validated grid.
    pub(crate) fn new(grid: &CmapGrid) -> Self {
        let size = grid.size;
        let along_phi = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            let columns: Vec<Vec<f64>> = (0..size)
                .map(|j| spline_slopes(&(0..size).map(|i| f(i, j)).collect::<Vec<_>>()))
                .collect();
            columns.concat()
        };
        let f = |i: usize, j: usize| grid.energies[i + size * j];
        let f_phi = along_phi(&f);
        let transposed = along_phi(&|j, i| f(i, j));
        let f_psi = |i: usize, j: usize| transposed[j + size * i];
        let f_phi_psi = along_phi(&f_psi);
        let nodes = (0..size * size)
            .map(|index| {
                let (i, j) = (index % size, index / size);
                [f(i, j), f_phi[index], f_psi(i, j), f_phi_psi[index]]
            })
            .collect();
        Self { size, nodes }
    }

    /// Points along each axis.
    #[cfg(any(feature = "cuda", feature = "emulation"))]
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// `[i + size·j]`: f, ∂f/∂φ·δ, ∂f/∂ψ·δ, ∂²f/∂φ∂ψ·δ², δ the spacing.
    #[cfg(any(feature = "cuda", feature = "emulation"))]
    pub(crate) fn nodes(&self) -> &[[f64; 4]] {
        &self.nodes
    }

    /// Energy (kJ/mol) and its derivatives by both angles (kJ/mol/rad) at angles in rad.
    pub(crate) fn evaluate(&self, phi: f64, psi: f64) -> (f64, f64, f64) {
        let spacing = TAU / self.size as f64;
        let (i, u) = self.cell(phi / spacing);
        let (j, v) = self.cell(psi / spacing);
        let ((hu, du), (hv, dv)) = (hermite(u), hermite(v));
        let (mut energy, mut by_phi, mut by_psi) = (0.0, 0.0, 0.0);
        for corner in 0..4 {
            let (a, b) = (corner % 2, corner / 2);
            let node = &self.nodes[(i + a) % self.size + self.size * ((j + b) % self.size)];
            let [f, f_phi, f_psi, f_phi_psi] = *node;
            let value = [f, f_phi];
            let cross = [f_psi, f_phi_psi];
            for slope in 0..2 {
                energy += hu[a][slope] * (hv[b][0] * value[slope] + hv[b][1] * cross[slope]);
                by_phi += du[a][slope] * (hv[b][0] * value[slope] + hv[b][1] * cross[slope]);
                by_psi += hu[a][slope] * (dv[b][0] * value[slope] + dv[b][1] * cross[slope]);
            }
        }
        (energy, by_phi / spacing, by_psi / spacing)
    }

    /// Cell that holds a position (in spacings, any sign), and where in the cell.
    fn cell(&self, position: f64) -> (usize, f64) {
        let wrapped = position.rem_euclid(self.size as f64);
        // rounding can give exactly `size`; a NaN becomes cell 0 and stays NaN in the fraction
        let cell = (wrapped as usize).min(self.size - 1);
        (cell, wrapped - cell as f64)
    }
}

/// Cubic Hermite basis at t in 0..1, `[end][value or slope]`, and its derivatives.
fn hermite(t: f64) -> ([[f64; 2]; 2], [[f64; 2]; 2]) {
    let (t2, t3) = (t * t, t * t * t);
    (
        [
            [2.0 * t3 - 3.0 * t2 + 1.0, t3 - 2.0 * t2 + t],
            [3.0 * t2 - 2.0 * t3, t3 - t2],
        ],
        [
            [6.0 * t2 - 6.0 * t, 3.0 * t2 - 4.0 * t + 1.0],
            [6.0 * t - 6.0 * t2, 3.0 * t2 - 2.0 * t],
        ],
    )
}

/// Slopes (per spacing) at the nodes of the periodic cubic spline through `values`.
///
/// Solves mᵢ₋₁ + 4mᵢ + mᵢ₊₁ = 3(fᵢ₊₁ − fᵢ₋₁) by Gauss–Seidel: the error falls at least fourfold a sweep.
fn spline_slopes(values: &[f64]) -> Vec<f64> {
    const SWEEPS: usize = 40;
    let n = values.len();
    let mut slopes = vec![0.0; n];
    for _ in 0..SWEEPS {
        for i in 0..n {
            let (before, after) = ((i + n - 1) % n, (i + 1) % n);
            let difference = 3.0 * (values[after] - values[before]);
            slopes[i] = (difference - slopes[before] - slopes[after]) / 4.0;
        }
    }
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fourier_map_is_reproduced() {
        let size = 24;
        let exact = |phi: f64, psi: f64| phi.cos() * (2.0 * psi).sin() + 0.3 * psi.cos();
        let at = |k: usize| TAU * k as f64 / size as f64;
        let energies = (0..size * size)
            .map(|k| exact(at(k % size), at(k / size)))
            .collect();
        let map = Map::new(&CmapGrid { size, energies });
        let (energy, _, _) = map.evaluate(at(5), at(23) - TAU);
        assert!((energy - exact(at(5), at(23))).abs() < 1e-13);
        for (phi, psi) in [(0.1, 0.2), (-3.0, 2.9), (6.2, -6.1)] {
            let (energy, by_phi, by_psi) = map.evaluate(phi, psi);
            assert!((energy - exact(phi, psi)).abs() < 1e-3);
            assert!((by_phi + phi.sin() * (2.0 * psi).sin()).abs() < 5e-3);
            assert!((by_psi - 2.0 * phi.cos() * (2.0 * psi).cos() + 0.3 * psi.sin()).abs() < 5e-3);
        }
    }
}
