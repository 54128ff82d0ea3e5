//! The transport problem by the primal network simplex method.
//!
//! A spanning tree holds the arcs that carry flow. Each step prices the arcs of one source after
//! another, takes the cheapest that would lower the cost, and moves flow around the cycle it
//! closes. Zero flows always point to the root ("strongly feasible" trees), so that the method
//! cannot cycle.
//!
//! # References
//! W. H. Cunningham, Math. Program. 1976, 11, 105, doi:10.1007/BF01580379.
//! P. Kovács, Optim. Methods Softw. 2015, 30, 94, doi:10.1080/10556788.2014.895828 (block search).

use crate::error::{Error, Result};

const NONE: u32 = u32::MAX;

/// The spanning tree: sources first, then sinks, then the root.
struct Tree {
    parent: Vec<u32>,
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    previous_sibling: Vec<u32>,
    depth: Vec<u32>,
    /// Whether the arc to the parent points to the parent.
    upward: Vec<bool>,
    flow: Vec<f64>,
    potential: Vec<f64>,
}

/// Least cost of moving `supply` to `demand`, which have the same positive entries' sum.
///
/// # Shapes
/// `cost` `[supply.len()][demand.len()]`, finite and not negative.
pub(super) fn transport_cost(supply: &[f64], demand: &[f64], cost: &[f64]) -> Result<f64> {
    let (n, m) = (supply.len(), demand.len());
    if n == 0 || m == 0 {
        return Ok(0.0);
    }
    let largest = cost.iter().copied().fold(0.0, f64::max);
    // Dear enough that no path through the root is ever worth it.
    let dear = (largest + 1e-300) * (n + m) as f64;
    let mut tree = Tree::star(supply, demand, dear);
    let tolerance = 1e-12 * largest * (n + m) as f64;
    let tolerance = tolerance.min(1e-9 * largest);
    let limit = 200 * (n + m) * (((n + m) as f64).log2().ceil() as usize + 1);
    let mut row = 0;
    for _ in 0..limit {
        let Some((source, sink)) = tree.price(cost, n, m, &mut row, tolerance) else {
            return Ok(tree.total_cost(cost, n, m));
        };
        tree.pivot(source as u32, (n + sink) as u32, cost[source * m + sink]);
    }
    Err(Error::Undetermined {
        what: "the cost of a transport",
        reason: format!("no optimum within {limit} steps"),
    })
}

impl Tree {
    /// Every source and sink hangs on the root by an arc of cost `dear`.
    fn star(supply: &[f64], demand: &[f64], dear: f64) -> Self {
        let (n, m) = (supply.len(), demand.len());
        let nodes = n + m;
        let root = nodes as u32;
        let link = |ok: bool, value: usize| if ok { value as u32 } else { NONE };
        let mut tree = Self {
            parent: vec![root; nodes + 1],
            first_child: vec![NONE; nodes + 1],
            next_sibling: (0..=nodes).map(|i| link(i + 1 < nodes, i + 1)).collect(),
            previous_sibling: (0..=nodes)
                .map(|i| link(i > 0 && i < nodes, i.wrapping_sub(1)))
                .collect(),
            depth: vec![1; nodes + 1],
            upward: (0..=nodes).map(|i| i < n).collect(),
            flow: supply.iter().chain(demand).copied().chain([0.0]).collect(),
            potential: (0..=nodes)
                .map(|i| if i < n { -dear } else { dear })
                .collect(),
        };
        tree.parent[nodes] = NONE;
        tree.first_child[nodes] = 0;
        tree.depth[nodes] = 0;
        tree.potential[nodes] = 0.0;
        tree
    }

    /// The arc of lowest reduced cost of the next source that has one below zero.
    fn price(
        &self,
        cost: &[f64],
        n: usize,
        m: usize,
        row: &mut usize,
        tolerance: f64,
    ) -> Option<(usize, usize)> {
        let sinks = &self.potential[n..n + m];
        for _ in 0..n {
            let source = *row;
            *row = (*row + 1) % n;
            let costs = &cost[source * m..(source + 1) * m];
            let lowest = lowest_difference(costs, sinks);
            if lowest + self.potential[source] < -tolerance {
                let sink = costs.iter().zip(sinks).position(|(c, p)| c - p == lowest)?;
                return Some((source, sink));
            }
        }
        None
    }

    /// Lets the arc from `source` to `sink` into the tree and the arc it blocks out.
    fn pivot(&mut self, source: u32, sink: u32, cost: f64) {
        let join = self.common_ancestor(source, sink);
        let (mut least, mut leaving, mut on_source_side) = (f64::INFINITY, NONE, true);
        let mut node = source;
        while node != join {
            let i = node as usize;
            if self.upward[i] && self.flow[i] < least {
                (least, leaving, on_source_side) = (self.flow[i], node, true);
            }
            node = self.parent[i];
        }
        node = sink;
        while node != join {
            let i = node as usize;
            // Not strictly less: of equals the last one leaves, which keeps the tree strongly feasible.
            if !self.upward[i] && self.flow[i] <= least {
                (least, leaving, on_source_side) = (self.flow[i], node, false);
            }
            node = self.parent[i];
        }
        if leaving == NONE {
            return; // Cannot be: every cycle has an arc against its direction.
        }
        self.push_flow(source, join, -least);
        self.push_flow(sink, join, least);
        let (inside, outside) = if on_source_side {
            (source, sink)
        } else {
            (sink, source)
        };
        let reduced = cost + self.potential[source as usize] - self.potential[sink as usize];
        let shift = if on_source_side { -reduced } else { reduced };
        self.hang(inside, leaving, outside, least, on_source_side);
        self.shift_below(inside, shift);
    }

    fn common_ancestor(&self, mut a: u32, mut b: u32) -> u32 {
        while a != b {
            if self.depth[a as usize] >= self.depth[b as usize] {
                a = self.parent[a as usize];
            } else {
                b = self.parent[b as usize];
            }
        }
        a
    }

    /// Adds to the upward arcs between a node and its ancestor, takes from the downward ones.
    fn push_flow(&mut self, mut node: u32, ancestor: u32, amount: f64) {
        while node != ancestor {
            let i = node as usize;
            self.flow[i] += if self.upward[i] { amount } else { -amount };
            node = self.parent[i];
        }
    }

    /// Cuts the subtree at `leaving` off and hangs it by its node `inside` below `outside`.
    fn hang(&mut self, inside: u32, leaving: u32, outside: u32, flow: f64, upward: bool) {
        let (mut node, mut new_parent, mut new_flow, mut new_upward) =
            (inside, outside, flow, upward);
        loop {
            let i = node as usize;
            let (old_parent, old_flow, old_upward) = (self.parent[i], self.flow[i], self.upward[i]);
            self.unlink(node);
            self.link(node, new_parent);
            self.flow[i] = new_flow;
            self.upward[i] = new_upward;
            if node == leaving {
                return;
            }
            (new_parent, node, new_flow, new_upward) = (node, old_parent, old_flow, !old_upward);
        }
    }

    fn unlink(&mut self, node: u32) {
        let i = node as usize;
        let (previous, next) = (self.previous_sibling[i], self.next_sibling[i]);
        if previous == NONE {
            self.first_child[self.parent[i] as usize] = next;
        } else {
            self.next_sibling[previous as usize] = next;
        }
        if next != NONE {
            self.previous_sibling[next as usize] = previous;
        }
    }

    fn link(&mut self, node: u32, parent: u32) {
        let i = node as usize;
        let next = self.first_child[parent as usize];
        self.parent[i] = parent;
        self.previous_sibling[i] = NONE;
        self.next_sibling[i] = next;
        if next != NONE {
            self.previous_sibling[next as usize] = node;
        }
        self.first_child[parent as usize] = node;
    }

    /// Updates depths and potentials of a subtree.
    fn shift_below(&mut self, top: u32, shift: f64) {
        let mut node = top;
        loop {
            let i = node as usize;
            self.potential[i] += shift;
            self.depth[i] = self.depth[self.parent[i] as usize] + 1;
            if self.first_child[i] != NONE {
                node = self.first_child[i];
                continue;
            }
            loop {
                if node == top {
                    return;
                }
                if self.next_sibling[node as usize] != NONE {
                    node = self.next_sibling[node as usize];
                    break;
                }
                node = self.parent[node as usize];
            }
        }
    }

    fn total_cost(&self, cost: &[f64], n: usize, m: usize) -> f64 {
        let root = (n + m) as u32;
        let mut sum = 0.0;
        for node in 0..n + m {
            let parent = self.parent[node];
            if parent != root {
                let (source, sink) = if node < n {
                    (node, parent as usize - n)
                } else {
                    (parent as usize, node - n)
                };
                sum += self.flow[node] * cost[source * m + sink];
            }
        }
        sum
    }
}

/// min (costᵢ − potentialᵢ), in eight lanes that the compiler turns into vectors.
fn lowest_difference(costs: &[f64], potentials: &[f64]) -> f64 {
    let mut lanes = [f64::INFINITY; 8];
    let (cost_chunks, potential_chunks) = (costs.chunks_exact(8), potentials.chunks_exact(8));
    let rest = cost_chunks
        .remainder()
        .iter()
        .zip(potential_chunks.remainder());
    let mut lowest = rest.map(|(c, p)| c - p).fold(f64::INFINITY, f64::min);
    for (c, p) in cost_chunks.zip(potential_chunks) {
        for lane in 0..8 {
            let difference = c[lane] - p[lane];
            lanes[lane] = if difference < lanes[lane] {
                difference
            } else {
                lanes[lane]
            };
        }
    }
    for lane in lanes {
        lowest = lowest.min(lane);
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_solved_by_hand() {
        let cost = [1.0, 4.0, 2.0, 3.0];
        let total = transport_cost(&[0.6, 0.4], &[0.7, 0.3], &cost).unwrap();
        // Source 0 sends 0.6 to sink 0, source 1 sends 0.1 to sink 0 and 0.3 to sink 1.
        assert!((total - (0.6 + 0.2 + 0.9)).abs() < 1e-12);
    }

    #[test]
    fn degenerate_problems_end() {
        // An assignment problem: every basis but the last is full of zero flows.
        let n = 40;
        let cost: Vec<f64> = (0..n * n)
            .map(|k| ((k / n) as f64 - (k % n) as f64).abs() % 7.0)
            .collect();
        let mass = vec![1.0 / n as f64; n];
        assert!(transport_cost(&mass, &mass, &cost).unwrap().abs() < 1e-12);
    }
}
