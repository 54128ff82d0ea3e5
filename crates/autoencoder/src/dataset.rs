//! `molio`'s datasets as sources of frames.

use crate::BoxError;
use crate::data::{Batch, Batches, FrameSource, FrameSplit, Standardisation, TrainingSet};
use molio::Dataset;

impl FrameSource for Dataset {
    fn n_atoms(&self) -> usize {
        Dataset::n_atoms(self)
    }

    fn standardised(&self, indices: &[usize], out: &mut Vec<f32>) -> Result<(), BoxError> {
        Ok(Dataset::standardised(self, indices, out)?)
    }

    fn batches<'a>(&'a self, order: &'a [usize], batch_size: usize) -> Batches<'a> {
        match self.minibatches(order.to_vec(), batch_size) {
            Ok(batches) => Box::new(batches.map(|batch| {
                let batch = batch?;
                Ok(Batch {
                    indices: batch.indices,
                    values: batch.data,
                })
            })),
            Err(error) => Box::new(std::iter::once(Err(error.into()))),
        }
    }
}

impl<'a> From<&'a Dataset> for TrainingSet<'a> {
    fn from(dataset: &'a Dataset) -> Self {
        let split = dataset.split();
        Self {
            frames: dataset,
            topology: dataset.topology().clone(),
            standardisation: Standardisation {
                mean: dataset.mean(),
                std: dataset.std(),
            },
            split: FrameSplit {
                train: split.train.clone(),
                validation: split.validation.clone(),
                test: split.test.clone(),
            },
            reference: dataset.reference().map(<[_]>::to_vec),
        }
    }
}
