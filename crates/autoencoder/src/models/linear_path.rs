//! A linear map beside a network, there and back.

use crate::ops;
use crate::{Parameters, Pca, Result, TrainingSet};
use candle_core::Tensor;

const MEAN: &str = "linear.mean";
const DOWN: &str = "linear.down";
const UP: &str = "linear.up";

/// `z = (x − m)·D` and `x = z·U + m`; a network's part is added to each.
///
/// Before training D, U and m are set to the principal components of the training frames, scaled to
/// codes of unit variance, and the network's last layers to zero: training starts where the best
/// linear model ends, and what the network learns is the correction to it.
pub(super) struct LinearPath {
    n_atoms: usize,
    mean: Tensor,
    down: Tensor,
    up: Tensor,
}

impl LinearPath {
    pub(super) fn new(n_atoms: usize, latent: usize, parameters: &mut Parameters) -> Result<Self> {
        let size = 3 * n_atoms;
        Ok(Self {
            n_atoms,
            mean: parameters.constant(MEAN, &[size], 0.0)?,
            down: parameters.constant(DOWN, &[size, latent], 0.0)?,
            up: parameters.constant(UP, &[latent, size], 0.0)?,
        })
    }

    pub(super) fn encode(&self, positions: &Tensor) -> Result<Tensor> {
        let centred = positions.flatten_from(1)?.broadcast_sub(&self.mean)?;
        Ok(ops::linear(&centred, &self.down)?)
    }

    pub(super) fn decode(&self, latent: &Tensor) -> Result<Tensor> {
        let flat = ops::add_bias(&ops::linear(latent, &self.up)?, &self.mean)?;
        Ok(flat.reshape(((), self.n_atoms, 3))?)
    }
}

/// Sets the linear map to principal components, and the layers that begin with `last` to zero.
pub(super) fn initialise(
    data: &TrainingSet<'_>,
    latent: usize,
    last: &[&str],
    parameters: &Parameters,
) -> Result<()> {
    let pca = Pca::new(data.frames, &data.split.train, latent, parameters.device())?;
    let [mean, down, up] = pca.whitened()?;
    for (name, variable) in parameters.variables() {
        match name {
            MEAN => variable.set(&mean)?,
            DOWN => variable.set(&down)?,
            UP => variable.set(&up)?,
            _ if last.iter().any(|prefix| name.starts_with(prefix)) => {
                variable.set(&variable.zeros_like()?)?;
            }
            _ => {}
        }
    }
    Ok(())
}
