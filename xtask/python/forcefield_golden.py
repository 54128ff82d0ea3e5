"""Golden values of the force field from OpenMM's Reference platform.

    python xtask/python/forcefield_golden.py OUT [FOLDSCAPE_TEST_DATA]

Writes OUT/<name>/structure.txt (atoms, bonds, positions in nm), OUT/<name>/system.xml.gz (OpenMM's
serialised System) and OUT/<name>/golden.txt (energies by term in kJ/mol, forces in kJ/mol/nm).
The peptides are made here, from the residue templates themselves, so every form is covered; positions
that OUT already holds are kept.
"""

import gzip
import os
import random
import sys

import numpy as np
import openmm as mm
import openmm.app as app
import openmm.unit as unit

FF14 = ["amber14/protein.ff14SB.xml"]
FF19 = ["amber19/protein.ff19SB.xml"]
GROUPS = {
    "HarmonicBondForce": "bond",
    "HarmonicAngleForce": "angle",
    "PeriodicTorsionForce": "torsion",
    "CMAPTorsionForce": "cmap",
    "NonbondedForce": "nonbonded",
    "CustomGBForce": "solvation",
    "GBSAOBCForce": "solvation",
}


def topology_of(chains, force_field, disulfides=()):
    """A topology straight from residue templates; each chain is a list of template names."""
    topology = app.Topology()
    atoms_of = []
    for number, names in enumerate(chains):
        chain = topology.addChain(chr(ord("A") + number % 26))
        previous = None
        for name in names:
            template = force_field._templates[name]
            stripped = name[1:] if len(name) == 4 and name[0] in "NC" else name
            residue = topology.addResidue(stripped, chain)
            atoms = [topology.addAtom(a.name, a.element, residue) for a in template.atoms]
            for a, b in template.bonds:
                topology.addBond(atoms[a], atoms[b])
            by_name = {a.name: a for a in atoms}
            if previous is not None:
                first = by_name["N"] if "N" in by_name else by_name["CH3"]
                topology.addBond(previous["C"], first)
            previous = by_name
            atoms_of.append(by_name)
    for a, b in disulfides:
        topology.addBond(atoms_of[a]["SG"], atoms_of[b]["SG"])
    return topology


def scrambled(topology, positions, seed):
    """The same with the atoms of every residue in another order and under other names."""
    rng = random.Random(seed)
    new = app.Topology()
    moved, order = {}, []
    for chain in topology.chains():
        new_chain = new.addChain(chain.id)
        for residue in chain.residues():
            new_residue = new.addResidue("UNK", new_chain)
            atoms = list(residue.atoms())
            rng.shuffle(atoms)
            for index, atom in enumerate(atoms):
                moved[atom] = new.addAtom(f"{atom.element.symbol}{index}", atom.element, new_residue)
                order.append(atom.index)
    for a, b in topology.bonds():
        new.addBond(moved[a], moved[b])
    return new, positions[order]


def fold(topology, force_field, seed):
    """Positions from random ones by annealing without, then minimising with, Coulomb and LJ."""
    system = force_field.createSystem(topology)
    rng = np.random.default_rng(seed)
    soft = mm.CustomNonbondedForce("100/((r/0.25)^4+1)")
    for _ in topology.atoms():
        soft.addParticle([])
    bonds = [(a.index, b.index) for a, b in topology.bonds()]
    soft.createExclusionsFromBonds(bonds, 2)
    full = mm.XmlSerializer.clone(system)
    for index in reversed(range(system.getNumForces())):
        if isinstance(system.getForce(index), (mm.NonbondedForce, mm.CMMotionRemover)):
            system.removeForce(index)
    system.addForce(soft)
    start = np.zeros((topology.getNumAtoms(), 3))
    for chain_number, chain in enumerate(topology.chains()):
        origin = 2.5 * np.array([chain_number % 5, chain_number // 5 % 5, chain_number // 25])
        for residue_number, residue in enumerate(chain.residues()):
            for atom in residue.atoms():
                start[atom.index] = origin + [0.35 * residue_number, 0, 0] + rng.normal(0, 0.15, 3)
    integrator = mm.LangevinMiddleIntegrator(600, 10, 0.0005)
    integrator.setRandomNumberSeed(seed)
    context = mm.Context(system, integrator, mm.Platform.getPlatformByName("CPU"))
    context.setPositions(start)
    mm.LocalEnergyMinimizer.minimize(context, 10, 500)
    context.setVelocitiesToTemperature(600, seed)
    integrator.step(2000)
    mm.LocalEnergyMinimizer.minimize(context, 10, 300)
    positions = context.getState(getPositions=True).getPositions(asNumpy=True)
    context = mm.Context(full, mm.VerletIntegrator(0.001), mm.Platform.getPlatformByName("CPU"))
    context.setPositions(positions)
    mm.LocalEnergyMinimizer.minimize(context, 10, 100)
    positions = context.getState(getPositions=True).getPositions(asNumpy=True)
    # Six decimals in the file, and the same numbers here.
    return np.round(positions.value_in_unit(unit.nanometer), 6)


def placed(out, name, topology, force_field, seed):
    """The positions in OUT/<name>/structure.txt; where there are none yet, new ones.

    Annealing is chaotic: another processor, another number of threads, and the molecule ends elsewhere.
    Energies and forces are what this script is about, and they can be made again only where the atoms are.
    """
    path = os.path.join(out, name, "structure.txt")
    if not os.path.exists(path):
        return fold(topology, force_field, seed)
    with open(path) as lines:
        atoms = [line.split() for line in lines if line.startswith("atom ")]
    names = [atom.name for atom in topology.atoms()]
    if [atom[1] for atom in atoms] != names:
        raise SystemExit(f"{path}: other atoms than the topology's; remove the file to fold anew")
    return np.array([atom[3:6] for atom in atoms], dtype=float)


def evaluate(system, positions):
    """Energy of each term and the total forces, on the Reference platform."""
    used = {}
    for force in system.getForces():
        name = GROUPS.get(force.getName())
        if name is None:
            continue
        force.setForceGroup(list(GROUPS.values()).index(name))
        used[name] = force.getForceGroup()
    context = mm.Context(system, mm.VerletIntegrator(0.001), mm.Platform.getPlatformByName("Reference"))
    context.setPositions(positions)
    energies = {}
    for name, group in used.items():
        state = context.getState(getEnergy=True, groups={group})
        energies[name] = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    forces = context.getState(getForces=True).getForces(asNumpy=True)
    return energies, forces.value_in_unit(unit.kilojoule_per_mole / unit.nanometer)


def write_structure(folder, topology, positions):
    with open(os.path.join(folder, "structure.txt"), "w") as out:
        out.write("# residue NAME CHAIN, its atoms: atom NAME ELEMENT X Y Z (nm); bond I J\n")
        for residue in topology.residues():
            out.write(f"residue {residue.name} {residue.chain.id}\n")
            for atom in residue.atoms():
                x, y, z = positions[atom.index]
                out.write(f"atom {atom.name} {atom.element.symbol} {x:.6f} {y:.6f} {z:.6f}\n")
        for a, b in topology.bonds():
            out.write(f"bond {a.index} {b.index}\n")


def write_cases(folder, cases, stride):
    """`cases`: name -> (energies, forces). Forces of every `stride`-th atom, and the mean square."""
    with open(os.path.join(folder, "golden.txt"), "w") as out:
        out.write(f"# OpenMM {mm.__version__}, Reference platform; kJ/mol, kJ/mol/nm\n")
        for name, (energies, forces) in cases.items():
            out.write(f"case {name}\n")
            for term, energy in energies.items():
                out.write(f"energy {term} {energy!r}\n")
            out.write(f"mean_square_force {float(np.mean(np.sum(forces**2, axis=1)))!r}\n")
            for atom in range(0, len(forces), stride):
                x, y, z = forces[atom]
                out.write(f"force {atom} {x:.10g} {y:.10g} {z:.10g}\n")


def write_system(folder, system, name="system"):
    text = mm.XmlSerializer.serialize(system).encode()
    with open(os.path.join(folder, f"{name}.xml.gz"), "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, compresslevel=9) as out:
            out.write(text)


def peptide(out, name, topology, positions, force_field_files, cases, stride):
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    write_structure(folder, topology, positions)
    done = {}
    for case, (implicit, options, serialise) in cases.items():
        files = force_field_files + ([f"implicit/{implicit}.xml"] if implicit else [])
        system = app.ForceField(*files).createSystem(topology, removeCMMotion=False, **options)
        done[case] = evaluate(system, positions)
        if serialise:
            write_system(folder, system, case)
    write_cases(folder, done, stride)
    print(name, topology.getNumAtoms(), "atoms")


CAPPED = [
    ["ACE", "ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "NME"],
    ["ACE", "GLU", "GLY", "HID", "HIE", "HIP", "ILE", "NHE"],
    ["ACE", "LEU", "LYS", "MET", "PHE", "PRO", "SER", "NME"],
    ["ACE", "THR", "TRP", "TYR", "VAL", "HYP", "NME"],
    ["ACE", "ASH", "GLH", "LYN", "CYM", "NME"],
    ["NCYX", "GLY", "CYX", "PRO", "CCYX"],
    ["ACE", "CYX", "NME"],
]


def terminal_chains(force_field):
    names = set(force_field._templates)
    forms = sorted(n[1:] for n in names if len(n) == 4 and n[0] == "N" and n[1:] in names)
    chains = []
    for form in forms:
        if form == "CYX":
            continue
        chains.append(["N" + form, "C" + form])
    chains.append(["NALA", "CHYP"])
    return chains


def main():
    out = sys.argv[1]
    vacuum = (None, {}, True)
    models = {m: (m, {}, m in ("gbn2", "obc2")) for m in ("hct", "obc1", "obc2", "gbn", "gbn2")}
    cutoff = {"nonbondedMethod": app.CutoffNonPeriodic, "nonbondedCutoff": 0.9 * unit.nanometer}
    extra = {
        "reaction_field": (None, cutoff, False),
        "gbn2_cutoff_salt": ("gbn2", {**cutoff, "implicitSolventKappa": 0.7}, False),
        "hydrogen_constraints": (None, {"constraints": app.HBonds, "hydrogenMass": 3.0}, True),
    }
    ff14 = app.ForceField(*FF14)

    # One bridge within the sixth chain, one from it to the seventh.
    index, cyx = 0, []
    for chain in CAPPED:
        for name in chain:
            if "CYX" in name:
                cyx.append(index)
            index += 1
    bridges = [(cyx[0], cyx[1]), (cyx[2], cyx[3])]
    topology = topology_of(CAPPED, ff14, bridges)
    positions = placed(out, "capped", topology, ff14, 11)
    peptide(out, "capped", topology, positions, FF14, {"vacuum": vacuum, **models, **extra}, 4)
    mixed, moved = scrambled(topology, positions, 5)
    peptide(out, "scrambled", mixed, moved, FF14, {"vacuum": vacuum}, 8)

    ff19 = app.ForceField(*FF19)
    topology19 = topology_of(CAPPED, ff19, bridges)
    peptide(out, "capped19", topology19, positions, FF19, {"vacuum": vacuum}, 4)

    topology = topology_of(terminal_chains(ff14), ff14)
    positions = placed(out, "termini", topology, ff14, 12)
    peptide(out, "termini", topology, positions, FF14, {"vacuum": vacuum, "gbn2": models["gbn2"]}, 8)

    for name, sequence in (
        ("chignolin", "NGLY TYR ASP PRO GLU THR GLY THR TRP CGLY"),
        ("cln025", "NTYR TYR ASP PRO GLU THR GLY THR TRP CTYR"),
    ):
        topology = topology_of([sequence.split()], ff14)
        positions = placed(out, name, topology, ff14, 13)
        cases = {"vacuum": (None, {}, False)}
        cases |= {m: (m, {}, False) for m in models}
        peptide(out, name, topology, positions, FF14, cases, 2)

    if len(sys.argv) > 2 and os.path.isdir(sys.argv[2]):
        real(out, sys.argv[2])


def real(out, data):
    """Adenylate kinase, which stays where it is: only energies and a few forces are kept."""
    import mdtraj

    psf_file = os.path.join(data, "adk/adk.psf")
    with mdtraj.formats.DCDTrajectoryFile(os.path.join(data, "adk/adk_dims.dcd")) as frames:
        angstrom = frames.read(1)[0][0]
    # in nm as a reader has them that multiplies in single precision: the last bit counts in stiff bonds
    positions = (angstrom * np.float32(0.1)).astype(float)
    topology = app.CharmmPsfFile(psf_file).topology
    system = app.ForceField(*FF14).createSystem(topology, removeCMMotion=False)
    energies, forces = evaluate(system, positions)
    folder = os.path.join(out, "adk")
    os.makedirs(folder, exist_ok=True)
    write_cases(folder, {"vacuum": (energies, forces)}, len(forces) // 20)
    print("adk", len(forces), energies)


if __name__ == "__main__":
    main()
