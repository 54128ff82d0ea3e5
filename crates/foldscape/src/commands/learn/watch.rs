//! What a campaign tells while it runs.

use active_learning::{Event, Stage, Summary};
use anyhow::Result;
use indicatif::ProgressBar;

/// Prints a line a stage, and shows how far the oracle is.
pub(super) struct Watch {
    n_rounds: usize,
    bar: Option<ProgressBar>,
}

impl Watch {
    pub(super) fn new(n_rounds: usize) -> Self {
        Self {
            n_rounds,
            bar: None,
        }
    }

    /// Calls `ended` after each round.
    pub(super) fn observe(
        &mut self,
        event: &Event<'_>,
        ended: &mut dyn FnMut(&Summary) -> Result<()>,
    ) -> Result<()> {
        match event {
            Event::Began { round, stage } => {
                if *stage != Stage::Ask {
                    self.bar = None;
                }
                eprintln!("round {round} of {}: {}", self.n_rounds, name(*stage));
            }
            Event::Asked { done, total, .. } => {
                let bar = self.bar.get_or_insert_with(|| {
                    crate::progress::bar(Some(*total as u64), "frames labelled")
                });
                bar.set_position(*done as u64);
            }
            Event::Judged {
                round,
                attempt,
                verdict,
            } => {
                let accepted = if verdict.accepted() {
                    "accepted".to_owned()
                } else {
                    let worse = verdict.worsened.iter().map(|worse| {
                        let now = worse
                            .now
                            .map_or("missing".to_owned(), |x| format!("{x:.4}"));
                        format!("{} {:.4} → {now}", worse.name, worse.before)
                    });
                    format!("rejected, {}", worse.collect::<Vec<_>>().join(", "))
                };
                eprintln!("round {round}, attempt {attempt}: {accepted}");
            }
            Event::Ended { summary } => {
                self.bar = None;
                ended(summary)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a stage does, in words.
pub(super) fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Simulate => "simulating candidates",
        Stage::Gate => "checking candidates",
        Stage::Select => "choosing frames",
        Stage::Backmap => "putting atoms on beads",
        Stage::Ask => "all-atom simulations",
        Stage::Fit => "training",
        Stage::Sample => "simulating the model",
        Stage::Measure => "measuring",
        _ => "working",
    }
}
