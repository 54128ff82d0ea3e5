//! Whether a round's model may replace the one before it.

use crate::Measure;
use serde::{Deserialize, Serialize};

/// A guarded measure that got worse by more than its error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worsened {
    /// Which.
    pub name: String,
    /// Its value for the accepted model that it is compared with.
    pub before: f64,
    /// Its value for the new one; `None` where it is missing or not finite.
    pub now: Option<f64>,
    /// How much worse it may be: the tolerance times √(error² + error²).
    pub allowance: f64,
}

/// Whether a model was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What speaks against it; nothing, if it is accepted.
    pub worsened: Vec<Worsened>,
}

impl Verdict {
    /// Whether nothing speaks against the model.
    pub fn accepted(&self) -> bool {
        self.worsened.is_empty()
    }

    /// Compares each guarded measure with those of all models that were accepted before, the last one first: small
    /// steps for the worse, each within its error, must not add up.
    pub(super) fn new(accepted: &[&[Measure]], now: &[Measure], tolerance: f64) -> Self {
        let mut worsened: Vec<Worsened> = Vec::new();
        for before in accepted {
            for worse in Self::against(before, now, tolerance) {
                if worsened.iter().all(|known| known.name != worse.name) {
                    worsened.push(worse);
                }
            }
        }
        Self { worsened }
    }

    fn against(before: &[Measure], now: &[Measure], tolerance: f64) -> Vec<Worsened> {
        let guarded = before.iter().filter(|old| old.guarded);
        let worsened = guarded.filter_map(|old| {
            let new = now.iter().find(|new| new.name == old.name);
            let error = |m: &Measure| m.error.unwrap_or(0.0);
            let allowance = tolerance * error(old).hypot(new.map_or(0.0, error));
            let value = new.map(|new| new.value).filter(|value| value.is_finite());
            let fine = value.is_some_and(|value| value - old.value <= allowance);
            (!fine).then(|| Worsened {
                name: old.name.clone(),
                before: old.value,
                now: value,
                allowance,
            })
        });
        worsened.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(name: &str, value: f64, error: f64, guarded: bool) -> Measure {
        Measure {
            name: name.into(),
            value,
            error: Some(error),
            guarded,
        }
    }

    #[test]
    fn only_guarded_measures_beyond_their_error_count() {
        let before = [measure("a", 1.0, 0.3, true), measure("b", 1.0, 0.0, false)];
        let with = |a: f64| [measure("a", a, 0.4, true), measure("b", 9.0, 0.0, false)];
        assert!(Verdict::new(&[&before], &with(1.49), 1.0).accepted());
        assert!(!Verdict::new(&[&before], &with(1.51), 1.0).accepted());
        assert!(Verdict::new(&[&before], &with(1.51), 2.0).accepted());
        assert!(!Verdict::new(&[&before], &with(f64::NAN), 1.0).accepted());
        let missing = Verdict::new(&[&before], &[], 1.0);
        assert_eq!(missing.worsened[0].now, None);
        assert!(Verdict::new(&[], &with(5.0), 1.0).accepted());
    }

    #[test]
    fn small_steps_for_the_worse_do_not_add_up() {
        let steps = [1.0, 1.4, 1.8].map(|a| [measure("a", a, 0.4, true)]);
        let [base, first, second] = &steps;
        assert!(Verdict::new(&[base], first, 1.0).accepted());
        assert!(Verdict::new(&[first], second, 1.0).accepted());
        let verdict = Verdict::new(&[first, base], second, 1.0);
        assert_eq!(verdict.worsened[0].before, 1.0);
        let far = [measure("a", 9.0, 0.4, true)];
        assert_eq!(Verdict::new(&[first, base], &far, 1.0).worsened.len(), 1);
    }
}
