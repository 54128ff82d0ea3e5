//! Energies of distances of sixteen conformers at once.

use super::vector::{InstructionSet, Kernel, Vector};
use dynamics::{LANES, Lanes};

/// A formula of pairs, with what the pairs of one group share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PairForm {
    /// ½k(r − r₀)²; constants r₀ (nm) and k (kJ/mol/nm²).
    Harmonic,
    /// B/rⁿ with n of this value; constants B (kJ/mol·nmⁿ) and 0.
    Inverse { power: u8 },
    /// 4ε[(σ/r)¹² − (σ/r)⁶]; constants σ² (nm²) and 4ε (kJ/mol).
    LennardJones,
}

/// A pair's second bead and its constants; the first bead is that of its run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairConstants {
    pub(crate) bead: u32,
    pub(crate) constants: [f32; 2],
}

/// Pairs of one form, in runs that share their first bead.
#[derive(Clone, Debug)]
pub(crate) struct PairGroup {
    pub(crate) form: PairForm,
    /// First bead of each run, and where the run ends in `pairs`.
    pub(crate) runs: Vec<[u32; 2]>,
    pub(crate) pairs: Vec<PairConstants>,
}

/// Adds energies (kJ/mol) and forces (kJ/mol/nm) of a group's pairs, lane by lane.
///
/// Each lane's sums are made in the order of the pairs, whatever the other lanes hold.
///
/// # Shapes
/// `positions`, `forces`: `[bead]`.
pub(crate) fn add_pairs(
    set: InstructionSet,
    group: &PairGroup,
    positions: &[[Lanes; 3]],
    forces: &mut [[Lanes; 3]],
    energies: &mut [f64; LANES],
) {
    assert_eq!(positions.len(), forces.len(), "forces");
    let last = group.runs.last().map_or(0, |run| run[1] as usize);
    assert!(last <= group.pairs.len(), "pairs of the last run");
    let beads = group.runs.iter().map(|run| run[0]);
    let beads = beads.chain(group.pairs.iter().map(|pair| pair.bead));
    assert!(
        beads
            .max()
            .is_none_or(|bead| (bead as usize) < positions.len()),
        "beads of pairs"
    );
    set.run(AddPairs {
        group,
        positions: positions.as_ptr().cast(),
        forces: forces.as_mut_ptr().cast(),
        energies,
    });
}

struct AddPairs<'a> {
    group: &'a PairGroup,
    /// `[bead][axis][lane]`.
    positions: *const f32,
    forces: *mut f32,
    energies: &'a mut [f64; LANES],
}

impl Kernel for AddPairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        // one loop a formula: nothing is decided inside
        match self.group.form {
            PairForm::Harmonic => self.run_form::<V, Harmonic>(0),
            PairForm::Inverse { power: 6 } => self.run_form::<V, InverseSixth>(6),
            PairForm::Inverse { power } => self.run_form::<V, Inverse>(power),
            PairForm::LennardJones => self.run_form::<V, LennardJones>(0),
        }
    }
}

impl AddPairs<'_> {
    #[inline(always)]
    fn run_form<V: Vector, F: Form>(&mut self, power: u8) {
        for lane in (0..LANES).step_by(V::LANES) {
            let mut start = 0;
            for run in &self.group.runs {
                let (i, end) = (run[0] as usize * 3 * LANES + lane, run[1] as usize);
                let mut energy = V::splat(0.0);
                // SAFETY: `add_pairs` saw that all beads exist; `Lanes` are LANES numbers without padding, and
                // `lane` and a register's width stay within them
                unsafe {
                    let at = self.positions.add(i);
                    let x = [
                        V::load(at),
                        V::load(at.add(LANES)),
                        V::load(at.add(2 * LANES)),
                    ];
                    let mut sum = [V::splat(0.0); 3];
                    for pair in &self.group.pairs[start..end] {
                        let j = pair.bead as usize * 3 * LANES + lane;
                        let at = self.positions.add(j);
                        let d = [
                            x[0].minus(V::load(at)),
                            x[1].minus(V::load(at.add(LANES))),
                            x[2].minus(V::load(at.add(2 * LANES))),
                        ];
                        let square = d[2].times(d[2]);
                        let square = d[1].times_plus(d[1], square);
                        let square = d[0].times_plus(d[0], square);
                        let constants = pair.constants.map(V::splat);
                        let (value, push) = F::value_push(square, constants, power);
                        energy = energy.plus(value);
                        let pull = V::splat(0.0).minus(push);
                        let at = self.forces.add(j);
                        for axis in 0..3 {
                            sum[axis] = push.times_plus(d[axis], sum[axis]);
                            let to = at.add(axis * LANES);
                            pull.times_plus(d[axis], V::load(to)).store(to);
                        }
                    }
                    let at = self.forces.add(i);
                    for (axis, sum) in sum.into_iter().enumerate() {
                        let to = at.add(axis * LANES);
                        sum.plus(V::load(to)).store(to);
                    }
                    let mut lanes = [0.0_f32; LANES];
                    energy.store(lanes.as_mut_ptr());
                    for (sum, energy) in self.energies[lane..].iter_mut().zip(&lanes[..V::LANES]) {
                        *sum += f64::from(*energy);
                    }
                }
                start = end;
            }
        }
    }
}

/// A formula over r²: the energy, and −(dE/dr)/r, which times xᵢ − xⱼ is the force on i.
trait Form {
    fn value_push<V: Vector>(square: V, constants: [V; 2], power: u8) -> (V, V);
}

struct Harmonic;
struct Inverse;
struct InverseSixth;
struct LennardJones;

impl Form for Harmonic {
    #[inline(always)]
    fn value_push<V: Vector>(square: V, [length, k]: [V; 2], _: u8) -> (V, V) {
        let r = square.sqrt();
        let stretch = r.minus(length);
        let tension = k.times(stretch);
        let value = V::splat(0.5).times(tension).times(stretch);
        (value, V::splat(0.0).minus(tension).over(r))
    }
}

impl Form for InverseSixth {
    #[inline(always)]
    fn value_push<V: Vector>(square: V, [b, _]: [V; 2], _: u8) -> (V, V) {
        let inverse = V::splat(1.0).over(square);
        let value = b.times(inverse).times(inverse).times(inverse);
        (value, V::splat(6.0).times(value).times(inverse))
    }
}

impl Form for Inverse {
    #[inline(always)]
    fn value_push<V: Vector>(square: V, [b, _]: [V; 2], power: u8) -> (V, V) {
        let inverse = V::splat(1.0).over(square);
        let mut value = b;
        for _ in 0..power / 2 {
            value = value.times(inverse);
        }
        if power % 2 == 1 {
            value = value.times(inverse.sqrt());
        }
        let n = V::splat(f32::from(power));
        (value, n.times(value).times(inverse))
    }
}

impl Form for LennardJones {
    #[inline(always)]
    fn value_push<V: Vector>(square: V, [sigma_square, depth]: [V; 2], _: u8) -> (V, V) {
        let inverse = V::splat(1.0).over(square);
        let ratio = sigma_square.times(inverse);
        let sixth = ratio.times(ratio).times(ratio);
        let attraction = depth.times(sixth);
        let value = sixth.times_plus(attraction, V::splat(0.0).minus(attraction));
        let twice = sixth.plus(sixth).minus(V::splat(1.0));
        let push = V::splat(6.0).times(attraction).times(twice).times(inverse);
        (value, push)
    }
}
