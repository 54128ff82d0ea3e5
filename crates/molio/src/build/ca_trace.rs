//! The backbone from its CA atoms.

mod favoured;

use super::builder::BackboneAtoms;
use super::geometry::{Vector, double, perpendicular, place, single, torsion, unit};
use crate::{Error, Result};
use favoured::{Class, cost};
use std::f64::consts::{PI, TAU};

/// Turns that a peptide plane tries: coarse over the whole circle, then finer about the best.
const N_TURNS: usize = 36;
const N_FINE: usize = 9;

/// Peptide bonds between CA that are closer are cis, nm; trans CA are 0.38 nm apart, cis ones 0.29.
const CIS: f64 = 0.33;

/// Bonds and angles of the peptide plane after Engh & Huber 1991 (nm, rad), and of CA, weighted with a
/// standard deviation wider than the 2.8° of real structures, because planes are ideal here.
const CA_C: f64 = 0.1525;
const C_N: f64 = 0.1329;
const N_CA: f64 = 0.1458;
const C_O: f64 = 0.1231;
const CA_C_N: f64 = 116.2 * PI / 180.0;
const C_N_CA: f64 = 121.7 * PI / 180.0;
const CA_C_O: f64 = 120.8 * PI / 180.0;
const N_CA_C: f64 = 111.0 * PI / 180.0;
const N_CA_C_SD: f64 = 5.0 * PI / 180.0;

/// Distance of CB from CA (nm), its angle to the plane that halves N–CA–C, and how far a CB that is given
/// may be from there (nm).
const CA_CB: f64 = 0.153;
const CB_TILT: f64 = 52.3 * PI / 180.0;
const CB_SD: f64 = 0.015;
/// The torsion CB–N–CA–C of an L residue; CB–C–CA–N is its negative.
const CB_IMPROPER: f64 = 122.6 * PI / 180.0;

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
    backbone_from_ca_cb(trace, &vec![None; trace.len()], names)
}

/// The same where CB atoms are known as well: how far they are from where N, CA and C would have them adds to
/// the cost of a turn.
///
/// # Shapes
/// `trace`: `[n_residues][3]` in nm; `cb`: `[n_residues]`, `None` where there is none.
///
/// # Errors
/// As [`backbone_from_ca`].
pub fn backbone_from_ca_cb(
    trace: &[[f32; 3]],
    cb: &[Option<[f32; 3]>],
    names: &[&str],
) -> Result<Vec<BackboneAtoms>> {
    let n = trace.len();
    if n < 2 || names.len() != n || cb.len() != n {
        return Err(Error::argument(
            "a CA trace",
            "two residues or more, and for each a name and whether it has a CB",
            format!("{n} positions, {} names, {} CB", names.len(), cb.len()),
        ));
    }
    let odd = |x: &[f32; 3]| x.iter().any(|x| !x.is_finite());
    if let Some(atom) = (0..n).find(|&i| odd(&trace[i]) || cb[i].as_ref().is_some_and(odd)) {
        return Err(Error::argument(
            "a CA trace",
            "finite coordinates",
            format!("residue {atom}, counted from 0"),
        ));
    }
    let given = cb;
    let trace: Vec<Vector> = trace.iter().map(|&x| double(x)).collect();
    let cb: Vec<Option<Vector>> = cb.iter().map(|x| x.map(double)).collect();
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
    let mut turns = best_turns(&trace, &cb, &planes, &classes, &coarse);
    let mut step = TAU / N_TURNS as f64;
    for _ in 0..3 {
        step /= (N_FINE / 2) as f64;
        let fine: Vec<Vec<f64>> = turns
            .iter()
            .map(|turn| {
                (0..N_FINE)
                    .map(|i| turn + step * (i as f64 - (N_FINE / 2) as f64))
                    .collect()
            })
            .collect();
        turns = best_turns(&trace, &cb, &planes, &classes, &fine);
    }
    let mut backbone = assemble(&trace, &cb, &planes, &turns);
    for (residue, &cb) in backbone.iter_mut().zip(given) {
        residue.cb = cb;
    }
    Ok(backbone)
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
    cb: &[Option<Vector>],
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
                let so_far = cost_so_far[previous];
                // costs are positive
                if so_far >= least.0 {
                    continue;
                }
                let bent = so_far + bend(n, ca, c);
                if bent >= least.0 {
                    continue;
                }
                let atoms = [before_c, n, ca, c, next_n];
                let sum = bent + joint(classes[index], atoms, cb[index]);
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

/// What the angle at CA between two planes costs.
#[inline]
fn bend(n: Vector, ca: Vector, c: Vector) -> f64 {
    let angle = unit(n - ca).dot(&unit(c - ca)).clamp(-1.0, 1.0).acos();
    0.5 * ((angle - N_CA_C) / N_CA_C_SD).powi(2)
}

/// What the torsions cost where two planes meet at a CA, and the place of its CB where that is known.
#[inline]
fn joint(class: Class, [before_c, n, ca, c, next_n]: [Vector; 5], cb: Option<Vector>) -> f64 {
    let phi = torsion(before_c, n, ca, c);
    let psi = torsion(n, ca, c, next_n);
    let mut sum = cost(class, phi, psi);
    if let Some(cb) = cb {
        let (u, v) = (unit(n - ca), unit(c - ca));
        // of an L residue, on the other side of N–CA–C than its hydrogen
        let (back, side) = (unit(-(u + v)), unit(u.cross(&v)));
        let ideal = ca + CA_CB * (CB_TILT.cos() * back + CB_TILT.sin() * side);
        sum += 0.5 * (cb - ideal).norm_squared() / (CB_SD * CB_SD);
    }
    sum
}

fn assemble(
    trace: &[Vector],
    cb: &[Option<Vector>],
    planes: &[Plane],
    turns: &[f64],
) -> Vec<BackboneAtoms> {
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
                // N beside CB so that the residue is L; without, as in a strand: ψ = 135° before the first
                // plane, φ = −120° behind the last
                (None, Some((c, o))) => {
                    let (third, turn) = match cb[index] {
                        Some(cb) => (cb, -CB_IMPROPER),
                        None => (turned[0][2], 135f64.to_radians()),
                    };
                    (place([ca, c, third], N_CA, N_CA_C, turn), c, Some(o))
                }
                (Some(n), None) => {
                    let (third, turn) = match cb[index] {
                        Some(cb) => (cb, CB_IMPROPER),
                        None => (turned[index - 1][0], (-120f64).to_radians()),
                    };
                    (n, place([ca, n, third], CA_C, N_CA_C, turn), None)
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
