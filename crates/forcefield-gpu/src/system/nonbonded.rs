//! Terms over all pairs of atoms.

use serde::{Deserialize, Serialize};

/// Lennard-Jones and Coulomb over all pairs, except where an exception says otherwise.
///
/// E = 4ε[(σ/r)¹² − (σ/r)⁶] + C qᵢqⱼ/r with σ = (σᵢ + σⱼ)/2, ε = √(εᵢεⱼ) and
/// C = [`Nonbonded::COULOMB`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nonbonded {
    /// One entry an atom.
    pub particles: Vec<NonbondedParticle>,
    /// Pairs with their own parameters; with charge product and ε zero, the pair is excluded.
    pub exceptions: Vec<NonbondedException>,
    /// What happens at large distance.
    pub method: NonbondedMethod,
}

impl Nonbonded {
    /// e²/(4πε₀) in kJ·nm/mol/e²: CODATA 2018, as OpenMM's non-bonded force. Its GB models use
    /// [another value](super::GeneralizedBorn::COULOMB).
    pub const COULOMB: f64 = 138.935_457_644_381_98;
}

/// Non-bonded parameters of an atom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NonbondedParticle {
    /// Charge, e.
    pub charge: f64,
    /// Lennard-Jones σ, nm.
    pub sigma: f64,
    /// Lennard-Jones ε, kJ/mol.
    pub epsilon: f64,
}

/// Non-bonded parameters of a pair of atoms, in place of the combined ones. No cutoff applies to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NonbondedException {
    /// The pair.
    pub atoms: [usize; 2],
    /// Product of the charges, e².
    pub charge_product: f64,
    /// Lennard-Jones σ, nm.
    pub sigma: f64,
    /// Lennard-Jones ε, kJ/mol.
    pub epsilon: f64,
}

/// What happens to Lennard-Jones and Coulomb at large distance. There is no periodicity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum NonbondedMethod {
    /// All pairs count.
    #[default]
    NoCutoff,
    /// Pairs beyond the cutoff do not count; Coulomb gets a reaction field
    /// C qᵢqⱼ (1/r + k r² − c), k = (ε−1)/(2ε+1)/cutoff³, c = 3ε/(2ε+1)/cutoff.
    Cutoff {
        /// Cutoff, nm.
        cutoff: f64,
        /// Dielectric constant ε beyond the cutoff; OpenMM sets 1 with implicit solvent.
        reaction_field_dielectric: f64,
        /// Where Lennard-Jones starts to be switched off by 1 − 10x³ + 15x⁴ − 6x⁵, nm, if it is.
        switch: Option<f64>,
    },
}

/// A bounded repulsion of all pairs that are not excluded: finite and smooth however atoms overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoftRepulsion {
    /// The formula.
    pub form: SoftForm,
    /// Energy at r = 0, kJ/mol.
    pub strength: f64,
    /// Length scale r₀ of the formula, nm.
    pub distance: f64,
    /// Pairs that do not repel (1-2 and 1-3 neighbours).
    pub exclusions: Vec<[usize; 2]>,
}

/// Formulas of [`SoftRepulsion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SoftForm {
    /// strength / ((r/r₀)⁴ + 1): molearn's, weak, with a tail r⁻⁴ over all pairs (Ramaswamy et al.,
    /// Phys. Rev. X 2021, 11, 011052, DOI 10.1103/PhysRevX.11.011052).
    Quartic,
    /// strength · (1 − (r/r₀)²)² for r < r₀, else 0: the repulsion of structure refinement, zero in real
    /// structures and steep in clashes (Nilges, Clore & Gronenborn, FEBS Lett. 1988, 229, 317,
    /// DOI 10.1016/0014-5793(88)81148-7).
    Repel,
}

impl SoftRepulsion {
    /// molearn's soft repulsion: 1 kJ/mol / ((r/0.2 nm)⁴ + 1).
    pub fn molearn(exclusions: Vec<[usize; 2]>) -> Self {
        Self {
            form: SoftForm::Quartic,
            strength: 1.0,
            distance: 0.2,
            exclusions,
        }
    }

    /// A stronger soft core: 1000 kJ/mol · (1 − (r/0.25 nm)²)² below 0.25 nm.
    ///
    /// No pair of heavy atoms beyond 1-3 comes that close in a sound protein structure, so the term is
    /// zero there, while two atoms on top of each other cost about 400 kT instead of 0.4 kT.
    pub fn repel(exclusions: Vec<[usize; 2]>) -> Self {
        Self {
            form: SoftForm::Repel,
            strength: 1000.0,
            distance: 0.25,
            exclusions,
        }
    }
}
