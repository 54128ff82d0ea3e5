//! The backbone from a CA trace.

use super::peptide::{Link, Plane, ideal_cb, place, torsion};
use super::ramachandran::{Kind, minus_log_density};
use crate::vector::{Vector, dot, norm, sub, unit};
use crate::{Error, Result};

/// Orientations of each peptide plane that are compared at first.
const COARSE: usize = 36;
/// Orientations on either side of the best, in each refinement.
const FINE: usize = 4;
/// Spread of the angle N–CA–C, degrees. Proteins have 2.8; wider, because planes are ideal here.
const TAU_SPREAD: f64 = 5.0;
/// Spread of a given CB about its ideal place, nm.
const CB_SPREAD: f64 = 0.02;

/// N, C and O of one residue, nm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Backbone {
    pub(super) n: Vector,
    pub(super) c: Vector,
    pub(super) o: Vector,
}

/// Places N, C and O of every residue of one chain on its CA atoms.
///
/// Two successive CA atoms fix the peptide group between them but for a rotation about their line. Each
/// rotation θᵢ takes one of 36 values, and the sequence of least
/// Σᵢ (τᵢ − τ⁰)²/2σ² − ln p(φᵢ, ψᵢ), where τ = N–CA–C, φ and ψ of residue i depend on θᵢ₋₁ and θᵢ only, is
/// found exactly by dynamic programming; then again among nine finer values about the best, three times.
/// Where CB atoms are given, their distance from where N, CA and C would have them counts too.
///
/// # Shapes
/// `ca`, `kinds`: `[n_residues]`, at least 2; `cb`: `[n_residues]`, `None` for glycine or where unknown.
pub(super) fn backbone_from_trace(
    ca: &[Vector],
    cb: &[Option<Vector>],
    kinds: &[Kind],
) -> Result<Vec<Backbone>> {
    let n = ca.len();
    let unusable = |found: &'static str| Error::Trace { found };
    if n < 2 {
        return Err(Error::setting("residues of a chain", "at least 2", n));
    }
    let links: Vec<Link> = ca
        .windows(2)
        .map(|pair| Link::new(pair[0], pair[1]))
        .collect::<Option<_>>()
        .ok_or_else(|| unusable("two in one place"))?;
    let turn = std::f64::consts::TAU / COARSE as f64;
    let all: Vec<f64> = (0..COARSE).map(|k| k as f64 * turn).collect();
    let mut chosen = best_angles(&links, &vec![all; n - 1], ca, cb, kinds);
    let mut step = turn;
    for _ in 0..3 {
        step /= FINE as f64;
        let near = |&angle: &f64| -> Vec<f64> {
            (0..=2 * FINE)
                .map(|k| angle + (k as f64 - FINE as f64) * step)
                .collect()
        };
        let grids: Vec<Vec<f64>> = chosen.iter().map(near).collect();
        chosen = best_angles(&links, &grids, ca, cb, kinds);
    }
    let planes: Vec<Plane> = links
        .iter()
        .zip(&chosen)
        .map(|(l, &a)| l.plane(a))
        .collect();
    let (first, last) = (planes[0], planes[n - 2]);
    // the ends, of which one torsion is not determined: ψ of the first and φ of the last as in sheets
    let straight = || unusable("three on a line");
    let first_n = place(first.n, first.c, ca[0], 0.1458, kinds[0].tau(), 140.0);
    let phi = if kinds[n - 1] == Kind::Proline {
        -65.0
    } else {
        -100.0
    };
    let last_c = place(last.c, last.n, ca[n - 1], 0.1525, kinds[n - 1].tau(), phi);
    let (first_n, last_c) = (first_n.ok_or_else(straight)?, last_c.ok_or_else(straight)?);
    let last_o = place(last.n, ca[n - 1], last_c, 0.1231, 120.8, -40.0).ok_or_else(straight)?;
    Ok((0..n)
        .map(|i| Backbone {
            n: if i == 0 { first_n } else { planes[i - 1].n },
            c: planes.get(i).map_or(last_c, |plane| plane.c),
            o: planes.get(i).map_or(last_o, |plane| plane.o),
        })
        .collect())
}

/// For each plane the angle of the least total cost (Viterbi).
fn best_angles(
    links: &[Link],
    grids: &[Vec<f64>],
    ca: &[Vector],
    cb: &[Option<Vector>],
    kinds: &[Kind],
) -> Vec<f64> {
    let planes: Vec<Vec<Plane>> = links
        .iter()
        .zip(grids)
        .map(|(link, grid)| grid.iter().map(|&angle| link.plane(angle)).collect())
        .collect();
    let mut costs = vec![0.0; grids[0].len()];
    let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(links.len());
    for i in 1..links.len() {
        let (mut next, mut from) = (Vec::new(), Vec::new());
        let to_n: Vec<Vector> = planes[i - 1]
            .iter()
            .map(|p| direction(ca[i], p.n))
            .collect();
        for after in &planes[i] {
            let mut best = (f64::INFINITY, 0);
            let to_c = direction(ca[i], after.c);
            for (k, before) in planes[i - 1].iter().enumerate() {
                // costs of torsions are bounded below, those of angles are never negative
                if costs[k] - MOST_LIKELY >= best.0 {
                    continue;
                }
                let angle_cost = angle_cost(to_n[k], to_c, kinds[i]);
                if costs[k] + angle_cost - MOST_LIKELY >= best.0 {
                    continue;
                }
                let cost =
                    costs[k] + angle_cost + other_costs(before, after, ca[i], cb[i], kinds[i]);
                if cost < best.0 {
                    best = (cost, k);
                }
            }
            next.push(best.0);
            from.push(best.1);
        }
        costs = next;
        came_from.push(from);
    }
    let mut state = 0;
    for (k, cost) in costs.iter().enumerate() {
        if *cost < costs[state] {
            state = k;
        }
    }
    let mut angles = vec![0.0; links.len()];
    for i in (0..links.len()).rev() {
        angles[i] = grids[i][state];
        if i > 0 {
            state = came_from[i - 1][state];
        }
    }
    angles
}

/// No −ln p(φ, ψ) is below minus this.
const MOST_LIKELY: f64 = 4.0;

/// From one point to another, length 1 unless they are the same.
fn direction(from: Vector, to: Vector) -> Vector {
    let difference = sub(to, from);
    unit(difference).unwrap_or(difference)
}

/// Of the angle N–CA–C between two directions.
fn angle_cost(to_n: Vector, to_c: Vector, kind: Kind) -> f64 {
    let tau = dot(to_n, to_c).clamp(-1.0, 1.0).acos().to_degrees();
    0.5 * ((tau - kind.tau()) / TAU_SPREAD).powi(2)
}

/// Of the torsions, and of the side chain's direction where it is known.
fn other_costs(before: &Plane, after: &Plane, ca: Vector, cb: Option<Vector>, kind: Kind) -> f64 {
    let phi = torsion(before.c, before.n, ca, after.c);
    let psi = torsion(before.n, ca, after.c, after.n);
    let mut cost = minus_log_density(kind, phi, psi);
    if let Some(cb) = cb
        && let Some(ideal) = ideal_cb(before.n, ca, after.c)
    {
        cost += 0.5 * (norm(sub(cb, ideal)) / CB_SPREAD).powi(2);
    }
    cost
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A backbone of ideal geometry with these torsions (degrees): N, CA, C of each residue.
    fn ideal(torsions: &[(f64, f64)]) -> Vec<[Vector; 3]> {
        let mut atoms = vec![[0.0; 3], [0.1458, 0.0, 0.0]];
        atoms.push(place([0.0, 1.0, 0.0], atoms[0], atoms[1], 0.1525, 111.0, 60.0).unwrap());
        for pair in torsions.windows(2) {
            for (length, angle, torsion) in [
                (0.1329, 116.2, pair[0].1),
                (0.1458, 121.7, 180.0),
                (0.1525, 111.0, pair[1].0),
            ] {
                let [a, b, c] = atoms[atoms.len() - 3..] else {
                    unreachable!()
                };
                atoms.push(place(a, b, c, length, angle, torsion).unwrap());
            }
        }
        atoms.chunks(3).map(|r| [r[0], r[1], r[2]]).collect()
    }

    fn deviation(torsions: &[(f64, f64)]) -> f64 {
        let residues = ideal(torsions);
        let ca: Vec<Vector> = residues.iter().map(|r| r[1]).collect();
        let n = ca.len();
        let built = backbone_from_trace(&ca, &vec![None; n], &vec![Kind::General; n]).unwrap();
        let mut squares = 0.0;
        for i in 1..n - 1 {
            squares += norm(sub(built[i].n, residues[i][0])).powi(2);
            squares += norm(sub(built[i].c, residues[i][2])).powi(2);
        }
        (squares / (2 * (n - 2)) as f64).sqrt()
    }

    #[test]
    fn ideal_helices_and_strands_come_back() {
        assert!(deviation(&[(-63.0, -42.0); 12]) < 0.02);
        assert!(deviation(&[(-118.0, 133.0); 12]) < 0.03);
        assert!(deviation(&[(-70.0, 145.0); 12]) < 0.03);
    }

    #[test]
    fn useless_traces_are_refused() {
        let kinds = [Kind::General; 3];
        let same = [[0.0; 3], [0.38, 0.0, 0.0], [0.38, 0.0, 0.0]];
        assert!(backbone_from_trace(&same, &[None; 3], &kinds).is_err());
        assert!(backbone_from_trace(&same[..1], &[None], &kinds[..1]).is_err());
    }

    proptest! {
        /// Whatever the trace, what is built is finite, and the same once moved.
        #[test]
        fn any_trace_gives_finite_atoms_that_move_with_it(
            steps in prop::collection::vec(prop::array::uniform3(-1.0f64..1.0), 2..12),
        ) {
            let mut ca = vec![[0.0; 3]];
            for step in &steps {
                let length = norm(*step).max(1e-3);
                let last = ca[ca.len() - 1];
                ca.push(std::array::from_fn(|k| last[k] + 0.38 * step[k] / length));
            }
            let n = ca.len();
            prop_assume!(ca.windows(2).all(|pair| norm(sub(pair[0], pair[1])) > 0.1));
            let kinds = vec![Kind::General; n];
            let Ok(built) = backbone_from_trace(&ca, &vec![None; n], &kinds) else {
                return Ok(());
            };
            for (atoms, ca) in built.iter().zip(&ca) {
                for x in [atoms.n, atoms.c, atoms.o] {
                    prop_assert!(x.iter().all(|x| x.is_finite()));
                    prop_assert!(norm(sub(x, *ca)) < 0.3);
                }
            }
        }
    }
}
