//! How well a model gives back frames.

use crate::data::FrameSource;
use crate::{Autoencoder, Error, Result};
use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

/// RMSD (nm) of each frame and its decoded self after superposition, in the order of `indices`.
///
/// `std` is the standard deviation (nm) by which the frames were divided. The model must be in
/// evaluation mode. [`crate::Pca`] is a model too: compare on the same frames.
///
/// # Errors
/// Frames that cannot be had, a failing device, decoded positions that are not finite.
pub fn reconstruction_rmsd(
    model: &dyn Autoencoder,
    frames: &dyn FrameSource,
    indices: &[usize],
    std: f64,
    batch_size: usize,
    device: &Device,
) -> Result<Vec<f64>> {
    let size = 3 * frames.n_atoms();
    let mut rmsds = Vec::with_capacity(indices.len());
    for batch in frames.batches(indices, batch_size) {
        let batch = batch.map_err(Error::Frames)?;
        let shape = (batch.indices.len(), frames.n_atoms(), 3);
        let positions = Tensor::from_slice(&batch.values, shape, device)?;
        let decoded = model
            .decode(&model.encode(&positions)?)?
            .to_dtype(DType::F32)?;
        let decoded = decoded.flatten_all()?.to_vec1::<f32>()?;
        let rmsd = |(a, b): (&[f32], &[f32])| molio::rmsd(&triples(a), &triples(b));
        let pairs = batch.values.par_chunks(size).zip(decoded.par_chunks(size));
        let batch_rmsds: Result<Vec<f64>, _> = pairs.map(rmsd).collect();
        let batch_rmsds = batch_rmsds.map_err(|e| Error::Frames(e.into()))?;
        rmsds.extend(batch_rmsds.into_iter().map(|rmsd| rmsd * std));
    }
    Ok(rmsds)
}

fn triples(values: &[f32]) -> Vec<[f32; 3]> {
    values.chunks_exact(3).map(|x| [x[0], x[1], x[2]]).collect()
}
