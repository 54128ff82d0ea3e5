// Terms over few atoms, shared among threads: term `first`, `first + step`, … each.
#pragma once

#include "../system.cuh"
#include "sums.cuh"

// Where a conformer's atoms are, in a batch.
struct BatchPositions {
    const float* batch;
    unsigned long long first;

    DEVICE BatchPositions(const float* batch, unsigned conformer, unsigned n_atoms)
        : batch(batch), first(batch_index(conformer, 0, n_atoms)) {}

    template <class Real>
    DEVICE Vector<Real> at(unsigned atom) const {
        return batch_position<Real>(batch, first + 48ull * atom);
    }
};

// Where a conformer's atoms are, in shared memory.
template <class Stored>
struct PlacePositions {
    const Four<Stored>* place;

    template <class Real>
    DEVICE Vector<Real> at(unsigned atom) const {
        return {Real(place[atom].x), Real(place[atom].y), Real(place[atom].z)};
    }
};

template <class Real, class Positions>
DEVICE double bonds(const Bonded& terms, const Positions& positions, const ForceSums& forces, unsigned first,
                    unsigned step) {
    double energy = 0.0;
    for (unsigned k = first; k < terms.n_bonds; k += step) {
        Bond term = terms.bonds[k];
        Vector<Real> on_second;
        energy += double(bonded::bond(positions.template at<Real>(term.atoms[0]), positions.template at<Real>(term.atoms[1]),
                                      Real(term.length), Real(term.k), on_second));
        forces.add(term.atoms[1], on_second);
        forces.add(term.atoms[0], -on_second);
    }
    return energy;
}

template <class Real, class Positions>
DEVICE double angles(const Bonded& terms, const Positions& positions, const ForceSums& forces, unsigned first,
                     unsigned step) {
    double energy = 0.0;
    for (unsigned k = first; k < terms.n_angles; k += step) {
        Angle term = terms.angles[k];
        Vector<Real> atoms[3], on_outer[2];
#pragma unroll
        for (int n = 0; n < 3; ++n) atoms[n] = positions.template at<Real>(term.atoms[n]);
        energy += double(bonded::angle(atoms, Real(term.angle), Real(term.k), on_outer));
        forces.add(term.atoms[0], on_outer[0]);
        forces.add(term.atoms[2], on_outer[1]);
        forces.add(term.atoms[1], -(on_outer[0] + on_outer[1]));
    }
    return energy;
}

template <class Real, class Positions>
DEVICE bonded::Torsion<Real> torsion_of(const unsigned (&atoms)[4], const Positions& positions) {
    Vector<Real> at[4];
#pragma unroll
    for (int n = 0; n < 4; ++n) at[n] = positions.template at<Real>(atoms[n]);
    return bonded::Torsion<Real>(at);
}

template <class Real>
DEVICE void add_torsion(const bonded::Torsion<Real>& torsion, Real slope, const unsigned (&atoms)[4],
                        const ForceSums& forces) {
    Vector<Real> on[4];
    torsion.forces(slope, on);
#pragma unroll
    for (int n = 0; n < 4; ++n) forces.add(atoms[n], on[n]);
}

// All torsions but maps.
template <class Real, class Positions>
DEVICE double torsions(const Bonded& terms, const Positions& positions, const ForceSums& forces, unsigned first,
                       unsigned step) {
    double energy = 0.0;
    for (unsigned k = first; k < terms.n_torsions; k += step) {
        Torsion term = terms.torsions[k];
        bonded::Torsion<Real> torsion = torsion_of<Real>(term.atoms, positions);
        Real slope;
        energy += double(bonded::fourier(torsion.cosine, torsion.sine, terms.series + term.first, term.n_terms, slope));
        add_torsion(torsion, slope, term.atoms, forces);
    }
    return energy;
}

// Energy correction maps.
template <class Real, class Positions>
DEVICE double maps(const Bonded& terms, const Positions& positions, const ForceSums& forces, unsigned first,
                   unsigned step) {
    double energy = 0.0;
    for (unsigned k = first; k < terms.n_map_torsions; k += step) {
        MapTorsion term = terms.map_torsions[k];
        bonded::Torsion<Real> phi = torsion_of<Real>(term.phi, positions), psi = torsion_of<Real>(term.psi, positions);
        double by_phi, by_psi;
        energy += cmap::evaluate(terms.map_nodes + term.first, term.size, double(phi.angle()), double(psi.angle()),
                                 by_phi, by_psi);
        add_torsion(phi, Real(by_phi), term.phi, forces);
        add_torsion(psi, Real(by_psi), term.psi, forces);
    }
    return energy;
}

// Σ ½k|x − x₀|², differences in f64: the points may lie far from the origin.
template <class Positions>
DEVICE double restraints(const Bonded& terms, const Positions& positions, const ForceSums& forces, unsigned first,
                         unsigned step) {
    double energy = 0.0;
    for (unsigned k = first; k < terms.n_restraints; k += step) {
        Restraint term = terms.restraints[k];
        Vector<double> point = {term.position[0], term.position[1], term.position[2]};
        Vector<double> d = positions.template at<double>(term.atom) - point;
        energy += 0.5 * term.k * dot(d, d);
        forces.add(term.atom, scaled(d, -term.k));
    }
    return energy;
}

// Pairs with their own parameters.
template <class Real, class Positions>
DEVICE double exceptions(const Bonded& terms, const Positions& positions, const ForceSums& forces, unsigned first,
                         unsigned step) {
    double energy = 0.0;
    for (unsigned k = first; k < terms.n_exceptions; k += step) {
        Exception term = terms.exceptions[k];
        Vector<Real> d = positions.template at<Real>(term.atoms[1]) - positions.template at<Real>(term.atoms[0]);
        nonbonded::Pair<Real> pair = nonbonded::pair(inverse_root(dot(d, d)), Real(term.sigma), Real(term.epsilon),
                                                     Real(term.charges));
        Vector<Real> on_first = scaled(d, pair.slope);
        energy += double(pair.energy);
        forces.add(term.atoms[0], on_first);
        forces.add(term.atoms[1], -on_first);
    }
    return energy;
}

// All of them; energies are added to those of the thread.
template <class Real, class Positions>
DEVICE void add_bonded(const Bonded& terms, const Positions& positions, const ForceSums& forces, unsigned first,
                       unsigned step, double (&energies)[N_TERMS]) {
    energies[BOND] += bonds<Real>(terms, positions, forces, first, step);
    energies[ANGLE] += angles<Real>(terms, positions, forces, first, step);
    energies[TORSION] += torsions<Real>(terms, positions, forces, first, step);
    energies[CMAP] += maps<Real>(terms, positions, forces, first, step);
    energies[RESTRAINT] += restraints(terms, positions, forces, first, step);
    energies[NONBONDED] += exceptions<Real>(terms, positions, forces, first, step);
}
