//! Rings, and bonds that go through them.

use crate::vector::{Vector, add, cross, dot, scale, sub};
use std::collections::{BTreeSet, VecDeque};

/// Rings of up to six atoms, each in the order of its bonds.
pub(super) fn small_rings(n_atoms: usize, bonds: &[[usize; 2]]) -> Vec<Vec<usize>> {
    let mut neighbours = vec![Vec::new(); n_atoms];
    for &[a, b] in bonds {
        neighbours[a].push(b);
        neighbours[b].push(a);
    }
    let mut seen = BTreeSet::new();
    let mut rings = Vec::new();
    for &[a, b] in bonds {
        if let Some(path) = path_around(&neighbours, a, b) {
            let mut key = path.clone();
            key.sort_unstable();
            if seen.insert(key) {
                rings.push(path);
            }
        }
    }
    rings
}

/// The shortest path from `a` to `b` of three to six atoms that does not use their bond.
fn path_around(neighbours: &[Vec<usize>], a: usize, b: usize) -> Option<Vec<usize>> {
    let mut queue = VecDeque::from([vec![a]]);
    let mut visited = BTreeSet::from([a]);
    while let Some(path) = queue.pop_front() {
        let last = *path.last()?;
        for &next in &neighbours[last] {
            if next == b && path.len() > 1 {
                return Some([&path[..], &[b]].concat());
            }
            if next != b && path.len() < 5 && visited.insert(next) {
                queue.push_back([&path[..], &[next]].concat());
            }
        }
    }
    None
}

/// Whether the line from `a` to `b` goes through the ring, taken as triangles about its centre.
pub(super) fn pierces(ring: &[Vector], a: Vector, b: Vector) -> bool {
    let sum = ring.iter().fold([0.0; 3], |sum, &x| add(sum, x));
    let centre = scale(sum, 1.0 / ring.len() as f64);
    (0..ring.len()).any(|i| {
        let corners = [centre, ring[i], ring[(i + 1) % ring.len()]];
        crosses_triangle(corners, a, b)
    })
}

/// Möller and Trumbore's test.
fn crosses_triangle([p, q, r]: [Vector; 3], a: Vector, b: Vector) -> bool {
    let (e1, e2, direction) = (sub(q, p), sub(r, p), sub(b, a));
    let h = cross(direction, e2);
    let determinant = dot(e1, h);
    if determinant.abs() < 1e-14 {
        return false;
    }
    let s = sub(a, p);
    let u = dot(s, h) / determinant;
    let k = cross(s, e1);
    let v = dot(direction, k) / determinant;
    let t = dot(e2, k) / determinant;
    u >= 0.0 && v >= 0.0 && u + v <= 1.0 && (0.0..=1.0).contains(&t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fused_rings_are_found_one_by_one() {
        // indole: six and five atoms that share a bond, and a methyl beside
        let bonds = [
            [0, 1],
            [1, 2],
            [2, 3],
            [3, 4],
            [4, 0],
            [3, 5],
            [5, 6],
            [6, 7],
            [7, 8],
            [8, 4],
            [0, 9],
        ];
        let mut sizes: Vec<usize> = small_rings(10, &bonds).iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [5, 6]);
        assert!(small_rings(3, &[[0, 1], [1, 2]]).is_empty());
    }

    #[test]
    fn lines_pierce_or_pass() {
        let ring: Vec<Vector> = (0..6)
            .map(|i| std::f64::consts::TAU * f64::from(i) / 6.0)
            .map(|t| [0.14 * t.cos(), 0.14 * t.sin(), 0.0])
            .collect();
        assert!(pierces(&ring, [0.05, 0.02, -0.1], [0.05, 0.02, 0.05]));
        assert!(!pierces(&ring, [0.05, 0.02, 0.02], [0.05, 0.02, 0.15]));
        assert!(!pierces(&ring, [0.2, 0.0, -0.1], [0.2, 0.0, 0.1]));
    }
}
