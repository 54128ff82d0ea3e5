//! What `analyze` measures of each frame.

use anyhow::Result;
use metrics::backbone::{ResidueTorsions, TorsionKind};
use metrics::chirality::Chirality;
use metrics::dope::{DopeLibrary, DopeRule};
use metrics::geometry::map_frames;
use metrics::gyration::{RadiusOfGyration, Weighting};
use metrics::ramachandran::{Ramachandran, RamachandranGrids};
use metrics::rmsd::{Alignment, Rmsd};
use molio::{Topology, Trajectory};
use serde::Serialize;
use std::path::Path;

/// Pairs farther apart than this do not count in DOPE (nm), as in Modeller.
const DOPE_CUTOFF: f64 = 1.5;

/// The document of `--json`: arrays over frames.
#[derive(Default, Serialize)]
pub(super) struct Analysis {
    frames: usize,
    atoms: usize,
    /// nm, from the reference or the first frame, after superposition
    rmsd: Vec<f64>,
    /// nm, mass-weighted
    rg: Vec<f64>,
    /// nm, of each selected atom, around the mean of the superposed frames
    rmsf: Vec<f64>,
    /// radians; `null` where a residue has none
    phi: Vec<Vec<Option<f32>>>,
    psi: Vec<Vec<Option<f32>>>,
    omega: Vec<Vec<Option<f32>>>,
    ramachandran: Vec<RamachandranFrame>,
    /// D amino acids
    chirality_errors: Vec<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dope: Vec<f64>,
    /// which atoms the DOPE sum saw
    #[serde(skip_serializing_if = "Option::is_none")]
    dope_label: Option<&'static str>,
}

#[derive(Clone, Copy, Serialize)]
struct RamachandranFrame {
    favored: usize,
    allowed: usize,
    outlier: usize,
}

/// The measures of one system, and what they have given so far.
pub(super) struct Measures {
    topology: Topology,
    atoms: Vec<usize>,
    reference: Option<Vec<[f32; 3]>>,
    torsions: ResidueTorsions,
    ramachandran: Ramachandran,
    chirality: Chirality,
    gyration: RadiusOfGyration,
    dope: Option<DopeLibrary>,
    rmsf: Fluctuations,
    analysis: Analysis,
}

impl Measures {
    pub(super) fn new(
        topology: &Topology,
        atoms: Vec<usize>,
        reference: Option<Vec<[f32; 3]>>,
        dope: Option<&Path>,
    ) -> Result<Self> {
        let massless = (0..topology.n_atoms()).all(|atom| topology.mass(atom) == 0.0);
        let weighting = if massless {
            Weighting::Equal
        } else {
            Weighting::Mass
        };
        Ok(Self {
            topology: topology.clone(),
            rmsf: Fluctuations::new(atoms.len()),
            atoms,
            reference,
            torsions: ResidueTorsions::new(
                topology,
                &[TorsionKind::Phi, TorsionKind::Psi, TorsionKind::Omega],
            )?,
            ramachandran: Ramachandran::new(topology)?,
            chirality: Chirality::new(topology),
            gyration: RadiusOfGyration::new(topology, weighting)?,
            dope: dope.map(DopeLibrary::read).transpose()?,
            analysis: Analysis {
                atoms: topology.n_atoms(),
                ..Analysis::default()
            },
        })
    }

    pub(super) fn add(&mut self, frames: &Trajectory) -> Result<()> {
        if frames.n_frames() == 0 {
            return Ok(());
        }
        let reference = self
            .reference
            .get_or_insert_with(|| frames.positions(0).to_vec());
        let rmsd = Rmsd::new(reference, Some(&self.atoms), Alignment::Measured)?;
        self.analysis.frames += frames.n_frames();
        self.analysis.rmsd.extend(rmsd.over(frames)?);
        self.rmsf.add(frames, reference, &self.atoms)?;
        for rg in map_frames(frames, |positions| self.gyration.evaluate(positions)) {
            self.analysis.rg.push(rg?);
        }
        self.add_backbone(frames)?;
        for count in map_frames(frames, |positions| self.chirality.count_d(positions)) {
            self.analysis.chirality_errors.push(count?);
        }
        if let Some(library) = &self.dope {
            let dope = library.score(&self.topology, DopeRule::Modeller, DOPE_CUTOFF)?;
            self.analysis.dope_label = Some(dope.coverage().label());
            for value in dope.over(frames) {
                self.analysis.dope.push(value?);
            }
        }
        Ok(())
    }

    fn add_backbone(&mut self, frames: &Trajectory) -> Result<()> {
        let n_residues = self.torsions.n_residues();
        let grids = RamachandranGrids::built_in();
        for frame in 0..frames.n_frames() {
            let values = self.torsions.evaluate(frames.positions(frame))?;
            let row = |kind: usize| {
                let values = &values[kind * n_residues..(kind + 1) * n_residues];
                values
                    .iter()
                    .map(|&value| (!value.is_nan()).then_some(value))
                    .collect::<Vec<_>>()
            };
            self.analysis.phi.push(row(0));
            self.analysis.psi.push(row(1));
            self.analysis.omega.push(row(2));
        }
        for result in map_frames(frames, |positions| {
            self.ramachandran.evaluate(positions, grids)
        }) {
            let counts = result?.counts;
            self.analysis.ramachandran.push(RamachandranFrame {
                favored: counts.favored,
                allowed: counts.allowed,
                outlier: counts.outlier,
            });
        }
        Ok(())
    }

    /// The analysis; `None` without a frame.
    pub(super) fn finish(mut self) -> Option<Analysis> {
        self.analysis.rmsf = self.rmsf.finish()?;
        Some(self.analysis)
    }
}

impl Analysis {
    /// Means over frames, for people.
    pub(super) fn rows(&self) -> Vec<(String, String)> {
        let spread = |values: &[f64], unit: &str| {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            format!("{mean:.4} ± {deviation:.4} {unit} (mean and standard deviation over frames)")
        };
        let mut rows = vec![
            ("frames".to_owned(), self.frames.to_string()),
            ("atoms".to_owned(), self.atoms.to_string()),
            ("RMSD".to_owned(), spread(&self.rmsd, "nm")),
            ("Rg".to_owned(), spread(&self.rg, "nm")),
            (
                "RMSF".to_owned(),
                format!(
                    "{:.4} nm, mean over atoms",
                    self.rmsf.iter().sum::<f64>() / self.rmsf.len() as f64
                ),
            ),
        ];
        let total = |count: fn(&RamachandranFrame) -> usize| {
            self.ramachandran.iter().map(count).sum::<usize>() as f64
        };
        let (favored, allowed, outlier) = (
            total(|r| r.favored),
            total(|r| r.allowed),
            total(|r| r.outlier),
        );
        let all = favored + allowed + outlier;
        if all > 0.0 {
            let percent = |n: f64| 100.0 * n / all;
            rows.push((
                "Ramachandran".to_owned(),
                format!(
                    "{:.1} % favored, {:.1} % allowed, {:.1} % outliers",
                    percent(favored),
                    percent(allowed),
                    percent(outlier)
                ),
            ));
        }
        rows.push((
            "D residues".to_owned(),
            format!(
                "{} in all frames",
                self.chirality_errors.iter().sum::<usize>()
            ),
        ));
        if let Some(label) = self.dope_label {
            rows.push((label.to_owned(), spread(&self.dope, "(arbitrary units)")));
        }
        rows
    }
}

/// RMSF in one pass: sums over frames of superposed positions and of their squares.
struct Fluctuations {
    n_frames: usize,
    sums: Vec<[f64; 3]>,
    squares: Vec<f64>,
}

impl Fluctuations {
    fn new(n_atoms: usize) -> Self {
        Self {
            n_frames: 0,
            sums: vec![[0.0; 3]; n_atoms],
            squares: vec![0.0; n_atoms],
        }
    }

    /// Positions are taken relative to the reference, so that squares do not drown the fluctuations.
    fn add(&mut self, frames: &Trajectory, reference: &[[f32; 3]], atoms: &[usize]) -> Result<()> {
        let pick = |from: &[[f32; 3]]| atoms.iter().map(|&atom| from[atom]).collect::<Vec<_>>();
        let reference = pick(reference);
        for frame in 0..frames.n_frames() {
            let mut positions = pick(frames.positions(frame));
            molio::superpose(&positions, &reference, None)?.apply(&mut positions);
            for (atom, (x, r)) in positions.iter().zip(&reference).enumerate() {
                for axis in 0..3 {
                    let shift = f64::from(x[axis]) - f64::from(r[axis]);
                    self.sums[atom][axis] += shift;
                    self.squares[atom] += shift * shift;
                }
            }
        }
        self.n_frames += frames.n_frames();
        Ok(())
    }

    fn finish(self) -> Option<Vec<f64>> {
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
