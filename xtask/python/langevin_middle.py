"""Golden paths of OpenMM's LangevinMiddleIntegrator without friction, hence without noise.

Usage: langevin_middle.py OUTPUT_FOLDER
"""

import json
import pathlib
import sys

import openmm
from openmm import unit

MASSES = [12.011, 3.024, 3.024, 14.007, 3.024, 15.999, 0.0]
POSITIONS = [
    [0.00, 0.00, 0.00],
    [0.06, 0.09, 0.01],
    [0.05, -0.06, 0.08],
    [-0.14, 0.02, -0.03],
    [-0.18, 0.11, -0.02],
    [-0.22, -0.08, -0.10],
    [0.10, 0.10, 0.30],
]
VELOCITIES = [
    [0.5, -0.3, 0.2],
    [-1.1, 0.4, 0.9],
    [0.7, 1.2, -0.6],
    [-0.2, 0.3, 0.4],
    [0.8, -0.9, 1.3],
    [0.1, 0.2, -0.5],
    [0.0, 0.0, 0.0],
]
BONDS = [[0, 3, 0.147, 2.0e4], [3, 5, 0.150, 1.5e4], [1, 2, 0.17, 3.0e3], [2, 6, 0.25, 5.0e2], [0, 5, 0.25, 4.0e3]]
CONSTRAINTS = [[0, 1, 0.109], [0, 2, 0.109], [3, 4, 0.101]]
TIME_STEP = 0.004
STEPS = [1, 2, 10, 100]


def path(constraints):
    system = openmm.System()
    for mass in MASSES:
        system.addParticle(mass)
    force = openmm.HarmonicBondForce()
    for bond in BONDS:
        force.addBond(*bond)
    if not constraints:
        for a, b, length in CONSTRAINTS:
            force.addBond(a, b, length, 5.0e4)
    system.addForce(force)
    for constraint in constraints:
        system.addConstraint(*constraint)
    integrator = openmm.LangevinMiddleIntegrator(300 * unit.kelvin, 0 / unit.picosecond, TIME_STEP * unit.picosecond)
    integrator.setConstraintTolerance(1e-12)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("Reference"))
    context.setPositions(POSITIONS)
    context.applyConstraints(1e-12)
    context.setVelocities(VELOCITIES)
    context.applyVelocityConstraints(1e-12)
    frames = []
    for step in [0, *STEPS]:
        integrator.step(step - context.getStepCount())
        state = context.getState(positions=True, velocities=True, energy=True)
        frames.append(
            {
                "step": step,
                "positions": state.getPositions(asNumpy=True).value_in_unit(unit.nanometer).tolist(),
                "velocities": state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond).tolist(),
                "potential_energy": state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole),
                "kinetic_energy": state.getKineticEnergy().value_in_unit(unit.kilojoule_per_mole),
            }
        )
    bonds = [force.getBondParameters(index) for index in range(force.getNumBonds())]
    return {
        "bonds": [
            [
                a,
                b,
                length.value_in_unit(unit.nanometer),
                k.value_in_unit(unit.kilojoule_per_mole / unit.nanometer**2),
            ]
            for a, b, length, k in bonds
        ],
        "constraints": constraints,
        "frames": frames,
    }


def main():
    golden = {
        "made_with": f"OpenMM {openmm.version.full_version}, Reference platform",
        "time_step": TIME_STEP,
        "masses": MASSES,
        "paths": [path([]), path(CONSTRAINTS)],
    }
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    (out / "langevin_middle.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
