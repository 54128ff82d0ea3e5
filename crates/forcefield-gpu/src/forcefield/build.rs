//! From a structure, a force field and options to a system.

use super::bonded::{self, Molecule};
use super::{Connectivity, ConstrainedBonds, ForceField, Solvent, SystemOptions, born};
use crate::system::{
    BornModel, BornParticle, DistanceConstraint, GeneralizedBorn, Nonbonded, NonbondedException,
    NonbondedMethod, NonbondedParticle,
};
use crate::templates::{Assignment, describe};
use crate::{Error, Result, System};
use molio::{Element, Topology};

/// OpenMM's dielectric constant beyond the cutoff: that of water.
const WATER_DIELECTRIC: f64 = 78.3;

pub(super) fn system(
    force_field: &ForceField,
    topology: &Topology,
    options: &SystemOptions,
) -> Result<System> {
    let definition = &force_field.definition;
    let assignment = force_field
        .library
        .assign(definition, topology, &options.templates)?;
    let connectivity = Connectivity::new(topology);
    let molecule = Molecule {
        definition,
        topology,
        connectivity: &connectivity,
        assignment: &assignment,
    };
    let solvent = solvent(force_field, options)?;
    let masses = assignment
        .atom_types
        .iter()
        .map(|&t| definition.types[t].mass);
    let mut system = System::new(masses.collect());
    let rigid = rigid_residues(topology, &assignment, options);
    if let Some(mass) = options.hydrogen_mass {
        repartition(topology, mass, &rigid, &mut system.masses)?;
    }
    add_bonded(&molecule, options, &rigid, &mut system)?;
    add_template_constraints(&molecule, &mut system);
    add_nonbonded(&molecule, method(options, solvent.is_some())?, &mut system)?;
    if let Some(solvent) = solvent {
        add_born(&molecule, solvent, options.cutoff, &mut system)?;
    }
    system.validate()?;
    Ok(system)
}

/// The solvent that options or force field ask for, which must not be two.
fn solvent(force_field: &ForceField, options: &SystemOptions) -> Result<Option<Solvent>> {
    let definition = &force_field.definition;
    let from_files = match (definition.implicit, &definition.gbsa_obc) {
        (Some(_), Some(_)) => {
            let message = "the force field has two implicit solvents, GBSAOBCForce and a script";
            return Err(Error::Options(message.to_owned()));
        }
        (Some(model), None) => Some(model),
        (None, Some(_)) => Some(BornModel::Obc2),
        (None, None) => None,
    };
    match (options.solvent, from_files) {
        (None, model) => Ok(model.map(Solvent::new)),
        (Some(wanted), Some(model)) if wanted.model != model => Err(Error::Options(format!(
            "solvent {:?} is asked for, but the force field's own is {model:?}",
            wanted.model
        ))),
        (Some(wanted), _) => Ok(Some(wanted)),
    }
}

fn rigid_residues(
    topology: &Topology,
    assignment: &Assignment<'_>,
    options: &SystemOptions,
) -> Vec<bool> {
    let water = ["HOH", "WAT", "SOL", "TIP3"];
    let residues = topology.residues().iter().zip(&assignment.templates);
    residues
        .map(|(residue, template)| {
            water.contains(&residue.name.as_str())
                && options.rigid_water.unwrap_or(template.rigid_water)
        })
        .collect()
}

/// Moves mass from heavy atoms to the hydrogens bound to them.
pub(crate) fn repartition(
    topology: &Topology,
    mass: f64,
    rigid: &[bool],
    masses: &mut [f64],
) -> Result<()> {
    if !(mass.is_finite() && mass > 0.0) {
        return Err(Error::Options(format!("a hydrogen mass of {mass} Da")));
    }
    let element = |atom: usize| topology.atoms()[atom].element;
    for &[a, b] in topology.bonds() {
        let (heavy, hydrogen) = if element(a) == Element::HYDROGEN {
            (b, a)
        } else {
            (a, b)
        };
        let heavy_element = element(heavy);
        if element(hydrogen) != Element::HYDROGEN
            || heavy_element == Element::HYDROGEN
            || heavy_element == Element::UNKNOWN
            || rigid[topology.atoms()[hydrogen].residue]
        {
            continue;
        }
        masses[heavy] -= mass - masses[hydrogen];
        masses[hydrogen] = mass;
        if masses[heavy] <= 0.0 {
            let residue = describe(topology, topology.atoms()[heavy].residue);
            return Err(Error::Options(format!(
                "a hydrogen mass of {mass} Da leaves atom {} of residue {residue} with {} Da",
                topology.atoms()[heavy].name,
                masses[heavy]
            )));
        }
    }
    Ok(())
}

fn add_bonded(
    molecule: &Molecule<'_>,
    options: &SystemOptions,
    rigid: &[bool],
    system: &mut System,
) -> Result<()> {
    let atoms = molecule.topology.atoms();
    let all_rigid = |members: &[usize]| members.iter().all(|&atom| rigid[atoms[atom].residue]);
    let of_template = |pair: [usize; 2]| {
        let [a, b] = pair.map(|atom| molecule.assignment.template_atoms[atom]);
        let residue = atoms[pair[0]].residue;
        let template = molecule.assignment.templates[residue];
        atoms[pair[1]].residue == residue
            && template
                .constraints
                .iter()
                .any(|&(x, y, _)| [x, y] == [a, b] || [y, x] == [a, b])
    };
    let bond_constrained = |pair: [usize; 2]| {
        let asked = match options.constraints {
            ConstrainedBonds::None => false,
            ConstrainedBonds::Hydrogen => pair
                .iter()
                .any(|&atom| atoms[atom].element == Element::HYDROGEN),
            ConstrainedBonds::All => true,
        };
        asked || all_rigid(&pair) || of_template(pair)
    };
    let lengths = bonded::bonds(molecule, &bond_constrained, system);
    bonded::angles(molecule, &|angle| all_rigid(&angle), &lengths, system);
    bonded::periodic_torsions(molecule, system)?;
    bonded::rb_torsions(molecule, system);
    bonded::cmaps(molecule, system);
    Ok(())
}

/// Distances that templates fix; they take the place of constraints from bond lengths.
fn add_template_constraints(molecule: &Molecule<'_>, system: &mut System) {
    let residues = molecule.topology.residues().iter();
    for (residue, template) in residues.zip(&molecule.assignment.templates) {
        for &(a, b, length) in &template.constraints {
            let find = |wanted: usize| {
                let mut range = residue.atoms.clone();
                range.find(|&atom| molecule.assignment.template_atoms[atom] == wanted)
            };
            let (Some(a), Some(b)) = (find(a), find(b)) else {
                continue;
            };
            let atoms = [a.min(b), a.max(b)];
            let new = DistanceConstraint { atoms, length };
            match system.constraints.iter_mut().find(|c| c.atoms == atoms) {
                Some(known) => *known = new,
                None => system.constraints.push(new),
            }
        }
    }
}

/// What happens at large distance.
pub(crate) fn method(options: &SystemOptions, solvent: bool) -> Result<NonbondedMethod> {
    let Some(cutoff) = options.cutoff else {
        if options.switch.is_some() || options.reaction_field_dielectric.is_some() {
            let message = "a switch or a reaction field needs a cutoff";
            return Err(Error::Options(message.to_owned()));
        }
        return Ok(NonbondedMethod::NoCutoff);
    };
    let reaction_field_dielectric = match (options.reaction_field_dielectric, solvent) {
        (None, true) => 1.0,
        (None, false) => WATER_DIELECTRIC,
        (Some(dielectric), true) if dielectric != 1.0 => {
            let message = format!(
                "a reaction field dielectric of {dielectric} beside implicit solvent, which needs 1"
            );
            return Err(Error::Options(message));
        }
        (Some(dielectric), _) => dielectric,
    };
    Ok(NonbondedMethod::Cutoff {
        cutoff,
        reaction_field_dielectric,
        switch: options.switch,
    })
}

fn add_nonbonded(
    molecule: &Molecule<'_>,
    method: NonbondedMethod,
    system: &mut System,
) -> Result<()> {
    let Some(rules) = &molecule.definition.nonbonded else {
        return Ok(());
    };
    let names = ["charge", "sigma", "epsilon"];
    let mut particles = Vec::with_capacity(system.n_atoms());
    for atom in 0..system.n_atoms() {
        let [charge, sigma, epsilon] =
            atom_parameters(molecule, "NonbondedForce", names, &rules.atoms, atom)?;
        particles.push(NonbondedParticle {
            charge,
            sigma,
            epsilon,
        });
    }
    let scales = (rules.coulomb_14_scale, rules.lj_14_scale);
    let exceptions = exceptions(molecule.connectivity, &particles, scales);
    system.nonbonded = Some(Nonbonded {
        particles,
        exceptions,
        method,
    });
    Ok(())
}

/// Excludes 1-2 and 1-3 pairs and scales 1-4 pairs.
fn exceptions(
    connectivity: &Connectivity,
    particles: &[NonbondedParticle],
    (coulomb_scale, lj_scale): (f64, f64),
) -> Vec<NonbondedException> {
    let pairs = connectivity.close_pairs();
    let excluded = pairs.excluded.into_iter().map(|atoms| NonbondedException {
        atoms,
        charge_product: 0.0,
        sigma: 1.0,
        epsilon: 0.0,
    });
    let one_four = pairs.one_four.into_iter().map(|atoms| {
        let [a, b] = atoms.map(|atom| particles[atom]);
        NonbondedException {
            atoms,
            charge_product: coulomb_scale * a.charge * b.charge,
            sigma: 0.5 * (a.sigma + b.sigma),
            epsilon: lj_scale * (a.epsilon * b.epsilon).sqrt(),
        }
    });
    let mut all: Vec<_> = excluded.chain(one_four).collect();
    all.sort_by_key(|exception| exception.atoms);
    all
}

fn atom_parameters(
    molecule: &Molecule<'_>,
    force: &'static str,
    names: [&str; 3],
    rules: &super::definition::AtomParameters<3>,
    atom: usize,
) -> Result<[f64; 3]> {
    let assignment = molecule.assignment;
    let atom_type = assignment.atom_types[atom];
    let residue = molecule.topology.atoms()[atom].residue;
    let template_atom = &assignment.templates[residue].atoms[assignment.template_atoms[atom]];
    let named = || {
        let name = &molecule.topology.atoms()[atom].name;
        format!("{name} of residue {}", describe(molecule.topology, residue))
    };
    let type_name = molecule.definition.types[atom_type].name.as_str();
    rules.find(
        force,
        names,
        (atom_type, type_name),
        &template_atom.attributes,
        &named,
    )
}

fn add_born(
    molecule: &Molecule<'_>,
    solvent: Solvent,
    cutoff: Option<f64>,
    system: &mut System,
) -> Result<()> {
    let particles = match &molecule.definition.gbsa_obc {
        Some(rules) => gbsa_particles(molecule, rules)?,
        None => standard_particles(molecule, solvent.model, system)?,
    };
    system.generalized_born = Some(GeneralizedBorn {
        model: solvent.model,
        particles,
        solute_dielectric: solvent.solute_dielectric,
        solvent_dielectric: solvent.solvent_dielectric,
        kappa: solvent.kappa,
        surface: solvent.surface,
        cutoff,
    });
    Ok(())
}

fn standard_particles(
    molecule: &Molecule<'_>,
    model: BornModel,
    system: &System,
) -> Result<Vec<BornParticle>> {
    let Some(nonbonded) = &system.nonbonded else {
        let message = "implicit solvent needs the charges of a NonbondedForce";
        return Err(Error::Options(message.to_owned()));
    };
    let charges: Vec<f64> = nonbonded.particles.iter().map(|p| p.charge).collect();
    let names = |atom: usize| {
        let residue = molecule.topology.atoms()[atom].residue;
        let template = molecule.assignment.templates[residue];
        let base = template.name.split('-').next().unwrap_or_default();
        let name = &template.atoms[molecule.assignment.template_atoms[atom]].name;
        (base.to_owned(), name.clone())
    };
    Ok(born::particles(model, molecule.topology, &charges, &names))
}

/// Parameters of a `GBSAOBCForce`, which this engine evaluates as OBC2. OpenMM's own differs by the
/// seventh digit of its Coulomb constant, and by a correction where an atom lies wholly inside
/// another's scaled radius, which bonded atoms at ordinary distances never do.
fn gbsa_particles(
    molecule: &Molecule<'_>,
    rules: &super::definition::AtomParameters<3>,
) -> Result<Vec<BornParticle>> {
    let names = ["charge", "radius", "scale"];
    let atoms = 0..molecule.topology.n_atoms();
    atoms
        .map(|atom| {
            let [charge, radius, screen] =
                atom_parameters(molecule, "GBSAOBCForce", names, rules, atom)?;
            Ok(BornParticle {
                charge,
                radius,
                screen,
                alpha_beta_gamma: [0.0; 3],
            })
        })
        .collect()
}
