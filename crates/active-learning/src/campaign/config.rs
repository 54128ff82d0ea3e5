//! What a campaign is made of, and how two configurations differ.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the oracle may cost in all rounds together; whatever is reached first ends the campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Frames given to the oracle.
    pub frames: Option<usize>,
    /// Simulated time of the oracle, ns ([`Oracle::nanoseconds_per_frame`](crate::Oracle)).
    pub nanoseconds: Option<f64>,
    /// Wall time of the whole campaign, s, over all its starts.
    pub seconds: Option<f64>,
}

/// One way to fit a round's data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// Whether to go on from the accepted model, or to begin anew.
    pub warm_start: bool,
    /// How much a label of the oracle counts, where one of the base set counts 1.
    pub oracle_weight: f64,
}

/// How a campaign proceeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignConfig {
    /// Rounds of asking after the base model.
    pub n_rounds: usize,
    /// Frames that each fitted model proposes: what it is measured by, and the next round's candidates.
    pub n_samples: usize,
    /// Frames asked about in a round.
    pub n_selected: usize,
    /// Frames chosen beyond those, in place of such as the backmapper gives up on: of all that it made, the first
    /// ones in the selector's order are asked about.
    #[serde(default)]
    pub n_spare: usize,
    /// Frames given to the oracle at a time: what a killed program loses at most of its answers.
    pub oracle_batch: usize,
    /// What the oracle may cost.
    pub budget: Budget,
    /// Ways to fit, tried one after the other until one is accepted. Where none is, the round's data
    /// are kept, the model before it stays, and the next round adds to them.
    pub attempts: Vec<Attempt>,
    /// Whether a round's candidates are those of the newest model even where it was rejected: it shows where
    /// it goes wrong, and asking there is what mends it. Otherwise the accepted model is simulated again.
    #[serde(default)]
    pub follow_rejected: bool,
    /// A guarded measure may be worse than that of any model accepted before by so many standard errors of the
    /// difference.
    pub tolerance: f64,
    /// Seed of everything that the campaign draws.
    pub seed: u64,
    /// Settings of the parts, by name: only compared when a campaign goes on.
    pub parts: BTreeMap<String, String>,
}

impl CampaignConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        for (what, value) in [
            ("n_samples", self.n_samples),
            ("n_selected", self.n_selected),
            ("oracle_batch", self.oracle_batch),
            ("number of attempts", self.attempts.len()),
        ] {
            if value == 0 {
                return Err(Error::setting(what, "at least 1", value));
            }
        }
        let amounts = [self.budget.nanoseconds, self.budget.seconds];
        for amount in amounts.into_iter().flatten() {
            not_negative("budget", amount)?;
        }
        for attempt in &self.attempts {
            not_negative("oracle_weight", attempt.oracle_weight)?;
        }
        not_negative("tolerance", self.tolerance)
    }
}

fn not_negative(what: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(Error::setting(what, "finite, not negative", value))
    }
}

/// The first place in which two documents differ: its path, and what stands there in each.
pub(super) fn first_difference(began: &Value, now: &Value) -> Option<(String, String, String)> {
    if began == now {
        return None;
    }
    let below = |key: &str, found: (String, String, String)| {
        let (path, began, now) = found;
        let dot = if path.is_empty() { "" } else { "." };
        (format!("{key}{dot}{path}"), began, now)
    };
    match (began, now) {
        (Value::Object(before), Value::Object(after)) => {
            let keys: std::collections::BTreeSet<&String> =
                before.keys().chain(after.keys()).collect();
            keys.into_iter().find_map(|key| {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned();
                let (before, after) = (of(before), of(after));
                let found = first_difference(
                    before.as_ref().unwrap_or(&Value::Null),
                    after.as_ref().unwrap_or(&Value::Null),
                );
                found.map(|found| below(key, found))
            })
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .find_map(|(index, (before, after))| {
                first_difference(before, after).map(|found| below(&index.to_string(), found))
            }),
        _ => Some((String::new(), began.to_string(), now.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named() {
        let began = json!({"a": 1, "b": {"c": [1, 2], "d": null}});
        assert_eq!(first_difference(&began, &began), None);
        for (now, path, found) in [
            (json!({"a": 1, "b": {"c": [1, 3]}}), "b.c.1", "3"),
            (json!({"a": 1, "b": {"c": [1]}}), "b.c", "[1]"),
            (json!({"a": 1, "b": {"c": [1, 2], "d": 4}}), "b.d", "4"),
            (json!({"b": {"c": [1, 2]}}), "a", "null"),
        ] {
            let (at, _, is) = first_difference(&began, &now).unwrap();
            assert_eq!((at.as_str(), is.as_str()), (path, found));
        }
    }
}
