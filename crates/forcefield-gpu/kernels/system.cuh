// The parameters of a system as the kernels read them: mirrors of the structs of `cuda/parameters`.
#pragma once

#include "terms/bonded.cuh"
#include "terms/born.cuh"
#include "terms/cmap.cuh"
#include "terms/nonbonded.cuh"

struct Bond {
    unsigned atoms[2];
    double length, k;
};

struct Angle {
    unsigned atoms[3];
    unsigned padding;
    double angle, k;
};

// All terms over one quadruple, as a Fourier series.
struct Torsion {
    unsigned atoms[4];
    unsigned first, n_terms;
};

struct MapTorsion {
    unsigned phi[4], psi[4];
    // Its map within the nodes, and points along an axis.
    unsigned first, size;
};

struct Restraint {
    unsigned atom;
    unsigned padding;
    double k;
    double position[3];
};

// A pair with its own parameters; `charges` = C qq.
struct Exception {
    unsigned atoms[2];
    double charges, sigma, epsilon;
};

// Terms over few atoms.
struct Bonded {
    const Bond* bonds;
    const Angle* angles;
    const Torsion* torsions;
    const Two<double>* series;
    const MapTorsion* map_torsions;
    const Four<double>* map_nodes;
    const Restraint* restraints;
    const Exception* exceptions;
    unsigned n_bonds, n_angles, n_torsions, n_map_torsions, n_restraints, n_exceptions;
};

// Pairs that a term leaves out: for each atom its partners and itself, ascending, then NO_ATOM.
struct Exclusions {
    const unsigned* starts;
    const unsigned* partners;
};

constexpr unsigned NO_ATOM = 0xffffffffu;

// Which terms over all pairs there are.
constexpr unsigned HAS_NONBONDED = 1, HAS_CUTOFF = 2, HAS_SOFT = 4, HAS_BORN = 8, HAS_NECKS = 16, IS_HCT = 32;

// Terms over all pairs.
template <class Real>
struct Pairs {
    // √C q, σ/2 (nm), √ε, offset radius (nm).
    const Four<Real>* atoms;
    // √C q of the solvent model, scaled offset radius s (nm), radius ρ (nm), class of the neck's table.
    const Four<Real>* solvent;
    const born::Atom* radii;
    // `[class of the first atom][class of the second]`.
    const born::Necks<Real>* necks;
    Exclusions nonbonded_exclusions, soft_exclusions;
    nonbonded::Range<Real> range;
    nonbonded::Soft<Real> soft;
    born::Dielectric<Real> dielectric;
    born::Dielectric<double> exact_dielectric;
    Real born_cutoff2;
    Real padding;
    unsigned n_neck_classes;
    unsigned has;
};

template <class Real>
struct System {
    Bonded bonded;
    Pairs<Real> pairs;
    unsigned n_atoms;
    // log₂ of the number of forces that an atom's sum has at most.
    unsigned sum_bits;
};

static_assert(sizeof(Bond) == 24 && sizeof(Angle) == 32 && sizeof(Torsion) == 24 && sizeof(MapTorsion) == 40 &&
                  sizeof(Restraint) == 40 && sizeof(Exception) == 32 && sizeof(born::Atom) == 64,
              "as in cuda/parameters");
static_assert(sizeof(Bonded) == 88 && sizeof(System<float>) == 264 &&
                  sizeof(System<double>) == 320,
              "as in cuda/parameters");

// Energies of a conformer, in the order of `TermEnergies`.
enum Term { BOND, ANGLE, TORSION, CMAP, NONBONDED, SOLVATION, RESTRAINT, N_TERMS };

// Conformers of a batch lie in blocks of sixteen, `[block][atom][xyz][conformer]`.
DEVICE unsigned long long batch_index(unsigned conformer, unsigned atom, unsigned n_atoms) {
    return (static_cast<unsigned long long>(conformer >> 4) * n_atoms + atom) * 48 + (conformer & 15);
}

template <class Real>
DEVICE Vector<Real> batch_position(const float* positions, unsigned long long index) {
    return {Real(positions[index]), Real(positions[index + 16]), Real(positions[index + 32])};
}
