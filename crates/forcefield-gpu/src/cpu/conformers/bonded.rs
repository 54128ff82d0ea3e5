//! Terms over few atoms.

use super::{Sums, add_to, load, subtract_from};
use crate::cpu::parameters::Bonded;
use crate::terms::bonded::{Torsion, angle, bond, fourier};
use crate::terms::lane::Lane;
use dynamics::{LANES, Lanes};

/// Σ ½k(r − r₀)².
#[inline(always)]
pub(super) fn bonds<L: Lane>(
    terms: &Bonded,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
) -> Sums {
    let mut sums = [0.0; LANES];
    for term in &terms.bonds {
        let [a, b] = term.atoms;
        let (energy, force) = bond::<L>(
            load(&positions[a]),
            load(&positions[b]),
            L::splat(term.length),
            L::splat(term.k),
        );
        energy.add_to(&mut sums);
        add_to(&mut forces[b], force);
        subtract_from(&mut forces[a], force);
    }
    sums
}

/// Σ ½k(θ − θ₀)².
#[inline(always)]
pub(super) fn angles<L: Lane>(
    terms: &Bonded,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
) -> Sums {
    let mut sums = [0.0; LANES];
    for term in &terms.angles {
        let [a, b, c] = term.atoms;
        let atoms = [
            load::<L>(&positions[a]),
            load(&positions[b]),
            load(&positions[c]),
        ];
        let (energy, [first, last]) = angle(atoms, L::splat(term.angle), L::splat(term.k));
        energy.add_to(&mut sums);
        add_to(&mut forces[a], first);
        add_to(&mut forces[c], last);
        subtract_from(&mut forces[b], first);
        subtract_from(&mut forces[b], last);
    }
    sums
}

/// All torsions but maps.
#[inline(always)]
pub(super) fn torsions<L: Lane>(
    terms: &Bonded,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
) -> Sums {
    let mut sums = [0.0; LANES];
    for term in &terms.torsions {
        let torsion = torsion_of::<L>(term.atoms, positions);
        let (energy, slope) = fourier(
            torsion.cosine,
            torsion.sine,
            &terms.series[term.series.clone()],
        );
        energy.add_to(&mut sums);
        for (atom, force) in term.atoms.into_iter().zip(torsion.forces(slope)) {
            add_to(&mut forces[atom], force);
        }
    }
    sums
}

/// Energy correction maps; each lane looks up its own patch.
#[inline(always)]
pub(super) fn maps<L: Lane>(
    terms: &Bonded,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
) -> Sums {
    let mut sums = [0.0; LANES];
    for term in &terms.map_torsions {
        let both = [
            torsion_of::<L>(term.phi, positions),
            torsion_of(term.psi, positions),
        ];
        let angles = [signed_angle(&both[0]), signed_angle(&both[1])];
        let mut slopes = [Lanes::ZERO; 2];
        for lane in 0..LANES {
            let [phi, psi] = [angles[0].0[lane], angles[1].0[lane]].map(f64::from);
            let (energy, by_phi, by_psi) = terms.maps[term.grid].evaluate(phi, psi);
            sums[lane] += energy;
            slopes[0].0[lane] = by_phi as f32;
            slopes[1].0[lane] = by_psi as f32;
        }
        for (atoms, (torsion, slope)) in [term.phi, term.psi]
            .into_iter()
            .zip(both.iter().zip(&slopes))
        {
            for (atom, force) in atoms.into_iter().zip(torsion.forces(L::load(slope))) {
                add_to(&mut forces[atom], force);
            }
        }
    }
    sums
}

/// Σ ½k|x − x₀|², differences in f64: the points may lie far from the origin.
pub(super) fn restraints(
    terms: &Bonded,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
) -> Sums {
    let mut sums = [0.0; LANES];
    for term in &terms.restraints {
        for axis in 0..3 {
            let (x, force) = (&positions[term.atom][axis], &mut forces[term.atom][axis]);
            for lane in 0..LANES {
                let d = f64::from(x.0[lane]) - term.position[axis];
                sums[lane] += 0.5 * term.k * d * d;
                force.0[lane] -= (term.k * d) as f32;
            }
        }
    }
    sums
}

#[inline(always)]
fn torsion_of<L: Lane>([a, b, c, d]: [usize; 4], positions: &[[Lanes; 3]]) -> Torsion<L> {
    Torsion::new([
        load(&positions[a]),
        load(&positions[b]),
        load(&positions[c]),
        load(&positions[d]),
    ])
}

/// φ in −π..π.
#[inline(always)]
fn signed_angle<L: Lane>(torsion: &Torsion<L>) -> Lanes {
    let (mut angle, mut sine) = (Lanes::ZERO, Lanes::ZERO);
    L::angle(torsion.cosine, torsion.sine.abs()).store(&mut angle);
    torsion.sine.store(&mut sine);
    for (angle, sine) in angle.0.iter_mut().zip(sine.0) {
        *angle = angle.copysign(sine);
    }
    angle
}
