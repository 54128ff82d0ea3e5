// Bonds, angles and torsions: the formulas of `terms/bonded.rs`.
#pragma once

#include "../numbers.cuh"

namespace bonded {

// ½k(r − r₀)²: energy, force on the second atom (the first gets its opposite).
template <class Real>
DEVICE Real bond(Vector<Real> a, Vector<Real> b, Real length, Real k, Vector<Real>& on_second) {
    Vector<Real> d = b - a;
    Real r2 = dot(d, d);
    Real stretch = root(r2) - length;
    Real tension = k * stretch;
    on_second = scaled(d, -(tension * inverse_root(r2)));
    return Real(0.5) * tension * stretch;
}

// ½k(θ − θ₀)²: energy, forces on the outer atoms.
template <class Real>
DEVICE Real angle(const Vector<Real> (&atoms)[3], Real rest, Real k, Vector<Real> (&on_outer)[2]) {
    Vector<Real> u = atoms[0] - atoms[1];
    Vector<Real> v = atoms[2] - atoms[1];
    Vector<Real> w = cross(u, v);
    // a straight angle has no plane; the smallest normal number keeps its force finite
    Real w2 = larger(dot(w, w), smallest_normal<Real>());
    Real inverse_w = inverse_root(w2);
    Real bend = polar_angle(w2 * inverse_w, dot(u, v)) - rest;
    Real torque = k * bend;
    on_outer[0] = scaled(cross(w, u), torque * inverse_w * reciprocal(dot(u, u)));
    on_outer[1] = scaled(cross(v, w), torque * inverse_w * reciprocal(dot(v, v)));
    return Real(0.5) * torque * bend;
}

// Geometry of a torsion: cos φ, sin φ and what turns dE/dφ into forces.
//
// Blondel & Karplus, J. Comput. Chem. 1996, 17, 1132, eq. 27.
template <class Real>
struct Torsion {
    Real cosine, sine;
    Vector<Real> first, last, shift;

    DEVICE explicit Torsion(const Vector<Real> (&atoms)[4]) {
        Vector<Real> f = atoms[0] - atoms[1];
        Vector<Real> g = atoms[1] - atoms[2];
        Vector<Real> h = atoms[3] - atoms[2];
        Vector<Real> a = cross(f, g), b = cross(h, g);
        Real tiny = smallest_normal<Real>();
        Real a2 = larger(dot(a, a), tiny), b2 = larger(dot(b, b), tiny), g2 = larger(dot(g, g), tiny);
        Real inverse_a = inverse_root(a2), inverse_b = inverse_root(b2), inverse_g = inverse_root(g2);
        Real scale = inverse_a * inverse_b;
        Real length = g2 * inverse_g;
        Real inverse_a2 = inverse_a * inverse_a, inverse_b2 = inverse_b * inverse_b;
        cosine = dot(a, b) * scale;
        sine = dot(cross(b, a), g) * scale * inverse_g;
        first = scaled(a, -(length * inverse_a2));
        last = scaled(b, length * inverse_b2);
        shift = scaled(a, dot(f, g) * inverse_a2 * inverse_g) - scaled(b, dot(h, g) * inverse_b2 * inverse_g);
    }

    // φ in −π..π.
    DEVICE Real angle() const { return polar_angle(sine, cosine); }

    // Forces on the four atoms from dE/dφ.
    DEVICE void forces(Real slope, Vector<Real> (&on)[4]) const {
        Vector<Real> moved = scaled(shift, -slope);
        on[0] = scaled(first, -slope);
        on[3] = scaled(last, -slope);
        on[1] = moved - on[0];
        on[2] = -(moved + on[3]);
    }
};

// Σₙ aₙ cos nφ + bₙ sin nφ from n = 0: energy and dE/dφ, by the recurrence of the multiple angles.
template <class Real>
DEVICE Real fourier(Real cosine, Real sine, const Two<double>* series, unsigned n_terms, Real& slope) {
    Real energy = Real(0);
    slope = Real(0);
    Real c = Real(1), s = Real(0);
    for (unsigned n = 0; n < n_terms; ++n) {
        Real a = Real(series[n].x), b = Real(series[n].y);
        energy = fused(a, c, fused(b, s, energy));
        slope = fused(Real(n), b * c - a * s, slope);
        Real next = c * cosine - s * sine;
        s = s * cosine + c * sine;
        c = next;
    }
    return energy;
}

}  // namespace bonded
