//! Values per frame that the user brings.

use super::evaluate::Weights;
use super::{Comparison, Distance, Sample};
use crate::error::{Error, Result, check_length};

/// A quantity of the user's, with its value in every frame of both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it is, with its unit if it has one: it labels an axis.
    pub name: String,
    /// One value for each frame of the reference's trajectories, one after the other, before the
    /// stride. Values of rejected frames are not looked at.
    pub reference: Vec<f64>,
    /// The same of the model.
    pub model: Vec<f64>,
}

impl Column {
    /// The values of the usable frames.
    pub(super) fn usable(&self, samples: &[Sample; 2]) -> Result<[Vec<f64>; 2]> {
        let pick = |values: &[f64], sample: &Sample| -> Result<Vec<f64>> {
            check_length("frames of a user's column", sample.n_original, values.len())?;
            let origins = sample.origins.iter().map(|&frame| frame as usize);
            origins
                .map(|frame| match values[frame] {
                    value if value.is_finite() => Ok(value),
                    value => Err(Error::NotFinite {
                        what: "a user's column",
                        index: frame,
                        value,
                    }),
                })
                .collect()
        };
        Ok([
            pick(&self.reference, &samples[0])?,
            pick(&self.model, &samples[1])?,
        ])
    }
}

impl Comparison {
    pub(super) fn add_columns(&mut self, weights: &Weights) -> Result<()> {
        for column in &self.config.columns {
            let [reference, model] = column.usable(&self.samples)?;
            let w1 = weights.line(&reference, &model, false)?;
            let before = self
                .summary
                .columns
                .insert(column.name.clone(), Distance { w1 });
            if before.is_some() {
                return Err(Error::Argument {
                    what: "names of the user's columns",
                    expected: "names that differ",
                    found: column.name.clone(),
                });
            }
        }
        Ok(())
    }
}
