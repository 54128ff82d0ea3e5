//! Potentials that take whole steps themselves.

use crate::potentials::config;
use dynamics::{
    BoxError, Fault, FaultCause, Integrator, Potential, ReplicaState, ReplicaStepper, ReplicaSteps,
    Simulation, SimulationConfig,
};

/// No forces; as a stepper, atoms move by 1 nm a step, and replica 1 fails at step 5.
struct Conveyor;

impl Potential for Conveyor {
    fn n_atoms(&self) -> usize {
        1
    }
    fn energy_forces(&self, _: &[[f32; 3]], forces: &mut [[f32; 3]]) -> Result<f64, BoxError> {
        forces[0] = [0.0; 3];
        Ok(0.0)
    }
    fn stepper(&self) -> Option<&dyn ReplicaStepper> {
        Some(self)
    }
}

impl ReplicaStepper for Conveyor {
    fn takes(&self, config: &SimulationConfig) -> bool {
        matches!(config.integrator, Integrator::LangevinMiddle { .. })
    }

    fn advance(
        &self,
        steps: &ReplicaSteps<'_>,
        replicas: &mut [ReplicaState],
    ) -> Result<Vec<Fault>, BoxError> {
        let mut faults = Vec::new();
        for (replica, state) in replicas.iter_mut().enumerate() {
            for step in steps.first + 1..=steps.first + steps.count {
                if state.frozen {
                    break;
                }
                if (replica, step) == (1, 5) {
                    state.frozen = true;
                    let cause = FaultCause::Force;
                    faults.push(Fault {
                        replica,
                        step,
                        cause,
                    });
                    break;
                }
                state.positions[0][0] += 1.0;
            }
        }
        Ok(faults)
    }
}

#[test]
fn a_simulation_leaves_its_steps_to_a_stepper() {
    let langevin = Integrator::LangevinMiddle { friction: 1.0 };
    let config = config(vec![12.0], &[300.0; 3], langevin);
    let starts = vec![vec![[0.0; 3]]; 3];
    let mut simulation = Simulation::new(Conveyor, config.clone(), &starts).unwrap();
    simulation.advance(3).unwrap();
    simulation.advance(4).unwrap();
    let x = |simulation: &Simulation<Conveyor>, replica| simulation.positions(replica)[0][0];
    assert_eq!([0, 1, 2].map(|r| x(&simulation, r)), [7.0, 4.0, 7.0]);
    assert!(simulation.is_frozen(1) && simulation.step() == 7);
    assert_eq!(simulation.faults().len(), 1);
    assert_eq!(simulation.frame(2).positions[0][0], 7.0);
    let bytes = simulation.checkpoint().unwrap();
    let mut resumed = Simulation::resume(Conveyor, &config, &bytes).unwrap();
    resumed.advance(1).unwrap();
    assert_eq!([0, 1].map(|r| x(&resumed, r)), [8.0, 4.0]);
}

#[test]
fn steps_that_it_does_not_take_are_the_simulations() {
    let config = config(vec![12.0], &[300.0], Integrator::VelocityVerlet);
    let starts = vec![vec![[0.0; 3]]; 1];
    let mut simulation = Simulation::new(Conveyor, config, &starts).unwrap();
    simulation.advance(3).unwrap();
    assert_eq!(simulation.positions(0), [[0.0; 3]]);
}
