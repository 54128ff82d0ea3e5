//! Pairs of points within a cutoff, by cells, in bounded memory.

use crate::Result;
use crate::error::Error;

/// Points sorted into cubic cells at least as wide as a cutoff.
pub(crate) struct CellGrid<'a> {
    points: &'a [[f32; 3]],
    cutoff: f32,
    origin: [f32; 3],
    width: f32,
    n_cells: [usize; 3],
    /// Where each cell's points start in `order`; one more than cells.
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl<'a> CellGrid<'a> {
    /// Sorts `points` for searches within `cutoff`, both in nm.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a NaN or infinite coordinate.
    pub(crate) fn new(points: &'a [[f32; 3]], cutoff: f32) -> Result<Self> {
        let mut low = [f32::INFINITY; 3];
        let mut high = [f32::NEG_INFINITY; 3];
        for (index, point) in points.iter().enumerate() {
            for axis in 0..3 {
                let value = point[axis];
                if !value.is_finite() {
                    return Err(Error::NotFinite {
                        what: "positions",
                        index,
                        value: f64::from(value),
                    });
                }
                low[axis] = low[axis].min(value);
                high[axis] = high[axis].max(value);
            }
        }
        if points.is_empty() {
            (low, high) = ([0.0; 3], [0.0; 3]);
        }
        // an exploded structure gets wider cells, not more of them
        let most = (2.0 * points.len() as f32).cbrt().ceil().max(1.0);
        let extent = (0..3).map(|a| high[a] - low[a]).fold(0.0, f32::max);
        let width = cutoff.max(extent / most).max(1e-3);
        let n_cells =
            std::array::from_fn(|a| ((high[a] - low[a]) / width).floor().min(most) as usize + 1);
        let mut grid = Self {
            points,
            cutoff,
            origin: low,
            width,
            n_cells,
            starts: vec![0; n_cells.iter().product::<usize>() + 1],
            order: vec![0; points.len()],
        };
        grid.sort();
        Ok(grid)
    }

    fn sort(&mut self) {
        let cells: Vec<usize> = self
            .points
            .iter()
            .map(|p| self.index(self.cell(*p)))
            .collect();
        for &cell in &cells {
            self.starts[cell + 1] += 1;
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
        let mut next = self.starts.clone();
        for (point, &cell) in cells.iter().enumerate() {
            self.order[next[cell] as usize] = point as u32;
            next[cell] += 1;
        }
    }

    fn cell(&self, point: [f32; 3]) -> [usize; 3] {
        std::array::from_fn(|a| {
            (((point[a] - self.origin[a]) / self.width) as usize).min(self.n_cells[a] - 1)
        })
    }

    fn index(&self, cell: [usize; 3]) -> usize {
        (cell[2] * self.n_cells[1] + cell[1]) * self.n_cells[0] + cell[0]
    }

    /// Calls `visit(j, r²)` for every other point within the cutoff of point `i`.
    pub(crate) fn for_each_near(&self, i: usize, mut visit: impl FnMut(usize, f32)) {
        let center = self.points[i];
        let cell = self.cell(center);
        let range = |a: usize| cell[a].saturating_sub(1)..=(cell[a] + 1).min(self.n_cells[a] - 1);
        let cutoff2 = self.cutoff * self.cutoff;
        for z in range(2) {
            for y in range(1) {
                // cells along x are neighbours in memory
                let x = range(0);
                let first = self.starts[self.index([*x.start(), y, z])] as usize;
                let end = self.starts[self.index([*x.end(), y, z]) + 1] as usize;
                for &j in &self.order[first..end] {
                    let j = j as usize;
                    let p = self.points[j];
                    let d = [p[0] - center[0], p[1] - center[1], p[2] - center[2]];
                    let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                    if r2 < cutoff2 && j != i {
                        visit(j, r2);
                    }
                }
            }
        }
    }

    /// Calls `visit(i, j, r²)` once for every pair i < j within the cutoff.
    pub(crate) fn for_each_pair(&self, mut visit: impl FnMut(usize, usize, f32)) {
        for i in 0..self.points.len() {
            self.for_each_near(i, |j, r2| {
                if i < j {
                    visit(i, j, r2);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CellGrid;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_the_pairs_of_a_double_loop(
            points in prop::collection::vec([-3.0f32..3.0, -1.0f32..1.0, 0.0f32..0.1], 0..60),
            cutoff in 0.05f32..4.0,
        ) {
            let mut found = Vec::new();
            CellGrid::new(&points, cutoff).unwrap().for_each_pair(|i, j, _| found.push((i, j)));
            found.sort_unstable();
            let mut expected = Vec::new();
            for i in 0..points.len() {
                for j in i + 1..points.len() {
                    let d2: f32 = (0..3).map(|a| (points[j][a] - points[i][a]).powi(2)).sum();
                    if d2 < cutoff * cutoff {
                        expected.push((i, j));
                    }
                }
            }
            // a distance within rounding of the cutoff may fall on either side
            prop_assert!(found.len().abs_diff(expected.len()) <= 1);
            prop_assert!(found == expected || found.len() != expected.len());
        }
    }

    #[test]
    fn an_exploded_structure_takes_no_memory() {
        let points = [[0.0; 3], [1e30, -1e30, 1e30], [0.1, 0.0, 0.0]];
        let mut pairs = Vec::new();
        let grid = CellGrid::new(&points, 0.5).unwrap();
        grid.for_each_pair(|i, j, _| pairs.push((i, j)));
        assert_eq!(pairs, [(0, 2)]);
        assert!(CellGrid::new(&[[f32::NAN, 0.0, 0.0]], 0.5).is_err());
    }
}
