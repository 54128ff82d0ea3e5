"""Simulate CLN025 in implicit solvent with OpenMM: the trajectory that the demo trains on.

One continuous Langevin run of ff14SB + GBn2 that starts folded (PDB 5AWL), unfolds at 500 K and is
cooled again, so that folded and unfolded frames lie in well-separated blocks of time.

The recipe can be repeated, the frames cannot: OpenMM's CPU platform adds forces in the order in which its threads
finish, and dynamics is chaotic. A run that is made anew has the same schedule and number of frames, unfolds and folds at
other times, and changes cln025.pdb (minimised) and cln025.xtc; cln025.json comes out as it was with the same OpenMM.

usage: demo_trajectory.py 5awl.pdb OUT_FOLDER [--scale 1.0]
writes: cln025.pdb (first frame), cln025.xtc (one frame a picosecond), cln025.json (the recipe)
"""

import argparse
import json
import pathlib
import sys

import openmm
from openmm import app, unit

# temperature (K), length (ps)
SCHEDULE = [(300, 300), (500, 500), (300, 350)]
FRAME_PS = 1.0
STEP_FS = 4.0
SEED = 20261122


def without_alternates(path):
    """The protein of the PDB entry: first alternate location, no water, no hydrogens."""
    pdb = app.PDBFile(str(path))
    model = app.Modeller(pdb.topology, pdb.positions)
    model.delete([r for r in model.topology.residues() if r.name in ("HOH", "WAT")])
    model.delete([a for a in model.topology.atoms() if a.element is app.element.hydrogen])
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("entry", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--scale", type=float, default=1.0, help="multiply every stage's length")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    forcefield = app.ForceField("amber14/protein.ff14SB.xml", "implicit/gbn2.xml")
    model = without_alternates(arguments.entry)
    model.addHydrogens(forcefield, pH=7.0)
    system = forcefield.createSystem(
        model.topology,
        nonbondedMethod=app.NoCutoff,
        constraints=app.HBonds,
        hydrogenMass=4 * unit.amu,
    )
    integrator = openmm.LangevinMiddleIntegrator(300, 1.0, STEP_FS * unit.femtoseconds)
    integrator.setRandomNumberSeed(SEED)
    platform = openmm.Platform.getPlatformByName("CPU")
    simulation = app.Simulation(model.topology, system, integrator, platform, {"Threads": "2"})
    simulation.context.setPositions(model.positions)
    simulation.minimizeEnergy(maxIterations=200)
    simulation.context.setVelocitiesToTemperature(300, SEED)
    with open(arguments.out / "cln025.pdb", "w") as handle:
        state = simulation.context.getState(positions=True)
        app.PDBFile.writeFile(model.topology, state.getPositions(), handle)

    every = round(FRAME_PS * 1000 / STEP_FS)
    reporter = app.XTCReporter(str(arguments.out / "cln025.xtc"), every)
    simulation.reporters.append(reporter)
    for temperature, length in SCHEDULE:
        integrator.setTemperature(temperature * unit.kelvin)
        steps = round(length * arguments.scale / FRAME_PS) * every
        simulation.step(steps)
        print(f"{temperature} K done at {simulation.currentStep * STEP_FS / 1000:.0f} ps", flush=True)
    recipe = {
        "sequence": "YYDPETGTWY",
        "start": "PDB 5AWL",
        "force_field": "ff14SB + GBn2 (ACE), no cutoff",
        "integrator": f"Langevin middle, {STEP_FS} fs, 1/ps, hydrogens 4 Da, H bonds constrained",
        "schedule_kelvin_ps": [[t, length * arguments.scale] for t, length in SCHEDULE],
        "frame_ps": FRAME_PS,
        "seed": SEED,
        "openmm": openmm.version.version,
    }
    (arguments.out / "cln025.json").write_text(json.dumps(recipe, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
