//! Ways through latent space.

use crate::{Error, LatentMap, Result};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// `n` codes evenly spaced on the line from `from` to `to`, both included.
///
/// # Errors
/// [`Error::Setting`] for codes of different length or fewer than 2 points.
pub fn straight_line(from: &[f32], to: &[f32], n: usize) -> Result<Vec<Vec<f32>>> {
    if from.len() != to.len() || from.is_empty() {
        let found = format!("{} and {}", from.len(), to.len());
        return Err(Error::setting(
            "codes",
            "the same number of coordinates",
            found,
        ));
    }
    if n < 2 {
        return Err(Error::setting("points", "at least 2", n));
    }
    let point = |step: usize| {
        let t = step as f64 / (n - 1) as f64;
        let mix = |(&a, &b): (&f32, &f32)| (f64::from(a) * (1.0 - t) + f64::from(b) * t) as f32;
        from.iter().zip(to).map(mix).collect()
    };
    Ok((0..n).map(point).collect())
}

/// How [`shortest_path`] searches. Both find a path of least cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// All directions alike.
    Dijkstra,
    /// Led by the straight distance to the end, which never overestimates the cost that remains.
    AStar,
}

/// A way through a map.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentPath {
    /// Codes: exactly the start, the points of the cells in between, exactly the end.
    pub points: Vec<Vec<f32>>,
    /// Cells from the start's to the end's.
    pub cells: Vec<[usize; 2]>,
    /// Sum of the steps' costs, in score times latent length.
    pub cost: f64,
}

/// The cheapest way from one code to another over a map of scores, low scores being good.
///
/// A step between neighbouring cells i, j (straight or diagonal) of length d costs
/// `d · ((s_i + s_j)/2 − s_min + tension)`: the score's integral along the way, over its lowest value.
/// A larger `tension` straightens the path. Cells whose score is not finite are walls.
///
/// # Errors
/// [`Error::Setting`] for a map of another size, codes outside it, or a negative tension;
/// [`Error::NoPath`] where walls separate the two.
///
/// # References
/// E. W. Dijkstra, Numer. Math. 1, 269 (1959), DOI 10.1007/BF01386390; P. E. Hart, N. J. Nilsson,
/// B. Raphael, IEEE Trans. Syst. Sci. Cybern. 4, 100 (1968), DOI 10.1109/TSSC.1968.300136.
pub fn shortest_path(
    map: &LatentMap,
    scores: &[f64],
    from: &[f32],
    to: &[f32],
    tension: f64,
    search: Search,
) -> Result<LatentPath> {
    let [columns, rows] = map.size();
    if scores.len() != columns * rows {
        let expected = format!("{rows} × {columns} scores");
        return Err(Error::setting("score map", expected, scores.len()));
    }
    if !(tension.is_finite() && tension >= 0.0) {
        return Err(Error::setting("tension", "0 or more", tension));
    }
    let inside = |code: &[f32]| {
        let expected = || Error::setting("code", "one inside the map", format!("{code:?}"));
        map.cell(code).ok_or_else(expected)
    };
    let (start, end) = (inside(from)?, inside(to)?);
    let terrain = Terrain::new(map, scores, tension);
    let (cells, cost) = terrain.search(start, end, search).ok_or(Error::NoPath {
        from: start,
        to: end,
    })?;
    let mut points = vec![from.to_vec()];
    let between = &cells[1.min(cells.len())..cells.len().saturating_sub(1).max(1)];
    points.extend(between.iter().map(|&cell| map.point(cell)));
    points.push(to.to_vec());
    Ok(LatentPath {
        points,
        cells,
        cost,
    })
}

/// The map as a graph.
struct Terrain<'a> {
    scores: &'a [f64],
    floor: f64,
    tension: f64,
    columns: usize,
    rows: usize,
    spacing: [f64; 2],
}

impl<'a> Terrain<'a> {
    fn new(map: &LatentMap, scores: &'a [f64], tension: f64) -> Self {
        let [columns, rows] = map.size();
        let finite = scores.iter().copied().filter(|s| s.is_finite());
        Self {
            scores,
            floor: finite.fold(f64::INFINITY, f64::min),
            tension,
            columns,
            rows,
            spacing: map.spacing(),
        }
    }

    fn score(&self, [row, column]: [usize; 2]) -> f64 {
        self.scores[row * self.columns + column]
    }

    fn distance(&self, a: [usize; 2], b: [usize; 2]) -> f64 {
        let y = a[0].abs_diff(b[0]) as f64 * self.spacing[1];
        let x = a[1].abs_diff(b[1]) as f64 * self.spacing[0];
        x.hypot(y)
    }

    /// Neighbours that are no walls, with the cost of the step.
    fn steps(&self, cell: [usize; 2]) -> impl Iterator<Item = ([usize; 2], f64)> + '_ {
        let ways = (-1..=1).flat_map(|r| (-1..=1).map(move |c| (r, c)));
        ways.filter(|&way| way != (0, 0)).filter_map(move |(r, c)| {
            let next = [
                cell[0].checked_add_signed(r)?,
                cell[1].checked_add_signed(c)?,
            ];
            if next[0] >= self.rows || next[1] >= self.columns || !self.score(next).is_finite() {
                return None;
            }
            let mean = 0.5 * (self.score(cell) + self.score(next)) - self.floor;
            Some((next, self.distance(cell, next) * (mean + self.tension)))
        })
    }

    fn search(
        &self,
        start: [usize; 2],
        end: [usize; 2],
        search: Search,
    ) -> Option<(Vec<[usize; 2]>, f64)> {
        let index = |cell: [usize; 2]| cell[0] * self.columns + cell[1];
        if !self.score(start).is_finite() || !self.score(end).is_finite() {
            return None;
        }
        // no step is cheaper than its length times the tension
        let remaining = |cell| match search {
            Search::Dijkstra => 0.0,
            Search::AStar => self.tension * self.distance(cell, end),
        };
        let mut costs = vec![f64::INFINITY; self.scores.len()];
        let mut origins = vec![start; self.scores.len()];
        let mut settled = vec![false; self.scores.len()];
        let mut queue = BinaryHeap::new();
        costs[index(start)] = 0.0;
        queue.push(Candidate {
            estimate: remaining(start),
            cell: start,
        });
        while let Some(Candidate { cell, .. }) = queue.pop() {
            if std::mem::replace(&mut settled[index(cell)], true) {
                continue;
            }
            if cell == end {
                let mut cells = vec![end];
                while let Some(&last) = cells.last().filter(|&&last| last != start) {
                    cells.push(origins[index(last)]);
                }
                cells.reverse();
                return Some((cells, costs[index(end)]));
            }
            for (next, step) in self.steps(cell) {
                let cost = costs[index(cell)] + step;
                if cost < costs[index(next)] {
                    costs[index(next)] = cost;
                    origins[index(next)] = cell;
                    let estimate = cost + remaining(next);
                    queue.push(Candidate {
                        estimate,
                        cell: next,
                    });
                }
            }
        }
        None
    }
}

/// A cell in the queue: the smallest estimate comes first, equal ones by cell.
struct Candidate {
    estimate: f64,
    cell: [usize; 2],
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_estimate = other.estimate.total_cmp(&self.estimate);
        by_estimate.then_with(|| other.cell.cmp(&self.cell))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}
