//! The state of a refinement in one safetensors file.

use super::{Refinement, RefinementConfig};
use crate::trainer::{digest, io, publish};
use crate::{CgPotential, Error, Result};
use dynamics::{ReplicaExchange, Simulation};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Key of the header in the safetensors metadata.
const KEY: &str = "foldscape.refinement";
const SIMULATION: &str = "simulation";
const VECTORS: [&str; 4] = ["parameters", "average", "first_moment", "second_moment"];

/// What a state belongs to, and how far it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    config: RefinementConfig,
    /// Numbers that other labels, and other networks to begin with, do not have.
    labels: u64,
    start: u64,
    pub(super) iteration: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exchange: Option<ReplicaExchange>,
}

impl Header {
    /// Of a refinement that has not begun.
    pub(super) fn new(refinement: &Refinement<'_>) -> Self {
        let parameters = refinement.network.parameters().iter();
        let start = parameters.fold(0xcbf2_9ce4_8422_2325_u64, |hash, x| {
            (hash ^ u64::from(x.to_bits())).wrapping_mul(0x0100_0000_01b3)
        });
        let mix = |hash: u64, sum: &f64| (hash ^ sum.to_bits()).wrapping_mul(0x0100_0000_01b3);
        Self {
            config: refinement.config.clone(),
            labels: refinement
                .cumulative
                .iter()
                .fold(digest(&refinement.set), mix),
            start,
            iteration: 0,
            exchange: None,
        }
    }
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("refinement.safetensors")
}

impl Refinement<'_> {
    /// Writes the state so that the file holds, at any time, either the former one or this one.
    pub(super) fn save(&self) -> Result<()> {
        let path = path(&self.folder);
        let broken = |found: &dyn std::fmt::Display| Error::File {
            path: path.clone(),
            place: "state".to_owned(),
            expected: "to be written".to_owned(),
            found: found.to_string(),
        };
        let header = Header {
            iteration: self.iteration,
            exchange: self.exchange.clone(),
            ..self.header.clone()
        };
        let text = serde_json::to_string(&header).map_err(|e| broken(&e))?;
        let vectors = [
            self.network.parameters(),
            &self.average,
            &self.optimiser.first,
            &self.optimiser.second,
        ];
        let bytes = vectors.map(|v| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
        let simulation = self.simulation.checkpoint()?;
        let mut views = Vec::new();
        for (name, bytes) in VECTORS.iter().zip(&bytes) {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes);
            views.push((*name, view.map_err(|e| broken(&e))?));
        }
        let view = TensorView::new(Dtype::U8, vec![simulation.len()], &simulation);
        views.push((SIMULATION, view.map_err(|e| broken(&e))?));
        let metadata = HashMap::from([(KEY.to_owned(), text)]);
        let file = safetensors::serialize(views, Some(metadata)).map_err(|e| broken(&e))?;
        publish(&path, &file)
    }

    /// Goes on from the folder's state, if it has one.
    pub(super) fn restore(&mut self) -> Result<()> {
        let path = path(&self.folder);
        if !path.exists() {
            return Ok(());
        }
        let bytes = fs::read(&path).map_err(|source| io(&path, source))?;
        let wrong = |place: &str, expected: &str, found: String| Error::File {
            path: path.clone(),
            place: place.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let (_, metadata) = SafeTensors::read_metadata(&bytes)
            .map_err(|e| wrong("header", "a safetensors file", e.to_string()))?;
        let text = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
        let text = text.ok_or_else(|| wrong("metadata", KEY, "none".to_owned()))?;
        let header: Header = serde_json::from_str(text)
            .map_err(|e| wrong(KEY, "a refinement of this version", e.to_string()))?;
        self.check_same(&header)?;
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|e| wrong("tensors", "whole tensors", e.to_string()))?;
        let n = self.network.parameters().len();
        let mut vectors = Vec::new();
        for name in VECTORS {
            let tensor = tensors
                .tensor(name)
                .map_err(|e| wrong(name, "a tensor", e.to_string()))?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != [n] {
                let found = format!("{:?} {:?}", tensor.dtype(), tensor.shape());
                return Err(wrong(name, &format!("F32 [{n}]"), found));
            }
            let words = tensor.data().chunks_exact(4);
            let values = words.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            vectors.push(values.collect::<Vec<f32>>());
        }
        let simulation = tensors
            .tensor(SIMULATION)
            .map_err(|e| wrong(SIMULATION, "a tensor", e.to_string()))?;
        self.network.parameters_mut().copy_from_slice(&vectors[0]);
        let potential = CgPotential::new(self.network, self.set.priors.clone())?;
        let settings = self.simulation.config().clone();
        self.simulation = Simulation::resume(potential, &settings, simulation.data())?;
        self.handled = self.simulation.faults().len();
        self.average.copy_from_slice(&vectors[1]);
        self.optimiser.first.copy_from_slice(&vectors[2]);
        self.optimiser.second.copy_from_slice(&vectors[3]);
        self.iteration = header.iteration;
        self.exchange = header.exchange;
        Ok(())
    }

    fn check_same(&self, before: &Header) -> Result<()> {
        let now = &self.header;
        let text = |config: &RefinementConfig| format!("{config:?}");
        let differences = [
            (
                "refinement",
                before.config != now.config,
                text(&before.config),
                text(&now.config),
            ),
            (
                "labels",
                before.labels != now.labels,
                format!("{:x}", before.labels),
                format!("{:x}", now.labels),
            ),
            (
                "network to refine",
                before.start != now.start,
                format!("{:x}", before.start),
                format!("{:x}", now.start),
            ),
        ];
        match differences.into_iter().find(|(_, differs, _, _)| *differs) {
            None => Ok(()),
            Some((setting, _, before, now)) => Err(Error::OtherRun {
                folder: self.folder.clone(),
                setting,
                before,
                now,
            }),
        }
    }
}
