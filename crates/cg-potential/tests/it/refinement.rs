//! Refinement by relative entropy: it finds an ensemble that priors do not have, and goes on after a stop.

use cg_potential::{
    CgPotential, Error, ForceData, ForceSplit, Network, NetworkConfig, PairInteraction, PairTerm,
    Priors, Refinement, RefinementConfig, RefinementLadder, TrainingSet,
};
use dynamics::{BOLTZMANN, Integrator, Replica, Simulation, SimulationConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use std::path::Path;
use std::sync::atomic::AtomicBool;

const TEMPERATURE: f64 = 300.0;
/// Of the prior's spring, kJ/mol/nm², and where data and prior rest, nm.
const SPRING: f64 = 2000.0;
const REST: [f64; 2] = [0.45, 0.40];

/// Two beads around 0.45 nm: the ensemble of a spring there, as the density of their distance and its square.
fn data() -> ForceData {
    let mut data = ForceData::new(2);
    push(&mut data, REST[0]);
    data
}

/// Adds 500 frames of a spring that rests at `rest`.
fn push(data: &mut ForceData, rest: f64) {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let spread = (BOLTZMANN * TEMPERATURE / SPRING).sqrt();
    let normal = Normal::new(rest, spread).unwrap();
    for _ in 0..500 {
        let r = normal.sample(&mut random);
        let pull = SPRING * (r - rest);
        let forces = [[pull as f32, 0.0, 0.0], [-pull as f32, 0.0, 0.0]];
        data.push(&[[0.0; 3], [r as f32, 0.0, 0.0]], &forces, None)
            .unwrap();
    }
}

fn priors() -> Priors {
    let term = PairTerm::Harmonic {
        length: REST[1],
        k: SPRING / 2.0,
    };
    let beads = [0, 1];
    Priors::new(2, vec![PairInteraction { beads, term }], vec![], vec![]).unwrap()
}

fn network() -> Network {
    let config = NetworkConfig {
        layers: 1,
        ..NetworkConfig::named("ucsc").unwrap()
    };
    Network::new(config, &[4, 5], 7).unwrap()
}

fn config() -> RefinementConfig {
    RefinementConfig {
        iterations: 60,
        replicas: 32,
        steps: 200,
        samples: 2,
        batch_size: 64,
        learning_rate: 3e-3,
        // what the ensemble alone can do
        length: 0.0,
        average: 0.9,
        ..RefinementConfig::default()
    }
}

fn with_exchange() -> RefinementConfig {
    RefinementConfig {
        exchange: Some(RefinementLadder {
            hottest: 400.0,
            rungs: 2,
        }),
        ..config()
    }
}

fn split(data: &ForceData) -> ForceSplit {
    ForceSplit {
        train: (0..data.n_frames()).collect(),
        validation: vec![],
        test: vec![],
    }
}

fn mean_distance(network: &Network) -> f64 {
    let config = SimulationConfig {
        masses: vec![12.0; 2],
        replicas: Replica::numbered(&[TEMPERATURE; 64]),
        integrator: Integrator::Baoab { friction: 1.0 },
        time_step: 0.004,
        constraints: vec![],
        constraint_tolerance: 1e-6,
        seed: 5,
    };
    let starts = vec![vec![[0.0; 3], [0.42, 0.0, 0.0]]; 64];
    let potential = CgPotential::new(network, priors()).unwrap();
    let mut simulation = Simulation::new(potential, config, &starts).unwrap();
    simulation.draw_velocities().unwrap();
    simulation.advance(2000).unwrap();
    let mut sum = 0.0;
    for _ in 0..20 {
        simulation.advance(200).unwrap();
        for replica in 0..64 {
            let x = simulation.frame(replica).positions;
            let square: f32 = (0..3).map(|k| (x[0][k] - x[1][k]).powi(2)).sum();
            sum += f64::from(square).sqrt();
        }
    }
    sum / f64::from(20 * 64)
}

fn refine(
    config: &RefinementConfig,
    network: &mut Network,
    folder: &Path,
    stop_after: Option<usize>,
) -> usize {
    let data = data();
    let (split, priors) = (split(&data), priors());
    let set = TrainingSet {
        data: &data,
        split: &split,
        priors: &priors,
        temperature: TEMPERATURE,
    };
    let mut refinement = Refinement::new(config.clone(), network, set, None, folder).unwrap();
    let begun_at = refinement.iterations_done();
    let stop = AtomicBool::new(false);
    let done = refinement
        .run(&stop, &mut |record| {
            assert_eq!(record.faults, 0);
            if Some(record.iteration + 1) == stop_after {
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        })
        .unwrap();
    assert_eq!(done, stop_after.is_none());
    begun_at
}

#[test]
fn the_model_s_ensemble_becomes_that_of_the_data() {
    for config in [config(), with_exchange()] {
        let folder = tempfile::tempdir().unwrap();
        let mut network = network();
        let before = mean_distance(&network);
        refine(&config, &mut network, folder.path(), None);
        let after = mean_distance(&network);
        // the solid angle adds 2kT/(k r), about 0.006 nm, to both means of the model, and nothing to the data's
        assert!(before < 0.42, "{before}");
        assert!((after - REST[0]).abs() < 0.01, "{before} {after}");
    }
}

#[test]
fn frames_count_by_their_weights() {
    let mut data = data();
    push(&mut data, 0.35);
    let (split, priors) = (split(&data), priors());
    let set = TrainingSet {
        data: &data,
        split: &split,
        priors: &priors,
        temperature: TEMPERATURE,
    };
    let mut weights = vec![2.0; 1000];
    weights[500..].fill(0.0);
    let folder = tempfile::tempdir().unwrap();
    let mut network = network();
    Refinement::new(config(), &mut network, set, Some(&weights), folder.path())
        .unwrap()
        .run(&AtomicBool::new(false), &mut |_| {})
        .unwrap();
    let after = mean_distance(&network);
    assert!((after - REST[0]).abs() < 0.01, "{after}");
    // weights that are not
    for wrong in [
        &weights[1..],
        &[0.0; 1000],
        &[-1.0; 1000],
        &[f64::NAN; 1000],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let made = Refinement::new(config(), &mut network, set, Some(wrong), folder.path());
        assert!(matches!(
            made.err(),
            Some(Error::Length { .. } | Error::Setting { .. })
        ));
    }
}

#[test]
fn a_ladder_has_to_fit() {
    let data = data();
    let (split, priors) = (split(&data), priors());
    let set = TrainingSet {
        data: &data,
        split: &split,
        priors: &priors,
        temperature: TEMPERATURE,
    };
    for (hottest, rungs) in [(400.0, 1), (400.0, 5), (TEMPERATURE, 2), (f64::NAN, 2)] {
        let config = RefinementConfig {
            exchange: Some(RefinementLadder { hottest, rungs }),
            ..config()
        };
        let folder = tempfile::tempdir().unwrap();
        let made = Refinement::new(config, &mut network(), set, None, folder.path()).err();
        assert!(matches!(made, Some(Error::Setting { .. })), "{made:?}");
    }
}

#[test]
fn a_stopped_refinement_goes_on_to_the_same_parameters() {
    for config in [config(), with_exchange()] {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let (mut whole, mut pieces) = (network(), network());
        refine(&config, &mut whole, folders[0].path(), None);
        assert_eq!(refine(&config, &mut pieces, folders[1].path(), Some(17)), 0);
        let mut again = network();
        assert_eq!(refine(&config, &mut again, folders[1].path(), None), 17);
        assert_eq!(whole.parameters(), again.parameters());
    }
}

#[test]
fn another_network_to_begin_with_is_another_refinement() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = network();
    refine(&config(), &mut whole, folder.path(), None);
    let data = data();
    let (split, priors) = (split(&data), priors());
    let set = TrainingSet {
        data: &data,
        split: &split,
        priors: &priors,
        temperature: TEMPERATURE,
    };
    let error = Refinement::new(config(), &mut whole, set, None, folder.path()).err();
    assert!(
        matches!(
            error,
            Some(Error::OtherRun {
                setting: "network to refine",
                ..
            })
        ),
        "{error:?}"
    );
}
