"""Every term and every solvent model on small random molecules, evaluated by OpenMM's Reference platform.

The molecules are chemical nonsense, on purpose: random radii, charges, periods, maps and geometry reach
branches of the formulas that proteins rarely do.

usage: energy_terms.py OUT_FOLDER
writes: terms.json (one molecule, its bonded terms and non-bonded methods), born.json (solvent models)
"""

import json
import pathlib
import sys

import numpy
import openmm
from openmm.app.internal import customgbforces

from openmm_system import system_json

N_ATOMS = 18
TERMS = {
    openmm.HarmonicBondForce: "bond",
    openmm.HarmonicAngleForce: "angle",
    openmm.PeriodicTorsionForce: "torsion",
    openmm.RBTorsionForce: "torsion",
    openmm.CMAPTorsionForce: "cmap",
    openmm.NonbondedForce: "nonbonded",
    openmm.CustomGBForce: "solvation",
}


def chain(random):
    """A self-avoiding random walk of 0.15 nm steps."""
    while True:
        steps = random.normal(size=(N_ATOMS, 3))
        steps *= 0.15 / numpy.linalg.norm(steps, axis=1, keepdims=True)
        positions = numpy.cumsum(steps, axis=0)
        distances = numpy.linalg.norm(positions[:, None] - positions[None], axis=2)
        if distances[numpy.triu_indices(N_ATOMS, 2)].min() > 0.17:
            return positions.round(4)


def empty_system():
    system = openmm.System()
    for _ in range(N_ATOMS):
        system.addParticle(12.0)
    return system


def bonded(system, random):
    n = N_ATOMS
    bonds = openmm.HarmonicBondForce()
    angles = openmm.HarmonicAngleForce()
    torsions = openmm.PeriodicTorsionForce()
    rb = openmm.RBTorsionForce()
    for i in range(n - 1):
        bonds.addBond(i, i + 1, random.uniform(0.1, 0.2), random.uniform(1e5, 3e5))
    for i in range(n - 2):
        angles.addAngle(i, i + 1, i + 2, random.uniform(1.5, 2.5), random.uniform(200, 600))
    for i in range(n - 3):
        for period in range(1, 7):
            torsions.addTorsion(i, i + 1, i + 2, i + 3, period, random.uniform(-3, 3), random.normal() * 5)
    for i in range(0, n - 3, 4):
        rb.addTorsion(i + 3, i + 2, i + 1, i, *(random.normal(size=6) * 5))
    cmap = openmm.CMAPTorsionForce()
    for size in (6, 5):
        cmap.addMap(size, (random.normal(size=size * size) * 10).round(3))
    for i in range(0, n - 5, 3):
        cmap.addTorsion(i % 2, i, i + 1, i + 2, i + 3, i + 1, i + 2, i + 3, i + 4)
    for force in (bonds, angles, torsions, rb, cmap):
        system.addForce(force)


def nonbonded(system, random, charges):
    force = openmm.NonbondedForce()
    for charge in charges:
        force.addParticle(charge, random.uniform(0.15, 0.35), random.uniform(0.1, 0.8))
    force.createExceptionsFromBonds([(i, i + 1) for i in range(N_ATOMS - 1)], 0.83, 0.5)
    system.addForce(force)
    return force


def born(system, random, charges, make, **settings):
    force = make(**settings)
    for charge in charges:
        radius = random.uniform(0.12, 0.2)
        screen = random.uniform(0.4, 1.4) * (-1 if random.uniform() < 0.1 else 1)
        row = [charge, radius, screen]
        if make is customgbforces.GBSAGBn2Force:
            row += [random.uniform(0.5, 1.0), random.uniform(0.3, 0.9), random.uniform(0.1, 0.5)]
        force.addParticle(row)
    force.finalize()
    if settings.get("cutoff"):
        force.setNonbondedMethod(openmm.CustomGBForce.CutoffNonPeriodic)
        force.setCutoffDistance(settings["cutoff"])
    system.addForce(force)


def case(name, system, positions):
    energies = {}
    for group, force in enumerate(system.getForces()):
        force.setForceGroup(group)
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(positions)
    for group, force in enumerate(system.getForces()):
        term = TERMS[next(t for t in TERMS if isinstance(force, t))]
        state = context.getState(energy=True, groups={group})
        energies[term] = energies.get(term, 0.0) + state.getPotentialEnergy()._value
    forces = context.getState(forces=True).getForces(asNumpy=True)._value
    return {
        "name": name,
        "system": system_json(system),
        "positions": positions.tolist(),
        "energies": energies,
        "forces": forces.tolist(),
    }


def term_cases():
    random = numpy.random.default_rng(1)
    cases = []
    system = empty_system()
    bonded(system, random)
    cases.append(case("bonded", system, chain(random)))
    methods = {
        "no cutoff": None,
        "cutoff": (0.6, 78.3, None),
        "cutoff, dielectric 1": (0.5, 1.0, None),
        "cutoff, switch": (0.7, 30.0, 0.3),
    }
    for name, method in methods.items():
        system = empty_system()
        force = nonbonded(system, random, random.uniform(-1, 1, N_ATOMS))
        if method:
            cutoff, dielectric, switch = method
            force.setNonbondedMethod(openmm.NonbondedForce.CutoffNonPeriodic)
            force.setCutoffDistance(cutoff)
            force.setReactionFieldDielectric(dielectric)
            if switch:
                force.setUseSwitchingFunction(True)
                force.setSwitchingDistance(switch)
        cases.append(case(f"non-bonded, {name}", system, chain(random)))
    return cases


def born_cases():
    random = numpy.random.default_rng(2)
    variants = {
        "": dict(SA="ACE"),
        ", salt": dict(SA=None, kappa=1.3),
        ", cutoff": dict(SA="ACE", cutoff=0.6),
        ", cutoff and salt": dict(SA="ACE", cutoff=0.55, kappa=0.7, soluteDielectric=2.0, solventDielectric=40.0),
    }
    models = {
        "HCT": customgbforces.GBSAHCTForce,
        "OBC1": customgbforces.GBSAOBC1Force,
        "OBC2": customgbforces.GBSAOBC2Force,
        "GBn": customgbforces.GBSAGBnForce,
        "GBn2": customgbforces.GBSAGBn2Force,
    }
    cases = []
    for model, make in models.items():
        for variant, settings in variants.items():
            if variant and model not in ("OBC2", "GBn2"):
                continue
            system = empty_system()
            charges = random.uniform(-1, 1, N_ATOMS)
            born(system, random, charges, make, **settings)
            cases.append(case(model + variant, system, chain(random)))
    return cases


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, cases in (("terms", term_cases()), ("born", born_cases())):
        document = {"openmm": openmm.version.version, "platform": "Reference", "cases": cases}
        (out / f"{name}.json").write_text(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
