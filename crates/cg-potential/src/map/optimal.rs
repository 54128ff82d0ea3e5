//! The force map of least noise.

use super::{CgMap, ConstraintGroups, ForceMap};
use crate::{Error, Result};
use nalgebra::{DMatrix, DVector, Dyn, FullPivLU};

/// Second moments of atomic forces, P = ⟨f fᵀ⟩ over frames and axes, gathered frame by frame.
///
/// Forces within a constrained group are added up first, so P has a row a group.
///
/// # Examples
/// ```
/// use cg_potential::{CgMap, ConstraintGroups, ForceMoments, Mapping, BeadDefinition};
/// use molio::{AtomRecord, Element, TopologyBuilder};
///
/// // the bead's atom feels a mean force of 1 and noise ±2, which its neighbour feels with the other sign
/// let mut builder = TopologyBuilder::default();
/// builder.add_atom(AtomRecord::new("A", Element::CARBON));
/// builder.add_atom(AtomRecord::new("B", Element::CARBON));
/// let beads = vec![BeadDefinition { name: "A".into(), atoms: vec![(0, 1.0)] }];
/// let map = CgMap::new(&builder.build(), &Mapping::Beads { beads, bonds: vec![] })?;
/// let mut moments = ForceMoments::new(ConstraintGroups::none(2));
/// moments.add(&[[3.0, 0.0, 0.0], [-2.0, 0.0, 0.0]])?;
/// moments.add(&[[-1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])?;
/// let optimal = moments.optimal_map(&map, 0.0)?;
/// // −(P_BB)⁻¹ P_BA = 1: the noise cancels
/// assert_eq!(optimal.rows()[0][1].1, 1.0);
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ForceMoments {
    groups: ConstraintGroups,
    moments: DMatrix<f64>,
    n_frames: usize,
    summed: Vec<[f64; 3]>,
}

impl ForceMoments {
    /// No frames yet.
    pub fn new(groups: ConstraintGroups) -> Self {
        let n = groups.n_groups();
        Self {
            groups,
            moments: DMatrix::zeros(n, n),
            n_frames: 0,
            summed: vec![[0.0; 3]; n],
        }
    }

    /// Adds the atomic forces of a frame (kJ/mol/nm).
    ///
    /// # Errors
    /// [`Error::Length`] for another number of atoms.
    pub fn add(&mut self, forces: &[[f32; 3]]) -> Result<()> {
        if forces.len() != self.groups.n_atoms() {
            return Err(Error::Length {
                what: "atomic forces",
                expected: self.groups.n_atoms(),
                found: forces.len(),
            });
        }
        self.summed.fill([0.0; 3]);
        for (force, &group) in forces.iter().zip(self.groups.group_of()) {
            for (sum, f) in self.summed[group].iter_mut().zip(force) {
                *sum += f64::from(*f);
            }
        }
        for (i, a) in self.summed.iter().enumerate() {
            for (j, b) in self.summed[..=i].iter().enumerate() {
                self.moments[(i, j)] += a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
            }
        }
        self.n_frames += 1;
        Ok(())
    }

    /// Frames so far.
    pub fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// For each bead the weights w over all atoms with the least ⟨|Σ w f|²⟩ + λ|w|², subject to M w = e
    /// and equal weights within constrained groups.
    ///
    /// There are only equality constraints, so the minimum solves one linear system
    /// `[P + λC, Aᵀ; A, 0] [g; μ] = [0; e]`, with g the weights of groups, C their sizes, and A = M by groups.
    /// `regularisation` is λ over the mean of P's diagonal.
    ///
    /// # Errors
    /// [`Error::Setting`] for no frames or a negative regularisation; [`Error::ForceMap`] where
    /// constraints join atoms of two beads, or the system is singular (fewer frames than atoms and no
    /// regularisation).
    ///
    /// # References
    /// A. Krämer et al., J. Phys. Chem. Lett. 14, 3970 (2023), 10.1021/acs.jpclett.3c00444.
    pub fn optimal_map(&self, map: &CgMap, regularisation: f64) -> Result<ForceMap> {
        if self.n_frames == 0 {
            return Err(Error::setting("frames with forces", "at least one", 0));
        }
        if !(regularisation.is_finite() && regularisation >= 0.0) {
            let found = regularisation;
            return Err(Error::setting("regularisation", "0 or above", found));
        }
        let (n, n_beads) = (self.groups.n_groups(), map.n_beads());
        if map.n_atoms() != self.groups.n_atoms() {
            return Err(Error::Length {
                what: "atoms of the map",
                expected: self.groups.n_atoms(),
                found: map.n_atoms(),
            });
        }
        // in units of P's diagonal the blocks of the system are of like size
        let scale = self.moments.diagonal().mean();
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let mut system = DMatrix::zeros(n + n_beads, n + n_beads);
        for i in 0..n {
            for j in 0..=i {
                let moment = self.moments[(i, j)] / scale;
                system[(i, j)] = moment;
                system[(j, i)] = moment;
            }
        }
        for &group in self.groups.group_of() {
            system[(group, group)] += regularisation;
        }
        for (bead, row) in map.rows().iter().enumerate() {
            for &(atom, weight) in row {
                let group = self.groups.group_of()[atom];
                system[(n + bead, group)] += weight;
                system[(group, n + bead)] += weight;
            }
        }
        let balance = balance(&mut system, n);
        let solver = system.full_piv_lu();
        if is_singular(&solver) {
            return Err(singular(0));
        }
        let rows = (0..n_beads)
            .map(|bead| {
                let mut right = DVector::zeros(n + n_beads);
                right[n + bead] = balance[n + bead];
                let solution = solver
                    .solve(&right)
                    .filter(|s| s.iter().all(|w| w.is_finite()))
                    .ok_or_else(|| singular(bead))?;
                let weight =
                    |(atom, &group): (usize, &usize)| (atom, balance[group] * solution[group]);
                Ok(self
                    .groups
                    .group_of()
                    .iter()
                    .enumerate()
                    .map(weight)
                    .collect())
            })
            .collect::<Result<Vec<_>>>()?;
        let optimal = ForceMap::new(map.n_atoms(), rows)?;
        optimal.check(map, &self.groups)?;
        Ok(optimal)
    }

    /// The mean square ⟨|F|²⟩ (kJ²/mol²/nm², over frames, beads and axes) of the forces that a map gives.
    pub fn mean_square(&self, map: &ForceMap) -> f64 {
        let n = self.groups.n_groups();
        let mut total = 0.0;
        for row in map.rows() {
            // atoms of a group have one weight: the last one written stands for all
            let mut weights = vec![0.0; n];
            for &(atom, weight) in row {
                weights[self.groups.group_of()[atom]] = weight;
            }
            for i in 0..n {
                for j in 0..=i {
                    let twice = if i == j { 1.0 } else { 2.0 };
                    total += twice * weights[i] * weights[j] * self.moments[(i, j)];
                }
            }
        }
        total / (3 * self.n_frames.max(1) * map.n_beads().max(1)) as f64
    }

    /// Sums of products, below and on the diagonal.
    pub(super) fn lower(&self) -> &DMatrix<f64> {
        &self.moments
    }

    pub(super) fn groups(&self) -> &ConstraintGroups {
        &self.groups
    }
}

/// Scales rows and columns so that the first n diagonal elements, and the rows of constraints, are of
/// size 1; the scales. Pivots then tell a singular system from one in which numbers differ in size.
fn balance(system: &mut DMatrix<f64>, n: usize) -> DVector<f64> {
    let size = system.nrows();
    let mut scales = DVector::from_element(size, 1.0);
    let inverse_root = |square: f64| {
        if square > 0.0 {
            1.0 / square.sqrt()
        } else {
            1.0
        }
    };
    for group in 0..n {
        scales[group] = inverse_root(system[(group, group)]);
    }
    for row in n..size {
        let square = (0..n).map(|group| (system[(row, group)] * scales[group]).powi(2));
        scales[row] = inverse_root(square.sum());
    }
    for i in 0..size {
        for j in 0..size {
            system[(i, j)] *= scales[i] * scales[j];
        }
    }
    scales
}

/// Whether the least pivot is lost in the rounding of the largest.
pub(super) fn is_singular(solver: &FullPivLU<f64, Dyn, Dyn>) -> bool {
    let pivots = solver.u().diagonal().map(f64::abs);
    pivots.min() <= 1e-12 * pivots.max()
}

pub(super) fn singular(bead: usize) -> Error {
    Error::ForceMap {
        bead,
        expected:
            "weights: no constraint between atoms of two beads, and more frames than atoms or a \
                   regularisation above 0"
                .to_owned(),
        found: "a singular system".to_owned(),
    }
}
