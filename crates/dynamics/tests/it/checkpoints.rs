//! Interrupted runs.

use crate::potentials::{config, methyls};
use dynamics::{Error, Integrator, Simulation, SimulationConfig};

fn setup(
    integrator: Integrator,
) -> (
    crate::potentials::Springs,
    SimulationConfig,
    Vec<Vec<[f32; 3]>>,
) {
    let (potential, masses, constraints, start) = methyls();
    let temperatures: Vec<f64> = (0..18).map(|r| 300.0 + f64::from(r)).collect();
    let mut config = config(masses, &temperatures, integrator);
    config.constraints = constraints;
    (potential, config, vec![start; 18])
}

#[test]
fn a_continued_run_is_the_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.checkpoint");
    for integrator in [
        Integrator::LangevinMiddle { friction: 1.0 },
        Integrator::Baoab { friction: 1.0 },
        Integrator::Overdamped { friction: 20.0 },
        Integrator::VelocityVerlet,
    ] {
        let (potential, config, starts) = setup(integrator);
        let mut whole = Simulation::new(potential.clone(), config.clone(), &starts).unwrap();
        whole.draw_velocities().unwrap();
        whole.advance(30).unwrap();
        whole.set_temperature(4, 333.3).unwrap();
        whole.save(&path).unwrap();
        whole.advance(50).unwrap();
        let mut resumed = Simulation::load(potential, &config, &path).unwrap();
        assert_eq!(resumed.step(), 30);
        resumed.advance(50).unwrap();
        for replica in 0..18 {
            assert_eq!(
                resumed.state(replica),
                whole.state(replica),
                "{integrator:?}"
            );
        }
        assert_eq!(resumed.checkpoint().unwrap(), whole.checkpoint().unwrap());
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "left-overs"
    );
}

#[test]
fn damaged_checkpoints_are_refused() {
    let (potential, config, starts) = setup(Integrator::VelocityVerlet);
    let simulation = Simulation::new(potential.clone(), config.clone(), &starts).unwrap();
    let bytes = simulation.checkpoint().unwrap();
    let refused = |bytes: &[u8]| {
        let outcome = Simulation::resume(potential.clone(), &config, bytes);
        matches!(outcome, Err(Error::Checkpoint { .. }))
    };
    assert!(!refused(&bytes));
    for length in (0..bytes.len())
        .step_by(211)
        .chain([23, 24, bytes.len() - 1])
    {
        assert!(refused(&bytes[..length]), "{length}");
    }
    for at in (0..bytes.len()).step_by(97).chain(0..24) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(refused(&damaged), "{at}");
    }
    // a good checksum over nonsense: counts far beyond the data, and numbers that are not finite
    let sealed = |payload: &[u8]| {
        let mut sealed = bytes[..12].to_vec();
        sealed.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        sealed.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
        sealed.extend_from_slice(payload);
        sealed
    };
    assert!(!refused(&sealed(&bytes[24..])));
    assert!(refused(&sealed(&[0xff; 4096])));
    let mut huge = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    huge.extend_from_slice(&[0; 64]);
    assert!(refused(&sealed(&huge)));
    let mut extra = bytes[24..].to_vec();
    extra.push(0);
    assert!(refused(&sealed(&extra)));
    let position = simulation.positions(17)[15][2].to_le_bytes();
    let mut poisoned = bytes[24..].to_vec();
    let at = poisoned
        .windows(8)
        .rposition(|window| window == position)
        .unwrap();
    poisoned[at..at + 8].copy_from_slice(&f64::NAN.to_le_bytes());
    assert!(refused(&sealed(&poisoned)));
}

#[test]
fn checkpoints_of_other_simulations_are_refused() {
    let (potential, config, starts) = setup(Integrator::VelocityVerlet);
    let simulation = Simulation::new(potential.clone(), config.clone(), &starts).unwrap();
    let bytes = simulation.checkpoint().unwrap();
    let changes: [fn(&mut SimulationConfig); 4] = [
        |c| c.seed += 1,
        |c| c.time_step = 0.002,
        |c| c.masses[0] += 1.0,
        |c| c.replicas.truncate(3),
    ];
    for change in changes {
        let mut other = config.clone();
        change(&mut other);
        assert!(Simulation::resume(potential.clone(), &other, &bytes).is_err());
    }
    let missing = std::path::Path::new("/nonexistent/checkpoint");
    let outcome = Simulation::load(potential, &config, missing);
    assert!(matches!(outcome, Err(Error::File { .. })));
}
