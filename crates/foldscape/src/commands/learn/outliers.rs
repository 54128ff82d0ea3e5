//! Rebuilt frames whose backbone no real chain has are kept from the oracle.

use active_learning::{Backmapped, Backmapper, BoxError, ProteinBackmapper};
use metrics::ramachandran::{Ramachandran, RamachandranGrids};
use molio::Trajectory;

/// Leaves out frames with too many Ramachandran outliers.
///
/// A trace that no chain can follow is rebuilt with proline at positive φ or with twisted peptide bonds: states
/// that do not relax while the oracle looks, whose labels tell their own slopes and not how high they are. They make
/// bridges between basins that are none.
pub(super) struct WithoutOutliers {
    pub(super) inner: ProteinBackmapper,
    pub(super) ramachandran: Ramachandran,
    /// Residues of a frame that may be outliers.
    pub(super) most: usize,
}

impl Backmapper for WithoutOutliers {
    fn backmap(&self, beads: &Trajectory) -> Result<Backmapped, BoxError> {
        let made = self.inner.backmap(beads)?;
        let mut kept = Backmapped {
            indices: Vec::new(),
            frames: Trajectory::new(made.frames.n_atoms()),
        };
        for (place, &index) in made.indices.iter().enumerate() {
            let frame = made.frames.frame(place);
            let found = self
                .ramachandran
                .evaluate(&frame.positions, RamachandranGrids::built_in())?;
            if found.counts.outlier <= self.most {
                kept.indices.push(index);
                kept.frames.push(&frame)?;
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use active_learning::BackmapConfig;
    use forcefield_gpu::{Engine, EngineConfig, ForceField, SystemOptions};
    use molio::ProteinBuilder;
    use std::sync::Arc;

    #[test]
    fn only_frames_without_outliers_are_kept() {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cln025");
        let topology = molio::read_topology(format!("{data}.pdb")).unwrap();
        let run = Trajectory::read_strided(format!("{data}.xtc"), 10).unwrap();
        let alphas: Vec<usize> = (0..topology.n_atoms())
            .filter(|&atom| topology.atoms()[atom].name == "CA")
            .collect();
        let mut traces = Trajectory::new(alphas.len());
        for index in 0..run.n_frames() {
            traces.push(&run.frame(index).select(&alphas)).unwrap();
        }
        let backmapper = |most| {
            let builder = ProteinBuilder::from_topology(&topology).unwrap();
            let field = ForceField::ff14sb().unwrap();
            let system = field
                .create_system(&topology, &SystemOptions::default())
                .unwrap();
            let engine = Engine::new(&system, EngineConfig::default()).unwrap();
            WithoutOutliers {
                inner: ProteinBackmapper::new(
                    &topology.select(&alphas),
                    Box::new(builder),
                    Arc::new(engine),
                    BackmapConfig::default(),
                )
                .unwrap(),
                ramachandran: Ramachandran::new(&topology).unwrap(),
                most,
            }
        };
        let all = backmapper(usize::MAX).backmap(&traces).unwrap();
        let strict = backmapper(0).backmap(&traces).unwrap();
        let rules = Ramachandran::new(&topology).unwrap();
        let outliers = |frames: &Trajectory, place: usize| {
            let grids = RamachandranGrids::built_in();
            let found = rules.evaluate(frames.positions(place), grids).unwrap();
            found.counts.outlier
        };
        let sound = (0..all.indices.len()).filter(|&place| outliers(&all.frames, place) == 0);
        let expected: Vec<usize> = sound.map(|place| all.indices[place]).collect();
        assert_eq!(strict.indices, expected);
        assert!(
            (1..all.indices.len()).contains(&expected.len()),
            "{expected:?}"
        );
        for place in 0..strict.indices.len() {
            assert_eq!(outliers(&strict.frames, place), 0);
        }
    }
}
