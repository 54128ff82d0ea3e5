"""Write an OpenMM System down as the JSON form of forcefield-gpu's System.

usage: openmm_system.py SYSTEM.xml OUT.json
"""

import json
import re
import sys

import openmm
from openmm import unit

MODELS = {
    "0.8*psi+2.909125*psi^3": "Obc1",
    "psi-0.8*psi^2+4.85*psi^3": "Obc2",
    "1.09511284*psi": "Gbn",
    "alpha*psi": "Gbn2",
}


def number(quantity):
    return quantity.value_in_unit_system(unit.md_unit_system) if unit.is_quantity(quantity) else quantity


def numbers(row):
    return [number(q) for q in row]


def nonbonded(force):
    particles = [numbers(force.getParticleParameters(i)) for i in range(force.getNumParticles())]
    exceptions = [numbers(force.getExceptionParameters(i)) for i in range(force.getNumExceptions())]
    method = force.getNonbondedMethod()
    if method == openmm.NonbondedForce.NoCutoff:
        method = "NoCutoff"
    elif method == openmm.NonbondedForce.CutoffNonPeriodic:
        method = {
            "Cutoff": {
                "cutoff": number(force.getCutoffDistance()),
                "reaction_field_dielectric": force.getReactionFieldDielectric(),
                "switch": number(force.getSwitchingDistance()) if force.getUseSwitchingFunction() else None,
            }
        }
    else:
        raise ValueError(f"non-bonded method {method}")
    return {
        "particles": [dict(charge=q, sigma=s, epsilon=e) for q, s, e in particles],
        "exceptions": [
            dict(atoms=[i, j], charge_product=q, sigma=s, epsilon=e) for i, j, q, s, e in exceptions
        ],
        "method": method,
    }


def generalized_born(force):
    """The CustomGBForce that OpenMM's implicit/*.xml set up."""
    expressions = {force.getComputedValueParameters(k)[0]: force.getComputedValueParameters(k)[1] for k in range(2)}
    model = next((m for key, m in MODELS.items() if key in expressions["B"]), "Hct")
    offset = 0.0195141 if model == "Gbn2" else 0.009
    terms = [force.getEnergyTermParameters(k)[0] for k in range(force.getNumEnergyTerms())]
    setting = lambda name: float(re.search(rf"{name}=([-+0-9.e]+)", terms[0]).group(1))
    particles = []
    for i in range(force.getNumParticles()):
        charge, offset_radius, scaled, *rest = force.getParticleParameters(i)
        particles.append(
            dict(
                charge=charge,
                radius=offset_radius + offset,
                screen=scaled / offset_radius,
                alpha_beta_gamma=list(rest[:3]) if model == "Gbn2" else [0.0, 0.0, 0.0],
            )
        )
    cutoff = None
    if force.getNonbondedMethod() != openmm.CustomGBForce.NoCutoff:
        cutoff = number(force.getCutoffDistance())
    return {
        "model": model,
        "particles": particles,
        "solute_dielectric": setting("soluteDielectric"),
        "solvent_dielectric": setting("solventDielectric"),
        "kappa": setting("kappa"),
        "surface": "Ace" if any("28.3919551" in t for t in terms) else "None",
        "cutoff": cutoff,
    }


def system_json(system):
    """The System as plain data. A force that has no counterpart is an error."""
    out = {
        "masses": [number(system.getParticleMass(i)) for i in range(system.getNumParticles())],
        "bonds": [],
        "angles": [],
        "torsions": [],
        "ryckaert_bellemans_torsions": [],
        "cmap": {"grids": [], "torsions": []},
        "nonbonded": None,
        "generalized_born": None,
        "soft_repulsion": None,
        "restraints": [],
        "frozen": [],
        "constraints": [],
    }
    for i in range(system.getNumConstraints()):
        a, b, length = numbers(system.getConstraintParameters(i))
        out["constraints"].append(dict(atoms=[a, b], length=length))
    for force in system.getForces():
        if isinstance(force, openmm.HarmonicBondForce):
            for i in range(force.getNumBonds()):
                a, b, length, k = numbers(force.getBondParameters(i))
                out["bonds"].append(dict(atoms=[a, b], length=length, k=k))
        elif isinstance(force, openmm.HarmonicAngleForce):
            for i in range(force.getNumAngles()):
                a, b, c, angle, k = numbers(force.getAngleParameters(i))
                out["angles"].append(dict(atoms=[a, b, c], angle=angle, k=k))
        elif isinstance(force, openmm.PeriodicTorsionForce):
            for i in range(force.getNumTorsions()):
                a, b, c, d, n, phase, k = numbers(force.getTorsionParameters(i))
                out["torsions"].append(dict(atoms=[a, b, c, d], periodicity=n, phase=phase, k=k))
        elif isinstance(force, openmm.RBTorsionForce):
            for i in range(force.getNumTorsions()):
                row = numbers(force.getTorsionParameters(i))
                out["ryckaert_bellemans_torsions"].append(dict(atoms=row[:4], coefficients=row[4:]))
        elif isinstance(force, openmm.CMAPTorsionForce):
            for i in range(force.getNumMaps()):
                size, energies = force.getMapParameters(i)
                out["cmap"]["grids"].append(dict(size=size, energies=[number(e) for e in energies]))
            for i in range(force.getNumTorsions()):
                row = force.getTorsionParameters(i)
                out["cmap"]["torsions"].append(dict(grid=row[0], phi=row[1:5], psi=row[5:]))
        elif isinstance(force, openmm.NonbondedForce):
            out["nonbonded"] = nonbonded(force)
        elif isinstance(force, openmm.CustomGBForce):
            out["generalized_born"] = generalized_born(force)
        elif isinstance(force, openmm.CMMotionRemover):
            continue
        else:
            raise ValueError(f"no counterpart of {force.getName()}")
    return out


if __name__ == "__main__":
    with open(sys.argv[1]) as handle:
        document = system_json(openmm.XmlSerializer.deserialize(handle.read()))
    with open(sys.argv[2], "w") as handle:
        json.dump(document, handle)
