//! How labels count, in training and in priors.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// How labels count.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::commands::learn) struct LabelsConfig {
    /// A mean force counts by its inverse variance, but at most as much as so many single forces: side chains that
    /// do not turn over while it is averaged are a noise that its own error does not show. 12 is what labels of
    /// CLN025 are worth.
    pub(in crate::commands::learn) most_weight: f64,
    /// What labels count in the priors, beside the base set.
    pub(in crate::commands::learn) priors: CountedTerms,
    /// Frames of a simulation of the priors alone, at the temperatures of `[simulation]`, at which `training.energy`
    /// holds the network to the priors: where a model could go and no data are, nothing else keeps the network
    /// from making up a basin.
    #[serde(skip_serializing_if = "super::is_zero")]
    pub(in crate::commands::learn) prior_frames: usize,
    /// Share of the ensemble that the base set's basin (where `base.max_rmsd_nm` says how wide it is, with the answers in
    /// it) has, from 0 to 1; answers outside it have the rest. Neither of the two knows it, so it has to be said,
    /// if anything goes by the ensemble; at a melting temperature it is a half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands::learn) base_share: Option<f64>,
}

impl Default for LabelsConfig {
    fn default() -> Self {
        Self {
            most_weight: 12.0,
            priors: CountedTerms::default(),
            prior_frames: 0,
            base_share: None,
        }
    }
}

impl LabelsConfig {
    /// Whether all is there; `refined` if models go towards the ensemble.
    pub(super) fn check(&self, refined: bool) -> Result<()> {
        let most_weight = self.most_weight;
        ensure!(
            most_weight > 0.0,
            "labels.most_weight: expected a positive number, found {most_weight}"
        );
        let CountedTerms {
            pairs,
            angles,
            dihedrals,
        } = self.priors;
        let needed = refined || [pairs, angles, dihedrals].contains(&Counted::Ensemble);
        match self.base_share {
            Some(share) => ensure!(
                (0.0..=1.0).contains(&share),
                "labels.base_share: expected from 0 to 1, found {share}"
            ),
            None => ensure!(
                !needed,
                "labels.base_share: expected the share of the ensemble that the base set's basin has, as [refinement] and \
                 priors of the \"ensemble\" go by it"
            ),
        }
        Ok(())
    }
}

/// What labels count in each kind of prior.
///
/// A prior is a free energy from counts. Bonds, repulsion and angles relax within an answer, and where labels leave
/// the base set's basin a prior of that basin alone is so stiff that the network has to undo it; it does so
/// on the other side too, where nothing then keeps beads from collapsing. The basins of a dihedral are another matter: an
/// answer stays in the one that was asked about, and counted label by label they come out as deep as was asked often.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::commands::learn) struct CountedTerms {
    /// Bonds and repulsion.
    pub(in crate::commands::learn) pairs: Counted,
    pub(in crate::commands::learn) angles: Counted,
    pub(in crate::commands::learn) dihedrals: Counted,
}

impl Default for CountedTerms {
    fn default() -> Self {
        Self {
            pairs: Counted::All,
            angles: Counted::All,
            dihedrals: Counted::Once,
        }
    }
}

/// What the labels of one answer of the oracle count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::commands::learn) enum Counted {
    /// Nothing: the prior stays that of the base set.
    None,
    /// One frame.
    Once,
    /// A frame each.
    All,
    /// Their part of an ensemble in which the base set's basin has `labels.base_share`.
    Ensemble,
}
