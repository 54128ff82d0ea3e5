"""Torsions (rad) and radius of gyration (nm) of alanine dipeptide in GBn2, sampled by OpenMM.

    python dihedral_distribution.py OUT

Writes OUT/<molecule>.pdb (hydrogens, relaxed) and OUT/<molecule>.json (values of decorrelated frames,
how they were chosen, version). 400 K: basins are visited many times within nanoseconds.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("OPENMM_CPU_THREADS", "1")  # more only wait for each other on molecules this small

import mdtraj
import numpy as np
import openmm as mm
import openmm.app as app
import openmm.unit as unit

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from forcefield_golden import FF14, fold, topology_of

TEMPERATURE = 400.0  # K
TIME_STEP = 0.004  # ps
FRAME = 100  # steps
WARM_UP = 100  # ps
NANOSECONDS = 5.0
NAME = "alanine_dipeptide"


def inefficiency(values):
    """1 + 2 sum of autocorrelations, up to the first that is negative."""
    x = np.asarray(values) - np.mean(values)
    n = len(x)
    spectrum = np.fft.rfft(x, 2 * n)
    correlation = np.fft.irfft(spectrum * spectrum.conj())[:n] / np.arange(n, 0, -1)
    correlation /= correlation[0]
    end = int(np.argmax(correlation < 0)) or n
    return 1 + 2 * correlation[1:end].sum()


def observe(topology, frames):
    """φ, ψ and the heavy atoms' Rg, all of one weight, of frames with φ < 0: the left-handed basin is entered too
    seldom to compare how often."""
    trajectory = mdtraj.Trajectory(np.array(frames, dtype=np.float32), mdtraj.Topology.from_openmm(topology))
    phi, psi = mdtraj.compute_phi(trajectory)[1][:, 0], mdtraj.compute_psi(trajectory)[1][:, 0]
    heavy = trajectory.xyz[:, trajectory.topology.select("not element H")]
    spread = heavy - heavy.mean(axis=1, keepdims=True)
    gyration = np.sqrt((spread**2).sum(axis=2).mean(axis=1))
    right = phi < 0
    return {"phi": phi[right], "psi": psi[right], "gyration": gyration[right]}


def stride(key, series):
    """Frames from one independent value to the next; of an angle, by its sine and cosine."""
    parts = [series] if key == "gyration" else [np.cos(series), np.sin(series)]
    return int(np.ceil(max(inefficiency(x) for x in parts)))


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    vacuum = app.ForceField(*FF14)
    solvated = app.ForceField(*FF14, "implicit/gbn2.xml")
    topology = topology_of([["ACE", "ALA", "NME"]], vacuum)
    positions = fold(topology, vacuum, 1)
    system = solvated.createSystem(topology, constraints=app.HBonds, hydrogenMass=4 * unit.dalton)
    integrator = mm.LangevinMiddleIntegrator(TEMPERATURE, 1, TIME_STEP)
    integrator.setRandomNumberSeed(1)
    simulation = app.Simulation(topology, system, integrator, mm.Platform.getPlatformByName("CPU"))
    simulation.context.setPositions(positions)
    simulation.minimizeEnergy()
    start = simulation.context.getState(getPositions=True).getPositions()
    with open(out / f"{NAME}.pdb", "w") as handle:
        app.PDBFile.writeFile(topology, start, handle, keepIds=True)
    simulation.context.setVelocitiesToTemperature(TEMPERATURE, 1)
    simulation.step(int(WARM_UP / TIME_STEP))
    frames = []
    for _ in range(int(NANOSECONDS * 1000 / TIME_STEP / FRAME)):
        simulation.step(FRAME)
        state = simulation.context.getState(getPositions=True)
        frames.append(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer))
    values = observe(topology, frames)
    strides = {key: stride(key, series) for key, series in values.items()}
    result = dict(
        openmm=mm.version.version,
        force_field="amber14/protein.ff14SB.xml, implicit/gbn2.xml",
        temperature=TEMPERATURE,
        nanoseconds=NANOSECONDS,
        picoseconds_between_values={key: round(n * FRAME * TIME_STEP, 3) for key, n in strides.items()},
        **{key: [round(float(x), 5) for x in series[:: strides[key]]] for key, series in values.items()},
    )
    (out / f"{NAME}.json").write_text(json.dumps(result) + "\n")
    print(f"{NAME}: {len(frames)} frames, kept one in {strides}", flush=True)


if __name__ == "__main__":
    main()
