//! The values of one frame on their way into the arrays over frames.

use super::measures::{Analysis, RamachandranFrame, Rows};
use anyhow::Result;

/// What was measured of one frame; NaN and `None` where undefined.
pub(super) struct FrameValues {
    pub(super) rmsd: f64,
    pub(super) rg: f64,
    pub(super) end_to_end: Vec<f32>,
    /// φ, ψ, ω, χ₁, `[4][n_residues]`
    pub(super) torsions: Vec<f32>,
    pub(super) ramachandran: Option<RamachandranFrame>,
    pub(super) chirality_errors: Option<u32>,
    pub(super) dope: f64,
    pub(super) native_contacts: f64,
    pub(super) sasa: f64,
    pub(super) secondary_structure: Option<String>,
    pub(super) hydrogen_bonds: Option<u32>,
    pub(super) clashes: Option<u32>,
    pub(super) strained_bonds: Option<u32>,
}

impl FrameValues {
    pub(super) fn undefined(n_residues: usize, n_ends: usize) -> Self {
        Self {
            rmsd: f64::NAN,
            rg: f64::NAN,
            end_to_end: vec![f32::NAN; n_ends],
            torsions: vec![f32::NAN; 4 * n_residues],
            ramachandran: None,
            chirality_errors: None,
            dope: f64::NAN,
            native_contacts: f64::NAN,
            sasa: f64::NAN,
            secondary_structure: None,
            hydrogen_bonds: None,
            clashes: None,
            strained_bonds: None,
        }
    }

    pub(super) fn join(self, analysis: &mut Analysis) {
        analysis.rmsd.push(self.rmsd);
        analysis.rg.push(self.rg);
        extend(&mut analysis.end_to_end, &self.end_to_end);
        let n = self.torsions.len() / 4;
        let kinds = [
            &mut analysis.phi,
            &mut analysis.psi,
            &mut analysis.omega,
            &mut analysis.chi1,
        ];
        for (kind, rows) in kinds.into_iter().enumerate() {
            extend(rows, &self.torsions[kind * n..(kind + 1) * n]);
        }
        analysis.ramachandran.push(self.ramachandran);
        analysis.chirality_errors.push(self.chirality_errors);
        analysis.dope.push(self.dope);
        analysis.native_contacts.push(self.native_contacts);
        analysis.sasa.push(self.sasa);
        analysis.secondary_structure.push(self.secondary_structure);
        analysis.hydrogen_bonds.push(self.hydrogen_bonds);
        analysis.clashes.push(self.clashes);
        analysis.strained_bonds.push(self.strained_bonds);
    }
}

fn extend(rows: &mut Rows, values: &[f32]) {
    rows.width = values.len();
    rows.values.extend_from_slice(values);
}

/// RMSF in one pass: sums over frames of superposed positions and of their squares.
pub(super) struct Fluctuations {
    n_frames: usize,
    sums: Vec<[f64; 3]>,
    squares: Vec<f64>,
}

impl Fluctuations {
    pub(super) fn new(n_atoms: usize) -> Self {
        Self {
            n_frames: 0,
            sums: vec![[0.0; 3]; n_atoms],
            squares: vec![0.0; n_atoms],
        }
    }

    /// Positions are taken relative to the reference, so that squares do not drown the fluctuations.
    pub(super) fn add(
        &mut self,
        positions: &[[f32; 3]],
        reference: &[[f32; 3]],
        atoms: &[usize],
    ) -> Result<()> {
        let pick = |from: &[[f32; 3]]| atoms.iter().map(|&atom| from[atom]).collect::<Vec<_>>();
        let reference = pick(reference);
        let mut positions = pick(positions);
        molio::superpose(&positions, &reference, None)?.apply(&mut positions);
        for (atom, (x, r)) in positions.iter().zip(&reference).enumerate() {
            for axis in 0..3 {
                let shift = f64::from(x[axis]) - f64::from(r[axis]);
                self.sums[atom][axis] += shift;
                self.squares[atom] += shift * shift;
            }
        }
        self.n_frames += 1;
        Ok(())
    }

    /// `None` without a frame.
    pub(super) fn finish(self) -> Option<Vec<f64>> {
        if self.n_frames == 0 {
            return None;
        }
        let n = self.n_frames as f64;
        let rmsf = |(sum, squares): (&[f64; 3], &f64)| {
            let mean_squared: f64 = sum.iter().map(|s| (s / n).powi(2)).sum();
            (squares / n - mean_squared).max(0.0).sqrt()
        };
        Some(self.sums.iter().zip(&self.squares).map(rmsf).collect())
    }
}
