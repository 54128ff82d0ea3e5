//! How labels count, in training and in priors.

use serde::{Deserialize, Serialize};

/// How labels count.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::commands::learn) struct LabelsConfig {
    /// A mean force counts by its inverse variance, but at most as much as so many single forces: side chains that
    /// do not turn over while it is averaged are a noise that its own error does not show. 12 is what labels of
    /// CLN025 are worth.
    pub(in crate::commands::learn) most_weight: f64,
    /// Priors that are fitted anew to the base set and the labels together; the others stay those of the base set.
    /// Angles and dihedrals of a base set of one basin are stiff; where labels leave it, the network has to undo them, and
    /// does so on the other side too, where nothing then keeps beads from collapsing. Where the base set has the
    /// basins in their proportions, leave dihedrals out: answers about chosen frames are no ensemble, and counted
    /// they make a basin as deep as they are many.
    pub(in crate::commands::learn) refit_priors: Vec<PriorTerms>,
}

/// Terms of the priors by what they depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::commands::learn) enum PriorTerms {
    /// Bonds and repulsion.
    Pairs,
    Angles,
    Dihedrals,
}

impl PriorTerms {
    pub(in crate::commands::learn) const ALL: [Self; 3] =
        [Self::Pairs, Self::Angles, Self::Dihedrals];
}

impl Default for LabelsConfig {
    fn default() -> Self {
        Self {
            most_weight: 12.0,
            refit_priors: PriorTerms::ALL.to_vec(),
        }
    }
}
