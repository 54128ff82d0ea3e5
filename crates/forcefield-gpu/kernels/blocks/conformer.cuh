// A whole conformer in one block, its atoms and sums in shared memory.
#pragma once

#include "bonded.cuh"
#include "rows.cuh"
#include "sums.cuh"

constexpr unsigned MAX_THREADS = 256;
constexpr unsigned MAX_WARPS = MAX_THREADS / WARP;

// Rows of a warp, and lanes that share the partners of each: eight atoms by four slices keep the warps busy from
// a few dozen atoms on, and the four partners that are read together lie side by side.
constexpr unsigned ROWS = 8, SLICES = WARP / ROWS;

// The shared memory of a conformer; `cuda/resident.rs` knows its size.
template <class Real>
struct Conformer {
    unsigned* largest;
    double* warp_energies;
    Counter* forces;
    Four<Real>* place;
    Four<Real>* state;
    Two<Real>* chain;

    static constexpr unsigned HEADER = 16 + MAX_WARPS * N_TERMS * 8;

    DEVICE Conformer(unsigned char* shared, unsigned n_atoms) {
        largest = reinterpret_cast<unsigned*>(shared);
        warp_energies = reinterpret_cast<double*>(shared + 16);
        unsigned char* at = shared + HEADER;
        place = reinterpret_cast<Four<Real>*>(at);
        at += n_atoms * sizeof(Four<Real>);
        state = reinterpret_cast<Four<Real>*>(at);
        at += n_atoms * sizeof(Four<Real>);
        chain = reinterpret_cast<Two<Real>*>(at);
        at += n_atoms * sizeof(Two<Real>);
        forces = reinterpret_cast<Counter*>(at);
    }

    DEVICE Atoms<Real> atoms() const { return {place, state, chain}; }
    DEVICE ForceSums sums(const System<Real>& system, double scale) const {
        return ForceSums(forces, scale, system.sum_bits, largest);
    }

    // Puts an atom at a point, and its sums to zero.
    DEVICE void set(const System<Real>& system, unsigned atom, Vector<Real> point) const {
        bool solvent = system.pairs.has & HAS_BORN;
        place[atom] = {point.x, point.y, point.z, solvent ? system.pairs.solvent[atom].y : Real(0)};
        forces[3 * atom] = forces[3 * atom + 1] = forces[3 * atom + 2] = 0;
        if (atom == 0) *largest = 0;
    }
};

// Calls `body(atom, span, counts)` for every row; all lanes of a warp call it together, those without an atom of
// their own with `counts` false.
template <class Body>
DEVICE void for_each_row(unsigned n_atoms, Body body) {
    unsigned lane = threadIdx.x % WARP, n_warps = blockDim.x / WARP;
    for (unsigned first = threadIdx.x / WARP * ROWS; first < n_atoms; first += n_warps * ROWS) {
        unsigned atom = first + lane % ROWS;
        body(min(atom, n_atoms - 1), Span{lane / ROWS, SLICES, n_atoms}, atom < n_atoms);
    }
}

// Sum over the slices of a row.
template <class Real>
DEVICE Real row_sum(Real x) {
    x += __shfl_xor_sync(ALL_LANES, x, ROWS);
    x += __shfl_xor_sync(ALL_LANES, x, 2 * ROWS);
    return x;
}

template <class Real>
DEVICE Vector<Real> row_sum(Vector<Real> force) {
    return {row_sum(force.x), row_sum(force.y), row_sum(force.z)};
}

// The first of the lanes that share a row.
DEVICE bool owns_row() { return threadIdx.x % WARP < ROWS; }

// Generalised Born in three passes: integrals and radii, energies, chain rule.
template <class Real>
DEVICE double solvation(const System<Real>& system, const Conformer<Real>& memory, const ForceSums& forces) {
    const Pairs<Real>& pairs = system.pairs;
    Atoms<Real> atoms = memory.atoms();
    double energy = 0.0;
    for_each_row(system.n_atoms, [&](unsigned atom, Span span, bool counts) {
        double integral = row_sum(born_integral(pairs, atoms, atom, span));
        if (counts && owns_row()) {
            born::Atom constants = pairs.radii[atom];
            double by_integral, by_born;
            double born = born::radius(integral, constants, pairs.has & IS_HCT, by_integral);
            energy += born::self_energy(born, constants, pairs.exact_dielectric, by_born);
            memory.state[atom] = {pairs.solvent[atom].x, Real(born), Real(1.0 / born), Real(0)};
            memory.chain[atom] = {Real(by_integral), Real(by_born)};
        }
    });
    __syncthreads();
    for_each_row(system.n_atoms, [&](unsigned atom, Span span, bool counts) {
        Row<Real> row = {};
        double by_born = row_sum(add_born_energy(pairs, atoms, atom, span, row));
        Vector<Real> force = row_sum(row.force);
        if (counts) energy += row.energy;
        if (counts && owns_row()) {
            forces.add(atom, force);
            Two<Real> chain = memory.chain[atom];
            memory.chain[atom].x = Real((by_born + double(chain.y)) * double(chain.x));
        }
    });
    __syncthreads();
    for_each_row(system.n_atoms, [&](unsigned atom, Span span, bool counts) {
        Row<Real> row = {};
        add_chain(pairs, atoms, atom, span, row);
        Vector<Real> force = row_sum(row.force);
        if (counts && owns_row()) forces.add(atom, force);
    });
    return energy;
}

// Energies and forces of the conformer whose atoms have been `set` by all threads. On return, after a barrier,
// the sums of forces are whole; thread k of the first N_TERMS gets the energy of term k.
template <class Few, class Real>
DEVICE double evaluate_conformer(const System<Real>& system, const Conformer<Real>& memory, double scale) {
    __syncthreads();
    const Pairs<Real>& pairs = system.pairs;
    ForceSums forces = memory.sums(system, scale);
    double energies[N_TERMS] = {};
    add_bonded<Few>(system.bonded, PlacePositions<Real>{memory.place}, forces, threadIdx.x, blockDim.x, energies);
    if (pairs.has & (HAS_NONBONDED | HAS_SOFT)) {
        for_each_row(system.n_atoms, [&](unsigned atom, Span span, bool counts) {
            Row<Real> row = {};
            if (pairs.has & HAS_NONBONDED) add_nonbonded(pairs, memory.atoms(), atom, span, row);
            if (pairs.has & HAS_SOFT) add_soft(pairs, memory.atoms(), atom, span, row);
            Vector<Real> force = row_sum(row.force);
            if (counts) energies[NONBONDED] += row.energy;
            if (counts && owns_row()) forces.add(atom, force);
        });
    }
    if (pairs.has & HAS_BORN) energies[SOLVATION] += solvation(system, memory, forces);
    unsigned lane = threadIdx.x % WARP;
#pragma unroll
    for (unsigned term = 0; term < N_TERMS; ++term) {
        double sum = warp_sum(energies[term]);
        if (lane == 0) memory.warp_energies[threadIdx.x / WARP * N_TERMS + term] = sum;
    }
    __syncthreads();
    double energy = 0.0;
    if (threadIdx.x < N_TERMS) {
        for (unsigned warp = 0; warp < blockDim.x / WARP; ++warp) {
            energy += memory.warp_energies[warp * N_TERMS + threadIdx.x];
        }
    }
    return energy;
}
