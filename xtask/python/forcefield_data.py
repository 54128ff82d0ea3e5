"""The force fields that forcefield-gpu carries, in its own text format, from OpenMM's XML files.

    python xtask/python/forcefield_data.py OUT

Numbers are copied as they stand in the XML. The format is read by `src/builtin.rs`, which describes it.
"""

import gzip
import os
import sys
import xml.etree.ElementTree as ET

import openmm
import openmm.app

DATA = os.path.join(os.path.dirname(openmm.app.__file__), "data")
SETS = {
    "ff14sb": ["amber14/protein.ff14SB.xml", "amber14/tip3p.xml"],
    "ff19sb": ["amber19/protein.ff19SB.xml", "amber19/tip3p.xml"],
}


def pattern(node, suffix):
    """`*`, `@class` or `=type`."""
    if f"class{suffix}" in node.attrib:
        name, mark = node.attrib[f"class{suffix}"], "@"
    else:
        name, mark = node.attrib[f"type{suffix}"], "="
    assert not any(c.isspace() for c in name)
    return mark + name if name else "*"


def patterns(node, n):
    return " ".join(pattern(node, i + 1) for i in range(n))


def cosines(node):
    out, index = [], 1
    while f"phase{index}" in node.attrib:
        out += [node.attrib[f"{key}{index}"] for key in ("periodicity", "phase", "k")]
        index += 1
    return " ".join(out)


def residue(node):
    flexible = "" if node.attrib.get("rigidWater", "true").lower() == "true" else " flexible"
    lines = [f"residue {node.attrib['name']} {node.attrib.get('override', 0)}{flexible}"]
    names = {}
    for atom in node.findall("Atom"):
        rest = [f"{k}={v}" for k, v in atom.attrib.items() if k not in ("name", "type")]
        names[atom.attrib["name"]] = len(names)
        lines.append(" ".join(["atom", atom.attrib["name"], atom.attrib["type"]] + rest))
    for bond in node.findall("Bond"):
        if "atomName1" in bond.attrib:
            ends = [names[bond.attrib[f"atomName{i}"]] for i in (1, 2)]
        else:
            ends = [int(bond.attrib["from"]), int(bond.attrib["to"])]
        lines.append(f"bond {ends[0]} {ends[1]}")
    for bond in node.findall("ExternalBond"):
        end = names[bond.attrib["atomName"]] if "atomName" in bond.attrib else int(bond.attrib["from"])
        lines.append(f"external {end}")
    assert not node.findall("VirtualSite") and not node.findall("Constraint")
    return lines


def force(node):
    lines, tag = [], node.tag
    if tag == "HarmonicBondForce":
        for b in node.findall("Bond"):
            lines.append(f"harmonic_bond {patterns(b, 2)} {b.attrib['length']} {b.attrib['k']}")
    elif tag == "HarmonicAngleForce":
        for a in node.findall("Angle"):
            lines.append(f"harmonic_angle {patterns(a, 3)} {a.attrib['angle']} {a.attrib['k']}")
    elif tag == "PeriodicTorsionForce":
        ordering = node.attrib.get("ordering", "default")
        for t in node.findall("Proper"):
            lines.append(f"proper {patterns(t, 4)} {cosines(t)}")
        for t in node.findall("Improper"):
            lines.append(f"improper {ordering} {patterns(t, 4)} {cosines(t)}")
    elif tag == "CMAPTorsionForce":
        for m in node.findall("Map"):
            lines.append("map " + " ".join(m.text.split()))
        for t in node.findall("Torsion"):
            lines.append(f"cmap {patterns(t, 5)} {t.attrib['map']}")
    elif tag == "NonbondedForce":
        assert [u.attrib["name"] for u in node.findall("UseAttributeFromResidue")] == ["charge"]
        lines.append(f"nonbonded {node.attrib['coulomb14scale']} {node.attrib['lj14scale']}")
        for a in node.findall("Atom"):
            lines.append(f"lennard_jones {pattern(a, '')} {a.attrib['sigma']} {a.attrib['epsilon']}")
    else:
        raise SystemExit(f"unknown force {tag}")
    return lines


def convert(files):
    roots = [ET.parse(os.path.join(DATA, f)).getroot() for f in files]
    lines = [f"# {f} of the Python package openmm {openmm.__version__} (MIT)" for f in files]
    for root in roots:
        for key in ("Source", "Reference"):
            for node in root.findall(f"Info/{key}"):
                version = node.attrib.get("sourcePackageVersion", "")
                package = node.attrib.get("sourcePackage", "")
                lines.append(" ".join(f"# {key}: {package} {version} {node.text}".split()))
    for root in roots:
        for t in root.findall("AtomTypes/Type"):
            a = t.attrib
            lines.append(f"type {a['name']} {a['class']} {a.get('element', '-')} {a['mass']}")
    for root in roots:
        for node in root.findall("Residues/Residue"):
            lines += residue(node)
    # OpenMM passes over rules for types and classes that are not defined.
    known = {"*"}
    for node in (t for root in roots for t in root.findall("AtomTypes/Type")):
        known |= {"=" + node.attrib["name"], "@" + node.attrib["class"]}
    for root in roots:
        for node in root:
            if node.tag not in ("Info", "AtomTypes", "Residues"):
                used = lambda line: {w for w in line.split() if w[0] in "=@"}
                lines += [line for line in force(node) if used(line) <= known]
    return "\n".join(lines) + "\n"


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for name, files in SETS.items():
        text = convert(files).encode()
        path = os.path.join(out, f"{name}.txt.gz")
        with open(path, "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, compresslevel=9) as packed:
                packed.write(text)
        print(f"{path}: {len(text)} bytes, {os.path.getsize(path)} packed")


if __name__ == "__main__":
    main()
