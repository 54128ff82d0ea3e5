//! Replicas that break, and those that do not.

use crate::potentials::{Together, config};
use dynamics::{BoxError, Fault, FaultCause, Integrator, Potential, Propagator, Simulation};

/// No force, so that atoms fly straight; beyond x = 1 nm something breaks.
#[derive(Clone, Copy)]
struct Cliff(FaultCause);

impl Potential for Cliff {
    fn n_atoms(&self) -> usize {
        2
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        f.fill([0.0; 3]);
        let mut energy = f64::from(x[0][0]);
        if x[0][0] > 1.0 {
            match self.0 {
                FaultCause::Energy => energy = f64::NAN,
                FaultCause::Force => f[1][2] = f32::INFINITY,
                // accelerates beyond any velocity
                _ => f[1][2] = f32::MAX,
            }
        }
        Ok(energy)
    }
}

fn check<P: Potential>(potential: P, cause: FaultCause) {
    let mut config = config(vec![1e-6, 1e-6], &[0.0; 18], Integrator::VelocityVerlet);
    config.time_step = 0.01;
    let starts = vec![vec![[0.0; 3], [0.0, 1.0, 0.0]]; 18];
    let mut simulation = Simulation::new(potential, config, &starts).unwrap();
    for replica in 0..18 {
        let speed = if [5, 17].contains(&replica) {
            10.0 * replica as f64
        } else {
            0.1
        };
        simulation
            .set_velocities(replica, &[[speed, 0.0, 0.0], [0.0; 3]])
            .unwrap();
    }
    simulation.advance(50).unwrap();
    // 5 goes 0.5 nm a step, 17 goes 1.7
    let expected = [(17, 1), (5, 3)].map(|(replica, step)| Fault {
        replica,
        step,
        cause,
    });
    assert_eq!(simulation.faults(), expected);
    for replica in 0..18 {
        let frame = Propagator::frame(&simulation, replica).unwrap();
        let vectors = [Some(frame.positions), frame.velocities, frame.forces];
        assert!(
            vectors
                .iter()
                .flatten()
                .flatten()
                .flatten()
                .all(|x| x.is_finite())
        );
        assert_eq!(simulation.is_frozen(replica), [5, 17].contains(&replica));
    }
    let x = simulation.positions(5)[0][0];
    assert!((x - 1.0).abs() < 1e-9, "{x}");
    assert!((simulation.positions(4)[0][0] - 0.05).abs() < 1e-9);
    assert!((simulation.positions(16)[0][0] - 0.05).abs() < 1e-9);

    simulation.reseed(17, &starts[0]).unwrap();
    assert!(!simulation.is_frozen(17) && simulation.faults().len() == 2);
    simulation
        .set_velocities(17, &[[0.1, 0.0, 0.0], [0.0; 3]])
        .unwrap();
    simulation.advance(50).unwrap();
    assert!((simulation.positions(17)[0][0] - 0.05).abs() < 1e-9);
    assert_eq!(simulation.faults().len(), 2);
}

#[test]
fn broken_replicas_are_frozen_and_recorded() {
    for cause in [FaultCause::Energy, FaultCause::Force, FaultCause::Position] {
        check(Cliff(cause), cause);
        check(Together(Cliff(cause)), cause);
    }
}

#[test]
fn bad_starts_and_settings_are_refused() {
    let good = config(vec![1.0, 1.0], &[300.0], Integrator::VelocityVerlet);
    let start = vec![[0.0; 3], [0.1; 3]];
    let try_with = |change: &dyn Fn(&mut dynamics::SimulationConfig), start: Vec<[f32; 3]>| {
        let mut config = good.clone();
        change(&mut config);
        Simulation::new(Cliff(FaultCause::Energy), config, &[start]).is_err()
    };
    assert!(!try_with(&|_| {}, start.clone()));
    assert!(try_with(&|_| {}, vec![[f32::NAN; 3]; 2]));
    assert!(
        try_with(&|_| {}, vec![[2.0; 3]; 2]),
        "energy is NaN at the start"
    );
    assert!(try_with(&|_| {}, vec![[0.0; 3]; 3]));
    assert!(try_with(&|c| c.masses = vec![1.0], start.clone()));
    assert!(try_with(&|c| c.masses = vec![1.0, -1.0], start.clone()));
    assert!(try_with(&|c| c.time_step = 0.0, start.clone()));
    assert!(try_with(&|c| c.replicas.clear(), start.clone()));
    assert!(try_with(
        &|c| c.replicas[0].temperature = f64::NAN,
        start.clone()
    ));
    assert!(try_with(
        &|c| c.integrator = Integrator::Overdamped { friction: 0.0 },
        start.clone()
    ));
    assert!(try_with(&|c| c.constraint_tolerance = 0.0, start));
}

/// Fails once, as a lost device might, then works.
struct Flaky(std::sync::atomic::AtomicUsize);

impl Potential for Flaky {
    fn n_atoms(&self) -> usize {
        1
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        if self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 100 {
            return Err("the device is gone".into());
        }
        f[0] = x[0].map(|x| -x);
        Ok(0.0)
    }
}

#[test]
fn an_error_of_the_potential_loses_nothing() {
    let run = |calls: usize| {
        let config = config(
            vec![1.0],
            &[300.0; 20],
            Integrator::LangevinMiddle { friction: 1.0 },
        );
        let flaky = Flaky(std::sync::atomic::AtomicUsize::new(calls));
        let mut simulation = Simulation::new(flaky, config, &vec![vec![[0.1; 3]]; 20]).unwrap();
        let outcome = simulation.advance(30);
        if calls == 0 {
            assert!(matches!(outcome, Err(dynamics::Error::Potential(_))));
            assert!(matches!(
                simulation.checkpoint(),
                Err(dynamics::Error::Unfinished)
            ));
            simulation.advance(30).unwrap();
        }
        (0..20).map(|r| simulation.state(r)).collect::<Vec<_>>()
    };
    assert_eq!(run(0), run(1000));
}
