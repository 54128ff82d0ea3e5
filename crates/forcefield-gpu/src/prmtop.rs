//! Systems from AMBER's parameter and topology files.
//!
//! Format: D. A. Case et al., Amber reference manual; <https://ambermd.org/FileFormats.php>.

mod nonbonded;
mod sections;

use crate::forcefield::{born, build};
use crate::system::{
    BornParticle, Cmap, CmapGrid, CmapTorsion, DistanceConstraint, GeneralizedBorn, HarmonicAngle,
    HarmonicBond, PeriodicTorsion,
};
use crate::{ConstrainedBonds, Error, Result, Solvent, System, SystemOptions};
use molio::{Element, Topology};
use sections::Sections;
use std::path::Path;

/// kJ in a kcal.
const KCAL: f64 = 4.184;

/// Largest CMAP grid that is read; AMBER's have 24 points.
const MOST_GRID_POINTS: usize = 720;

impl System {
    /// The system of an AMBER prmtop, with its own parameters.
    ///
    /// Bonds, angles, torsions with their own 1-4 scaling, CMAP, charges and Lennard-Jones come from
    /// the file. With a solvent, so do the radii, and for HCT and OBC the screening factors; GBn and
    /// GBn2 have their own, as in AMBER and OpenMM. Water is not made rigid.
    ///
    /// # Errors
    /// [`Error::Malformed`] and [`Error::Io`]; [`Error::UnsupportedForce`] for a periodic box,
    /// Lennard-Jones parameters of pairs that do not follow from those of atoms (NBFIX), 10-12 and
    /// 12-6-4 terms, polarisability, extra points, perturbation, a solvent cap, and CHARMM's terms;
    /// [`Error::Options`] for options that name templates, rigid water, or do not go together.
    pub fn from_prmtop(path: impl AsRef<Path>, options: &SystemOptions) -> Result<Self> {
        let path = path.as_ref();
        if options.rigid_water == Some(true) || !options.templates.is_empty() {
            let message = "a prmtop knows neither residue templates nor rigid water";
            return Err(Error::Options(message.to_owned()));
        }
        let topology = molio::read_topology(path)
            .map_err(|error| Error::malformed(path, 0, "an AMBER topology", error.to_string()))?;
        let sections = Sections::read(path)?;
        refuse_unknown(&sections)?;
        let file = File {
            n_atoms: topology.n_atoms(),
            topology: &topology,
            sections: &sections,
        };
        let mut system = Self::new(sections.counted("MASS", file.n_atoms)?);
        if let Some(mass) = options.hydrogen_mass {
            let rigid = vec![false; topology.residues().len()];
            build::repartition(&topology, mass, &rigid, &mut system.masses)?;
        }
        file.add_bonds(options.constraints, &mut system)?;
        file.add_angles(&mut system)?;
        file.add_torsions(&mut system)?;
        file.add_cmap(&mut system)?;
        let method = build::method(options, options.solvent.is_some())?;
        let nonbonded = nonbonded::read(&file, method)?;
        if let Some(solvent) = options.solvent {
            let charges: Vec<f64> = nonbonded.particles.iter().map(|p| p.charge).collect();
            system.generalized_born = Some(file.born(solvent, options.cutoff, &charges)?);
        }
        system.nonbonded = Some(nonbonded);
        system.validate()?;
        Ok(system)
    }
}

/// What this engine has no terms for.
fn refuse_unknown(sections: &Sections) -> Result<()> {
    let pointers = sections.integers("POINTERS")?;
    let pointer = |index: usize| pointers.get(index).copied().unwrap_or(0);
    for (index, force, detail) in [
        (20, "free-energy perturbation", "IFPERT is set"),
        (27, "a periodic box", "IFBOX is set; remove solvent and box"),
        (29, "a solvent cap", "IFCAP is set"),
        (30, "extra points", "NUMEXTRA is not 0"),
    ] {
        if pointer(index) != 0 {
            return Err(sections.unsupported("POINTERS", force, detail.to_owned()));
        }
    }
    for (flag, force) in [
        ("CTITLE", "CHARMM's force field (chamber)"),
        ("CHARMM_UREY_BRADLEY", "the Urey-Bradley term"),
        ("CHARMM_IMPROPERS", "the harmonic improper term"),
        ("LENNARD_JONES_CCOEF", "the 12-6-4 term"),
        ("AMOEBA_FORCEFIELD", "AMOEBA"),
    ] {
        if sections.has(flag) {
            return Err(sections.unsupported(flag, force, format!("the file has {flag}")));
        }
    }
    if sections.integers("IPOL")?.iter().any(|&value| value != 0) {
        let detail = "IPOL is not 0".to_owned();
        return Err(sections.unsupported("IPOL", "polarisability", detail));
    }
    Ok(())
}

/// An index from 0 of a field that counts from 1.
fn from_one(field: i64) -> Option<usize> {
    usize::try_from(field.checked_sub(1)?).ok()
}

/// A file whose terms are being read.
struct File<'a> {
    n_atoms: usize,
    topology: &'a Topology,
    sections: &'a Sections,
}

impl File<'_> {
    /// Records of `WIDTH` integers from the sections with and without hydrogen.
    fn records<const WIDTH: usize>(&self, kind: &str) -> Result<Vec<[i64; WIDTH]>> {
        let mut records = Vec::new();
        for suffix in ["INC_HYDROGEN", "WITHOUT_HYDROGEN"] {
            let name = format!("{kind}_{suffix}");
            let integers = self.sections.integers(&name)?;
            let (whole, rest) = integers.as_chunks::<WIDTH>();
            if !rest.is_empty() {
                let expected = format!("a multiple of {WIDTH} integers");
                return Err(self
                    .sections
                    .malformed(&name, expected, integers.len().to_string()));
            }
            records.extend_from_slice(whole);
        }
        Ok(records)
    }

    /// An atom from a field that holds three times its index, perhaps negative.
    fn atom(&self, kind: &str, field: i64) -> Result<usize> {
        usize::try_from(field.unsigned_abs() / 3)
            .ok()
            .filter(|&atom| atom < self.n_atoms && field % 3 == 0)
            .ok_or_else(|| {
                let expected = format!("3 times an index of {} atoms", self.n_atoms);
                self.sections.malformed(kind, expected, field.to_string())
            })
    }

    fn atoms<const N: usize>(&self, kind: &str, fields: &[i64]) -> Result<[usize; N]> {
        let mut atoms = [0; N];
        for (atom, &field) in atoms.iter_mut().zip(fields) {
            *atom = self.atom(kind, field)?;
        }
        Ok(atoms)
    }

    /// The entry of a table that a field names, counted from 1.
    fn entry(&self, name: &str, table: &[f64], field: i64) -> Result<f64> {
        usize::try_from(field)
            .ok()
            .and_then(|index| table.get(index.checked_sub(1)?))
            .copied()
            .ok_or_else(|| {
                let expected = format!("an index from 1 to {}", table.len());
                self.sections.malformed(name, expected, field.to_string())
            })
    }

    fn add_bonds(&self, constrained: ConstrainedBonds, system: &mut System) -> Result<()> {
        let names = ["BOND_FORCE_CONSTANT", "BOND_EQUIL_VALUE"];
        let [ks, lengths] = [
            self.sections.numbers(names[0])?,
            self.sections.numbers(names[1])?,
        ];
        for record in self.records::<3>("BONDS")? {
            let atoms: [usize; 2] = self.atoms("BONDS_INC_HYDROGEN", &record)?;
            let length = self.entry(names[1], &lengths, record[2])? / 10.0;
            let hydrogen = || {
                let is_hydrogen =
                    |&atom: &usize| self.topology.atoms()[atom].element == Element::HYDROGEN;
                atoms.iter().any(is_hydrogen)
            };
            let fixed = match constrained {
                ConstrainedBonds::None => false,
                ConstrainedBonds::Hydrogen => hydrogen(),
                ConstrainedBonds::All => true,
            };
            if fixed {
                system
                    .constraints
                    .push(DistanceConstraint { atoms, length });
            } else {
                // AMBER has no ½, and Å
                let k = 200.0 * KCAL * self.entry(names[0], &ks, record[2])?;
                system.bonds.push(HarmonicBond { atoms, length, k });
            }
        }
        Ok(())
    }

    fn add_angles(&self, system: &mut System) -> Result<()> {
        let names = ["ANGLE_FORCE_CONSTANT", "ANGLE_EQUIL_VALUE"];
        let [ks, angles] = [
            self.sections.numbers(names[0])?,
            self.sections.numbers(names[1])?,
        ];
        for record in self.records::<4>("ANGLES")? {
            system.angles.push(HarmonicAngle {
                atoms: self.atoms("ANGLES_INC_HYDROGEN", &record)?,
                angle: self.entry(names[1], &angles, record[3])?,
                k: 2.0 * KCAL * self.entry(names[0], &ks, record[3])?,
            });
        }
        Ok(())
    }

    fn add_torsions(&self, system: &mut System) -> Result<()> {
        let names = [
            "DIHEDRAL_FORCE_CONSTANT",
            "DIHEDRAL_PERIODICITY",
            "DIHEDRAL_PHASE",
        ];
        let ks = self.sections.numbers(names[0])?;
        let periodicities = self.sections.numbers(names[1])?;
        let phases = self.sections.numbers(names[2])?;
        for record in self.records::<5>("DIHEDRALS")? {
            let k = KCAL * self.entry(names[0], &ks, record[4])?;
            let periodicity = self
                .entry(names[1], &periodicities, record[4])?
                .abs()
                .round();
            if k == 0.0 && periodicity == 0.0 {
                continue;
            }
            if !(1.0..=100.0).contains(&periodicity) {
                let expected = "1 to 100 periods".to_owned();
                return Err(self
                    .sections
                    .malformed(names[1], expected, periodicity.to_string()));
            }
            system.torsions.push(PeriodicTorsion {
                atoms: self.atoms("DIHEDRALS_INC_HYDROGEN", &record)?,
                periodicity: periodicity as u32,
                phase: self.entry(names[2], &phases, record[4])?,
                k,
            });
        }
        Ok(())
    }

    /// AMBER's maps run from −π, the second angle fastest; ours from 0, the first fastest.
    fn add_cmap(&self, system: &mut System) -> Result<()> {
        let sizes = self.sections.integers("CMAP_RESOLUTION")?;
        let mut cmap = Cmap::default();
        for (index, &size) in sizes.iter().enumerate() {
            let name = format!("CMAP_PARAMETER_{:02}", index + 1);
            let size = usize::try_from(size)
                .ok()
                .filter(|size| (2..=MOST_GRID_POINTS).contains(size) && size % 2 == 0)
                .ok_or_else(|| {
                    let expected = format!("even sizes up to {MOST_GRID_POINTS}");
                    self.sections
                        .malformed("CMAP_RESOLUTION", expected, size.to_string())
                })?;
            let energies = self.sections.counted(&name, size * size)?;
            let shifted = |point: usize| (point + size / 2) % size;
            let from =
                |entry: usize| energies[size * shifted(entry % size) + shifted(entry / size)];
            cmap.grids.push(CmapGrid {
                size,
                energies: (0..size * size).map(|entry| KCAL * from(entry)).collect(),
            });
        }
        let integers = self.sections.integers("CMAP_INDEX")?;
        let (records, rest) = integers.as_chunks::<6>();
        if !rest.is_empty() {
            let expected = "a multiple of 6 integers".to_owned();
            return Err(self.sections.malformed(
                "CMAP_INDEX",
                expected,
                integers.len().to_string(),
            ));
        }
        for record in records {
            // atoms and maps are counted from 1 here
            let indices: Option<Vec<usize>> = record.iter().map(|&field| from_one(field)).collect();
            let [a, b, c, d, e, grid] = indices.unwrap_or_default()[..] else {
                let expected = "indices from 1".to_owned();
                return Err(self
                    .sections
                    .malformed("CMAP_INDEX", expected, format!("{record:?}")));
            };
            cmap.torsions.push(CmapTorsion {
                grid,
                phi: [a, b, c, d],
                psi: [b, c, d, e],
            });
        }
        system.cmap = cmap;
        Ok(())
    }

    fn born(
        &self,
        solvent: Solvent,
        cutoff: Option<f64>,
        charges: &[f64],
    ) -> Result<GeneralizedBorn> {
        use crate::system::BornModel::{Gbn, Gbn2, Hct, Obc1, Obc2};
        let radii = self.sections.counted("RADII", self.n_atoms)?;
        let screens = match solvent.model {
            Hct | Obc1 | Obc2 => Some(self.sections.counted("SCREEN", self.n_atoms)?),
            Gbn | Gbn2 => None,
        };
        // only radii go by names, and those are taken from the file
        let no_names = |_: usize| (String::new(), String::new());
        let standard = born::particles(solvent.model, self.topology, charges, &no_names);
        let particles = standard
            .into_iter()
            .enumerate()
            .map(|(atom, particle)| BornParticle {
                radius: radii[atom] / 10.0,
                screen: screens
                    .as_ref()
                    .map_or(particle.screen, |screens| screens[atom]),
                ..particle
            });
        Ok(GeneralizedBorn {
            model: solvent.model,
            particles: particles.collect(),
            solute_dielectric: solvent.solute_dielectric,
            solvent_dielectric: solvent.solvent_dielectric,
            kappa: solvent.kappa,
            surface: solvent.surface,
            cutoff,
        })
    }
}
