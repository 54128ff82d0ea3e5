//! Energies and forces of all prior terms, in f64.

use super::Priors;
use super::geometry::{Vector, cross, dot, minus, norm, plus, times};

/// Positions and forces as the caller holds them; sums are made in f64 and rounded once a term.
trait Triple: Copy {
    fn read(self) -> Vector;
    fn add(&mut self, change: Vector);
}

impl Triple for [f32; 3] {
    fn read(self) -> Vector {
        self.map(f64::from)
    }
    fn add(&mut self, change: Vector) {
        for (x, c) in self.iter_mut().zip(change) {
            *x += c as f32;
        }
    }
}

impl Triple for [f64; 3] {
    fn read(self) -> Vector {
        self
    }
    fn add(&mut self, change: Vector) {
        *self = plus(*self, change);
    }
}

impl Priors {
    /// Energy (kJ/mol) of one frame; its forces (kJ/mol/nm) are added to `forces`.
    ///
    /// Beads that coincide give a non-finite result, which is returned as it is.
    ///
    /// # Shapes
    /// `positions`, `forces`: `[n_beads][3]`, nm and kJ/mol/nm.
    ///
    /// # Panics
    /// If there are fewer positions or forces than beads.
    pub fn energy_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> f64 {
        self.pair_energy(positions, forces) + self.angle_energy(positions, forces)
    }

    /// [`Priors::energy_forces`] without rounding.
    ///
    /// # Panics
    /// If there are fewer positions or forces than beads.
    pub fn energy_forces_f64(&self, positions: &[[f64; 3]], forces: &mut [[f64; 3]]) -> f64 {
        self.pair_energy(positions, forces) + self.angle_energy(positions, forces)
    }

    /// As [`Priors::energy_forces`], but of angles and dihedrals only: what cannot be tabulated by distance.
    ///
    /// # Panics
    /// If there are fewer positions or forces than beads.
    pub fn angle_energy_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> f64 {
        self.angle_energy(positions, forces)
    }

    fn pair_energy<T: Triple>(&self, positions: &[T], forces: &mut [T]) -> f64 {
        let mut energy = 0.0;
        for pair in &self.pairs {
            let [i, j] = pair.beads;
            let bond = minus(positions[j].read(), positions[i].read());
            let r = norm(bond);
            let (value, slope) = pair.term.value_slope(r);
            energy += value;
            let pull = times(bond, slope / r);
            forces[i].add(pull);
            forces[j].add(times(pull, -1.0));
        }
        energy
    }

    fn angle_energy<T: Triple>(&self, positions: &[T], forces: &mut [T]) -> f64 {
        let mut energy = 0.0;
        for angle in &self.angles {
            let [i, j, k] = angle.beads;
            let u = minus(positions[i].read(), positions[j].read());
            let v = minus(positions[k].read(), positions[j].read());
            let (length_u, length_v) = (norm(u), norm(v));
            let cosine = dot(u, v) / (length_u * length_v);
            let (value, slope) = angle.term.value_slope(cosine);
            energy += value;
            // ∂cos θ/∂u = v/(|u||v|) − cos θ u/|u|²
            let across = 1.0 / (length_u * length_v);
            let along = |x: Vector, length: f64| times(x, cosine / (length * length));
            let on_i = times(minus(times(v, across), along(u, length_u)), -slope);
            let on_k = times(minus(times(u, across), along(v, length_v)), -slope);
            forces[i].add(on_i);
            forces[k].add(on_k);
            forces[j].add(times(plus(on_i, on_k), -1.0));
        }
        for dihedral in &self.dihedrals {
            let x = dihedral.beads.map(|bead| positions[bead].read());
            let (phi, gradient) = dihedral_gradient(x);
            let (value, slope) = dihedral.term.value_slope(phi);
            energy += value;
            for (&bead, gradient) in dihedral.beads.iter().zip(gradient) {
                forces[bead].add(times(gradient, -slope));
            }
        }
        energy
    }
}

/// The dihedral angle of four points and its derivatives.
///
/// # References
/// A. Blondel, M. Karplus, J. Comput. Chem. 17, 1132 (1996),
/// 10.1002/(SICI)1096-987X(19960715)17:9<1132::AID-JCC5>3.0.CO;2-T, eq. 27.
pub(super) fn dihedral_gradient([a, b, c, d]: [Vector; 4]) -> (f64, [Vector; 4]) {
    let (f, g, h) = (minus(a, b), minus(b, c), minus(d, c));
    let (m, n) = (cross(f, g), cross(h, g));
    let length = norm(g);
    let (m2, n2) = (dot(m, m), dot(n, n));
    let phi = (dot(cross(n, m), g) / length).atan2(dot(m, n));
    let on_a = times(m, -length / m2);
    let on_d = times(n, length / n2);
    let shared = minus(
        times(m, dot(f, g) / (m2 * length)),
        times(n, dot(h, g) / (n2 * length)),
    );
    let on_b = minus(shared, on_a);
    let on_c = times(plus(shared, on_d), -1.0);
    (phi, [on_a, on_b, on_c, on_d])
}
