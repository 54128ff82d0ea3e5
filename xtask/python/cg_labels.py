"""Golden data of maps and priors of coarse-grained models: energies and forces of every prior term by
OpenMM, force maps by the equations of statistically optimal maps in NumPy, fits of Boltzmann-inverted histograms by
SciPy from the formulas of torchmd-cg.

Argument: the output folder.
"""

import json
import sys
from pathlib import Path

import numpy as np
import openmm
import scipy
from openmm import unit
from scipy.optimize import curve_fit

rng = np.random.default_rng(20261123)


def rounded(array, digits=10):
    return np.round(np.asarray(array, dtype=float), digits).tolist()


def prior_terms():
    """One term of every kind on five beads, by OpenMM's Reference platform."""
    positions = np.array([[0.3 * i, 0.25 * (i % 2), 0.1 * np.sin(2.0 * i)] for i in range(5)])
    positions = np.round(positions + rng.uniform(-0.06, 0.06, positions.shape), 6)
    terms = {
        "bond": ([0, 1], dict(length=0.38, k=9000.0)),
        "r6": ([0, 3], dict(coefficient=2e-3)),
        "r12": ([1, 4], dict(coefficient=4e-6)),
        "lj": ([0, 4], dict(sigma=0.4, epsilon=1.5)),
        "angle": ([0, 1, 2], dict(angle=1.9, k=60.0)),
        "cosine": ([1, 2, 3], dict(cosine=-0.3, k=40.0)),
        "fourier": ([0, 1, 2, 3], dict(waves=[[1, 3.0, 0.7], [2, 1.5, -2.0], [3, 0.4, 3.0]])),
        "improper": ([4, 1, 2, 3], dict(angle=2.1, k=30.0)),
    }
    cases = []
    for name, (beads, p) in terms.items():
        system = openmm.System()
        for _ in range(5):
            system.addParticle(12.0)
        if name == "bond":
            force = openmm.HarmonicBondForce()
            force.addBond(*beads, p["length"], p["k"])
        elif name in ("r6", "r12", "lj"):
            formula = {
                "r6": f"{p.get('coefficient')}/r^6",
                "r12": f"{p.get('coefficient')}/r^12",
                "lj": "4*1.5*((0.4/r)^12-(0.4/r)^6)",
            }[name]
            force = openmm.CustomBondForce(formula)
            force.addBond(*beads, [])
        elif name == "angle":
            force = openmm.HarmonicAngleForce()
            force.addAngle(*beads, p["angle"], p["k"])
        elif name == "cosine":
            force = openmm.CustomAngleForce(f"0.5*{p['k']}*(cos(theta)-({p['cosine']}))^2")
            force.addAngle(*beads, [])
        elif name == "fourier":
            force = openmm.PeriodicTorsionForce()
            for periodicity, k, phase in p["waves"]:
                force.addTorsion(*beads, periodicity, phase, k)
        else:
            pi = np.pi
            force = openmm.CustomTorsionForce(
                f"0.5*{p['k']}*min(d,2*{pi}-d)^2; d=abs(theta-{p['angle']})"
            )
            force.addTorsion(*beads, [])
        system.addForce(force)
        context = openmm.Context(
            system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
        )
        context.setPositions(positions)
        state = context.getState(getEnergy=True, getForces=True)
        cases.append(
            dict(
                name=name,
                energy=state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole),
                forces=rounded(
                    state.getForces(asNumpy=True).value_in_unit(
                        unit.kilojoule_per_mole / unit.nanometer
                    )
                ),
            )
        )
    return dict(positions=positions.tolist(), terms=cases)


def force_maps():
    """min_w |F C g|^2 + l |C g|^2 with M C g = e, solved by its KKT system."""
    n_atoms, n_frames = 9, 40
    groups = [[0, 1], [2], [3, 4, 5], [6], [7], [8]]
    beads = [[[0, 1.0]], [[3, 1.0]], [[6, 2.0], [7, 6.0]]]
    mixing = rng.normal(size=(n_atoms, n_atoms))
    forces = np.round(rng.normal(size=(n_frames, 3, n_atoms)) @ mixing, 4)
    rows = forces.reshape(3 * n_frames, n_atoms)
    con = np.zeros((n_atoms, len(groups)))
    for column, group in enumerate(groups):
        con[group, column] = 1.0
    config_map = np.zeros((len(beads), n_atoms))
    for bead, atoms in enumerate(beads):
        total = sum(w for _, w in atoms)
        for atom, w in atoms:
            config_map[bead, atom] = w / total
    reduced = rows @ con
    out = []
    for relative in (0.0, 0.3):
        p = reduced.T @ reduced
        l2 = relative * np.mean(np.diag(p))
        p = p + l2 * con.T @ con
        a = config_map @ con
        n, m = p.shape[0], a.shape[0]
        kkt = np.block([[p, a.T], [a, np.zeros((m, m))]])
        right = np.vstack([np.zeros((n, m)), np.eye(m)])
        weights = con @ np.linalg.solve(kkt, right)[:n]
        out.append(dict(regularisation=relative, weights=rounded(weights.T)))
    return dict(
        constraints=[[0, 1], [3, 4], [4, 5]],
        beads=beads,
        forces=np.swapaxes(forces, 1, 2).tolist(),
        maps=out,
    )


def fits():
    """torchmd-cg: 40 bins of bonds in 3.55-4.2 A by shells, k(x - x0)^2 + V0 in kcal/mol and A."""
    kb, temperature = 0.0019872041, 350.0
    lengths = np.round(rng.normal(0.384, 0.009, 1200), 5)
    counts, edges = np.histogram(10.0 * lengths, bins=40, range=(3.55, 4.2))
    volume = 4.0 / 3.0 * np.pi * (edges[1:] ** 3 - edges[:-1] ** 3)
    seen = counts > 0
    centres = 0.5 * (edges[1:] + edges[:-1])[seen]
    free_energy = -kb * temperature * np.log(counts[seen] / volume[seen])
    harmonic = lambda x, x0, k, v0: k * (x - x0) ** 2 + v0
    (x0, k, _), _ = curve_fit(harmonic, centres, free_energy, p0=[3.85, 60.0, -1.0], maxfev=100000)
    return dict(temperature=temperature, lengths=lengths.tolist(), length_angstrom=x0, k_kcal=k)


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    data = dict(
        versions=dict(
            openmm=openmm.Platform.getOpenMMVersion(), numpy=np.__version__, scipy=scipy.__version__
        ),
        priors=prior_terms(),
        maps=force_maps(),
        bond_fit=fits(),
    )
    (out / "labels.json").write_text(json.dumps(data))


main()
