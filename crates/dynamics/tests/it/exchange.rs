//! Replica exchange on a double well with a barrier that cold replicas do not cross.

use crate::potentials::{assert_within_five_sigma, config};
use dynamics::{BOLTZMANN, BoxError, Integrator, Potential, ReplicaExchange, Simulation};

/// h(x² − a²)²/a⁴ + cx in x, ½k in y and z.
struct DoubleWell;
const HEIGHT: f64 = 8.0;
const A: f64 = 0.3;
const TILT: f64 = 2.0;

fn along_x(x: f64) -> f64 {
    HEIGHT * (x * x - A * A).powi(2) / A.powi(4) + TILT * x
}

impl Potential for DoubleWell {
    fn n_atoms(&self) -> usize {
        1
    }
    fn energy_forces(&self, x: &[[f32; 3]], f: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        let [x, y, z] = x[0].map(f64::from);
        let slope = 4.0 * HEIGHT * x * (x * x - A * A) / A.powi(4) + TILT;
        f[0] = [-slope, -200.0 * y, -200.0 * z].map(|f| f as f32);
        Ok(along_x(x) + 100.0 * (y * y + z * z))
    }
}

/// The Boltzmann probability of x > 0, by the trapezoidal rule.
fn right_share(temperature: f64) -> f64 {
    let sum = |from: i32, to: i32| -> f64 {
        (from..=to)
            .map(|i| (-along_x(f64::from(i) * 1e-4) / (BOLTZMANN * temperature)).exp())
            .sum()
    };
    sum(0, 10_000) / sum(-10_000, 10_000)
}

fn run() -> (Vec<Vec<f64>>, ReplicaExchange) {
    let temperatures = [300.0, 450.0, 680.0, 1000.0];
    let mut config = config(
        vec![2.0],
        &temperatures,
        Integrator::LangevinMiddle { friction: 10.0 },
    );
    config.time_step = 0.005;
    // all start on the side that is less populated
    let mut simulation =
        Simulation::new(DoubleWell, config, &vec![vec![[0.3, 0.0, 0.0]]; 4]).unwrap();
    simulation.draw_velocities().unwrap();
    let mut exchange = ReplicaExchange::new(&simulation).unwrap();
    let (rounds, segment) = (40_000, 1000);
    let mut shares = vec![Vec::new(); 4];
    for start in (0..rounds).step_by(segment) {
        let mut sums = [0.0; 4];
        for _ in 0..segment {
            simulation.advance(10).unwrap();
            exchange.exchange(&mut simulation).unwrap();
            for (rung, &replica) in exchange.replica_at().iter().enumerate() {
                sums[rung] += f64::from(simulation.positions(replica)[0][0] > 0.0) / segment as f64;
            }
        }
        if start >= 2 * segment {
            for rung in 0..4 {
                shares[rung].push(sums[rung]);
            }
        }
    }
    (shares, exchange)
}

#[test]
fn every_rung_has_its_own_boltzmann_distribution() {
    let (shares, exchange) = run();
    for (rung, &temperature) in exchange.temperatures().iter().enumerate() {
        let what = format!("share of x > 0 at {temperature} K");
        assert_within_five_sigma(&shares[rung], right_share(temperature), &what);
    }
    for counts in exchange.counts() {
        assert!(
            counts.tried > 10_000 && counts.accepted * 10 > counts.tried,
            "{counts:?}"
        );
        assert!(counts.accepted < counts.tried);
    }
}

#[test]
fn exchange_keeps_temperatures_and_refuses_strangers() {
    let config = |temperatures: &[f64]| {
        config(
            vec![2.0],
            temperatures,
            Integrator::LangevinMiddle { friction: 10.0 },
        )
    };
    let start = |n: usize| vec![vec![[0.3, 0.0, 0.0]]; n];
    let mut simulation =
        Simulation::new(DoubleWell, config(&[500.0, 300.0, 400.0]), &start(3)).unwrap();
    let mut exchange = ReplicaExchange::new(&simulation).unwrap();
    assert_eq!(exchange.replica_at(), [1, 2, 0]);
    simulation.draw_velocities().unwrap();
    for _ in 0..50 {
        simulation.advance(20).unwrap();
        exchange.exchange(&mut simulation).unwrap();
        let mut temperatures: Vec<f64> = (0..3).map(|r| simulation.temperature(r)).collect();
        temperatures.sort_by(f64::total_cmp);
        assert_eq!(temperatures, [300.0, 400.0, 500.0]);
    }
    simulation.set_temperature(1, 777.0).unwrap();
    assert!(exchange.exchange(&mut simulation).is_err());
    let mut other = Simulation::new(DoubleWell, config(&[300.0; 2]), &start(2)).unwrap();
    assert!(exchange.exchange(&mut other).is_err());
    let cold = Simulation::new(DoubleWell, config(&[0.0, 300.0]), &start(2)).unwrap();
    assert!(ReplicaExchange::new(&cold).is_err());
}
