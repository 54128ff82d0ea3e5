"""Golden data for molio: bonds of residue templates, superpositions, RMSDs, selections.

usage: molio_structures.py OUT_FOLDER [--data TEST_DATA_FOLDER]
writes: residue_bonds.json (atoms and bonds of every residue template of ff14SB, OL15, OL3 and of CHARMM36's
        amino acids and nucleotides, as OpenMM reads them)
        superposition.json (RMSDs, rotations and weighted RMSDs of made-up chains, by mdtraj and MDAnalysis)
        selection.json (atoms chosen by MDAnalysis from a made-up system)
        with --data: real_structures.json (sums over bonds, selections and RMSDs of the files there)
"""

import argparse
import json
import pathlib
import warnings

import mdtraj
import MDAnalysis
import numpy as np
import openmm
from MDAnalysis.analysis import align, rms
from openmm import app

warnings.filterwarnings("ignore")

VERSIONS = {
    "openmm": openmm.__version__,
    "mdtraj": mdtraj.__version__,
    "MDAnalysis": MDAnalysis.__version__,
    "numpy": np.__version__,
}

CHARMM_RESIDUES = (
    "ALA ARG ASN ASP CYS GLN GLU GLY HSD HSE HSP ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL ADE CYT GUA THY URA TIP3"
).split()


def residue_bonds():
    """For each force field, [residue, [[atom, element]...], [[i, j]...]] in the templates' order."""
    sets = {}
    for label, files in {
        "amber": ["amber14/protein.ff14SB.xml", "amber14/DNA.OL15.xml", "amber14/RNA.OL3.xml"],
        "charmm": ["charmm36.xml"],
    }.items():
        residues = []
        for name, template in sorted(app.ForceField(*files)._templates.items()):
            if label == "charmm" and name not in CHARMM_RESIDUES:
                continue
            atoms = [[a.name, a.element.symbol if a.element else ""] for a in template.atoms]
            bonds = sorted(sorted(bond) for bond in template.bonds)
            if name == "TIP3":
                # the H-H bond that keeps rigid water rigid
                bonds = [b for b in bonds if not all(atoms[i][1] == "H" for i in b)]
            residues.append([name, atoms, bonds])
        sets[label] = residues
    return sets


def superposition():
    """Frames of a random chain, the last one mirrored, nearly equal ones among them."""
    generator = np.random.default_rng(7)
    n_frames, n_atoms = 8, 30
    chain = np.cumsum(generator.normal(0, 0.1, (n_frames, n_atoms, 3)), axis=1)
    chain[1] = chain[0] + generator.normal(0, 1e-3, (n_atoms, 3)) + 2.0
    chain[-1] = chain[0] * [1, 1, -1]
    positions = chain.astype(np.float32)
    topology = mdtraj.Topology()
    residue = topology.add_residue("ALA", topology.add_chain())
    for _ in range(n_atoms):
        topology.add_atom("CA", mdtraj.element.carbon, residue)
    trajectory = mdtraj.Trajectory(positions, topology)
    matrix = [mdtraj.rmsd(trajectory, trajectory, k).tolist() for k in range(n_frames)]
    weights = generator.uniform(0, 10, n_atoms)
    double = positions.astype(np.float64)
    centred = double - np.average(double, axis=1, weights=weights)[:, None]
    rotation, weighted = align.rotation_matrix(centred[2], centred[3], weights=weights)
    return {
        "n_atoms": n_atoms,
        "positions": [round(float(x), 9) for x in positions.ravel()],
        "rmsd_mdtraj": matrix,
        "rmsd_mdanalysis": [
            [float(rms.rmsd(a, b, superposition=True)) for b in double] for a in double
        ],
        "weights": weights.tolist(),
        "weighted_rmsd_2_on_3": float(weighted),
        "rotation_2_on_3": np.asarray(rotation).tolist(),
    }


SELECTIONS = [
    "protein", "backbone", "nucleic", "name CA", "name C* O?", "resname ALA GLY", "resid 3:5", "resid 3-5 8",
    "resid 4", "resid 4A", "resid 3:4A", "resid 4A:6", "segid A", "segid B and name CA", "index 0:9", "index 5 7 20:22",
    "not protein", "not protein and name O", "protein and not (name CA or name C)", "element N O", "name CA and resid 5:8",
    "backbone and segid A and resid 3", "bynum 1:5", "resname HIE HSD MSE", "protein and name CA or resname SOL",
]


def selection():
    """A made-up system of two protein chains, a nucleotide and water; what MDAnalysis chooses from it."""
    chains = [
        ("A", [("ALA", 3, ""), ("GLY", 4, ""), ("HIE", 4, "A"), ("LEU", 5, ""), ("NALA", 6, ""), ("ACE", 7, "")]),
        ("B", [("MSE", 3, ""), ("HSD", 5, ""), ("DA", 8, ""), ("CYX", 9, "")]),
        ("W", [("SOL", 1, ""), ("SOL", 2, "")]),
    ]
    names = {"SOL": ["O", "H1", "H2"], "DA": ["P", "O5'", "C5'", "N9"], "ACE": ["CH3", "C", "O"]}
    residues, atoms = [], []
    for chain, members in chains:
        for name, number, code in members:
            for atom in names.get(name, ["N", "H", "CA", "HA", "CB", "C", "O"]):
                atoms.append([atom, atom[0], len(residues)])
            residues.append([chain, name, number, code])
    universe = MDAnalysis.Universe.empty(
        len(atoms), n_residues=len(residues), n_segments=len(chains), atom_resindex=[a[2] for a in atoms],
        residue_segindex=[[c for c, _ in chains].index(r[0]) for r in residues],
    )
    universe.add_TopologyAttr("names", [a[0] for a in atoms])
    universe.add_TopologyAttr("elements", [a[1] for a in atoms])
    universe.add_TopologyAttr("resnames", [r[1] for r in residues])
    universe.add_TopologyAttr("resids", [r[2] for r in residues])
    universe.add_TopologyAttr("icodes", [r[3] for r in residues])
    universe.add_TopologyAttr("segids", [c for c, _ in chains])
    chosen = {text: universe.select_atoms(text).indices.tolist() for text in SELECTIONS}
    return {"residues": residues, "atoms": atoms, "chosen": chosen}


def checksum(lists):
    """Number of entries, and a sum that depends on each and on its place."""
    flat = [int(i) for entry in lists for i in (entry if hasattr(entry, "__len__") else [entry])]
    return [len(flat), sum((k % 1009 + 1) * (i + 1) for k, i in enumerate(flat)) % 2**32]


REAL_SELECTIONS = [
    "protein", "backbone", "name CA CB", "resname ALA", "resid 10:20", "segid A", "index 0:9", "not protein",
    "protein and not name H*", "resid 5 to 8 and (name CA or name CB)", "resname HIS HIE and name N*", "bynum 3:50",
]


def real_structures(data):
    """What OpenMM, MDAnalysis and mdtraj find in the test data."""
    result = {"bonds": {}, "selections": {}}
    for name in ["chignolin/1uao.pdb", "murd/MurD_test_topo.pdb", "murd/5A5E_full.pdb", "adk/adk_closed.pdb"]:
        pdb = app.PDBFile(str(data / name))
        bonds = [sorted((b[0].index, b[1].index)) for b in pdb.topology.bonds()]
        result["bonds"][name] = checksum(sorted(bonds))
        universe = MDAnalysis.Universe(str(data / name))
        result["selections"][name] = {
            text: checksum(universe.select_atoms(text).indices) for text in REAL_SELECTIONS
        }
    # the PDB holds the bonds that CHARMM made of the sequence
    universe = MDAnalysis.Universe(str(data / "adk/adk.psf"), str(data / "adk/adk_dims.dcd"))
    result["bonds"]["adk/adk.psf"] = checksum(sorted(sorted(map(int, b)) for b in universe.bonds.indices))
    carbons = universe.select_atoms("name CA")
    frames = np.array([carbons.positions.copy() for _ in universe.trajectory]) / 10.0
    result["adk_rmsd_to_first"] = [float(rms.rmsd(x, frames[0], superposition=True)) for x in frames]
    murd = mdtraj.load(str(data / "murd/MurD_test.dcd"), top=str(data / "murd/MurD_test_topo.pdb"))
    heavy = murd.topology.select("element != H")
    result["murd_rmsd_to_last"] = mdtraj.rmsd(murd, murd, len(murd) - 1, atom_indices=heavy).tolist()
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path)
    arguments = parser.parse_args()
    out, data = arguments.out, arguments.data
    out.mkdir(parents=True, exist_ok=True)
    parts = [("residue_bonds", residue_bonds), ("superposition", superposition), ("selection", selection)]
    if data:
        parts.append(("real_structures", lambda: real_structures(data)))
    for name, make in parts:
        content = {"versions": VERSIONS, **make()}
        (out / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
