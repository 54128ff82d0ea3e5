//! The comparison of two ensembles: its numbers, and the known defects of the published suite,
//! each of which must not come back.

use metrics::Error;
use metrics::comparison::{
    BackboneTorsions, Column, Comparison, ComparisonConfig, Ensemble, Summary,
};
use molio::{AtomRecord, Element, Topology, TopologyBuilder, Trajectory};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) const BEADS: usize = 8;

pub(crate) fn topology() -> Topology {
    let mut builder = TopologyBuilder::default();
    builder.start_chain("A");
    for number in 1..=BEADS {
        builder.start_residue("ALA", number as i32, None, false);
        builder.add_atom(AtomRecord::new("CA", Element::CARBON));
    }
    builder.build()
}

/// A helix whose pitch wanders slowly between two values, with noise.
pub(crate) fn helix(n_frames: usize, pitch: f64, seed: u64) -> Trajectory {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut slow, mut sideways) = (0.0f64, 0.0f64);
    let mut positions = Vec::new();
    for _ in 0..n_frames {
        slow = 0.95 * slow + 0.3 * (random.random::<f64>() - 0.5);
        sideways = 0.8 * sideways + 0.3 * (random.random::<f64>() - 0.5);
        let rise = pitch + 0.03 * slow;
        for i in 0..BEADS {
            let angle = 1.745 * i as f64 + 0.1 * sideways * i as f64;
            let mut noise = || 0.01 * (random.random::<f64>() - 0.5);
            let x = [
                0.23 * angle.cos() + noise(),
                0.23 * angle.sin() + noise(),
                rise * i as f64 + noise(),
            ];
            positions.push(x.map(|v| v as f32));
        }
    }
    Trajectory::from_positions(BEADS, positions).unwrap()
}

pub(crate) fn config() -> ComparisonConfig {
    ComparisonConfig {
        n_resamples: 20,
        contact_cutoff: 0.6,
        ..ComparisonConfig::new(5)
    }
}

fn compare(reference: &[Trajectory], model: &[Trajectory]) -> Comparison {
    let of = |trajectories| Ensemble {
        trajectories,
        weights: None,
    };
    Comparison::new(&of(reference), &of(model), &topology(), config()).unwrap()
}

fn append(trajectory: &mut Trajectory, other: &Trajectory) {
    for frame in 0..other.n_frames() {
        trajectory.push(&other.frame(frame)).unwrap();
    }
}

#[test]
fn the_same_process_is_within_its_baseline_and_another_is_not() {
    let reference = [helix(600, 0.15, 1), helix(600, 0.15, 2)];
    let same = compare(&reference, &[helix(600, 0.15, 3), helix(600, 0.15, 4)]);
    let other = compare(&reference, &[helix(600, 0.19, 5)]);
    let rg = |c: &Comparison| c.summary().rg.w1;
    assert!(rg(&same).within_baseline(), "{:?}", rg(&same));
    assert!(!rg(&other).within_baseline(), "{:?}", rg(&other));
    assert!(rg(&same).error.unwrap() > 0.0 && rg(&same).baseline > 0.0);
    let contacts = |c: &Comparison| c.summary().contacts.unwrap().rmsd;
    assert!(contacts(&other).value > 3.0 * contacts(&same).value);
    let plane = |c: &Comparison| c.summary().tica.w1_2d.unwrap();
    assert!(plane(&other).entry.value > 2.0 * plane(&same).entry.value);
    assert!(plane(&other).ucsc.unwrap() > plane(&same).ucsc.unwrap());
}

#[test]
fn identical_ensembles_have_no_distance() {
    let reference = [helix(300, 0.15, 1)];
    let summary = compare(&reference, &reference).summary().clone();
    assert_eq!(summary.rg.w1.value, 0.0);
    assert_eq!(summary.dihedral.unwrap().w1.value, 0.0);
    assert_eq!(summary.tica.w1_2d.unwrap().entry.value, 0.0);
    assert_eq!(summary.tica.kl_2d.unwrap().value, 0.0);
    assert_eq!(summary.contacts.unwrap().rmsd.value, 0.0);
}

#[test]
fn defect_1_every_tic_has_its_own_distance() {
    let summary = compare(&[helix(300, 0.15, 1)], &[helix(300, 0.17, 2)])
        .summary()
        .clone();
    assert_eq!(summary.tica.w1_1d.len(), 3);
    assert!(summary.tica.w1_1d.iter().all(|entry| entry.value > 0.0));
}

#[test]
fn defect_2_the_divergence_is_that_of_the_model_from_the_reference_and_positive() {
    let summary = compare(&[helix(300, 0.15, 1)], &[helix(300, 0.17, 2)])
        .summary()
        .clone();
    assert!(summary.tica.kl_2d.unwrap().value > 0.0);
    // A model that is narrower than the reference misses mass: the divergence must see it.
    let narrow = compare(&[helix(300, 0.15, 1)], &[helix(6, 0.15, 2)])
        .summary()
        .tica
        .kl_2d
        .unwrap();
    let wide = compare(&[helix(300, 0.15, 1)], &[helix(300, 0.15, 2)])
        .summary()
        .tica
        .kl_2d
        .unwrap();
    assert!(narrow.value > wide.value);
}

#[test]
fn defect_3_contacts_stay_on_their_pairs_and_the_last_frame_counts() {
    // Only beads 0 and 4 touch, and only in the last frame.
    let folded = [
        [0.0, 0.0, 0.0],
        [0.9, 0.0, 0.0],
        [0.9, 0.9, 0.1],
        [0.05, 0.95, 0.0],
        [0.0, 0.4, 0.3],
        [-0.6, 0.4, 0.9],
        [-0.7, 1.2, 1.3],
        [-0.8, 1.3, 2.2],
    ];
    let zigzag = |i: usize| {
        [
            0.38 * i as f32,
            0.05 * (i % 2) as f32,
            0.05 * (i / 2 % 2) as f32,
        ]
    };
    let line = |touching: bool| -> Vec<[f32; 3]> {
        if touching {
            folded.to_vec()
        } else {
            (0..BEADS).map(zigzag).collect()
        }
    };
    let frames = |last: bool| {
        let mut positions: Vec<[f32; 3]> = (0..3).flat_map(|_| line(false)).collect();
        positions.extend(line(last));
        Trajectory::from_positions(BEADS, positions).unwrap()
    };
    let reference = [helix(300, 0.38, 1)];
    let model = |last: bool| {
        compare(&reference, &[frames(last)])
            .summary()
            .contacts
            .unwrap()
            .rmsd
            .value
    };
    // One pair of fifteen touches in one frame of four, all others never.
    let expected = (0.25f64 * 0.25 / 15.0).sqrt();
    assert_eq!(model(false), 0.0);
    assert!(
        (model(true) - expected).abs() < 1e-9,
        "{} {expected}",
        model(true)
    );
}

#[test]
fn defect_4_weights_count_in_every_number() {
    let reference = [helix(400, 0.15, 1)];
    let mut mixed = helix(200, 0.15, 2);
    append(&mut mixed, &helix(200, 0.19, 3));
    // Weights that leave only the good half must give what the good half alone gives.
    let weights = vec![[vec![1.0; 200], vec![0.0; 200]].concat()];
    let plain = Ensemble {
        trajectories: &reference,
        weights: None,
    };
    let model = [mixed];
    let weighted = Ensemble {
        trajectories: &model,
        weights: Some(&weights),
    };
    let found = Comparison::new(&plain, &weighted, &topology(), config())
        .unwrap()
        .summary()
        .clone();
    let alone = compare(&reference, &[helix(200, 0.15, 2)])
        .summary()
        .clone();
    let values = |s: &Summary| {
        [
            s.bond.unwrap().w1.value,
            s.angle.unwrap().w1.value,
            s.dihedral.unwrap().w1.value,
            s.rg.w1.value,
            s.end_to_end.unwrap().w1.value,
            s.contacts.unwrap().rmsd.value,
            s.tica.w1_1d[0].value,
            s.tica.kl_2d.unwrap().value,
        ]
    };
    for (found, alone) in values(&found).iter().zip(values(&alone)) {
        assert!((found - alone).abs() < 1e-9, "{found} {alone}");
    }
}

#[test]
fn defect_5_mass_far_outside_the_reference_is_not_lost() {
    // Swollen helices: the further out, the larger the distance, without saturation.
    let reference = [helix(300, 0.15, 1)];
    let bond = |pitch: f64| {
        compare(&reference, &[helix(300, pitch, 2)])
            .summary()
            .bond
            .unwrap()
            .w1
            .value
    };
    assert!(bond(0.45) > bond(0.3) + 0.1 && bond(0.6) > bond(0.45) + 0.1);
}

#[test]
fn defect_6_exploded_frames_are_counted_and_make_the_report_red() {
    let reference = [helix(300, 0.15, 1)];
    let mut model = helix(300, 0.15, 2);
    model.positions_mut(10)[3] = [f32::NAN; 3];
    model.positions_mut(11)[3] = [500.0, 0.0, 0.0];
    let comparison = compare(&reference, &[model]);
    let frames = &comparison.summary().frames;
    assert_eq!(
        (frames.model, frames.rejected, frames.rejected_reference),
        (298, 2, 0)
    );
    let html = comparison.report().unwrap().to_html();
    assert!(html.contains("class=\"number bad\">✗ 2<"));
    assert!(
        !html.contains("class=\"number good\">✓ 0."),
        "no green verdict beside rejected frames"
    );

    let gone = Trajectory::from_positions(BEADS, vec![[f32::NAN; 3]; BEADS * 4]).unwrap();
    let of = |trajectories| Ensemble {
        trajectories,
        weights: None,
    };
    let error = Comparison::new(&of(&reference), &of(&[gone]), &topology(), config()).unwrap_err();
    assert!(matches!(error, Error::TooFew { found: 0, .. }));
}

#[test]
fn defect_7_weights_must_belong_to_their_trajectories() {
    let (reference, model) = (
        [helix(100, 0.15, 1)],
        [helix(50, 0.15, 2), helix(60, 0.15, 3)],
    );
    let swapped = [vec![1.0; 60], vec![1.0; 50]];
    let plain = Ensemble {
        trajectories: &reference,
        weights: None,
    };
    let weighted = Ensemble {
        trajectories: &model,
        weights: Some(&swapped),
    };
    let error = Comparison::new(&plain, &weighted, &topology(), config()).unwrap_err();
    assert!(matches!(
        error,
        Error::Length {
            expected: 50,
            found: 60,
            ..
        }
    ));
}

#[test]
fn the_json_has_the_promised_names() {
    let native = helix(1, 0.15, 9).positions(0).to_vec();
    let of = |trajectories| Ensemble {
        trajectories,
        weights: None,
    };
    let (reference, model) = ([helix(200, 0.15, 1)], [helix(200, 0.16, 2)]);
    let config = ComparisonConfig {
        native: Some(native),
        columns: vec![Column {
            name: "energy".to_owned(),
            reference: (0..200).map(f64::from).collect(),
            model: (0..200).map(|i| f64::from(i) + 7.0).collect(),
        }],
        ..config()
    };
    let comparison = Comparison::new(&of(&reference), &of(&model), &topology(), config).unwrap();
    let json: serde_json::Value = serde_json::from_str(&comparison.to_json().unwrap()).unwrap();
    for path in [
        "/frames/reference",
        "/frames/model",
        "/frames/rejected",
        "/tica/eigenvalues/0",
        "/tica/w1_2d/value",
        "/tica/w1_2d/error",
        "/tica/w1_2d/baseline",
        "/tica/w1_2d/ucsc",
        "/tica/w1_1d/0/value",
        "/tica/kl_2d/error",
        "/bond/w1/value",
        "/angle/w1/baseline",
        "/dihedral/w1/error",
        "/rg/w1/value",
        "/end_to_end/w1/value",
        "/contacts/rmsd/value",
        "/rmsd_to_native/value",
        "/rmsd_to_native/baseline",
        "/rmsd_to_native/model/error",
        "/msm/populations/value",
        "/msm/populations/error",
        "/msm/populations/baseline",
        "/msm/timescales/0/error",
        "/msm/macrostates/0/reference/error",
        "/msm/macrostates/0/difference/baseline",
        "/msm/macrostates/1/stationary/error",
        "/msm/macrostates/1/rmsd_to_native",
        "/columns/energy/w1/baseline",
    ] {
        assert!(
            json.pointer(path).is_some_and(serde_json::Value::is_number),
            "{path}"
        );
    }
    // Every value is seven higher.
    let moved = json.pointer("/columns/energy/w1/value").unwrap();
    assert!((moved.as_f64().unwrap() - 7.0).abs() < 1e-9);
    let populations = |side: &str| -> f64 {
        let states = json
            .pointer("/msm/macrostates")
            .unwrap()
            .as_array()
            .unwrap();
        let of = states
            .iter()
            .map(|s| s.pointer(&format!("/{side}/value")).unwrap());
        of.map(|p| p.as_f64().unwrap()).sum()
    };
    let outside = |side: &str| {
        json.pointer(&format!("/msm/outside_{side}"))
            .unwrap()
            .as_f64()
    };
    for side in ["reference", "model"] {
        let all = populations(side) + outside(side).unwrap();
        assert!((all - 1.0).abs() < 1e-9, "{side}: {all}");
    }
    let back: Summary = serde_json::from_value(json).unwrap();
    assert_eq!(back.frames, comparison.summary().frames);
}

#[test]
fn the_same_seed_gives_the_same_errors() {
    let (reference, model) = ([helix(200, 0.15, 1)], [helix(200, 0.16, 2)]);
    let once = compare(&reference, &model).summary().clone();
    assert_eq!(once, *compare(&reference, &model).summary());
}

/// Two wells in the pitch of a helix, crossed many times, with `share` of the time in the second.
fn two_wells(n_frames: usize, share: f64, seed: u64) -> Trajectory {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut second, mut positions) = (false, Vec::new());
    for _ in 0..n_frames {
        let leave = if second {
            0.05 * (1.0 - share)
        } else {
            0.05 * share
        };
        second ^= random.random::<f64>() < 2.0 * leave;
        let frame = helix(1, if second { 0.30 } else { 0.15 }, random.random());
        positions.extend_from_slice(frame.positions(0));
    }
    Trajectory::from_positions(BEADS, positions).unwrap()
}

#[test]
fn macrostates_are_the_wells_and_their_populations_those_of_the_frames() {
    let reference = [two_wells(3000, 0.3, 1)];
    let model = [two_wells(3000, 0.8, 2)];
    let of = |trajectories| Ensemble {
        trajectories,
        weights: None,
    };
    let config = ComparisonConfig {
        n_macrostates: 2,
        n_microstates: 20,
        native: Some(helix(1, 0.30, 9).positions(0).to_vec()),
        ..config()
    };
    let comparison =
        Comparison::new(&of(&reference), &of(&model), &topology(), config.clone()).unwrap();
    let msm = comparison.summary().msm.clone().unwrap();
    assert_eq!((msm.macrostates.len(), msm.native), (2, Some(1)));
    let second = msm.macrostates[1];
    assert!((second.reference.value - 0.3).abs() < 0.08, "{second:?}");
    assert!((second.model.value - 0.8).abs() < 0.08, "{second:?}");
    assert!((second.stationary.value - second.reference.value).abs() < 0.05);
    assert!((msm.populations.value - 0.5).abs() < 0.12 && !msm.populations.within_baseline());
    assert!(msm.timescales[0].value > 5.0 && msm.timescales[0].error.unwrap() > 0.0);
    let html = comparison.report().unwrap().to_html();
    assert!(html.contains("Implied timescales") && html.contains("2, native"));

    // Weights that halve the second well move its population, in the model's frames alone.
    let weights: Vec<f64> = comparison_weights(&model[0]);
    let weighted = Ensemble {
        trajectories: &model,
        weights: Some(std::slice::from_ref(&weights)),
    };
    let again = Comparison::new(&of(&reference), &weighted, &topology(), config).unwrap();
    let again = again.summary().msm.clone().unwrap().macrostates[1];
    let expected = 0.5 * second.model.value / (1.0 - 0.5 * second.model.value);
    assert!(
        (again.model.value - expected).abs() < 0.02,
        "{again:?} {expected}"
    );
    assert_eq!(again.reference.value, second.reference.value);
}

/// One half for frames in the second well.
fn comparison_weights(model: &Trajectory) -> Vec<f64> {
    let length = |frame: usize| model.positions(frame)[BEADS - 1][2] - model.positions(frame)[0][2];
    let weight = |frame: usize| if length(frame) > 1.6 { 0.5 } else { 1.0 };
    (0..model.n_frames()).map(weight).collect()
}

#[test]
fn a_reference_that_never_comes_back_has_no_macrostates_and_says_why() {
    // A chain that is pulled, frame after frame, without noise.
    let mut positions = Vec::new();
    for frame in 0..300u16 {
        let stretch = 0.5 + 0.001 * f32::from(frame);
        let bead = |i: usize| [0.38 * stretch * i as f32, 0.05 * (i % 2) as f32, 0.0];
        positions.extend((0..BEADS).map(bead));
    }
    let pulled = [Trajectory::from_positions(BEADS, positions).unwrap()];
    let comparison = compare(&pulled, &pulled);
    let summary = comparison.summary();
    assert!(summary.msm.is_none());
    let reason = summary.msm_undetermined.clone().unwrap();
    assert!(reason.contains("never comes back"), "{reason}");
    let html = comparison.report().unwrap().to_html();
    assert!(html.contains("no Markov state model"));
}

#[test]
fn torsions_enter_with_their_weights() {
    let (reference, model) = ([helix(200, 0.15, 1)], [helix(200, 0.15, 2)]);
    let side = |phi: f32, outlier: u32| BackboneTorsions {
        n_residues: 2,
        phi_psi: (0..400)
            .map(|i| [phi + 0.1 * (i % 2) as f32, -0.8])
            .collect(),
        counts: vec![[2 - outlier, 0, outlier]; 200],
    };
    let of = |trajectories| Ensemble {
        trajectories,
        weights: None,
    };
    let run = |torsions| {
        let config = ComparisonConfig {
            torsions: Some(torsions),
            ..config()
        };
        Comparison::new(&of(&reference), &of(&model), &topology(), config)
    };
    let same = run([side(-1.0, 0), side(-1.0, 0)]).unwrap();
    let entries = same.summary().ramachandran.unwrap();
    assert_eq!(
        (entries.jensen_shannon.value, entries.outliers.value),
        (0.0, 0.0)
    );
    let other = run([side(-1.0, 0), side(1.0, 1)]).unwrap();
    let entries = other.summary().ramachandran.unwrap();
    assert!((entries.jensen_shannon.value - 2f64.ln()).abs() < 1e-12);
    assert_eq!(
        (entries.outliers.value, entries.model.outlier.value),
        (0.5, 0.5)
    );
    assert!(other.report().unwrap().to_html().contains("Ramachandran"));
    let mut short = side(-1.0, 0);
    short.counts.pop();
    assert!(run([side(-1.0, 0), short]).is_err());
}
