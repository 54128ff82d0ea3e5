//! Making conformations with a trained model.

use crate::checkpoint::{Checkpoint, Header, ModelDescription};
use crate::latent_map::decode_codes;
use crate::path::straight_line;
use crate::{Autoencoder, Error, Result};
use candle_core::{DType, Device, Tensor};
use molio::{Topology, Trajectory};
use std::path::Path;

/// Frames decoded at once.
const BATCH: usize = 64;

/// A trained model that takes and gives positions in nm.
pub struct Generator {
    model: Box<dyn Autoencoder>,
    n_parameters: usize,
    header: Header,
    device: Device,
}

impl Generator {
    /// Loads a checkpoint.
    ///
    /// # Errors
    /// As [`Checkpoint::read`] and [`Checkpoint::build`].
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        let checkpoint = Checkpoint::read(path)?;
        let (model, parameters) = checkpoint.build(device)?;
        Ok(Self {
            model,
            n_parameters: parameters.count(),
            header: checkpoint.header,
            device: device.clone(),
        })
    }

    /// What the atoms are.
    pub fn topology(&self) -> &Topology {
        &self.header.data.topology
    }

    /// How the model was made and trained.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Number of parameters of the network.
    pub fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// The network, in standardised units.
    pub fn model(&self) -> &dyn Autoencoder {
        self.model.as_ref()
    }

    /// Positions (nm) of latent points.
    ///
    /// # Errors
    /// [`Error::Setting`] for points of another dimension, or points that decode to something that is
    /// not finite.
    pub fn decode(&self, points: &[Vec<f32>]) -> Result<Trajectory> {
        if let ModelDescription::Shipped(config) = &self.header.model {
            let latent = config.latent();
            if let Some(wrong) = points.iter().find(|point| point.len() != latent) {
                let expected = format!("{latent} numbers");
                return Err(Error::setting("latent point", expected, wrong.len()));
            }
        }
        let scale = self.header.data.standardisation;
        let values = decode_codes(self.model.as_ref(), points, BATCH, &self.device)?;
        let size = 3 * self.topology().n_atoms();
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let found = format!("{} from {:?}", values[at], points[at / size]);
            return Err(Error::setting(
                "decoded coordinate",
                "a finite number",
                found,
            ));
        }
        let nm = |v: f32| (f64::from(v) * scale.std + scale.mean) as f32;
        let positions = values
            .chunks_exact(3)
            .map(|x| [nm(x[0]), nm(x[1]), nm(x[2])])
            .collect();
        Trajectory::from_positions(self.topology().n_atoms(), positions)
            .map_err(|e| Error::Frames(e.into()))
    }

    /// The code of a conformation (nm, the atoms of [`Generator::topology`]), superposed on the
    /// training data's reference if they were superposed.
    ///
    /// # Errors
    /// [`Error::Frames`] for another number of atoms or coordinates that are not finite.
    pub fn encode(&self, positions: &[[f32; 3]]) -> Result<Vec<f32>> {
        let n_atoms = self.topology().n_atoms();
        if positions.len() != n_atoms {
            let found = positions.len();
            return Err(Error::setting(
                "conformation",
                format!("{n_atoms} atoms"),
                found,
            ));
        }
        let mut positions = positions.to_vec();
        if let Some(reference) = &self.header.data.reference {
            molio::superpose(&positions, reference, None)
                .map_err(|e| Error::Frames(e.into()))?
                .apply(&mut positions);
        }
        let scale = self.header.data.standardisation;
        let standard = |v: &f32| ((f64::from(*v) - scale.mean) / scale.std) as f32;
        let values: Vec<f32> = positions.iter().flatten().map(standard).collect();
        let tensor = Tensor::from_vec(values, (1, n_atoms, 3), &self.device)?;
        let code = self.model.encode(&tensor)?.to_dtype(DType::F32)?;
        Ok(code.squeeze(0)?.to_vec1()?)
    }

    /// `n` conformations (nm) on the straight latent line between two, both ends decoded too.
    ///
    /// # Errors
    /// As [`Generator::encode`] and [`straight_line`].
    pub fn interpolate(&self, from: &[[f32; 3]], to: &[[f32; 3]], n: usize) -> Result<Trajectory> {
        self.decode(&straight_line(&self.encode(from)?, &self.encode(to)?, n)?)
    }
}
