//! What a caller may choose when a system is set up.

use crate::system::{BornModel, SurfaceTerm};
use std::collections::BTreeMap;

/// How to set up a system; the default is OpenMM's: vacuum, no cutoff, rigid water only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemOptions {
    /// Implicit solvent; `None` is vacuum.
    pub solvent: Option<Solvent>,
    /// Distance (nm) beyond which pairs do not count; `None` counts all pairs.
    pub cutoff: Option<f64>,
    /// Where Lennard-Jones starts to be switched off (nm), below the cutoff.
    pub switch: Option<f64>,
    /// Dielectric constant beyond the cutoff: `None` is OpenMM's, 78.3 in vacuum and 1 with
    /// implicit solvent, with which another value is an error.
    pub reaction_field_dielectric: Option<f64>,
    /// Which bonds become fixed distances. Their bond terms vanish, as in OpenMM.
    pub constraints: ConstrainedBonds,
    /// Mass of hydrogens (Da), taken from the atom each is bound to; 3 to 4 allows steps of 4 fs.
    /// Rigid water keeps its masses.
    pub hydrogen_mass: Option<f64>,
    /// Whether water keeps its shape; `None` leaves it to the force field.
    pub rigid_water: Option<bool>,
    /// Templates by residue index, where elements and bonds alone do not decide.
    pub templates: BTreeMap<usize, String>,
}

impl SystemOptions {
    /// The default with this implicit solvent.
    pub fn with_solvent(model: BornModel) -> Self {
        Self {
            solvent: Some(Solvent::new(model)),
            ..Self::default()
        }
    }
}

/// Implicit solvent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solvent {
    /// The generalised Born model.
    pub model: BornModel,
    /// Dielectric constant of the solute.
    pub solute_dielectric: f64,
    /// Dielectric constant of the solvent.
    pub solvent_dielectric: f64,
    /// Inverse Debye length of salt, 1/nm.
    pub kappa: f64,
    /// Non-polar surface term.
    pub surface: SurfaceTerm,
}

impl Solvent {
    /// Water without salt as OpenMM sets it up: dielectric constants 1 and 78.5, and the surface
    /// term of Schaefer and Karplus.
    pub fn new(model: BornModel) -> Self {
        Self {
            model,
            solute_dielectric: 1.0,
            solvent_dielectric: 78.5,
            kappa: 0.0,
            surface: SurfaceTerm::Ace,
        }
    }

    /// The same with monovalent salt of concentration `molar` (mol/l) at `temperature` (K).
    ///
    /// κ = 0.73 · 50.33355 √(c/(εT)) Å⁻¹, the Debye–Hückel value times AMBER's 0.73 that makes up
    /// for ions being kept out of the solute (Srinivasan et al., Theor. Chem. Acc. 1999, 101, 426,
    /// DOI 10.1007/s002140050460), with OpenMM's constant.
    pub fn with_salt(self, molar: f64, temperature: f64) -> Self {
        let kappa = 50.33355 * (molar / self.solvent_dielectric / temperature).sqrt() * 7.3;
        Self { kappa, ..self }
    }
}

/// Which bonds are constrained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConstrainedBonds {
    /// Only those of rigid water.
    #[default]
    None,
    /// Those with hydrogen.
    Hydrogen,
    /// All.
    All,
}
