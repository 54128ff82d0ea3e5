"""Golden values of structure metrics, by mdtraj, for a system that this script makes itself.

Two chains with the same residue numbers: ACE-ACDEFGHIKLMNPQRSTVWY-NME built as a helix, and
YYDPETGTWY built as a hairpin; a few frames of Langevin dynamics (ff14SB + GBn2) at 500 K.

Dynamics is chaotic: where two_chains.json is there already, its positions are kept, and the values of them
come out byte for byte; remove the file to simulate anew.

usage: structure_metrics.py OUT_FOLDER [DATA_FOLDER]
writes: two_chains.json (topology, positions in nm, values in nm and radians)
        real_structures.json (values alone, of some frames of adk and MurD in DATA_FOLDER)
"""

import io
import json
import pathlib
import sys

import mdtraj
import numpy as np
import openmm
import pdbfixer
from openmm import app, unit

HELIX = "ACDEFGHIKLMNPQRSTVWY"
HAIRPIN = "YYDPETGTWY"
# φ, ψ of the hairpin: strand, type I turn with a bulge, strand
HAIRPIN_TORSIONS = [(-120, 135)] * 2 + [(-100, 110), (-60, -30), (-60, -30), (-90, 0), (85, 10)] + [(-120, 135)] * 3
N_FRAMES = 5
SEED = 20261122
ONE_TO_THREE = {
    "A": "ALA", "C": "CYS", "D": "ASP", "E": "GLU", "F": "PHE", "G": "GLY", "H": "HIS", "I": "ILE",
    "K": "LYS", "L": "LEU", "M": "MET", "N": "ASN", "P": "PRO", "Q": "GLN", "R": "ARG", "S": "SER",
    "T": "THR", "V": "VAL", "W": "TRP", "Y": "TYR",
}


def place(a, b, c, length, angle, torsion):
    """The point d with |cd| = length, angle b-c-d and torsion a-b-c-d (degrees)."""
    angle, torsion = np.radians(angle), np.radians(torsion)
    u = (c - b) / np.linalg.norm(c - b)
    n = np.cross(b - a, u)
    n /= np.linalg.norm(n)
    m = np.cross(n, u)
    return c + length * (-np.cos(angle) * u + np.sin(angle) * (np.cos(torsion) * m + np.sin(torsion) * n))


def backbone(sequence, torsions, caps, shift):
    """Residue names with their backbone atoms (Å)."""
    n, ca = np.zeros(3), np.array([1.458, 0.0, 0.0])
    c = place(np.array([0.0, 1.0, 0.3]), n, ca, 1.525, 111.0, -60.0)
    residues = []
    for i, letter in enumerate(sequence):
        phi, psi = torsions[i]
        next_n = place(n, ca, c, 1.329, 116.6, psi)
        atoms = {"N": n, "CA": ca, "C": c, "O": place(next_n, ca, c, 1.231, 120.4, 180.0)}
        atoms["O"] = place(n, ca, c, 1.231, 120.4, psi + 180.0)
        # L by construction: where CB is left to PDBFixer, some residues come out D
        if letter != "G":
            atoms["CB"] = place(c, n, ca, 1.53, 110.5, -122.5)
        residues.append((ONE_TO_THREE[letter], atoms))
        following = torsions[i + 1][0] if i + 1 < len(sequence) else -60.0
        next_ca = place(ca, c, next_n, 1.458, 121.7, 180.0)
        next_c = place(c, next_n, next_ca, 1.525, 111.0, following)
        n, ca, c = next_n, next_ca, next_c
    if caps:
        first = residues[0][1]
        cap_c = place(first["C"], first["CA"], first["N"], 1.329, 121.7, torsions[0][0])
        cap_ch3 = place(first["CA"], first["N"], cap_c, 1.525, 116.6, 180.0)
        cap_o = place(first["CA"], first["N"], cap_c, 1.231, 123.0, 0.0)
        residues.insert(0, ("ACE", {"CH3": cap_ch3, "C": cap_c, "O": cap_o}))
        residues.append(("NME", {"N": n, "C": ca}))
    return [(name, {k: v + shift for k, v in atoms.items()}) for name, atoms in residues]


def as_pdb(chains):
    lines, serial = [], 1
    for chain, residues in chains:
        for number, (name, atoms) in enumerate(residues, 1):
            for atom, (x, y, z) in atoms.items():
                lines.append(
                    f"ATOM  {serial:5d}  {atom:<3s} {name:3s} {chain}{number:4d}    "
                    f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          {atom[0]:>2s}"
                )
                serial += 1
        lines.append("TER")
    return "\n".join(lines + ["END", ""])


def molecule():
    """Topology and first positions."""
    helix = backbone(HELIX, [(-60, -45)] * len(HELIX), True, np.zeros(3))
    hairpin = backbone(HAIRPIN, HAIRPIN_TORSIONS, False, np.array([0.0, 25.0, 0.0]))
    fixer = pdbfixer.PDBFixer(pdbfile=io.StringIO(as_pdb([("A", helix), ("B", hairpin)])))
    fixer.findMissingResidues()
    fixer.missingResidues = {}
    fixer.findMissingAtoms()
    fixer.addMissingAtoms(seed=SEED)
    forcefield = app.ForceField("amber14/protein.ff14SB.xml", "implicit/gbn2.xml")
    model = app.Modeller(fixer.topology, fixer.positions)
    model.addHydrogens(forcefield, pH=7.0)
    return forcefield, model


def simulate(forcefield, model):
    system = forcefield.createSystem(model.topology, constraints=app.HBonds)
    integrator = openmm.LangevinMiddleIntegrator(500, 1.0, 0.002)
    integrator.setRandomNumberSeed(SEED)
    platform = openmm.Platform.getPlatformByName("CPU")
    simulation = app.Simulation(model.topology, system, integrator, platform, {"Threads": "1"})
    simulation.context.setPositions(model.positions)
    simulation.minimizeEnergy(maxIterations=150)
    simulation.context.setVelocitiesToTemperature(300, SEED)
    frames = []
    for _ in range(N_FRAMES):
        state = simulation.context.getState(positions=True)
        frames.append(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer))
        simulation.step(250)
    return np.round(np.array(frames), 4)


def kept(path, topology):
    """The frames of an earlier run, or None."""
    if not path.exists():
        return None
    document = json.loads(path.read_text())
    if document["atoms"] != atoms_of(topology):
        raise SystemExit(f"{path}: other atoms than the topology's; remove the file to simulate anew")
    return np.array(document["frames"]).reshape(len(document["frames"]), -1, 3)


def atoms_of(topology):
    return [[a.name, a.element.symbol, a.residue.index] for a in topology.atoms]


def surface(trajectory):
    """SASA of each atom, a call for each frame: within one call mdtraj starts to count a thread's next frame at
    the areas of the one before (0.1 % too much, on as many frames as there are fewer threads than frames)."""
    return np.concatenate([mdtraj.shrake_rupley(frame) for frame in trajectory])


def per_residue(topology, computed, residue_atom):
    """Values of mdtraj's torsion arrays by residue index; null where undefined."""
    indices, values = computed
    table = [[None] * topology.n_residues for _ in range(values.shape[0])]
    for column, atoms in enumerate(indices):
        residue = topology.atom(int(atoms[residue_atom])).residue.index
        for frame in range(values.shape[0]):
            table[frame][residue] = round(float(values[frame, column]), 6)
    return table


def rounded(values, digits=6):
    return np.round(np.asarray(values, dtype=float), digits).tolist()


def rg_mass(trajectory):
    """About the centre of mass; mdtraj.compute_rg takes masses but centres on the mean position."""
    masses = np.array([atom.element.mass for atom in trajectory.topology.atoms])
    center = mdtraj.compute_center_of_mass(trajectory)[:, None]
    squares = ((trajectory.xyz.astype(float) - center) ** 2).sum(2)
    return rounded(np.sqrt((squares * masses).sum(1) / masses.sum()))


def golden(trajectory):
    topology = trajectory.topology
    heavy = [a.index for a in topology.atoms if a.element.symbol != "H"]
    alphas = [a.index for a in topology.atoms if a.name == "CA"]
    energies = [energy.tocoo() for energy in mdtraj.kabsch_sander(trajectory)]
    contacts, pairs = mdtraj.compute_contacts(trajectory, "all", "closest-heavy", ignore_nonprotein=False)
    aligned = trajectory.slice(range(trajectory.n_frames)).superpose(trajectory, 0, atom_indices=alphas)
    return {
        "phi": per_residue(topology, mdtraj.compute_phi(trajectory), 1),
        "psi": per_residue(topology, mdtraj.compute_psi(trajectory), 1),
        "omega": per_residue(topology, mdtraj.compute_omega(trajectory), 0),
        **{f"chi{k}": per_residue(topology, getattr(mdtraj, f"compute_chi{k}")(trajectory), 1) for k in range(1, 6)},
        "rg_mass": rg_mass(trajectory),
        "rg_equal": rounded(mdtraj.compute_rg(trajectory)),
        "rmsd_heavy": rounded(mdtraj.rmsd(trajectory, trajectory, 0, atom_indices=heavy)),
        "rmsd_alpha_matrix": rounded(
            [mdtraj.rmsd(trajectory, trajectory, i, atom_indices=alphas) for i in range(trajectory.n_frames)]
        ),
        "rmsf_aligned_on_alpha": rounded(
            np.sqrt(((aligned.xyz - aligned.xyz.mean(0)) ** 2).sum(2).mean(0))
        ),
        "contact_pairs": np.asarray(pairs).tolist(),
        "contact_distances": rounded(contacts[0], 5),
        "sasa": rounded(surface(trajectory)[0], 5),
        "sasa_total": rounded(surface(trajectory).sum(1), 4),
        "dssp": ["".join(c if c != "NA" else "-" for c in frame) for frame in mdtraj.compute_dssp(trajectory, simplified=False)],
        # mdtraj: rows accept, columns donate; kcal/mol
        "kabsch_sander": [
            sorted([int(c), int(r), round(float(v) * 4.184, 4)] for r, c, v in zip(e.row, e.col, e.data))
            for e in energies
        ],
        "baker_hubbard": sorted(
            [int(x) for x in bond] + [round(sum(
                bond.tolist() in mdtraj.baker_hubbard(trajectory[f], freq=0.0).tolist()
                for f in range(trajectory.n_frames)) / trajectory.n_frames, 6)]
            for bond in mdtraj.baker_hubbard(trajectory, freq=0.0)
        ),
    }


def load(structure, frames):
    """mdtraj takes CA and HG in files without element columns for calcium and mercury."""
    topology = mdtraj.load_topology(str(structure))
    for atom in topology.atoms:
        atom.element = mdtraj.element.Element.getBySymbol(atom.name.lstrip("0123456789")[0])
    return mdtraj.load(str(frames), top=topology)


def real(trajectory, frames):
    some = trajectory.slice(frames)
    alphas = [a.index for a in trajectory.topology.atoms if a.name == "CA"]
    _, phi = mdtraj.compute_phi(some)
    _, psi = mdtraj.compute_psi(some)
    _, omega = mdtraj.compute_omega(some)
    return {
        "frames": list(frames),
        "n_atoms": trajectory.n_atoms,
        "rg_mass": rg_mass(trajectory),
        "rg_equal": rounded(mdtraj.compute_rg(trajectory)),
        "rmsd_alpha_to_first": rounded(mdtraj.rmsd(trajectory, trajectory, 0, atom_indices=alphas)),
        "phi": rounded(phi, 5),
        "psi": rounded(psi, 5),
        "omega": rounded(omega, 5),
        "sasa_total": rounded(surface(some).sum(1), 4),
        "dssp": ["".join(c if c != "NA" else "-" for c in frame) for frame in mdtraj.compute_dssp(some, simplified=False)],
        "n_kabsch_sander": [int((e.data < -0.5).sum()) for e in mdtraj.kabsch_sander(some)],
    }


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    forcefield, model = molecule()
    topology = mdtraj.Topology.from_openmm(model.topology)
    frames = kept(out / "two_chains.json", topology)
    if frames is None:
        frames = simulate(forcefield, model)
    trajectory = mdtraj.Trajectory(frames.astype(np.float32), topology)
    document = {
        "versions": {"mdtraj": mdtraj.__version__, "openmm": openmm.__version__, "pdbfixer": pdbfixer.__version__ if hasattr(pdbfixer, "__version__") else ""},
        "atoms": atoms_of(topology),
        "residues": [[r.name, r.resSeq, r.chain.index] for r in topology.residues],
        "bonds": [[a.index, b.index] for a, b in topology.bonds],
        "frames": [[round(float(x), 4) for x in frame.ravel()] for frame in frames],
        **golden(trajectory),
    }
    (out / "two_chains.json").write_text(json.dumps(document, separators=(",", ":")))
    if len(sys.argv) > 2:
        data = pathlib.Path(sys.argv[2])
        adk = load(data / "adk/adk_closed.pdb", data / "adk/adk_dims.dcd")
        murd = load(data / "murd/MurD_test_topo.pdb", data / "murd/MurD_test.dcd")
        document = {
            "versions": {"mdtraj": mdtraj.__version__},
            "adk": real(adk, [0, 49, 97]),
            "murd": real(murd, [0, 8, 15]),
        }
        (out / "real_structures.json").write_text(json.dumps(document, separators=(",", ":")))


main()
