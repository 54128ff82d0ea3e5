// Energies and forces of molecules too large for one block: rows and slices of partners over many blocks.
//
// Grids are (blocks of rows, slices of partners, conformers of the group). Lanes of a warp read the same partner at a
// time, so the first-level cache does what a tile in shared memory would. Slices depend on the number of atoms alone.

#include "blocks/bonded.cuh"
#include "blocks/rows.cuh"
#include "blocks/sums.cuh"

constexpr unsigned TILED_THREADS = 128;

template <class Real>
struct TiledArguments {
    System<Real> system;
    // As in `EvaluateArguments`.
    const float* positions;
    float* forces;
    double* energies;
    const double* scales;
    unsigned* largest;
    const unsigned* selected;
    // Of each conformer of the group: `[atom]`.
    Four<Real>* place;
    Four<Real>* state;
    Two<Real>* chain;
    // `[atom][xyz]`.
    Counter* sums;
    // `[slice][atom]`: parts of integrals, then of ∂E/∂B.
    double* parts;
    // `[block][term]`: what each block of each kernel adds up.
    double* block_energies;
    unsigned slice_size, n_slices, n_row_blocks, n_bonded_blocks;
};

// What a thread of a grid works at.
template <class Real>
struct Place {
    const TiledArguments<Real>& arguments;
    unsigned member, conformer, atom;
    unsigned long long first;
    bool counts;

    DEVICE explicit Place(const TiledArguments<Real>& arguments) : arguments(arguments) {
        member = blockIdx.z;
        conformer = arguments.selected[member];
        unsigned n_atoms = arguments.system.n_atoms;
        first = static_cast<unsigned long long>(member) * n_atoms;
        atom = blockIdx.x * blockDim.x + threadIdx.x;
        counts = atom < n_atoms;
        if (!counts) atom = n_atoms - 1;
    }

    DEVICE Atoms<Real> atoms() const {
        return {arguments.place + first, arguments.state + first, arguments.chain + first};
    }
    DEVICE ForceSums sums() const {
        return ForceSums(arguments.sums + 3 * first, arguments.scales[conformer], arguments.system.sum_bits,
                         arguments.largest + conformer);
    }
    DEVICE Span span() const {
        unsigned start = blockIdx.y * arguments.slice_size;
        return {start, 1, min(start + arguments.slice_size, arguments.system.n_atoms)};
    }
    DEVICE double* part(unsigned slice) const {
        unsigned n_atoms = arguments.system.n_atoms;
        return arguments.parts + (first * arguments.n_slices + static_cast<unsigned long long>(slice) * n_atoms) + atom;
    }
    // Sum over the slices, in their order.
    DEVICE double parts() const {
        double sum = 0.0;
        for (unsigned slice = 0; slice < arguments.n_slices; ++slice) sum += *part(slice);
        return sum;
    }
    DEVICE unsigned n_energy_blocks() const {
        return arguments.n_row_blocks * (2 * arguments.n_slices + 1) + arguments.n_bonded_blocks;
    }
    // Where the block `index` of all kernels keeps its energies.
    DEVICE double* block_energies(unsigned index) const {
        return arguments.block_energies + (static_cast<unsigned long long>(member) * n_energy_blocks() + index) * N_TERMS;
    }
    DEVICE unsigned pair_block() const { return blockIdx.y * gridDim.x + blockIdx.x; }
};

// Sums a number over the threads of a block, for its first thread.
DEVICE double block_sum(double x) {
    SHARED_MEMORY(shared);
    double* warps = reinterpret_cast<double*>(shared);
    double sum = warp_sum(x);
    if (threadIdx.x % WARP == 0) warps[threadIdx.x / WARP] = sum;
    __syncthreads();
    double total = 0.0;
    if (threadIdx.x == 0) {
        for (unsigned warp = 0; warp < blockDim.x / WARP; ++warp) total += warps[warp];
    }
    __syncthreads();
    return total;
}

template <class Real>
DEVICE void gather(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    if (!place.counts) return;
    const System<Real>& system = arguments.system;
    Vector<Real> point =
        batch_position<Real>(arguments.positions, batch_index(place.conformer, place.atom, system.n_atoms));
    bool solvent = system.pairs.has & HAS_BORN;
    arguments.place[place.first + place.atom] = {point.x, point.y, point.z,
                                                 solvent ? system.pairs.solvent[place.atom].y : Real(0)};
    Counter* sums = arguments.sums + 3 * (place.first + place.atom);
    sums[0] = sums[1] = sums[2] = 0;
    if (place.atom == 0) arguments.largest[place.conformer] = 0;
}

template <class Few, class Real>
DEVICE void scatter_bonded(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    double energies[N_TERMS] = {};
    unsigned first = blockIdx.x * blockDim.x + threadIdx.x, step = gridDim.x * blockDim.x;
    BatchPositions positions(arguments.positions, place.conformer, arguments.system.n_atoms);
    add_bonded<Few>(arguments.system.bonded, positions, place.sums(), first, step, energies);
    double* out = place.block_energies(arguments.n_row_blocks * (2 * arguments.n_slices + 1) + blockIdx.x);
    for (unsigned term = 0; term < N_TERMS; ++term) {
        double sum = block_sum(energies[term]);
        if (threadIdx.x == 0) out[term] = sum;
    }
}

// Lennard-Jones, Coulomb, soft repulsion.
template <class Real>
DEVICE void sum_pairs(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    const Pairs<Real>& pairs = arguments.system.pairs;
    Row<Real> row = {};
    if (pairs.has & HAS_NONBONDED) add_nonbonded(pairs, place.atoms(), place.atom, place.span(), row);
    if (pairs.has & HAS_SOFT) add_soft(pairs, place.atoms(), place.atom, place.span(), row);
    if (place.counts) place.sums().add(place.atom, row.force);
    double sum = block_sum(place.counts ? row.energy : 0.0);
    double* out = place.block_energies(place.pair_block());
    if (threadIdx.x < N_TERMS) out[threadIdx.x] = 0.0;
    __syncthreads();
    if (threadIdx.x == 0) out[NONBONDED] = sum;
}

template <class Real>
DEVICE void sum_integrals(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    double part = born_integral(arguments.system.pairs, place.atoms(), place.atom, place.span());
    if (place.counts) *place.part(blockIdx.y) = part;
}

template <class Real>
DEVICE void find_radii(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    const Pairs<Real>& pairs = arguments.system.pairs;
    double energy = 0.0;
    if (place.counts) {
        born::Atom constants = pairs.radii[place.atom];
        double by_integral, by_born;
        double born = born::radius(place.parts(), constants, pairs.has & IS_HCT, by_integral);
        energy = born::self_energy(born, constants, pairs.exact_dielectric, by_born);
        arguments.state[place.first + place.atom] = {pairs.solvent[place.atom].x, Real(born), Real(1.0 / born), Real(0)};
        arguments.chain[place.first + place.atom] = {Real(by_integral), Real(by_born)};
    }
    double sum = block_sum(energy);
    double* out = place.block_energies(2 * arguments.n_row_blocks * arguments.n_slices + blockIdx.x);
    if (threadIdx.x < N_TERMS) out[threadIdx.x] = 0.0;
    __syncthreads();
    if (threadIdx.x == 0) out[SOLVATION] = sum;
}

template <class Real>
DEVICE void sum_born_energies(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    Row<Real> row = {};
    double by_born = add_born_energy(arguments.system.pairs, place.atoms(), place.atom, place.span(), row);
    if (place.counts) {
        place.sums().add(place.atom, row.force);
        *place.part(blockIdx.y) = by_born;
    }
    double sum = block_sum(place.counts ? row.energy : 0.0);
    double* out = place.block_energies(arguments.n_row_blocks * arguments.n_slices + place.pair_block());
    if (threadIdx.x < N_TERMS) out[threadIdx.x] = 0.0;
    __syncthreads();
    if (threadIdx.x == 0) out[SOLVATION] = sum;
}

// ∂E/∂I from ∂E/∂B.
template <class Real>
DEVICE void find_factors(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    if (!place.counts) return;
    Two<Real> chain = arguments.chain[place.first + place.atom];
    arguments.chain[place.first + place.atom].x = Real((place.parts() + double(chain.y)) * double(chain.x));
}

template <class Real>
DEVICE void sum_chain(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    Row<Real> row = {};
    add_chain(arguments.system.pairs, place.atoms(), place.atom, place.span(), row);
    if (place.counts) place.sums().add(place.atom, row.force);
}

// Forces to floats; the first block of a conformer adds up its energies.
template <class Real>
DEVICE void finish(const TiledArguments<Real>& arguments) {
    Place<Real> place(arguments);
    if (place.counts) {
        Vector<float> force = place.sums().sum(place.atom);
        float* at = arguments.forces + batch_index(place.conformer, place.atom, arguments.system.n_atoms);
        at[0] = force.x;
        at[16] = force.y;
        at[32] = force.z;
    }
    if (blockIdx.x != 0) return;
    unsigned has = arguments.system.pairs.has;
    unsigned n_pair_blocks = arguments.n_row_blocks * arguments.n_slices;
    for (unsigned term = 0; term < N_TERMS; ++term) {
        double sum = 0.0;
        for (unsigned block = threadIdx.x; block < place.n_energy_blocks(); block += blockDim.x) {
            // blocks of kernels that had nothing to do did not run
            bool of_pairs = block < n_pair_blocks;
            bool of_solvent = !of_pairs && block < 2 * n_pair_blocks + arguments.n_row_blocks;
            bool ran = of_pairs ? has & (HAS_NONBONDED | HAS_SOFT) : of_solvent ? has & HAS_BORN : true;
            if (ran) sum += place.block_energies(block)[term];
        }
        double total = block_sum(sum);
        if (threadIdx.x == 0) arguments.energies[place.conformer * N_TERMS + term] = total;
    }
}

#define TILED(stage, body)                                                                \
    KERNEL(stage##_single, TiledArguments<float>, TILED_THREADS) { body(arguments); }     \
    KERNEL(stage##_double, TiledArguments<double>, TILED_THREADS) { body(arguments); }

KERNEL(bonded_single, TiledArguments<float>, TILED_THREADS) { scatter_bonded<float>(arguments); }
KERNEL(bonded_mixed, TiledArguments<float>, TILED_THREADS) { scatter_bonded<double>(arguments); }
KERNEL(bonded_double, TiledArguments<double>, TILED_THREADS) { scatter_bonded<double>(arguments); }
TILED(gather, gather)
TILED(pairs, sum_pairs)
TILED(integrals, sum_integrals)
TILED(radii, find_radii)
TILED(born_energies, sum_born_energies)
TILED(factors, find_factors)
TILED(chain, sum_chain)
TILED(finish, finish)

#define TILED_ENTRY(ENTRY, stage) \
    ENTRY(stage##_single, TiledArguments<float>), ENTRY(stage##_double, TiledArguments<double>)
#define TILED_KERNELS(ENTRY)                                                                                    \
    TILED_ENTRY(ENTRY, bonded), ENTRY(bonded_mixed, TiledArguments<float>), TILED_ENTRY(ENTRY, gather),         \
        TILED_ENTRY(ENTRY, pairs), TILED_ENTRY(ENTRY, integrals), TILED_ENTRY(ENTRY, radii),                    \
        TILED_ENTRY(ENTRY, born_energies), TILED_ENTRY(ENTRY, factors), TILED_ENTRY(ENTRY, chain),              \
        TILED_ENTRY(ENTRY, finish)
