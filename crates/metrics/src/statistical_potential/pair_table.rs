//! One natural cubic spline for each pair of atom types.

use crate::Result;
use crate::error::Error;
use std::collections::HashMap;

/// Tabulated pair potentials u(r) between atom types, interpolated by natural cubic splines.
///
/// Between nodes k and k+1 at distance h, with t = (r − r_k)/h and second derivatives m:
/// u = (1−t) u_k + t u_{k+1} + h²/6 · [((1−t)³ − (1−t)) m_k + (t³ − t) m_{k+1}]. Below the first node
/// u keeps that node's value, so that overlap costs; beyond the last it is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct PairTable {
    types: Vec<String>,
    index: HashMap<String, usize>,
    /// r of the first node and h, in nm.
    pub(super) first: f64,
    pub(super) step: f64,
    n_nodes: usize,
    /// `[n_pairs][n_nodes]`, and the second derivatives times h²/6.
    values: Vec<f32>,
    curvatures: Vec<f32>,
}

impl PairTable {
    /// A table of `values`, `[n_pairs][n_nodes]`, in any unit; pairs (0,0), (0,1), … (1,1), … of
    /// `types`; nodes at `first` + k · `step` nm.
    ///
    /// # Errors
    /// No types, types that repeat, a step that is not positive, fewer than two nodes, a number of
    /// values that does not fit, or a value that is not finite.
    pub fn new(types: Vec<String>, first: f64, step: f64, values: Vec<f32>) -> Result<Self> {
        let refuse = |expected: &'static str, found: String| Error::Argument {
            what: "pair table",
            expected,
            found,
        };
        let index: HashMap<String, usize> = types
            .iter()
            .enumerate()
            .map(|(i, name)| (name.clone(), i))
            .collect();
        if types.is_empty() || index.len() != types.len() {
            let found = format!("{} types, {} different", types.len(), index.len());
            return Err(refuse("types that are all different", found));
        }
        if !(step > 0.0 && step.is_finite() && first >= 0.0 && first.is_finite()) {
            return Err(refuse(
                "nodes at increasing distances",
                format!("{first} + k · {step}"),
            ));
        }
        let n_pairs = types.len() * (types.len() + 1) / 2;
        let n_nodes = values.len() / n_pairs;
        if n_nodes < 2 || n_nodes * n_pairs != values.len() {
            let found = format!("{} values for {n_pairs} pairs", values.len());
            return Err(refuse("at least two nodes for each pair of types", found));
        }
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite {
                what: "pair table",
                index,
                value: f64::from(values[index]),
            });
        }
        let curvatures = values.chunks(n_nodes).flat_map(scaled_curvatures).collect();
        Ok(Self {
            types,
            index,
            first,
            step,
            n_nodes,
            values,
            curvatures,
        })
    }

    /// The names of the types.
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// The number of the type called `name`.
    pub fn type_index(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Number of nodes of each curve.
    pub fn n_nodes(&self) -> usize {
        self.n_nodes
    }

    /// Distance of node `node` in nm.
    pub fn node(&self, node: usize) -> f64 {
        self.first + node as f64 * self.step
    }

    /// The values at the nodes for two types, by number.
    ///
    /// # Panics
    /// If there are no such types.
    pub fn curve(&self, a: usize, b: usize) -> &[f32] {
        let start = self.pair(a, b) * self.n_nodes;
        &self.values[start..start + self.n_nodes]
    }

    /// u at `r` nm for two types, by number, and du/dr in 1/nm.
    ///
    /// # Panics
    /// If there are no such types.
    pub fn evaluate(&self, a: usize, b: usize, r: f64) -> (f64, f64) {
        let start = self.pair(a, b) * self.n_nodes;
        let place = (r - self.first) / self.step;
        if place < 0.0 {
            return (f64::from(self.values[start]), 0.0);
        }
        // NaN ends here too
        let k = place as usize;
        if place.is_nan() || k + 1 >= self.n_nodes {
            return (if place.is_nan() { f64::NAN } else { 0.0 }, 0.0);
        }
        let pick = |from: &[f32]| [from[start + k], from[start + k + 1]].map(f64::from);
        let ([u0, u1], [m0, m1]) = (pick(&self.values), pick(&self.curvatures));
        let t = place - k as f64;
        let s = 1.0 - t;
        let u = s * u0 + t * u1 + (s * s * s - s) * m0 + (t * t * t - t) * m1;
        let slope = u1 - u0 - (3.0 * s * s - 1.0) * m0 + (3.0 * t * t - 1.0) * m1;
        (u, slope / self.step)
    }

    fn pair(&self, a: usize, b: usize) -> usize {
        pair_index(self.types.len(), a, b)
    }
}

/// Number of the pair of types a, b among (0,0), (0,1), … (0,n−1), (1,1), …
pub(super) fn pair_index(n_types: usize, a: usize, b: usize) -> usize {
    let (a, b) = (a.min(b), a.max(b));
    assert!(b < n_types, "type {b} of {n_types}");
    a * (2 * n_types - a + 1) / 2 + (b - a)
}

/// mₖ h²/6 of the natural spline: mₖ₋₁ + 4 mₖ + mₖ₊₁ = 6 (uₖ₋₁ − 2 uₖ + uₖ₊₁)/h², m = 0 at the ends.
fn scaled_curvatures(values: &[f32]) -> Vec<f32> {
    let n = values.len();
    let u = |k: usize| f64::from(values[k]);
    let mut upper = vec![0.0; n];
    let mut right = vec![0.0; n];
    for k in 1..n - 1 {
        let pivot = 4.0 - upper[k - 1];
        upper[k] = 1.0 / pivot;
        right[k] = (u(k - 1) - 2.0 * u(k) + u(k + 1) - right[k - 1]) / pivot;
    }
    let mut m = vec![0.0; n];
    for k in (1..n - 1).rev() {
        m[k] = right[k] - upper[k] * m[k + 1];
    }
    m.into_iter().map(|m| m as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> PairTable {
        let curve = |phase: f32| (0..12).map(move |k| (0.7 * k as f32 + phase).sin());
        let values: Vec<f32> = (0..3).flat_map(|pair| curve(pair as f32)).collect();
        PairTable::new(vec!["A".into(), "B".into()], 0.1, 0.05, values).unwrap()
    }

    #[test]
    fn passes_through_the_nodes_with_a_continuous_slope() {
        let table = table();
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for k in 1..11 {
                let r = table.node(k);
                let below = table.evaluate(a, b, r - 1e-9);
                let above = table.evaluate(a, b, r + 1e-9);
                assert!((below.0 - f64::from(table.curve(a, b)[k])).abs() < 1e-6);
                assert!((below.1 - above.1).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn the_slope_is_the_derivative() {
        let table = table();
        for step in 0..500 {
            let r = 0.101 + step as f64 * 1e-3;
            let h = 1e-6;
            let numeric =
                (table.evaluate(0, 1, r + h).0 - table.evaluate(0, 1, r - h).0) / (2.0 * h);
            assert!((numeric - table.evaluate(0, 1, r).1).abs() < 1e-3, "{r}");
        }
    }

    #[test]
    fn a_straight_line_stays_straight() {
        let values = (0..6).map(|k| 2.0 * k as f32).collect();
        let table = PairTable::new(vec!["A".into()], 0.0, 0.1, values).unwrap();
        assert!((table.evaluate(0, 0, 0.234).0 - 4.68).abs() < 1e-6);
        assert!((table.evaluate(0, 0, 0.234).1 - 20.0).abs() < 1e-5);
        assert_eq!(table.evaluate(0, 0, 0.7).0, 0.0);
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        assert!(PairTable::new(vec![], 0.0, 0.1, vec![]).is_err());
        assert!(PairTable::new(vec!["A".into(); 2], 0.0, 0.1, vec![0.0; 6]).is_err());
        assert!(PairTable::new(vec!["A".into()], 0.0, 0.0, vec![0.0; 6]).is_err());
        assert!(PairTable::new(vec!["A".into(), "B".into()], 0.0, 0.1, vec![0.0; 7]).is_err());
        assert!(PairTable::new(vec!["A".into()], 0.0, 0.1, vec![f32::NAN; 6]).is_err());
    }
}
