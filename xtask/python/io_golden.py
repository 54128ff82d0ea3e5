"""Small trajectories written by MDAnalysis and mdtraj, and DCD variants put together byte by byte.

    python io_golden.py FOLDER            writes them, and values.json with what is in them
    python io_golden.py --real DATA FILE  writes what MDAnalysis sees in the real trajectories of DATA
    python io_golden.py --check SEEDS     reads files that molio wrote, with both libraries

Positions are multiples of 0.001 nm, so that every format holds them.
"""

import json
import re
import struct
import sys
import warnings
from pathlib import Path

import MDAnalysis
import mdtraj
import numpy as np

warnings.filterwarnings("ignore")
N_FRAMES, N_ATOMS = 3, 12
LENGTHS, ANGLES = [3.0, 3.5, 4.0], [80.0, 95.0, 110.0]
# of mdtraj's titles
DATE = re.compile(rb"20\d\d-\d\d-\d\d|\d\d \w+, 20\d\d at \d\d:\d\d")


def positions():
    """nm; thousandths between -0.7 and 1.8."""
    frame, atom, axis = np.meshgrid(range(N_FRAMES), range(N_ATOMS), range(3), indexing="ij")
    return ((atom * 137 + axis * 731 + frame * 11) % 2500 - 700) / 1000.0


def universe(with_more=True):
    xyz = positions()
    u = MDAnalysis.Universe.empty(
        N_ATOMS, n_residues=4, atom_resindex=np.repeat(range(4), 3), trajectory=True,
        velocities=with_more, forces=with_more)
    u.add_TopologyAttr("names", ["N", "CA", "C"] * 4)
    u.add_TopologyAttr("elements", ["N", "C", "C"] * 4)
    u.add_TopologyAttr("resnames", ["GLY"] * 4)
    u.add_TopologyAttr("resids", range(1, 5))
    u.add_TopologyAttr("chainIDs", ["A"] * N_ATOMS)
    u.load_new(xyz * 10, order="fac", dt=2.0, dimensions=np.array([[x * 10 for x in LENGTHS] + ANGLES] * N_FRAMES),
               **({"velocities": xyz * 5, "forces": xyz * 25} if with_more else {}))
    return u


def write_mdanalysis(folder):
    u = universe()
    for name in ["xtc", "trr", "dcd", "gro", "pdb", "xyz"]:
        path = folder / f"mdanalysis.{name}"
        more = {"multiframe": True} if name == "pdb" else {}
        with MDAnalysis.Writer(str(path), N_ATOMS, **more) as writer:
            for _ in u.trajectory[:1] if name == "gro" else u.trajectory:
                writer.write(u.atoms)


def write_mdtraj(folder):
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for number in range(4):
        residue = topology.add_residue("GLY", chain, number + 1)
        for name in ["N", "CA", "C"]:
            topology.add_atom(name, mdtraj.element.get_by_symbol(name[0]), residue)
    trajectory = mdtraj.Trajectory(
        positions(), topology, time=2.0 * np.arange(N_FRAMES),
        unitcell_lengths=[LENGTHS] * N_FRAMES, unitcell_angles=[ANGLES] * N_FRAMES)
    for name in ["xtc", "trr", "dcd", "gro", "pdb", "xyz"]:
        path = folder / f"mdtraj.{name}"
        trajectory.save(str(path))
        # the same bytes every day
        data = bytearray(DATE.sub(lambda date: b"-" * len(date[0]), path.read_bytes()))
        if name == "dcd":
            # what lies behind the end of its two titles is whatever mdtraj's memory held
            for start in (100, 180):
                data[start:start + 80] = data[start:start + 80].split(b"\0")[0].ljust(80, b"\0")
        path.write_bytes(data)


def dcd(order="<", marker="i", charmm=True, fixed=(), fourth=False, cell=None):
    """The bytes of a DCD file with these traits. Fixed atoms keep their first positions."""
    def record(content):
        length = struct.pack(order + marker, len(content))
        return length + content + length

    xyz = positions() * 10
    free = [atom for atom in range(N_ATOMS) if atom not in fixed]
    control = [0] * 20
    control[0], control[1], control[2], control[8] = N_FRAMES, 100, 50, len(fixed)
    content = struct.pack(order + "20i", *control)
    if charmm:
        control[10], control[11], control[19] = int(cell is not None), int(fourth), 36
        content = struct.pack(order + "9if10i", *control[:9], 0.02, *control[10:])
    else:
        content = content[:36] + struct.pack(order + "d", 0.02) + content[44:]
    data = record(b"CORD" + content)
    data += record(struct.pack(order + "i", 1) + b"MADE BY HAND".ljust(80))
    data += record(struct.pack(order + "i", N_ATOMS))
    if fixed:
        data += record(struct.pack(f"{order}{len(free)}i", *[atom + 1 for atom in free]))
    for frame in range(N_FRAMES):
        if cell is not None:
            data += record(struct.pack(order + "6d", *cell))
        stored = free if fixed and frame > 0 else range(N_ATOMS)
        for axis in range(3):
            data += record(struct.pack(f"{order}{len(stored)}f", *xyz[frame, stored, axis]))
        if fourth:
            data += record(struct.pack(f"{order}{len(stored)}f", *[0.0] * len(stored)))
    return data


def write_dcds(folder):
    # the same cell as shape matrix: the square root of the metric tensor
    cos = np.cos(np.radians(ANGLES))
    metric = np.diag(np.square(LENGTHS))
    for (i, j), c in zip([(1, 2), (0, 2), (0, 1)], cos):
        metric[i, j] = metric[j, i] = LENGTHS[i] * LENGTHS[j] * c
    values, vectors = np.linalg.eigh(metric * 100)
    shape = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    matrix = [shape[0, 0], shape[0, 1], shape[1, 1], shape[0, 2], shape[1, 2], shape[2, 2]]
    degrees = [30.0, ANGLES[2], 35.0, ANGLES[1], ANGLES[0], 40.0]
    for name, traits in {
        "big-endian": {"order": ">", "cell": matrix},
        "wide": {"marker": "q", "cell": matrix},
        "big-endian-wide": {"order": ">", "marker": "q"},
        "xplor": {"charmm": False},
        "fixed": {"fixed": (0, 3, 4), "cell": matrix},
        "fourth": {"fourth": True},
        "degrees": {"cell": degrees},
    }.items():
        (folder / f"{name}.dcd").write_bytes(dcd(**traits))


def check(seeds):
    """Both libraries read what molio wrote; the values are those of molio's example `fuzz_seeds`."""
    for name in ["pdb", "xtc", "trr", "dcd", "gro", "xyz"]:
        path = str(seeds / name / f"many.{name}")
        atom = np.arange(20)
        expected = [np.stack([0.15 * atom, np.full(20, 0.1 * i), atom % 5 * 0.1], axis=1) for i in range(2)]
        top = str(seeds / "pdb" / "many.pdb")
        u = MDAnalysis.Universe(top, path)
        theirs = mdtraj.load(path, **({} if name in ("pdb", "gro") else {"top": top}))
        print(name, "MDAnalysis", len(u.trajectory), "frames; mdtraj", theirs.n_frames)
        for index, frame in enumerate(u.trajectory):
            np.testing.assert_allclose(frame.positions / 10, expected[index], atol=1e-6)
            if frame.dimensions is not None:
                np.testing.assert_allclose(frame.dimensions, [30, 30, 40, 90, 90, 60], atol=1e-3)
            if name == "trr":
                np.testing.assert_allclose(frame.velocities / 10, expected[index], atol=1e-6)
                np.testing.assert_allclose(frame.forces * 10, expected[index], atol=1e-6)
        for index in range(theirs.n_frames):
            np.testing.assert_allclose(theirs.xyz[index], expected[index], atol=1e-6)
        if theirs.unitcell_lengths is not None:
            np.testing.assert_allclose(theirs.unitcell_lengths[0], [3, 3, 4], atol=1e-4)
            np.testing.assert_allclose(theirs.unitcell_angles[0], [90, 90, 60], atol=1e-3)
    arrays = np.load(seeds / "npz" / "many.npz")
    print("npz", {key: arrays[key].shape for key in arrays})
    np.testing.assert_allclose(arrays["positions"], np.stack(expected), atol=1e-6)
    np.testing.assert_allclose(np.load(seeds / "npy" / "many.npy"), np.stack(expected), atol=1e-6)


def real(data, out):
    """First atom, sum over atoms and cell of the first and last frame of each file."""
    values = {}
    for name in ["adk/adk_dims.dcd", "murd/MurD_test.dcd", "trajectories/SiN_tric_namd.dcd",
                 "trajectories/tip125_tric_C36.dcd", "trajectories/xtc_test_only_10_frame_10_atoms.xtc",
                 "trajectories/trr_test_only_10_frame_10_atoms.trr"]:
        reader = MDAnalysis.coordinates.core.reader(str(data / name))
        frames = []
        for index in (0, reader.n_frames - 1):
            frame = reader[index]
            xyz = frame.positions.astype(float) / 10
            frames.append({
                "first": xyz[0].tolist(), "sum": xyz.sum(axis=0).tolist(),
                "cell": None if frame.dimensions is None else frame.dimensions.astype(float).tolist(),
                "velocity": (frame.velocities[0] / 10).astype(float).tolist() if frame.has_velocities else None,
                "force": (frame.forces[0] * 10).astype(float).tolist() if frame.has_forces else None,
            })
        values[name] = {"n_frames": reader.n_frames, "n_atoms": reader.n_atoms, "dt": float(reader.dt), "frames": frames}
    out.write_text(json.dumps({"versions": {"MDAnalysis": MDAnalysis.__version__}, "files": values}, indent=1))


def main():
    if sys.argv[1] == "--real":
        return real(Path(sys.argv[2]), Path(sys.argv[3]))
    if sys.argv[1] == "--check":
        return check(Path(sys.argv[2]))
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_mdanalysis(folder)
    write_mdtraj(folder)
    write_dcds(folder)
    (folder / "values.json").write_text(json.dumps({
        "versions": {"MDAnalysis": MDAnalysis.__version__, "mdtraj": mdtraj.__version__, "numpy": np.__version__},
        "lengths_nm": LENGTHS, "angles_degrees": ANGLES,
        "positions_nm": positions().round(3).tolist(),
    }))


if __name__ == "__main__":
    main()
