//! The same bits on any number of threads, alone or among others.

use crate::potentials::{Together, config, methyls};
use dynamics::{Integrator, Potential, Replica, ReplicaState, Simulation};

const INTEGRATORS: [Integrator; 4] = [
    Integrator::LangevinMiddle { friction: 1.0 },
    Integrator::Baoab { friction: 1.0 },
    Integrator::Overdamped { friction: 20.0 },
    Integrator::VelocityVerlet,
];

fn states<P: Potential>(
    wrap: impl Fn(crate::potentials::Springs) -> P + Sync,
    integrator: Integrator,
    replicas: &[Replica],
    threads: usize,
) -> Vec<ReplicaState> {
    let (potential, masses, constraints, start) = methyls();
    let mut config = config(masses, &[], integrator);
    config.replicas = replicas.to_vec();
    config.constraints = constraints;
    let starts: Vec<_> = replicas
        .iter()
        .map(|replica| {
            let shift = 0.001 * replica.id as f32;
            start.iter().map(|x| x.map(|x| x + shift)).collect()
        })
        .collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| {
        let mut simulation = Simulation::new(wrap(potential), config, &starts).unwrap();
        simulation.draw_velocities().unwrap();
        simulation.advance(60).unwrap();
        simulation.advance(40).unwrap();
        (0..replicas.len()).map(|r| simulation.state(r)).collect()
    })
}

fn many() -> Vec<Replica> {
    let temperatures: Vec<f64> = (0..37).map(|r| 280.0 + 5.0 * f64::from(r)).collect();
    Replica::numbered(&temperatures)
}

#[test]
fn threads_do_not_matter() {
    for integrator in INTEGRATORS {
        let one = states(|p| p, integrator, &many(), 1);
        assert_eq!(one, states(|p| p, integrator, &many(), 2), "{integrator:?}");
        assert_eq!(
            one,
            states(Together, integrator, &many(), 3),
            "{integrator:?}"
        );
    }
}

#[test]
fn a_replica_alone_is_the_replica_among_others() {
    for integrator in INTEGRATORS {
        let together = states(|p| p, integrator, &many(), 2);
        for replica in [0, 15, 16, 36] {
            let alone = states(|p| p, integrator, &many()[replica..=replica], 1);
            assert_eq!(alone[0], together[replica], "{integrator:?} {replica}");
        }
    }
}

#[test]
fn seeds_and_identifiers_matter() {
    let integrator = INTEGRATORS[0];
    let replica = |id| {
        [Replica {
            id,
            temperature: 300.0,
        }]
    };
    let base = states(|p| p, integrator, &replica(3), 1);
    assert_eq!(base, states(|p| p, integrator, &replica(3), 1));
    let other = states(|p| p, integrator, &replica(4), 1);
    assert_ne!(base[0].velocities, other[0].velocities);
}
