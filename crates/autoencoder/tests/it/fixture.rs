//! A small synthetic "protein" that moves with two degrees of freedom.

use autoencoder::{BoxError, FrameSource, FrameSplit, Standardisation, TrainingSet};
use molio::{AtomRecord, Element, Topology, TopologyBuilder};

/// Frames of a bending and stretching chain.
pub(crate) struct Chain {
    n_atoms: usize,
    frames: Vec<Vec<f32>>,
    /// Frames whose coordinates are not numbers.
    pub(crate) broken: Vec<usize>,
}

impl Chain {
    pub(crate) fn new(n_atoms: usize, n_frames: usize) -> Self {
        let frames = (0..n_frames)
            .map(|t| {
                let (bend, stretch) = ((0.7 * t as f32).sin(), 1.0 + 0.3 * (0.31 * t as f32).cos());
                (0..n_atoms)
                    .flat_map(|atom| {
                        let s = atom as f32 / n_atoms as f32 - 0.5;
                        [3.0 * s * stretch, 2.0 * bend * s * s, (9.0 * s).sin() * 0.5]
                    })
                    .collect()
            })
            .collect();
        Self {
            n_atoms,
            frames,
            broken: Vec::new(),
        }
    }

    pub(crate) fn topology(&self) -> Topology {
        let mut builder = TopologyBuilder::default();
        for residue in 0..self.n_atoms {
            builder.start_residue("ALA", residue as i32, None, false);
            builder.add_atom(AtomRecord::new("CA", Element::CARBON));
        }
        builder.build()
    }

    /// Every fifth frame validates.
    pub(crate) fn training_set(&self) -> TrainingSet<'_> {
        let (validation, train) = (0..self.frames.len()).partition(|frame| frame % 5 == 4);
        TrainingSet {
            frames: self,
            topology: self.topology(),
            standardisation: Standardisation {
                mean: 0.25,
                std: 1.5,
            },
            split: FrameSplit {
                train,
                validation,
                test: Vec::new(),
            },
            reference: None,
        }
    }
}

impl FrameSource for Chain {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    fn standardised(&self, indices: &[usize], out: &mut Vec<f32>) -> Result<(), BoxError> {
        for &index in indices {
            let frame = self.frames.get(index).ok_or("no such frame")?;
            let factor = if self.broken.contains(&index) {
                f32::NAN
            } else {
                1.0
            };
            out.extend(frame.iter().map(|&v| v * factor));
        }
        Ok(())
    }
}
