"""Golden data for preparing structures: the atoms that PDBFixer and OpenMM give each residue at pH 7.

usage: prepare_golden.py OUT_FOLDER TEST_DATA_FOLDER
writes: atoms.json: for each structure, for each amino acid, its name and the sorted names of its atoms;
        residues written as they are in the file, hydrogens of the N-terminus under PDB names (H1, H2, H3)
"""

import importlib.metadata
import json
import pathlib
import sys
import warnings

import openmm
import pdbfixer
from openmm import app

warnings.filterwarnings("ignore")

STRUCTURES = [
    "chignolin/1uao.pdb",
    "chignolin/5awl.pdb",
    "murd/5A5E_full.pdb",
    "murd/MurD_test_topo.pdb",
    "adk/adk_closed.pdb",
]
# CHARMM's names, which OpenMM leaves alone
STANDARD = {"HSD": "HIS", "HSE": "HIS", "HSP": "HIS"}


def prepared(path):
    """Atom names of each residue after PDBFixer: (number, name, [names])."""
    fixer = pdbfixer.PDBFixer(filename=str(path))
    for residue in fixer.topology.residues():
        residue.name = STANDARD.get(residue.name, residue.name)
    # hydrogens are added anew, so that legacy names play no part
    modeller = app.Modeller(fixer.topology, fixer.positions)
    modeller.delete([a for a in modeller.topology.atoms() if a.element == app.element.hydrogen])
    fixer.topology, fixer.positions = modeller.topology, modeller.positions
    fixer.removeHeterogens(keepWater=False)
    fixer.missingResidues = {}
    fixer.findMissingAtoms()
    fixer.addMissingAtoms(seed=1)
    fixer.addMissingHydrogens(7.0)
    residues = []
    for residue in fixer.topology.residues():
        names = [atom.name for atom in residue.atoms()]
        if "H2" in names and "H3" in names and "H" in names:
            names[names.index("H")] = "H1"
        residues.append([residue.name, " ".join(sorted(names))])
    return residues


def main():
    out, data = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "versions": {"openmm": openmm.__version__, "pdbfixer": importlib.metadata.version("pdbfixer")},
        "structures": {name: prepared(data / name) for name in STRUCTURES},
    }
    (out / "atoms.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
