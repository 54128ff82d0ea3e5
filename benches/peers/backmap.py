"""All atoms from beads and back: how far the rebuilt backbone is from the original, and how fast.

usage: backmap.py FOLDSCAPE_BINARY TRAJECTORY TOPOLOGY [STRIDE] [BEADS]
BEADS: a selection, `name CA` unless given; every STRIDE-th frame
prints one line: frames, frames left out, largest distance of a bead from where it was, RMSD (no superposition) of N, CA,
C and O over all residues and over those that are no ends, all in nm, frames a minute
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import mdtraj
import numpy as np

binary, trajectory, topology = sys.argv[1:4]
stride = int(sys.argv[4]) if len(sys.argv) > 4 else 1
selection = sys.argv[5] if len(sys.argv) > 5 else "name CA"


def foldscape(*arguments):
    run = subprocess.run([binary, *map(str, arguments)], check=True, stdout=subprocess.PIPE)
    return run.stdout


def backbone(structure):
    """Index of each backbone atom by residue and name; CHARMM's OT1 is O."""
    found = {}
    for residue in structure.topology.residues:
        for atom in residue.atoms:
            name = {"OT1": "O"}.get(atom.name, atom.name)
            if name in ("N", "CA", "C", "O"):
                found[residue.index, name] = atom.index
    return found


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    beads = ["--select", selection]
    foldscape("convert", trajectory, "--top", topology, folder / "beads.trr", "--stride", stride, *beads)
    foldscape("convert", topology, folder / "beads.pdb", *beads)
    report = json.loads(foldscape("backmap", folder / "beads.trr", "--top", folder / "beads.pdb", folder / "all.trr",
                                  "--write-top", folder / "all.pdb", "--json"))
    original = mdtraj.load(trajectory, top=topology, stride=stride)
    rebuilt = mdtraj.load(folder / "all.trr", top=folder / "all.pdb")

kept = np.setdiff1d(np.arange(original.n_frames), report["left_out"])
before, after = backbone(original), backbone(rebuilt)
keys = [key for key in before if key in after]
squares = (original.xyz[np.ix_(kept, [before[key] for key in keys])] - rebuilt.xyz[:, [after[key] for key in keys]]) ** 2
squares = squares.sum(axis=2)
last = original.n_residues - 1
inner = [place for place, (residue, _) in enumerate(keys) if 0 < residue < last]
names = selection.replace("name", "").replace("or", "").split()
held = [place for place, (_, name) in enumerate(keys) if name in names]
print(f"{trajectory} [{selection}]: {len(kept)} of {report['frames_read']} frames, "
      f"beads within {np.sqrt(squares[:, held].max()):.5f}, backbone {np.sqrt(squares.mean()):.4f}, "
      f"inner {np.sqrt(squares[:, inner].mean()):.4f} nm, {60 * report['frames_read'] / report['seconds']:.0f} frames/min")
