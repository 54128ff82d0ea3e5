//! The energy as a differentiable operation of candle.

use crate::{Engine, Error, Nonfinite};
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, bail};
use dynamics::Batch;
use std::sync::{Arc, Mutex, PoisonError};

/// How an [`EnergyOp`] treats extremes. The default changes nothing and makes non-finite conformers an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyOpConfig {
    /// Energies above this (kJ/mol) become this, and pass no gradient: the derivative of the minimum.
    /// molearn: 1e34.
    pub energy_clamp: Option<f64>,
    /// Force components beyond ± this (kJ/mol/nm) become this in the gradient; energies stay.
    /// molearn, where asked for: 1e8.
    pub force_clamp: Option<f64>,
    /// What to do with a conformer without finite energy.
    pub nonfinite: Nonfinite,
}

impl Default for EnergyOpConfig {
    fn default() -> Self {
        Self {
            energy_clamp: None,
            force_clamp: None,
            nonfinite: Nonfinite::Error,
        }
    }
}

/// Energies of a batch as a tensor.
#[derive(Clone, Debug)]
pub struct EnergyTensor {
    /// `(B,)`, f32, kJ/mol. Zero, without gradient, for masked conformers.
    pub energies: Tensor,
    /// Conformers that were masked, ascending; a mean over the others divides by `B − masked.len()`.
    pub masked: Vec<usize>,
}

/// Potential energy with the gradient −forces: put it at the end of a decoder.
///
/// Forces are computed once, with the energies, and kept for the backward pass. They are not differentiable
/// themselves: second derivatives are an error of candle's.
#[derive(Clone, Debug)]
pub struct EnergyOp {
    engine: Arc<Engine>,
    config: EnergyOpConfig,
}

impl EnergyOp {
    /// Wraps an engine.
    ///
    /// # Errors
    /// If a clamp is not a number, or the force clamp is negative.
    pub fn new(engine: Arc<Engine>, config: EnergyOpConfig) -> crate::Result<Self> {
        let clamps = [
            ("energy clamp", config.energy_clamp, f64::NEG_INFINITY),
            ("force clamp", config.force_clamp, 0.0),
        ];
        for (parameter, clamp, least) in clamps {
            if let Some(value) = clamp
                && (value.is_nan() || value < least)
            {
                return Err(Error::Parameter {
                    term: "energy operation",
                    index: 0,
                    parameter,
                    value,
                    expected: "a number; for forces, not below zero",
                });
            }
        }
        Ok(Self { engine, config })
    }

    /// Energies of conformers.
    ///
    /// # Shapes
    /// `positions`: `(B, n_atoms, 3)`, f32, nm, on the CPU.
    ///
    /// # Errors
    /// Another shape, type or device; with [`Nonfinite::Error`], a conformer without finite energy.
    pub fn energies(&self, positions: &Tensor) -> Result<EnergyTensor> {
        if !positions.device().is_cpu() {
            bail!(
                "EnergyOp: the engine computes on the CPU, the positions are on {:?}; move them first",
                positions.device().location()
            );
        }
        if positions.dtype() != DType::F32 {
            bail!(
                "EnergyOp: expected positions of type f32, found {:?}",
                positions.dtype()
            );
        }
        let (_, n_atoms, axes) = positions.dims3()?;
        let expected = dynamics::Potential::n_atoms(&*self.engine);
        if (n_atoms, axes) != (expected, 3) {
            bail!(
                "EnergyOp: expected positions of shape (B, {expected}, 3), found {:?}",
                positions.shape()
            );
        }
        let masked = Arc::new(Mutex::new(Vec::new()));
        let evaluate = Evaluate {
            op: self.clone(),
            masked: Arc::clone(&masked),
        };
        let energies_and_forces = positions.contiguous()?.apply_op1(evaluate)?;
        let energies = energies_and_forces.narrow(1, 0, 1)?.squeeze(1)?;
        let masked = std::mem::take(&mut *masked.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(EnergyTensor { energies, masked })
    }
}

/// `(B, N, 3)` to `(B, 1 + 3N)`: energy, then forces as the gradient shall have them.
struct Evaluate {
    op: EnergyOp,
    masked: Arc<Mutex<Vec<usize>>>,
}

impl CustomOp1 for Evaluate {
    fn name(&self) -> &'static str {
        "force-field energy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n_conformers, n_atoms, _) = layout.shape().dims3()?;
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("EnergyOp: positions are not contiguous");
        };
        let (flat, _) = storage.as_slice::<f32>()?[start..end].as_chunks::<3>();
        let mut batch = Batch::from_positions(n_atoms, flat);
        let evaluation = self
            .op
            .engine
            .evaluate(&mut batch, self.op.config.nonfinite)
            .map_err(|error: Error| candle_core::Error::wrap(error))?;
        let mut out = Vec::with_capacity(n_conformers * (1 + 3 * n_atoms));
        let mut forces = vec![[0.0; 3]; n_atoms];
        let (energy_clamp, force_clamp) = (self.op.config.energy_clamp, self.op.config.force_clamp);
        for (conformer, energies) in evaluation.energies.iter().enumerate() {
            batch.copy_forces(conformer, &mut forces);
            let mut energy = energies.total();
            if evaluation.masked.binary_search(&conformer).is_ok() {
                energy = 0.0;
            }
            if let Some(clamp) = energy_clamp
                && energy > clamp
            {
                energy = clamp;
                forces.fill([0.0; 3]);
            }
            if let Some(clamp) = force_clamp {
                let clamp = clamp as f32;
                for component in forces.iter_mut().flatten() {
                    *component = component.clamp(-clamp, clamp);
                }
            }
            out.push(energy as f32);
            out.extend(forces.iter().flatten());
        }
        *self.masked.lock().unwrap_or_else(PoisonError::into_inner) = evaluation.masked;
        Ok((
            CpuStorage::F32(out),
            Shape::from((n_conformers, 1 + 3 * n_atoms)),
        ))
    }

    fn bwd(
        &self,
        positions: &Tensor,
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<Option<Tensor>> {
        let width = result.dim(1)?;
        let forces = result.narrow(1, 1, width - 1)?;
        let by_energy = gradient.narrow(1, 0, 1)?.neg()?;
        let by_position = forces
            .broadcast_mul(&by_energy)?
            .reshape(positions.shape())?;
        Ok(Some(by_position))
    }
}
