//! When something happens, and whether it makes sense.

use anyhow::{Context, Result, ensure};
use dynamics::ReplicaExchange;
use molio::Format;
use std::path::Path;
use std::time::Duration;

/// How long the program may be deaf to Ctrl-C.
const RESPONSE: Duration = Duration::from_millis(200);

/// Each has a file open.
const MOST_REPLICAS: usize = 10_000;

/// What a command is asked to do when.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands) struct Schedule<'a> {
    /// Trajectory to write.
    pub(in crate::commands) out: &'a Path,
    pub(in crate::commands) replicas: usize,
    /// Steps of each replica, those of earlier starts included.
    pub(in crate::commands) n_steps: u64,
    /// ps
    pub(in crate::commands) time_step: f64,
    /// Steps from frame to frame.
    pub(in crate::commands) save: u64,
    /// Steps from one exchange to the next.
    pub(in crate::commands) exchange: Option<u64>,
    /// Seconds.
    pub(in crate::commands) checkpoint_every: f64,
}

impl Schedule<'_> {
    /// Fails with the option that makes no sense. `command` is what writes.
    pub(in crate::commands) fn check(&self, command: &str) -> Result<()> {
        ensure!(
            matches!(
                Format::of(self.out),
                Some(Format::Xtc | Format::Trr | Format::Dcd)
            ) && !self
                .out
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("gz")),
            "{}: {command} writes xtc, trr or dcd",
            self.out.display()
        );
        ensure!(
            (1..=MOST_REPLICAS).contains(&self.replicas),
            "--replicas must be between 1 and {MOST_REPLICAS}"
        );
        ensure!(
            self.n_steps <= i32::MAX as u64,
            "{} steps: trajectory files number steps up to {}",
            self.n_steps,
            i32::MAX
        );
        ensure!(self.save > 0, "--save must be at least 1");
        ensure!(
            self.exchange != Some(0),
            "--exchange must be at least 1 step"
        );
        ensure!(
            self.time_step.is_finite() && self.time_step > 0.0,
            "--dt must be positive"
        );
        ensure!(
            self.checkpoint_every.is_finite() && self.checkpoint_every > 0.0,
            "--checkpoint-every must be positive"
        );
        Ok(())
    }

    /// Time from one checkpoint to the next.
    pub(in crate::commands) fn between_checkpoints(&self) -> Result<Duration> {
        Duration::try_from_secs_f64(self.checkpoint_every).context("--checkpoint-every")
    }

    /// How many steps to go from `step`: about `piece`, to the next frame or exchange or the end at most.
    pub(in crate::commands) fn next(&self, step: u64, piece: u64) -> u64 {
        let to_multiple = |every: u64| every - step % every;
        let n_steps = piece
            .min(self.n_steps.saturating_sub(step))
            .min(to_multiple(self.save));
        match self.exchange {
            Some(every) => n_steps.min(to_multiple(every)),
            None => n_steps,
        }
    }
}

/// How many steps make up a time in which nobody gets impatient, where `n_steps` took `spent`.
pub(in crate::commands) fn piece(n_steps: u64, spent: Duration) -> u64 {
    let rate = n_steps as f64 / spent.as_secs_f64().max(1e-9);
    ((rate * RESPONSE.as_secs_f64()) as u64).max(1)
}

/// Share of tried swaps that were accepted; none if none was tried.
pub(in crate::commands) fn acceptance(exchange: &ReplicaExchange) -> Option<f64> {
    let sum = |of: fn(&dynamics::ExchangeCounts) -> u64| exchange.counts().iter().map(of).sum();
    let (tried, accepted): (u64, u64) = (sum(|c| c.tried), sum(|c| c.accepted));
    (tried > 0).then(|| accepted as f64 / tried as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_at_frames_exchanges_and_the_end() {
        let schedule = Schedule {
            out: Path::new("x.xtc"),
            replicas: 2,
            n_steps: 1050,
            time_step: 0.004,
            save: 100,
            exchange: Some(40),
            checkpoint_every: 60.0,
        };
        schedule.check("md").unwrap();
        let mut step = 0;
        let mut ends = Vec::new();
        while step < schedule.n_steps {
            step += schedule.next(step, 1000);
            ends.push(step);
        }
        assert_eq!(ends[..5], [40, 80, 100, 120, 160]);
        assert_eq!(ends.last(), Some(&1050));
        assert_eq!(schedule.next(0, 7), 7);
        for wrong in [
            Schedule {
                save: 0,
                ..schedule
            },
            Schedule {
                exchange: Some(0),
                ..schedule
            },
            Schedule {
                replicas: 0,
                ..schedule
            },
            Schedule {
                out: Path::new("x.xtc.gz"),
                ..schedule
            },
            Schedule {
                time_step: f64::NAN,
                ..schedule
            },
            Schedule {
                checkpoint_every: 0.0,
                ..schedule
            },
            Schedule {
                n_steps: 1 << 31,
                ..schedule
            },
        ] {
            assert!(wrong.check("md").is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn pieces_take_as_long_as_the_program_may_be_deaf() {
        assert_eq!(piece(100, Duration::from_secs(1)), 20);
        assert_eq!(piece(1, Duration::from_secs(100)), 1);
    }
}
