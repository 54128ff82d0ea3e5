//! The all-atom side: from beads to atoms, and simulations that label.

use super::config::{Config, OracleConfig};
use super::data::{Data, project};
use super::outliers::WithoutOutliers;
use crate::physics;
use active_learning::{
    Annealing, AtomBuilder, MdOracle, MdOracleConfig, MdSetup, OracleSimulation, ProteinBackmapper,
    Sampling,
};
use anyhow::{Context, Result, ensure};
use forcefield_gpu::{ConstrainedBonds, Engine, EngineConfig, System, SystemOptions};
use metrics::ramachandran::Ramachandran;
use molio::{Frame, ProteinBuilder, Topology};
use std::sync::Arc;

/// Rebuilds atoms and relaxes them without solvent, which does for a start.
pub(super) fn backmapper(config: &Config, data: &Data) -> Result<WithoutOutliers> {
    let builder = ProteinBuilder::from_topology(&data.topology)?;
    ensure!(
        AtomBuilder::topology(&builder).atoms().len() == data.topology.n_atoms(),
        "system: the builder makes {} atoms, the structure has {}",
        AtomBuilder::topology(&builder).n_atoms(),
        data.topology.n_atoms()
    );
    let field = physics::force_field(&config.system.force_field)?;
    let vacuum = field.create_system(&data.topology, &SystemOptions::default())?;
    let vacuum = Arc::new(Engine::new(&vacuum, EngineConfig::default())?);
    let inner = ProteinBackmapper::new(
        data.maps.positions.beads(),
        Box::new(builder),
        vacuum,
        config.backmap.clone(),
    )?
    .with_templates(data.templates.clone())?;
    Ok(WithoutOutliers {
        inner,
        ramachandran: Ramachandran::new(&data.topology)?,
        most: config.gate.outliers,
    })
}

/// What the oracle simulates.
pub(super) fn system(config: &Config, topology: &Topology) -> Result<System> {
    let field = physics::force_field(&config.system.force_field)?;
    let options = SystemOptions {
        constraints: ConstrainedBonds::Hydrogen,
        hydrogen_mass: Some(config.oracle.hydrogen_mass),
        ..physics::options(config.system.solvent)
    };
    Ok(field.create_system(topology, &options)?)
}

/// Simulations in the native engine.
pub(super) fn oracle(config: &Config, data: &Data) -> Result<MdOracle<OracleSimulation>> {
    let asked = &config.oracle;
    let system = system(config, &data.topology)?;
    let rows = data.maps.positions.rows();
    let setup = MdSetup {
        masses: system.masses.clone(),
        constraints: physics::constraints(&system),
        bead_atoms: rows.iter().flatten().map(|&(atom, _)| atom).collect(),
        temperature: config.system.temperature,
        friction: asked.friction,
        time_step: asked.time_step,
        tether: asked.tether,
    };
    let engine = Arc::new(asked.device.engine(&system)?);
    let maps = data.maps.clone();
    let project = move |frame: &Frame| project(&maps, frame);
    MdOracle::of_potential(
        engine,
        setup,
        Box::new(project),
        asked.steps(config.system.temperature)?,
    )
    .context("oracle")
}

impl OracleConfig {
    /// In steps and records; `temperature` is the system's, K.
    pub(super) fn steps(&self, temperature: f64) -> Result<MdOracleConfig> {
        let steps = |what: &str, ps: f64| -> Result<u64> {
            ensure!(
                ps.is_finite() && ps >= 0.0 && self.time_step > 0.0,
                "oracle.{what}: expected picoseconds, not negative, found {ps}"
            );
            Ok((ps / self.time_step).round() as u64)
        };
        let every = steps("save_ps", self.save_ps)?.max(1);
        let n_records = (steps("length_ps", self.length_ps)? / every) as usize;
        ensure!(
            n_records > 0,
            "oracle: length_ps {} is shorter than save_ps {}",
            self.length_ps,
            self.save_ps
        );
        Ok(MdOracleConfig {
            sampling: self.kind,
            annealing: match self.annealing {
                Some(annealing) => Some(Annealing {
                    factor: annealing.temperature / temperature,
                    steps: steps("annealing.ps", annealing.ps)?,
                    held: annealing.held,
                }),
                None => None,
            },
            equilibration_steps: steps("equilibration_ps", self.equilibration_ps)?,
            release_steps: steps("release_ps", self.release_ps)?,
            every,
            n_records,
            n_blocks: self.blocks,
            time_step: self.time_step,
        })
    }

    /// Labels that one frame brings at most.
    pub(super) fn records(&self, temperature: f64) -> Result<usize> {
        Ok(match self.kind {
            Sampling::Free => self.steps(temperature)?.n_records,
            Sampling::MeanForceThenFree => self.steps(temperature)?.n_records + 1,
            Sampling::MeanForce => 1,
        })
    }
}
