//! Bonds, angles, torsions, maps, restraints.

use crate::System;
use crate::terms::cmap::Map;

type Vector = [f64; 3];

/// Σ ½k(r − r₀)².
pub(super) fn bonds(system: &System, positions: &[Vector], forces: &mut [Vector]) -> f64 {
    let mut energy = 0.0;
    for bond in &system.bonds {
        let [i, j] = bond.atoms;
        let d = subtract(positions[j], positions[i]);
        let r = norm(d);
        let stretch = r - bond.length;
        energy += 0.5 * bond.k * stretch * stretch;
        let force = scale(d, bond.k * stretch / r);
        add(&mut forces[i], force, 1.0);
        add(&mut forces[j], force, -1.0);
    }
    energy
}

/// Σ ½k(θ − θ₀)², θ = atan2(|u × v|, u · v) with u, v from the vertex.
pub(super) fn angles(system: &System, positions: &[Vector], forces: &mut [Vector]) -> f64 {
    let mut energy = 0.0;
    for angle in &system.angles {
        let [i, j, k] = angle.atoms;
        let u = subtract(positions[i], positions[j]);
        let v = subtract(positions[k], positions[j]);
        let w = cross(u, v);
        let theta = norm(w).atan2(dot(u, v));
        energy += 0.5 * angle.k * (theta - angle.angle) * (theta - angle.angle);
        let slope = angle.k * (theta - angle.angle);
        // ∂θ/∂u = (u × w)/(|u|²|w|), ∂θ/∂v = (w × v)/(|v|²|w|)
        let on_i = scale(cross(u, w), -slope / (dot(u, u) * norm(w)));
        let on_k = scale(cross(w, v), -slope / (dot(v, v) * norm(w)));
        add(&mut forces[i], on_i, 1.0);
        add(&mut forces[k], on_k, 1.0);
        add(&mut forces[j], on_i, -1.0);
        add(&mut forces[j], on_k, -1.0);
    }
    energy
}

/// Periodic and Ryckaert–Bellemans torsions.
pub(super) fn torsions(system: &System, positions: &[Vector], forces: &mut [Vector]) -> f64 {
    let mut energy = 0.0;
    for torsion in &system.torsions {
        let dihedral = Dihedral::new(torsion.atoms, positions);
        let n = f64::from(torsion.periodicity);
        let argument = n * dihedral.phi - torsion.phase;
        energy += torsion.k * (1.0 + argument.cos());
        dihedral.apply(-torsion.k * n * argument.sin(), forces);
    }
    for torsion in &system.ryckaert_bellemans_torsions {
        let dihedral = Dihedral::new(torsion.atoms, positions);
        let (cosine, sine) = (-dihedral.phi.cos(), -dihedral.phi.sin());
        let mut slope = 0.0;
        for (n, &c) in torsion.coefficients.iter().enumerate() {
            energy += c * cosine.powi(n as i32);
            if n > 0 {
                slope -= n as f64 * c * cosine.powi(n as i32 - 1) * sine;
            }
        }
        dihedral.apply(slope, forces);
    }
    energy
}

/// Energy correction maps.
pub(super) fn cmap(
    system: &System,
    maps: &[Map],
    positions: &[Vector],
    forces: &mut [Vector],
) -> f64 {
    let mut energy = 0.0;
    for term in &system.cmap.torsions {
        let phi = Dihedral::new(term.phi, positions);
        let psi = Dihedral::new(term.psi, positions);
        let (value, by_phi, by_psi) = maps[term.grid].evaluate(phi.phi, psi.phi);
        energy += value;
        phi.apply(by_phi, forces);
        psi.apply(by_psi, forces);
    }
    energy
}

/// Σ ½k|x − x₀|².
pub(super) fn restraints(system: &System, positions: &[Vector], forces: &mut [Vector]) -> f64 {
    let mut energy = 0.0;
    for restraint in &system.restraints {
        let d = subtract(positions[restraint.atom], restraint.position);
        energy += 0.5 * restraint.k * dot(d, d);
        add(&mut forces[restraint.atom], d, -restraint.k);
    }
    energy
}

/// A dihedral angle and its gradient: Blondel & Karplus, J. Comput. Chem. 1996, 17, 1132,
/// DOI 10.1002/(SICI)1096-987X(19960715)17:9<1132::AID-JCC5>3.0.CO;2-T, eq. 27.
struct Dihedral {
    atoms: [usize; 4],
    phi: f64,
    gradient: [Vector; 4],
}

impl Dihedral {
    fn new(atoms: [usize; 4], positions: &[Vector]) -> Self {
        let [i, j, k, l] = atoms.map(|atom| positions[atom]);
        let (f, g, h) = (subtract(i, j), subtract(j, k), subtract(l, k));
        let (a, b) = (cross(f, g), cross(h, g));
        let length = norm(g);
        let phi = (dot(cross(b, a), g) / length).atan2(dot(a, b));
        let (a2, b2) = (dot(a, a), dot(b, b));
        let on_i = scale(a, -length / a2);
        let on_l = scale(b, length / b2);
        let mut shift = scale(a, dot(f, g) / (a2 * length));
        add(&mut shift, b, -dot(h, g) / (b2 * length));
        let on_j = subtract(shift, on_i);
        let on_k = subtract(scale(shift, -1.0), on_l);
        Self {
            atoms,
            phi,
            gradient: [on_i, on_j, on_k, on_l],
        }
    }

    /// Adds −slope · ∂φ/∂x to the forces.
    fn apply(&self, slope: f64, forces: &mut [Vector]) {
        for (&atom, &gradient) in self.atoms.iter().zip(&self.gradient) {
            add(&mut forces[atom], gradient, -slope);
        }
    }
}

fn subtract(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn scale(a: Vector, factor: f64) -> Vector {
    a.map(|x| factor * x)
}

fn add(to: &mut Vector, a: Vector, factor: f64) {
    for axis in 0..3 {
        to[axis] += factor * a[axis];
    }
}
