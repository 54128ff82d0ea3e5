//! Energy minimisation of many conformers of one system.

mod descent;
mod landscape;
mod lbfgs;

use crate::{BoxError, Constraint, Error, LANES, Potential, Result};
use landscape::Landscape;
use rayon::prelude::*;

/// How to minimise; see [`minimise`].
#[derive(Clone, Debug, PartialEq)]
pub struct MinimiseConfig {
    /// Converged when the root mean square of the force components is below this, kJ/mol/nm.
    pub tolerance: f64,
    /// Most L-BFGS steps tried.
    pub max_iterations: usize,
    /// Most steps of the soft start tried.
    pub max_soft_iterations: usize,
    /// The soft start ends once no atom feels more force than this, kJ/mol/nm.
    pub soft_force: f64,
    /// Furthest that any atom goes in one step, nm.
    pub max_displacement: f64,
    /// Pairs of steps and gradient changes that L-BFGS remembers.
    pub history: usize,
    /// Distances to end at: held by springs on the way, exact in the result.
    pub constraints: Vec<Constraint>,
    /// Atoms that stay where they are.
    pub fixed: Vec<usize>,
    /// Seed of the displacement of atoms that lie exactly on top of each other.
    pub seed: u64,
}

impl MinimiseConfig {
    /// No constraints, nothing fixed, a soft start from 10⁴ kJ/mol/nm, steps up to 0.02 nm, and
    /// OpenMM's default tolerance of 10 kJ/mol/nm.
    pub fn new() -> Self {
        Self {
            tolerance: 10.0,
            max_iterations: 1000,
            max_soft_iterations: 500,
            soft_force: 1e4,
            max_displacement: 0.02,
            history: 8,
            constraints: Vec::new(),
            fixed: Vec::new(),
            seed: 0,
        }
    }

    fn validate(&self, n_atoms: usize) -> Result<()> {
        for (what, value) in [
            ("tolerance", self.tolerance),
            ("soft_force", self.soft_force),
            ("max_displacement", self.max_displacement),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::setting(what, "positive", value));
            }
        }
        if !(1..=100).contains(&self.history) {
            return Err(Error::setting("history", "1 to 100", self.history));
        }
        if let Some(atom) = self.fixed.iter().find(|&&atom| atom >= n_atoms) {
            return Err(Error::setting(
                "a fixed atom",
                format!("below {n_atoms}"),
                atom,
            ));
        }
        Ok(())
    }
}

impl Default for MinimiseConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// How the minimisation of one conformer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The forces are below the tolerance.
    Converged,
    /// The iterations were used up.
    IterationLimit,
    /// No step, however short, lowers the energy: the precision of the potential is reached.
    Stalled,
    /// The energy or a force never became finite.
    NonFinite,
}

/// One minimised conformer.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimised {
    /// Positions in nm; always finite.
    pub positions: Vec<[f32; 3]>,
    /// Potential energy there, kJ/mol, without springs.
    pub energy: f64,
    /// Root mean square of the force components, springs included, where the iterations ended,
    /// kJ/mol/nm.
    pub rms_force: f64,
    /// Evaluations of the potential made for this conformer.
    pub evaluations: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// Minimises conformers side by side, each on its own path.
///
/// First, where any force is above `soft_force` or something is not finite, steepest descent in
/// which no atom moves further than a length that grows with success and shrinks with failure, so
/// that an atom in a clash cannot run away and does not hold up the others; atoms whose force is not
/// finite are pushed in a random direction. Then L-BFGS with backtracking (Armijo's condition with
/// an allowance for single precision) and a limit on each atom's step.
///
/// # Shapes
/// `starts`: `[n_conformers][n_atoms][3]`, nm.
///
/// # Errors
/// [`Error::Setting`] for a configuration or starts that do not fit; [`Error::NonFinite`] for
/// positions that are not finite; [`Error::Potential`]; [`Error::Constraints`] where the end
/// point cannot be moved onto the constraints.
///
/// # References
/// D. C. Liu, J. Nocedal, Math. Program. 45, 503 (1989), <https://doi.org/10.1007/BF01589116>.
pub fn minimise<P: Potential + ?Sized>(
    potential: &P,
    starts: &[Vec<[f32; 3]>],
    config: &MinimiseConfig,
) -> Result<Vec<Minimised>> {
    let n_atoms = potential.n_atoms();
    config.validate(n_atoms)?;
    for (replica, start) in starts.iter().enumerate() {
        if start.len() != n_atoms {
            return Err(Error::setting("atoms of a start", n_atoms, start.len()));
        }
        if !start.iter().flatten().all(|x| x.is_finite()) {
            let what = "a position";
            return Err(Error::NonFinite { replica, what });
        }
    }
    let blocks: Vec<Vec<Minimised>> = starts
        .par_chunks(LANES)
        .with_max_len(1)
        .enumerate()
        .map(|(block, starts)| {
            let mut landscape = Landscape::new(potential, config, starts)?;
            let first = block * LANES;
            let evaluations = descent::soft_start(&mut landscape, config, first)?;
            let ends = lbfgs::run(&mut landscape, config)?;
            landscape.results(first, evaluations, &ends)
        })
        .collect::<Result<_>>()?;
    Ok(blocks.concat())
}

fn potential_error(error: BoxError) -> Error {
    Error::Potential(error)
}
