"""AMBER prmtops written by ParmEd, and what OpenMM's AmberPrmtopFile makes of them.

    python prmtop_golden.py OUT

Writes OUT/ff14sb.prmtop, OUT/ff19sb.prmtop (with CMAP) and, for each, OUT/<name>.json: positions (nm),
energies by term (kJ/mol) and forces (kJ/mol/nm) of the Reference platform in several solvents.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("OPENMM_CPU_THREADS", "1")

import numpy as np
import openmm as mm
import openmm.app as app
import parmed

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from forcefield_golden import FF14, FF19, evaluate, fold, topology_of

RESIDUES = ["ACE", "ARG", "PRO", "ASP", "NME"]
SOLVENTS = {"vacuum": None, "hct": app.HCT, "obc1": app.OBC1, "gbn": app.GBn, "gbn2": app.GBn2}
RADII = {"ff14sb": "mbondi3", "ff19sb": "mbondi2"}


def flag(name, form, width, per_line, values):
    lines = [f"%FLAG {name}", f"%FORMAT({form})"]
    for start in range(0, len(values), per_line):
        lines.append("".join(f"{value:>{width}}" for value in values[start : start + per_line]))
    return lines if values else lines + [""]


def cmap_sections(force):
    """What LEaP writes for ff19SB; ParmEd writes CMAP only with CHARMM's other terms."""
    maps = [force.getMapParameters(k) for k in range(force.getNumMaps())]
    torsions = [force.getTorsionParameters(k) for k in range(force.getNumTorsions())]
    used = sorted({t[0] for t in torsions})
    text = flag("CMAP_COUNT", "2I8", 8, 2, [len(torsions), len(used)])
    text += flag("CMAP_RESOLUTION", "20I4", 4, 20, [maps[k][0] for k in used])
    for number, k in enumerate(used, 1):
        size, energies = maps[k]
        energies = [e.value_in_unit(mm.unit.kilocalorie_per_mole) for e in energies]
        shifted = [0.0] * (size * size)
        for i in range(size):
            for j in range(size):
                shifted[size * ((j + size // 2) % size) + (i + size // 2) % size] = energies[size * i + j]
        text += flag(f"CMAP_PARAMETER_{number:02d}", "8F9.5", 9, 8, [f"{e:.5f}" for e in shifted])
    records = [x for t in torsions for x in (*(a + 1 for a in t[1:5]), t[8] + 1, used.index(t[0]) + 1)]
    return text + flag("CMAP_INDEX", "6I8", 8, 6, records)


def write(path, files, radii):
    force_field = app.ForceField(*files)
    topology = topology_of([RESIDUES], force_field)
    positions = fold(topology, app.ForceField(*FF14), 21)
    system = force_field.createSystem(topology, removeCMMotion=False)
    cmaps = [force for force in system.getForces() if isinstance(force, mm.CMAPTorsionForce)]
    plain = mm.XmlSerializer.clone(system)
    for index in reversed(range(plain.getNumForces())):
        if isinstance(plain.getForce(index), mm.CMAPTorsionForce):
            plain.removeForce(index)
    structure = parmed.openmm.load_topology(topology, plain, xyz=positions * 10)
    parm = parmed.amber.AmberParm.from_structure(structure)
    parmed.tools.changeRadii(parm, radii).execute()
    parm.remake_parm()
    parm.write_parm(str(path))
    text = path.read_text().splitlines()
    # the first line says when it was written
    text[0] = "%VERSION  VERSION_STAMP = V0001.000  DATE = 01/01/26 00:00:00"
    for force in cmaps:
        text += cmap_sections(force)
    path.write_text("\n".join(line.rstrip() for line in text) + "\n")
    return positions


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, files in (("ff14sb", FF14), ("ff19sb", FF19)):
        path = out / f"{name}.prmtop"
        positions = write(path, files, RADII[name])
        cases = {}
        for case, solvent in SOLVENTS.items():
            system = app.AmberPrmtopFile(str(path)).createSystem(implicitSolvent=solvent, removeCMMotion=False)
            energies, forces = evaluate(system, positions)
            cases[case] = dict(energies=energies, forces=[[float(f"{x:.10g}") for x in force] for force in forces])
        versions = dict(openmm=mm.version.version, parmed=parmed.__version__)
        result = dict(versions=versions, positions=positions.tolist(), cases=cases)
        (out / f"{name}.json").write_text(json.dumps(result) + "\n")
        print(name, len(positions), "atoms", cases["vacuum"]["energies"], flush=True)


if __name__ == "__main__":
    main()
