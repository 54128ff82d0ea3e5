//! The backbone from its CA atoms.

mod favoured;

use super::builder::BackboneAtoms;
use super::geometry::{Vector, double, perpendicular, place, single, torsion, unit};
use crate::{Error, Result};
use favoured::{Class, cost};
use std::f64::consts::{PI, TAU};

/// Turns that a peptide plane tries: coarse over the whole circle, then finer about the best.
const N_TURNS: usize = 40;
const N_FINE: usize = 9;

/// Peptide bonds between CA that are closer are cis, nm; trans CA are 0.38 nm apart, cis ones 0.29.
const CIS: f64 = 0.33;

/// Bonds and angles of the peptide plane after Engh & Huber 1991 (nm, rad), and of CA, weighted
/// with a standard deviation that real structures have.
const CA_C: f64 = 0.1525;
const C_N: f64 = 0.1329;
const N_CA: f64 = 0.1458;
const C_O: f64 = 0.1231;
const CA_C_N: f64 = 116.2 * PI / 180.0;
const C_N_CA: f64 = 121.7 * PI / 180.0;
const CA_C_O: f64 = 120.8 * PI / 180.0;
const N_CA_C: f64 = 111.0 * PI / 180.0;
const N_CA_C_SD: f64 = 3.5 * PI / 180.0;

/// Backbones from the CA atoms of one stretch of chain.
///
/// Each peptide group is a rigid plane through two CA that can only turn about their line. The turns are
/// those of least cost, found exactly by dynamic programming along the chain: at each CA, the angle
/// N–CA–C against its ideal value, and how common φ and ψ are. Planes are trans, cis where CA are closer than
/// 0.33 nm. N and C of the ends, which no plane holds, stand as in a strand.
///
/// # Shapes
/// `trace`: `[n_residues][3]` in nm, of residues called `names` (`GLY` and `PRO` differ from the rest),
/// without gaps.
///
/// # Errors
/// [`Error::Argument`] for fewer than two residues, other numbers of names, or coordinates that are not
/// finite.
///
/// # Examples
/// ```
/// use molio::backbone_from_ca;
/// // CA of a straight strand
/// let trace: Vec<[f32; 3]> = (0..6).map(|i| [0.34 * i as f32, 0.085 * (i % 2) as f32, 0.17 * (i % 2) as f32]).collect();
/// let backbone = backbone_from_ca(&trace, &["ALA"; 6])?;
/// let bond: f32 = (0..3).map(|x| (backbone[2].c[x] - backbone[3].n[x]).powi(2)).sum::<f32>().sqrt();
/// assert!((bond - 0.133).abs() < 0.03);
/// # Ok::<(), molio::Error>(())
/// ```
pub fn backbone_from_ca(trace: &[[f32; 3]], names: &[&str]) -> Result<Vec<BackboneAtoms>> {
    let n = trace.len();
    if n < 2 || names.len() != n {
        return Err(Error::argument(
            "a CA trace",
            "two residues or more, and a name for each",
            format!("{n} positions, {} names", names.len()),
        ));
    }
    if let Some(atom) = trace.iter().position(|x| x.iter().any(|x| !x.is_finite())) {
        return Err(Error::argument(
            "a CA trace",
            "finite coordinates",
            format!("residue {atom}, counted from 0"),
        ));
    }
    let trace: Vec<Vector> = trace.iter().map(|&x| double(x)).collect();
    let planes: Vec<Plane> = trace
        .windows(2)
        .map(|pair| Plane::new(pair[0], pair[1]))
        .collect();
    let classes: Vec<Class> = (0..n)
        .map(|index| Class::of(names[index], names.get(index + 1).copied()))
        .collect();
    let coarse: Vec<Vec<f64>> = vec![
        (0..N_TURNS)
            .map(|i| TAU * i as f64 / N_TURNS as f64)
            .collect();
        n - 1
    ];
    let mut turns = best_turns(&trace, &planes, &classes, &coarse);
    let mut step = TAU / N_TURNS as f64;
    for _ in 0..2 {
        step /= (N_FINE / 2) as f64;
        let fine: Vec<Vec<f64>> = turns
            .iter()
            .map(|turn| {
                (0..N_FINE)
                    .map(|i| turn + step * (i as f64 - (N_FINE / 2) as f64))
                    .collect()
            })
            .collect();
        turns = best_turns(&trace, &planes, &classes, &fine);
    }
    Ok(assemble(&trace, &planes, &turns))
}

/// A peptide group in the frame of its two CA.
struct Plane {
    start: Vector,
    axis: Vector,
    across: Vector,
    normal: Vector,
    /// C, O and N: along the axis, and across it.
    c: [f64; 2],
    o: [f64; 2],
    n: [f64; 2],
}

impl Plane {
    fn new(start: Vector, end: Vector) -> Self {
        let length = (end - start).norm();
        let axis = unit(end - start);
        let across = perpendicular(axis);
        let trans = length >= CIS;
        // the ideal group in a plane, then fitted to the distance at hand
        let ca = Vector::zeros();
        let c = Vector::new(CA_C, 0.0, 0.0);
        let n = place([c, ca, Vector::y()], C_N, CA_C_N, 0.0);
        let o = place([c, ca, n], C_O, CA_C_O, PI);
        // torsion CA–C–N–CA
        let next = place([n, c, ca], N_CA, C_N_CA, if trans { PI } else { 0.0 });
        let along = unit(next);
        let ideal = next.norm();
        let aside = unit(c - c.dot(&along) * along);
        // the difference to the ideal distance is shared by both ends
        let shift = 0.5 * (length - ideal);
        let flat = |x: Vector| [x.dot(&along) + shift, x.dot(&aside)];
        Self {
            start,
            axis,
            across,
            normal: axis.cross(&across),
            c: flat(c),
            o: flat(o),
            n: flat(n),
        }
    }

    fn at(&self, [along, aside]: [f64; 2], (sin, cos): (f64, f64)) -> Vector {
        self.start + along * self.axis + aside * (cos * self.across + sin * self.normal)
    }
}

/// The turn of each plane among `choices`, of least cost in sum.
fn best_turns(
    trace: &[Vector],
    planes: &[Plane],
    classes: &[Class],
    choices: &[Vec<f64>],
) -> Vec<f64> {
    // C and N of each plane at each of its turns
    let placed: Vec<Vec<[Vector; 2]>> = planes
        .iter()
        .zip(choices)
        .map(|(plane, turns)| {
            let at = |turn: &f64| {
                let turned = turn.sin_cos();
                [plane.at(plane.c, turned), plane.at(plane.n, turned)]
            };
            turns.iter().map(at).collect()
        })
        .collect();
    let mut cost_so_far = vec![0.0; choices[0].len()];
    let mut from: Vec<Vec<usize>> = Vec::new();
    for index in 1..planes.len() {
        let ca = trace[index];
        let mut next = Vec::with_capacity(choices[index].len());
        let mut best_from = Vec::with_capacity(choices[index].len());
        for &[c, next_n] in &placed[index] {
            let mut least = (f64::INFINITY, 0);
            for (previous, &[before_c, n]) in placed[index - 1].iter().enumerate() {
                let sum =
                    cost_so_far[previous] + joint(classes[index], [before_c, n, ca, c, next_n]);
                if sum < least.0 {
                    least = (sum, previous);
                }
            }
            next.push(least.0);
            best_from.push(least.1);
        }
        cost_so_far = next;
        from.push(best_from);
    }
    let mut at = (0..cost_so_far.len())
        .min_by(|&a, &b| cost_so_far[a].total_cmp(&cost_so_far[b]))
        .unwrap_or(0);
    let mut turns = vec![0.0; planes.len()];
    for index in (0..planes.len()).rev() {
        turns[index] = choices[index][at];
        if index > 0 {
            at = from[index - 1][at];
        }
    }
    turns
}

/// What it costs that two planes meet as they do at a CA.
#[inline]
fn joint(class: Class, [before_c, n, ca, c, next_n]: [Vector; 5]) -> f64 {
    let (u, v) = (unit(n - ca), unit(c - ca));
    let bend = u.dot(&v).clamp(-1.0, 1.0).acos();
    let off = 0.5 * ((bend - N_CA_C) / N_CA_C_SD).powi(2);
    // far from any real angle the torsions do not matter
    if off > 60.0 {
        return off + 20.0;
    }
    let phi = torsion(before_c, n, ca, c);
    let psi = torsion(n, ca, c, next_n);
    off + cost(class, phi, psi)
}

fn assemble(trace: &[Vector], planes: &[Plane], turns: &[f64]) -> Vec<BackboneAtoms> {
    let n = trace.len();
    let turned: Vec<[Vector; 3]> = planes
        .iter()
        .zip(turns)
        .map(|(plane, turn)| {
            let turn = turn.sin_cos();
            [plane.c, plane.o, plane.n].map(|x| plane.at(x, turn))
        })
        .collect();
    (0..n)
        .map(|index| {
            let ca = trace[index];
            let nitrogen = index.checked_sub(1).map(|before| turned[before][2]);
            let carbonyl = turned.get(index).map(|plane| (plane[0], plane[1]));
            let (nitrogen, c, o) = match (nitrogen, carbonyl) {
                (Some(n), Some((c, o))) => (n, c, Some(o)),
                // as in a strand: ψ = 135° before the first plane, φ = −120° behind the last
                (None, Some((c, o))) => {
                    let psi = 135f64.to_radians();
                    let next_n = turned[0][2];
                    (place([ca, c, next_n], N_CA, N_CA_C, psi), c, Some(o))
                }
                (Some(n), None) => {
                    let phi = (-120f64).to_radians();
                    let before_c = turned[index - 1][0];
                    (n, place([ca, n, before_c], CA_C, N_CA_C, phi), None)
                }
                (None, None) => (ca, ca, None),
            };
            BackboneAtoms {
                n: single(nitrogen),
                ca: single(ca),
                c: single(c),
                o: o.map(single),
                cb: None,
            }
        })
        .collect()
}
