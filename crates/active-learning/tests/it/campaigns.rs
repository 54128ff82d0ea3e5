//! What a campaign does.

use crate::toy;
use active_learning::{
    Backmapped, Backmapper, BoxError, Budget, Campaign, Ending, Error, Event, Fit, Gate,
    Implausible, Judge, Label, Measure, Model, Oracle, Parts, RandomChoice, Selector,
};
use molio::Trajectory;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn run(
    config: active_learning::CampaignConfig,
    folder: &std::path::Path,
) -> active_learning::Result<active_learning::Summary> {
    toy::run(config, folder, Duration::ZERO, &mut |_| {})
}

#[test]
fn rounds_find_the_other_well() {
    let folder = tempfile::tempdir().unwrap();
    let summary = run(toy::config(), folder.path()).unwrap();
    assert_eq!(summary.ending, Some(Ending::Finished));
    assert_eq!(summary.rounds.len(), 5);
    let shortfall = |round: usize| summary.rounds[round].attempts.last().unwrap().measures[0].value;
    assert!(
        shortfall(0) > 1.0 && shortfall(4) < 0.75,
        "{} {}",
        shortfall(0),
        shortfall(4)
    );
    for round in &summary.rounds[1..] {
        assert_eq!(round.n_candidates, 60);
        assert_eq!(round.implausible[&Implausible::NotFinite], 6);
        // twelve chosen, the tenth cannot be rebuilt, two labels each
        assert_eq!(
            (round.selected.len(), round.n_asked, round.n_labels),
            (12, 11, 22)
        );
        assert_eq!(round.nanoseconds, 5.5);
        let coverage = &round.coverage;
        assert!(coverage.radius_after.unwrap() < 0.5 * coverage.radius_before.unwrap());
        assert!(round.selected.iter().all(|i| *i < 54));
    }
    let reached = summary
        .rounds
        .iter()
        .flat_map(|r| r.implausible.get(&Implausible::Exploded));
    assert!(reached.count() > 0 || shortfall(4) > 0.0);
}

#[test]
fn a_second_run_reads_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(toy::config(), folder.path()).unwrap();
    let mut stages = 0;
    let second = toy::run(toy::config(), folder.path(), Duration::ZERO, &mut |event| {
        stages += usize::from(matches!(event, Event::Began { .. }));
    });
    assert_eq!(second.unwrap(), first);
    assert_eq!(stages, 0);
}

/// Gives up on every frame.
struct Helpless;

impl Backmapper for Helpless {
    fn backmap(&self, _: &Trajectory) -> Result<Backmapped, BoxError> {
        Ok(Backmapped {
            frames: Trajectory::new(2),
            indices: Vec::new(),
        })
    }
}

#[test]
fn a_round_without_a_frame_to_ask_about_ends_the_campaign() {
    let (selector, base) = (toy::selector(), toy::base());
    let pause = Duration::ZERO;
    let (model, oracle) = (toy::Range { pause }, toy::DoubleWell { pause });
    let parts = Parts {
        backmapper: Some(&Helpless),
        ..toy::parts(&model, &selector, &oracle, &toy::Span)
    };
    let folder = tempfile::tempdir().unwrap();
    let campaign = Campaign::new(toy::config(), parts, &base, folder.path()).unwrap();
    let stop = AtomicBool::new(false);
    let summary = campaign.run(&stop, &mut |_| {}).unwrap();
    assert_eq!(summary.ending, Some(Ending::NothingToAsk));
    assert_eq!(summary.rounds.len(), 1);
}

#[test]
fn budgets_end_a_campaign() {
    for (budget, expected) in [
        (
            Budget {
                frames: Some(15),
                ..Budget::default()
            },
            15,
        ),
        (
            Budget {
                nanoseconds: Some(7.5),
                ..Budget::default()
            },
            15,
        ),
        (
            Budget {
                seconds: Some(0.0),
                ..Budget::default()
            },
            0,
        ),
        (
            Budget {
                frames: Some(0),
                ..Budget::default()
            },
            0,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = active_learning::CampaignConfig {
            budget,
            ..toy::config()
        };
        let summary = run(config, folder.path()).unwrap();
        assert_eq!(summary.ending, Some(Ending::BudgetSpent));
        assert_eq!(summary.oracle_frames(), expected);
    }
}

#[test]
fn spare_frames_stand_in_for_such_as_cannot_be_rebuilt() {
    let asked = |n_spare| {
        let folder = tempfile::tempdir().unwrap();
        let config = active_learning::CampaignConfig {
            n_spare,
            ..toy::config()
        };
        let summary = run(config, folder.path()).unwrap();
        let indices = std::fs::read(folder.path().join("round-001/backmapped.json")).unwrap();
        let indices: Vec<usize> = serde_json::from_slice(&indices).unwrap();
        let round = &summary.rounds[1];
        (round.selected.len(), round.n_asked, indices)
    };
    // the toy's backmapper gives up on the tenth
    let first = |n: usize| (0..n).filter(|i| i % 10 != 9).collect::<Vec<_>>();
    assert_eq!(asked(0), (12, 11, first(12)));
    assert_eq!(asked(5), (17, 12, first(13)));
}

#[test]
fn a_changed_configuration_is_named() {
    let folder = tempfile::tempdir().unwrap();
    run(toy::config(), folder.path()).unwrap();
    let mut config = toy::config();
    config.attempts[1].oracle_weight = 3.0;
    let error = run(config, folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("config.attempts.1.oracle_weight = 2.0, now it is 3.0"),
        "{error}"
    );
    let mut config = toy::config();
    config.parts.insert("well".into(), "single".into());
    let error = run(config, folder.path()).unwrap_err();
    assert!(error.to_string().contains("config.parts.well"), "{error}");
}

/// Finds every second model worse than the one before.
struct Moody;

impl Judge for Moody {
    fn measure(&self, sample: &Trajectory) -> Result<Vec<Measure>, BoxError> {
        let most = sample
            .all_positions()
            .iter()
            .map(|x| x[0])
            .fold(f32::MIN, f32::max);
        Ok(vec![Measure {
            name: "reach".into(),
            value: f64::from(most),
            error: Some(0.0),
            guarded: true,
        }])
    }
}

#[test]
fn rejected_rounds_keep_their_data_and_the_accepted_model() {
    let folder = tempfile::tempdir().unwrap();
    let (model, oracle) = (
        toy::Range {
            pause: Duration::ZERO,
        },
        toy::DoubleWell {
            pause: Duration::ZERO,
        },
    );
    let selector = RandomChoice { seed: 3 };
    let base = toy::base();
    let parts = toy::parts(&model, &selector, &oracle, &Moody);
    let campaign = Campaign::new(toy::config(), parts, &base, folder.path()).unwrap();
    let summary = campaign.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    // the range grows with the data, which this judge does not like
    for round in &summary.rounds[1..] {
        assert_eq!(round.accepted, None);
        assert_eq!(round.attempts.len(), 2);
        assert_eq!(round.attempts[0].verdict.worsened[0].name, "reach");
    }
    assert_eq!(summary.accepted_at(4), Some((0, 0)));
    let text = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
    let fit: serde_json::Value =
        serde_json::from_str(&text("round-003/attempt-0/fit.json")).unwrap();
    assert_eq!(fit["n_labels"], 20 + 3 * 24);
    assert_eq!(fit["warm_start_from"], serde_json::json!([0, 0]));
    let cold: serde_json::Value =
        serde_json::from_str(&text("round-003/attempt-1/fit.json")).unwrap();
    assert_eq!(cold["warm_start_from"], serde_json::Value::Null);
    assert!(text("round-003/attempt-1/model/range.txt").contains("164 false"));
    // candidates are drawn anew from the accepted model
    assert!(folder.path().join("round-002/candidates.trr").exists());
    assert!(!folder.path().join("round-001/candidates.trr").exists());
}

#[test]
fn a_rejected_model_may_lead_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let pause = Duration::ZERO;
    let (model, oracle) = (toy::Range { pause }, toy::DoubleWell { pause });
    let selector = toy::selector();
    let base = toy::base();
    let parts = toy::parts(&model, &selector, &oracle, &Moody);
    let config = active_learning::CampaignConfig {
        follow_rejected: true,
        ..toy::config()
    };
    let campaign = Campaign::new(config, parts, &base, folder.path()).unwrap();
    let summary = campaign.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!(summary.accepted_at(4), Some((0, 0)));
    let farthest = |round: usize| {
        let path = folder.path().join(format!("round-{round:03}/selected.trr"));
        let chosen = Trajectory::read(path).unwrap();
        let xs = chosen.all_positions().iter().map(|x| x[0]);
        xs.fold(f32::NEG_INFINITY, f32::max)
    };
    // each round's candidates are those of the round before, which knew more
    assert!(!folder.path().join("round-002/candidates.trr").exists());
    let reach = [1, 2, 3].map(farthest);
    assert!(
        reach[1] > reach[0] + 0.1 && reach[2] > reach[1] + 0.1,
        "{reach:?}"
    );
}

/// A range that has also been to 9 nm, and once to nowhere.
struct Explorer(toy::Range);

impl Model for Explorer {
    fn fit(&self, fit: &Fit<'_>) -> Result<(), BoxError> {
        self.0.fit(fit)
    }

    fn propose(&self, folder: &Path, n: usize, seed: u64) -> Result<Trajectory, BoxError> {
        self.0.propose(folder, n, seed)
    }

    fn explored(&self, _folder: &Path) -> Result<Option<Trajectory>, BoxError> {
        let frames = vec![[9.0, 0.0, 0.0], [f32::NAN, 0.0, 0.0]];
        Ok(Some(Trajectory::from_positions(1, frames)?))
    }
}

#[test]
fn what_a_model_explored_can_be_chosen_but_does_not_measure_it() {
    let folder = tempfile::tempdir().unwrap();
    let pause = Duration::ZERO;
    let (model, oracle) = (Explorer(toy::Range { pause }), toy::DoubleWell { pause });
    let selector = toy::selector();
    let base = toy::base();
    let parts = toy::parts(&model, &selector, &oracle, &Moody);
    let config = toy::config();
    let n_samples = config.n_samples;
    let campaign = Campaign::new(config, parts, &base, folder.path()).unwrap();
    let summary = campaign.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
    let round = &summary.rounds[1];
    assert_eq!(round.n_candidates, n_samples + 2);
    // every tenth proposed frame, and one that was explored
    assert_eq!(
        round.implausible[&Implausible::NotFinite],
        n_samples / 10 + 1
    );
    let chosen = Trajectory::read(folder.path().join("round-001/selected.trr")).unwrap();
    assert!(chosen.all_positions().contains(&[9.0, 0.0, 0.0]));
    let sample = Trajectory::read(campaign.sample_file(0, 0)).unwrap();
    assert!(!sample.all_positions().contains(&[9.0, 0.0, 0.0]));
}

#[test]
fn it_stops_when_asked_and_goes_on() {
    let (folder, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = run(toy::config(), whole.path()).unwrap();
    let (model, oracle) = (
        toy::Range {
            pause: Duration::ZERO,
        },
        toy::DoubleWell {
            pause: Duration::ZERO,
        },
    );
    let (selector, base) = (toy::selector(), toy::base());
    let mut starts = 0;
    loop {
        starts += 1;
        let parts = Parts {
            model: &model,
            gate: Some(&toy::Fence),
            selector: &selector,
            backmapper: Some(&toy::Twins),
            oracle: &oracle,
            judge: &toy::Span,
            space: toy::along_x(),
        };
        let campaign = Campaign::new(toy::config(), parts, &base, folder.path()).unwrap();
        let stop = AtomicBool::new(false);
        let mut stages = 0;
        let summary = campaign
            .run(&stop, &mut |event| {
                stages += usize::from(matches!(event, Event::Began { .. }));
                stop.store(stages == 3, Ordering::SeqCst);
            })
            .unwrap();
        if summary.ending != Some(Ending::Interrupted) {
            assert_eq!(summary.oracle_frames(), expected.oracle_frames());
            break;
        }
    }
    assert!(starts > 10);
}

/// Answers with a force that is not a number.
struct Broken;

impl Oracle for Broken {
    fn label(&self, frames: &Trajectory) -> Result<Vec<Label>, BoxError> {
        let mut label = toy::label(frames.positions(0)[0][0]);
        label.frame.forces = Some(vec![[f32::NAN; 3]]);
        Ok(vec![label])
    }
}

/// Chooses what is not there.
struct Wild;

impl Selector for Wild {
    fn select(&self, c: &Trajectory, _: &Trajectory, _: usize) -> Result<Vec<usize>, BoxError> {
        Ok(vec![c.n_frames()])
    }
}

#[test]
fn broken_parts_are_errors() {
    let model = toy::Range {
        pause: Duration::ZERO,
    };
    let (good, base) = (toy::selector(), toy::base());
    let oracle = toy::DoubleWell {
        pause: Duration::ZERO,
    };
    let cases: [(&dyn Selector, &dyn Oracle, &str); 2] = [
        (&good, &Broken, "oracle failed"),
        (&Wild, &oracle, "selector's choice"),
    ];
    for (selector, oracle, message) in cases {
        let folder = tempfile::tempdir().unwrap();
        let parts = toy::parts(&model, selector, oracle, &toy::Span);
        let campaign = Campaign::new(toy::config(), parts, &base, folder.path()).unwrap();
        let error = campaign
            .run(&AtomicBool::new(false), &mut |_| {})
            .unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn only_one_program_runs_a_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let (model, oracle) = (
        toy::Range {
            pause: Duration::ZERO,
        },
        toy::DoubleWell {
            pause: Duration::ZERO,
        },
    );
    let (selector, base) = (toy::selector(), toy::base());
    let parts = toy::parts(&model, &selector, &oracle, &toy::Span);
    let _running = Campaign::new(toy::config(), parts, &base, folder.path()).unwrap();
    assert!(matches!(
        run(toy::config(), folder.path()),
        Err(Error::State { .. })
    ));
}

/// Its second answer lies where the gate sees a broken bond.
struct HalfBroken;

impl Oracle for HalfBroken {
    fn label(&self, frames: &Trajectory) -> Result<Vec<Label>, BoxError> {
        let asked = (0..frames.n_frames()).map(|i| frames.positions(i)[0][0]);
        Ok(asked
            .flat_map(|x| {
                let mut broken = toy::label(x);
                broken.frame.positions[0][1] = 1.0;
                [toy::label(x), broken]
            })
            .collect())
    }
}

struct Flat;

impl Gate for Flat {
    fn check(&self, positions: &[[f32; 3]]) -> Option<Implausible> {
        (positions[0][1] > 0.5).then_some(Implausible::BrokenBond)
    }
}

#[test]
fn answers_with_broken_bonds_are_left_out_and_counted() {
    /// Sees to it that no such answer comes to a fit.
    struct Wary;
    impl Model for Wary {
        fn fit(&self, fit: &Fit<'_>) -> Result<(), BoxError> {
            assert!(fit.labels.iter().all(|l| l.frame.positions[0][1] == 0.0));
            toy::Range {
                pause: Duration::ZERO,
            }
            .fit(fit)
        }
        fn propose(&self, folder: &Path, n: usize, seed: u64) -> Result<Trajectory, BoxError> {
            toy::Range {
                pause: Duration::ZERO,
            }
            .propose(folder, n, seed)
        }
    }
    let (selector, base) = (toy::selector(), toy::base());
    let parts = Parts {
        model: &Wary,
        gate: Some(&Flat),
        selector: &selector,
        backmapper: Some(&toy::Twins),
        oracle: &HalfBroken,
        judge: &toy::Span,
        space: toy::along_x(),
    };
    let folder = tempfile::tempdir().unwrap();
    let campaign = Campaign::new(toy::config(), parts, &base, folder.path()).unwrap();
    let stop = AtomicBool::new(false);
    let summary = campaign.run(&stop, &mut |_| {}).unwrap();
    assert_eq!(summary.rounds.len(), 5);
    for round in &summary.rounds[1..] {
        assert_eq!((round.n_labels, round.n_broken_labels), (11, 11));
    }
}
