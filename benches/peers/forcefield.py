"""Energies and forces of ff14SB, ours as batches beside OpenMM's CPU platform conformer by conformer.

    python forcefield.py cln025 5awl.pdb PROGRAM    256 conformers of CLN025, GBn2 and vacuum
    python forcefield.py large 5A5E_full.pdb PROGRAM    one structure, GBn2
    python forcefield.py soft 5A5E_full.pdb PROGRAM    its N CA C O CB, soft repulsion, batch of 8

PROGRAM: `target/release/forcefield`. Both on two threads, in turn, best of the repeats.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy
import openmm
from openmm import app, unit

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "xtask" / "python"))
from openmm_system import system_json

THREADS = 2


def hydrogenated(path, forcefield):
    """The protein of a PDB file, its hydrogens placed anew."""
    pdb = app.PDBFile(path)
    model = app.Modeller(pdb.topology, pdb.positions)
    model.delete([r for r in model.topology.residues() if r.name in ("HOH", "WAT", "NA")])
    model.delete([a for a in model.topology.atoms() if a.element is app.element.hydrogen])
    model.addHydrogens(forcefield, pH=7.0)
    return model


def backbone(model, full):
    """What molearn scores: five atoms a residue, the bonded terms among them, its soft repulsion."""
    kept = [a.index for a in model.topology.atoms() if a.name in ("N", "CA", "C", "O", "CB")]
    index = {old: new for new, old in enumerate(kept)}
    system = openmm.System()
    for old in kept:
        system.addParticle(full.getParticleMass(old))
    for force in full.getForces():
        if isinstance(force, openmm.HarmonicBondForce):
            n, get, add, arity = force.getNumBonds(), force.getBondParameters, "addBond", 2
        elif isinstance(force, openmm.HarmonicAngleForce):
            n, get, add, arity = force.getNumAngles(), force.getAngleParameters, "addAngle", 3
        elif isinstance(force, openmm.PeriodicTorsionForce):
            n, get, add, arity = force.getNumTorsions(), force.getTorsionParameters, "addTorsion", 4
        else:
            continue
        reduced = type(force)()
        for term in map(get, range(n)):
            if all(atom in index for atom in term[:arity]):
                getattr(reduced, add)(*(index[atom] for atom in term[:arity]), *term[arity:])
        system.addForce(reduced)
    soft = openmm.CustomNonbondedForce("1/((r/0.2)^4+1)")
    for _ in kept:
        soft.addParticle([])
    bonds = [(index[a.index], index[b.index]) for a, b in model.topology.bonds() if {a.index, b.index} <= set(kept)]
    soft.createExclusionsFromBonds(bonds, 2)
    exclusions = [soft.getExclusionParticles(k) for k in range(soft.getNumExclusions())]
    ours = system_json(system)
    ours["soft_repulsion"] = dict(form="Quartic", strength=1.0, distance=0.2, exclusions=exclusions)
    system.addForce(soft)
    return system, ours, kept


def conformers(positions, count):
    """The structure, shaken a little more in each copy."""
    random = numpy.random.default_rng(1)
    return [positions + 0.003 * (k > 0) * random.normal(size=positions.shape) for k in range(count)]


def peer(system, frames, platform, repeats):
    """Seconds of the best evaluation, and the energy of the first frame."""
    properties = {"Threads": str(THREADS)} if platform == "CPU" else {}
    integrator = openmm.VerletIntegrator(0.001)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    best = float("inf")
    for frame in [frames[0], *frames[: max(repeats, 2)]]:
        start = time.perf_counter()
        context.setPositions(frame)
        state = context.getState(energy=True, forces=True)
        state.getForces(asNumpy=True)
        best = min(best, time.perf_counter() - start)
    context.setPositions(frames[0])
    return best, context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)


def compare(name, system, ours, frames, program, repeats, platforms=("CPU",)):
    peers = {platform: peer(system, frames, platform, repeats) for platform in platforms}
    expected = peers["CPU"][1]
    times = ", ".join(f"OpenMM {platform} {best * 1e6:.1f} us" for platform, (best, _) in peers.items())
    print(f"{name}: {len(frames[0])} atoms, batch {len(frames)}; {times} a conformer")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as handle:
        json.dump({"system": ours, "conformers": [f.tolist() for f in frames]}, handle)
        handle.flush()
        command = [program, handle.name, "--threads", str(THREADS), "--repeats", str(repeats)]
        for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
            result = json.loads(line)
            error = abs(result["energy"] / expected - 1)
            ratios = ", ".join(
                f"{best / result['seconds']:.1f} times {platform}" for platform, (best, _) in peers.items()
            )
            print(
                f"  {result['instructions']}: {result['seconds'] * 1e6:.1f} us, {ratios};"
                f" energy differs by {error:.1e}"
            )


def main():
    kind, path, program = sys.argv[1:]
    solvated = app.ForceField("amber14/protein.ff14SB.xml", "implicit/gbn2.xml")
    model = hydrogenated(path, solvated)
    positions = numpy.array(model.positions.value_in_unit(unit.nanometer))
    system = solvated.createSystem(model.topology, nonbondedMethod=app.NoCutoff)
    if kind == "cln025":
        vacuum = app.ForceField("amber14/protein.ff14SB.xml").createSystem(model.topology)
        frames = conformers(positions, 256)
        compare("CLN025, GBn2", system, system_json(system), frames, program, 20)
        compare("CLN025, vacuum", vacuum, system_json(vacuum), frames, program, 50)
    elif kind == "large":
        compare("large, GBn2", system, system_json(system), conformers(positions, 1), program, 5)
    elif kind == "soft":
        system, ours, kept = backbone(model, system)
        compare("N CA C O CB, soft", system, ours, conformers(positions[kept], 8), program, 20, ("CPU", "Reference"))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
