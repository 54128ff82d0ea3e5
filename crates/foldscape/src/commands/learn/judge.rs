//! A comparison with the reference as what judges a model.

use super::config::ReferenceConfig;
use super::data::Data;
use active_learning::{BoxError, Judge, Measure};
use anyhow::Result;
use metrics::comparison::{Comparison, ComparisonConfig, Distance, Ensemble, Entry, Summary};
use molio::{Topology, Trajectory};
use serde::{Deserialize, Serialize};

/// What is measured, all of them distances from the reference.
pub(super) const NAMES: [&str; 9] = [
    "tica_w1",
    "tica_w1_ucsc",
    "bond_w1",
    "angle_w1",
    "dihedral_w1",
    "end_to_end_w1",
    "rg_w1",
    "rmsd_to_native_w1",
    "contacts_rmsd",
];

/// nm: of CA in touch. Within the published suite's 1.5 nm are all pairs of a peptide that is not stretched out.
const CONTACT: f64 = 0.8;

/// Compares samples with the reference; without one it has nothing to say.
pub(super) struct EnsembleJudge<'a> {
    data: &'a Data,
    config: Option<&'a ReferenceConfig>,
}

/// A measure of the first half of the reference against the second: what no model can be asked to beat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Baseline {
    pub(super) name: String,
    pub(super) value: f64,
}

impl<'a> EnsembleJudge<'a> {
    pub(super) fn new(data: &'a Data, config: Option<&'a ReferenceConfig>) -> Self {
        Self { data, config }
    }

    fn beads(&self) -> &Topology {
        self.data.maps.positions.beads()
    }

    /// The sample, or the base set, beside the reference.
    pub(super) fn compare(
        &self,
        trajectories: &[Trajectory],
        resamples: Option<usize>,
    ) -> Result<Option<Comparison>> {
        let Some(config) = self.config else {
            return Ok(None);
        };
        let settings = ComparisonConfig {
            n_resamples: resamples.unwrap_or(config.resamples),
            contact_cutoff: CONTACT,
            native: self.data.native.clone(),
            native_source: "system.native".to_owned(),
            ..ComparisonConfig::new(config.lag)
        };
        let ensemble = |trajectories| Ensemble {
            trajectories,
            weights: None,
        };
        Ok(Some(Comparison::new(
            &ensemble(&self.data.reference),
            &ensemble(trajectories),
            self.beads(),
            settings,
        )?))
    }

    /// The measures of a comparison, and those of the halves of the reference.
    pub(super) fn measures(&self, summary: &Summary) -> (Vec<Measure>, Vec<Baseline>) {
        let line = |distance: Option<Distance>| distance.map(|distance| distance.w1);
        let plane = summary.tica.w1_2d;
        let ucsc = plane.and_then(|plane| plane.ucsc).map(|value| Entry {
            value,
            error: None,
            baseline: f64::NAN,
        });
        let entries = [
            plane.map(|plane| plane.entry),
            ucsc,
            line(summary.bond),
            line(summary.angle),
            line(summary.dihedral),
            line(summary.end_to_end),
            Some(summary.rg.w1),
            summary.rmsd_to_native.map(|native| native.entry),
            summary.contacts.map(|contacts| contacts.rmsd),
        ];
        let guarded = |name: &str| {
            let names = self.config.iter().flat_map(|config| &config.guarded);
            names.into_iter().any(|guarded| guarded == name)
        };
        let known = || {
            NAMES
                .iter()
                .zip(entries)
                .filter_map(|(n, e)| Some((*n, e?)))
        };
        let measures = known().map(|(name, entry)| Measure {
            name: name.to_owned(),
            value: entry.value,
            error: entry.error,
            guarded: guarded(name),
        });
        let baselines = known().filter(|(_, entry)| entry.baseline.is_finite());
        let baselines = baselines.map(|(name, entry)| Baseline {
            name: name.to_owned(),
            value: entry.baseline,
        });
        (measures.collect(), baselines.collect())
    }
}

impl Judge for EnsembleJudge<'_> {
    fn measure(&self, sample: &Trajectory) -> Result<Vec<Measure>, BoxError> {
        let compared = self.compare(&replicas(sample)?, None)?;
        Ok(compared.map_or_else(Vec::new, |c| self.measures(c.summary()).0))
    }
}

/// A sample split where its time goes back.
pub(super) fn replicas(sample: &Trajectory) -> Result<Vec<Trajectory>> {
    let mut replicas = Vec::new();
    let mut current = Trajectory::new(sample.n_atoms());
    for index in 0..sample.n_frames() {
        let frame = sample.frame(index);
        let before = index.checked_sub(1).and_then(|before| sample.time(before));
        if let (Some(before), Some(now)) = (before, frame.time)
            && now <= before
        {
            replicas.push(std::mem::replace(
                &mut current,
                Trajectory::new(sample.n_atoms()),
            ));
        }
        current.push(&frame)?;
    }
    replicas.push(current);
    Ok(replicas)
}
