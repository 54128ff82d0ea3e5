//! Reads what OpenMM's `XmlSerializer` makes of a `System`.

mod custom_gb;

use crate::system::{
    BornModel, BornParticle, CmapGrid, CmapTorsion, DistanceConstraint, GeneralizedBorn,
    HarmonicAngle, HarmonicBond, Nonbonded, NonbondedException, NonbondedMethod, NonbondedParticle,
    PeriodicTorsion, RyckaertBellemansTorsion, SurfaceTerm,
};
use crate::xml::{self, Element};
use crate::{Error, Result, System};
use std::path::Path;

/// OpenMM's surface tension of `GBSAOBCForce`, kJ/mol/nm²; 4π times it is the factor of
/// [`SurfaceTerm::Ace`].
const SURFACE_TENSION: f64 = 2.25936;

impl System {
    /// Reads a system that OpenMM has serialised, so that whatever OpenMM can set up from these
    /// forces can be evaluated here: `HarmonicBondForce`, `HarmonicAngleForce`,
    /// `PeriodicTorsionForce`, `RBTorsionForce`, `CMAPTorsionForce`, `NonbondedForce` without
    /// periodicity, `GBSAOBCForce` (as OBC2, from which it differs by 2·10⁻⁷ relative in structures
    /// whose atoms do not lie inside each other) and the `CustomGBForce` of the five implicit
    /// solvents, which is recognised by its expressions. A `CMMotionRemover` is passed over: it has
    /// no energy.
    ///
    /// # Errors
    /// A file that cannot be read or is malformed, with file and line;
    /// [`Error::UnsupportedForce`] with name and expression of any other force.
    pub fn from_openmm_xml_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        read(path, &xml::read_text(path)?)
    }

    /// As [`System::from_openmm_xml_file`], from text.
    ///
    /// # Errors
    /// As [`System::from_openmm_xml_file`].
    pub fn from_openmm_xml(text: &str) -> Result<Self> {
        read(Path::new("XML"), text)
    }
}

fn read(path: &Path, text: &str) -> Result<System> {
    let document = xml::parse(path, text)?;
    let root = Element::root(path, &document, "System")?;
    let mut masses = Vec::new();
    for particle in root.required("Particles")?.all("Particle") {
        if let Some(site) = particle.children().next() {
            return Err(unsupported(site, site.tag(), "virtual sites are not known"));
        }
        masses.push(particle.number("mass")?);
    }
    let mut system = System::new(masses);
    for node in root
        .all("Constraints")
        .flat_map(|list| list.all("Constraint"))
    {
        system.constraints.push(DistanceConstraint {
            atoms: atoms(node, ["p1", "p2"])?,
            length: node.number("d")?,
        });
    }
    for force in root.required("Forces")?.all("Force") {
        add_force(force, &mut system)?;
    }
    system.validate()?;
    Ok(system)
}

fn add_force(force: Element<'_, '_>, system: &mut System) -> Result<()> {
    if force.get("usesPeriodic").is_some_and(|flag| flag != "0") {
        return Err(unsupported(
            force,
            force.attribute("type")?,
            "periodic boundaries",
        ));
    }
    match force.attribute("type")? {
        "HarmonicBondForce" => {
            for node in list(force, "Bonds")?.all("Bond") {
                system.bonds.push(HarmonicBond {
                    atoms: atoms(node, ["p1", "p2"])?,
                    length: node.number("d")?,
                    k: node.number("k")?,
                });
            }
            Ok(())
        }
        "HarmonicAngleForce" => {
            for node in list(force, "Angles")?.all("Angle") {
                system.angles.push(HarmonicAngle {
                    atoms: atoms(node, ["p1", "p2", "p3"])?,
                    angle: node.number("a")?,
                    k: node.number("k")?,
                });
            }
            Ok(())
        }
        "PeriodicTorsionForce" => {
            for node in list(force, "Torsions")?.all("Torsion") {
                system.torsions.push(PeriodicTorsion {
                    atoms: atoms(node, ["p1", "p2", "p3", "p4"])?,
                    periodicity: node.integer("periodicity")?,
                    phase: node.number("phase")?,
                    k: node.number("k")?,
                });
            }
            Ok(())
        }
        "RBTorsionForce" => rb_torsions(force, system),
        "CMAPTorsionForce" => cmap(force, system),
        "NonbondedForce" => nonbonded(force, system),
        "GBSAOBCForce" => gbsa_obc(force, system),
        "CustomGBForce" => {
            let born = custom_gb::read(force)?;
            set_born(force, system, born)
        }
        "CMMotionRemover" => Ok(()),
        other => {
            let expression = force.get("energy").or_else(|| force.get("expression"));
            let expression = expression.unwrap_or("this engine has no such force");
            Err(unsupported(force, other, expression))
        }
    }
}

fn rb_torsions(force: Element<'_, '_>, system: &mut System) -> Result<()> {
    for node in list(force, "Torsions")?.all("Torsion") {
        let mut coefficients = [0.0; 6];
        for (index, value) in coefficients.iter_mut().enumerate() {
            *value = node.number(&format!("c{index}"))?;
        }
        system
            .ryckaert_bellemans_torsions
            .push(RyckaertBellemansTorsion {
                atoms: atoms(node, ["p1", "p2", "p3", "p4"])?,
                coefficients,
            });
    }
    Ok(())
}

fn cmap(force: Element<'_, '_>, system: &mut System) -> Result<()> {
    let offset = system.cmap.grids.len();
    for node in list(force, "Maps")?.all("Map") {
        let energies = node.all("Energy").map(|energy| energy.number("e"));
        system.cmap.grids.push(CmapGrid {
            size: node.integer("size")?,
            energies: energies.collect::<Result<_>>()?,
        });
    }
    for node in list(force, "Torsions")?.all("Torsion") {
        let map: usize = node.integer("map")?;
        system.cmap.torsions.push(CmapTorsion {
            grid: map.saturating_add(offset),
            phi: atoms(node, ["a1", "a2", "a3", "a4"])?,
            psi: atoms(node, ["b1", "b2", "b3", "b4"])?,
        });
    }
    Ok(())
}

fn nonbonded(force: Element<'_, '_>, system: &mut System) -> Result<()> {
    if system.nonbonded.is_some() {
        return Err(unsupported(
            force,
            "NonbondedForce",
            "a second one in the same system",
        ));
    }
    for offsets in ["ParticleOffsets", "ExceptionOffsets"] {
        if force
            .first(offsets)
            .is_some_and(|node| node.children().next().is_some())
        {
            return Err(unsupported(force, "NonbondedForce", offsets));
        }
    }
    let method = match (
        force.integer::<u8>("method")?,
        flag(force, "useSwitchingFunction")?,
    ) {
        (0, _) => NonbondedMethod::NoCutoff,
        (1, switched) => NonbondedMethod::Cutoff {
            cutoff: force.number("cutoff")?,
            reaction_field_dielectric: force.number("rfDielectric")?,
            switch: switched
                .then(|| force.number("switchingDistance"))
                .transpose()?,
        },
        (other, _) => {
            let names = ["CutoffPeriodic", "Ewald", "PME", "LJPME"];
            let name = names
                .get(usize::from(other) - 2)
                .unwrap_or(&"an unknown one");
            let detail = format!("its method is {name}, which is periodic");
            return Err(unsupported(force, "NonbondedForce", &detail));
        }
    };
    let particles = list(force, "Particles")?.all("Particle").map(|node| {
        Ok(NonbondedParticle {
            charge: node.number("q")?,
            sigma: node.number("sig")?,
            epsilon: node.number("eps")?,
        })
    });
    let exceptions = list(force, "Exceptions")?.all("Exception").map(|node| {
        Ok(NonbondedException {
            atoms: atoms(node, ["p1", "p2"])?,
            charge_product: node.number("q")?,
            sigma: node.number("sig")?,
            epsilon: node.number("eps")?,
        })
    });
    system.nonbonded = Some(Nonbonded {
        particles: particles.collect::<Result<_>>()?,
        exceptions: exceptions.collect::<Result<_>>()?,
        method,
    });
    Ok(())
}

fn gbsa_obc(force: Element<'_, '_>, system: &mut System) -> Result<()> {
    let tension = force.number("surfaceAreaEnergy")?;
    let surface = if tension == 0.0 {
        SurfaceTerm::None
    } else if (tension - SURFACE_TENSION).abs() < 1e-6 * SURFACE_TENSION {
        SurfaceTerm::Ace
    } else {
        let detail = format!("a surface tension of {tension} kJ/mol/nm², not {SURFACE_TENSION}");
        return Err(unsupported(force, "GBSAOBCForce", &detail));
    };
    let particles = list(force, "Particles")?.all("Particle").map(|node| {
        Ok(BornParticle {
            charge: node.number("q")?,
            radius: node.number("r")?,
            screen: node.number("scale")?,
            alpha_beta_gamma: [0.0; 3],
        })
    });
    let born = GeneralizedBorn {
        model: BornModel::Obc2,
        particles: particles.collect::<Result<_>>()?,
        solute_dielectric: force.number("soluteDielectric")?,
        solvent_dielectric: force.number("solventDielectric")?,
        kappa: 0.0,
        surface,
        cutoff: born_cutoff(force, "GBSAOBCForce")?,
    };
    set_born(force, system, born)
}

/// The cutoff of a GB force, by its method.
fn born_cutoff(force: Element<'_, '_>, name: &str) -> Result<Option<f64>> {
    match force.integer::<u8>("method")? {
        0 => Ok(None),
        1 => Ok(Some(force.number("cutoff")?)),
        _ => Err(unsupported(force, name, "its method is CutoffPeriodic")),
    }
}

fn set_born(force: Element<'_, '_>, system: &mut System, born: GeneralizedBorn) -> Result<()> {
    if system.generalized_born.replace(born).is_some() {
        return Err(unsupported(
            force,
            "implicit solvent",
            "a second one in the same system",
        ));
    }
    Ok(())
}

fn list<'a, 'input: 'a>(
    force: Element<'a, 'input>,
    tag: &'static str,
) -> Result<Element<'a, 'input>> {
    force.required(tag)
}

fn flag(node: Element<'_, '_>, name: &str) -> Result<bool> {
    Ok(node.integer::<u8>(name)? != 0)
}

fn atoms<const N: usize>(node: Element<'_, '_>, names: [&str; N]) -> Result<[usize; N]> {
    let mut atoms = [0; N];
    for (slot, name) in atoms.iter_mut().zip(names) {
        *slot = node.integer(name)?;
    }
    Ok(atoms)
}

fn unsupported(node: Element<'_, '_>, force: &str, detail: &str) -> Error {
    Error::UnsupportedForce {
        path: node.path().to_owned(),
        line: node.line(),
        force: force.to_owned(),
        detail: detail.to_owned(),
    }
}
