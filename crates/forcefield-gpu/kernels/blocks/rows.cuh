// One atom against many: what a thread does in the terms over all pairs.
//
// Every ordered pair is evaluated, by the thread that owns its first atom. That is more arithmetic than each pair
// once (by half in what is not the solvent's integrals), and spares what the other half would cost: shuffles of
// partners and forces around the warp, or an atomic addition a pair. All lanes that share a partner read it from
// one address. Sums of a row go in the order of its partners, so they are the same bits wherever the row runs.
#pragma once

#include "../system.cuh"

// The atoms of a conformer, in shared or global memory.
template <class Real>
struct Atoms {
    // Position (nm) and scaled offset radius s (nm).
    const Four<Real>* place;
    // √C q of the solvent model, B (nm), 1/B.
    const Four<Real>* state;
    // ∂E/∂I (kJ/mol nm) in x, once it is known.
    const Two<Real>* chain;
};

// Partners first, first + step, … below end.
struct Span {
    unsigned first, step, end;
};

// Partners whose contributions are added up before they join the whole sum, which keeps f32 sums accurate.
constexpr unsigned CHUNK = 32;

// Goes along the exclusions of an atom beside an ascending walk over partners.
struct ExclusionWalk {
    const unsigned* at;
    unsigned next;

    DEVICE ExclusionWalk(const Exclusions& exclusions, unsigned atom) {
        at = exclusions.partners + exclusions.starts[atom];
        next = *at;
    }

    DEVICE bool excludes(unsigned partner) {
        while (next < partner) next = *++at;
        return next == partner;
    }
};

template <class Real>
DEVICE Vector<Real> position(const Four<Real>& place) {
    return {place.x, place.y, place.z};
}

DEVICE unsigned class_of(float bits) { return __float_as_uint(bits); }
DEVICE unsigned class_of(double bits) { return unsigned(__double2loint(bits)); }

// Half the energy of an atom's pairs (kJ/mol), and the force on it.
template <class Real>
struct Row {
    double energy;
    Vector<Real> force;
};

// A term over pairs that have exclusions; `pair(partner, r2)` is its energy and slope.
template <class Real, class Pair>
DEVICE void add_row(const Atoms<Real>& atoms, const Exclusions& exclusions, unsigned atom, Span span, Row<Real>& row,
                    Pair pair) {
    Vector<Real> own = position(atoms.place[atom]);
    ExclusionWalk walk(exclusions, atom);
    for (unsigned chunk = span.first; chunk < span.end; chunk += CHUNK * span.step) {
        Real energy = Real(0);
        Vector<Real> force = {Real(0), Real(0), Real(0)};
        unsigned end = min(span.end, chunk + CHUNK * span.step);
        for (unsigned partner = chunk; partner < end; partner += span.step) {
            Vector<Real> d = position(atoms.place[partner]) - own;
            if (walk.excludes(partner)) continue;
            nonbonded::Pair<Real> both = pair(partner, dot(d, d));
            energy += both.energy;
            force = accumulated(force, both.slope, d);
        }
        row.energy += 0.5 * double(energy);
        row.force = row.force + force;
    }
}

template <class Real>
DEVICE void add_nonbonded(const Pairs<Real>& pairs, const Atoms<Real>& atoms, unsigned atom, Span span,
                          Row<Real>& row) {
    Four<Real> own = pairs.atoms[atom];
    bool cut = pairs.has & HAS_CUTOFF;
    add_row(atoms, pairs.nonbonded_exclusions, atom, span, row, [&](unsigned partner, Real r2) {
        Four<Real> other = pairs.atoms[partner];
        Real charges = own.x * other.x, sigma = own.y + other.y, epsilon = own.z * other.z;
        if (cut) return nonbonded::pair_within(r2, sigma, epsilon, charges, pairs.range);
        return nonbonded::pair(inverse_root(r2), sigma, epsilon, charges);
    });
}

template <class Real>
DEVICE void add_soft(const Pairs<Real>& pairs, const Atoms<Real>& atoms, unsigned atom, Span span, Row<Real>& row) {
    add_row(atoms, pairs.soft_exclusions, atom, span, row,
            [&](unsigned, Real r2) { return nonbonded::soft_pair(r2, pairs.soft); });
}

// The atom's Born integral, 1/nm.
template <class Real>
DEVICE double born_integral(const Pairs<Real>& pairs, const Atoms<Real>& atoms, unsigned atom, Span span) {
    Vector<Real> own = position(atoms.place[atom]);
    Real offset = pairs.atoms[atom].w;
    Four<Real> solvent = pairs.solvent[atom];
    const born::Necks<Real>* necks = pairs.necks + class_of(solvent.w) * pairs.n_neck_classes;
    bool has_necks = pairs.has & HAS_NECKS;
    double sum = 0.0;
    for (unsigned chunk = span.first; chunk < span.end; chunk += CHUNK * span.step) {
        Real part = Real(0);
        unsigned end = min(span.end, chunk + CHUNK * span.step);
        for (unsigned partner = chunk; partner < end; partner += span.step) {
            Four<Real> place = atoms.place[partner];
            Vector<Real> d = position(place) - own;
            Real r2 = dot(d, d);
            // NaN is not left out
            if (partner == atom || r2 > pairs.born_cutoff2) continue;
            part += born::integral(r2, offset, place.w);
            if (has_necks) {
                Four<Real> other = pairs.solvent[partner];
                Real reach = solvent.z + other.z + Real(born::NECK_CUTOFF);
                if (r2 < reach * reach) {
                    born::Necks<Real> neck = necks[class_of(other.w)];
                    part += born::neck(r2 * inverse_root(r2), neck.distance[0], neck.value[0]);
                }
            }
        }
        sum += double(part);
    }
    return sum;
}

// Still's energy: the row, and what it adds to the atom's ∂E/∂B at fixed positions (kJ/mol/nm).
template <class Real>
DEVICE double add_born_energy(const Pairs<Real>& pairs, const Atoms<Real>& atoms, unsigned atom, Span span,
                              Row<Real>& row) {
    Vector<Real> own = position(atoms.place[atom]);
    Four<Real> state = atoms.state[atom];
    double by_born = 0.0;
    for (unsigned chunk = span.first; chunk < span.end; chunk += CHUNK * span.step) {
        Real energy = Real(0), slope = Real(0);
        Vector<Real> force = {Real(0), Real(0), Real(0)};
        unsigned end = min(span.end, chunk + CHUNK * span.step);
        for (unsigned partner = chunk; partner < end; partner += span.step) {
            Vector<Real> d = position(atoms.place[partner]) - own;
            Real r2 = dot(d, d);
            if (partner == atom || r2 > pairs.born_cutoff2) continue;
            Four<Real> other = atoms.state[partner];
            born::PairEnergy<Real> pair =
                born::pair_energy(r2, state.x * other.x, state.y * other.y, state.z * other.z, pairs.dielectric);
            energy += pair.energy;
            slope = fused(pair.by_product, other.y, slope);
            force = accumulated(force, pair.slope, d);
        }
        row.energy += 0.5 * double(energy);
        row.force = row.force + force;
        by_born += double(slope);
    }
    return by_born;
}

// Forces through the integrals: −(∂E/∂Iᵢ dIᵢⱼ/dr + ∂E/∂Iⱼ dIⱼᵢ/dr).
template <class Real>
DEVICE void add_chain(const Pairs<Real>& pairs, const Atoms<Real>& atoms, unsigned atom, Span span, Row<Real>& row) {
    Four<Real> place = atoms.place[atom];
    Vector<Real> own = position(place);
    Real offset = pairs.atoms[atom].w, by_own = atoms.chain[atom].x;
    Four<Real> solvent = pairs.solvent[atom];
    const born::Necks<Real>* necks = pairs.necks + class_of(solvent.w) * pairs.n_neck_classes;
    bool has_necks = pairs.has & HAS_NECKS;
    for (unsigned chunk = span.first; chunk < span.end; chunk += CHUNK * span.step) {
        Vector<Real> force = {Real(0), Real(0), Real(0)};
        unsigned end = min(span.end, chunk + CHUNK * span.step);
        for (unsigned partner = chunk; partner < end; partner += span.step) {
            Four<Real> there = atoms.place[partner];
            Vector<Real> d = position(there) - own;
            Real r2 = dot(d, d);
            if (partner == atom || r2 > pairs.born_cutoff2) continue;
            Real by_other = atoms.chain[partner].x;
            Real inverse_r = inverse_root(r2);
            Real slope = fused(by_own, born::integral_slope(r2, inverse_r, offset, there.w),
                               by_other * born::integral_slope(r2, inverse_r, pairs.atoms[partner].w, place.w));
            if (has_necks) {
                Four<Real> other = pairs.solvent[partner];
                Real reach = solvent.z + other.z + Real(born::NECK_CUTOFF);
                if (r2 < reach * reach) {
                    born::Necks<Real> neck = necks[class_of(other.w)];
                    Real r = r2 * inverse_r;
                    Real both = fused(by_own, born::neck_slope(r, neck.distance[0], neck.value[0]),
                                      by_other * born::neck_slope(r, neck.distance[1], neck.value[1]));
                    slope = fused(both, inverse_r, slope);
                }
            }
            force = accumulated(force, slope, d);
        }
        row.force = row.force + force;
    }
}
