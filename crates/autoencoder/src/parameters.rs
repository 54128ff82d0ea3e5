//! A model's trainable tensors and running statistics, by name.

use crate::{Error, Result};
use candle_core::{Device, Tensor, Var};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything about a model that training changes.
///
/// A model is built *into* a `Parameters`: it asks for tensors by name and keeps handles to them.
/// Initial values come from a generator with a seed of its own (candle's CPU generator cannot be
/// seeded), so equal seeds give equal models on every device. New models are in evaluation mode.
pub struct Parameters {
    variables: BTreeMap<String, Var>,
    statistics: BTreeMap<String, RunningStatistics>,
    mode: Mode,
    rng: ChaCha8Rng,
    device: Device,
}

impl Parameters {
    /// No parameters yet.
    pub fn new(seed: u64, device: &Device) -> Self {
        Self {
            variables: BTreeMap::new(),
            statistics: BTreeMap::new(),
            mode: Mode::default(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            device: device.clone(),
        }
    }

    /// Where the tensors live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Names and trainable tensors, sorted by name.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.variables
            .iter()
            .map(|(name, var)| (name.as_str(), var))
    }

    /// Number of trainable numbers.
    pub fn count(&self) -> usize {
        self.count_under("")
    }

    /// Number of trainable numbers in tensors whose name starts with `prefix`.
    pub fn count_under(&self, prefix: &str) -> usize {
        let under = self
            .variables()
            .filter(|(name, _)| name.starts_with(prefix));
        under.map(|(_, var)| var.elem_count()).sum()
    }

    /// Switches between training (batch statistics) and evaluation (running statistics).
    pub fn set_training(&self, training: bool) {
        self.mode.0.store(training, Ordering::Relaxed);
    }

    /// The switch, to share with layers of one's own.
    pub fn mode(&self) -> Mode {
        self.mode.clone()
    }

    /// A new trainable tensor, uniform in (−bound, bound).
    ///
    /// # Errors
    /// The name is taken.
    pub fn uniform(&mut self, name: &str, shape: &[usize], bound: f64) -> Result<Tensor> {
        let n = shape.iter().product();
        let draw = |rng: &mut ChaCha8Rng| (bound * (2.0 * rng.random::<f64>() - 1.0)) as f32;
        let values: Vec<f32> = (0..n).map(|_| draw(&mut self.rng)).collect();
        let tensor = Tensor::from_vec(values, shape, &self.device)?;
        self.insert(name, &tensor)
    }

    /// A new trainable tensor with one value everywhere.
    ///
    /// # Errors
    /// The name is taken.
    pub fn constant(&mut self, name: &str, shape: &[usize], value: f32) -> Result<Tensor> {
        let tensor = Tensor::full(value, shape, &self.device)?;
        self.insert(name, &tensor)
    }

    /// New running statistics of a batch norm: means 0, variances 1.
    pub fn running_statistics(&mut self, name: &str, channels: usize) -> RunningStatistics {
        let statistics = RunningStatistics::new(channels);
        self.statistics.insert(name.to_owned(), statistics.clone());
        statistics
    }

    /// All tensors by name, running statistics as `NAME.running_mean` and `NAME.running_variance`.
    ///
    /// # Errors
    /// The device fails.
    pub fn to_tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        for (name, var) in &self.variables {
            tensors.insert(name.clone(), var.as_tensor().copy()?.detach());
        }
        for (name, statistics) in &self.statistics {
            let values = statistics.lock();
            for (key, values) in [(MEAN, &values.mean), (VARIANCE, &values.variance)] {
                let tensor = Tensor::new(values.as_slice(), &Device::Cpu)?;
                tensors.insert(format!("{name}.{key}"), tensor);
            }
        }
        Ok(tensors)
    }

    /// Sets all tensors; every one must be there with the right shape, others are ignored.
    ///
    /// # Errors
    /// [`Error::Setting`] that names the tensor that is missing or has another shape; nothing has
    /// changed then.
    pub fn set_tensors(&self, tensors: &HashMap<String, Tensor>) -> Result<()> {
        let find = |name: &str, shape: &[usize]| match tensors.get(name) {
            Some(tensor) if tensor.dims() == shape => Ok(tensor),
            Some(tensor) => Err(Error::setting(
                "tensor",
                format!("{name} of shape {shape:?}"),
                format!("shape {:?}", tensor.dims()),
            )),
            None => Err(Error::setting(
                "tensor",
                format!("{name} of shape {shape:?}"),
                "none",
            )),
        };
        let mut new_statistics = Vec::new();
        for (name, var) in &self.variables {
            find(name, var.dims())?;
        }
        for (name, statistics) in &self.statistics {
            let shape = [statistics.lock().mean.len()];
            let read = |key| {
                find(&format!("{name}.{key}"), &shape)?
                    .to_vec1::<f32>()
                    .map_err(Error::from)
            };
            new_statistics.push((statistics, read(MEAN)?, read(VARIANCE)?));
        }
        for (name, var) in &self.variables {
            var.set(
                &find(name, var.dims())?
                    .to_device(&self.device)?
                    .to_dtype(var.dtype())?,
            )?;
        }
        for (statistics, mean, variance) in new_statistics {
            *statistics.lock() = Moments { mean, variance };
        }
        Ok(())
    }

    fn insert(&mut self, name: &str, tensor: &Tensor) -> Result<Tensor> {
        if self.variables.contains_key(name) {
            return Err(Error::setting("parameter name", "a new one", name));
        }
        let var = Var::from_tensor(tensor)?;
        let handle = var.as_tensor().clone();
        self.variables.insert(name.to_owned(), var);
        Ok(handle)
    }
}

const MEAN: &str = "running_mean";
const VARIANCE: &str = "running_variance";

/// Whether a model trains or is evaluated; shared by all its layers.
#[derive(Clone, Debug, Default)]
pub struct Mode(Arc<AtomicBool>);

impl Mode {
    /// Training: batch statistics are used and the running ones move.
    pub fn is_training(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Running mean and variance of a batch norm's channels, shared between layer and checkpoint.
#[derive(Clone, Debug)]
pub struct RunningStatistics(Arc<Mutex<Moments>>);

#[derive(Debug)]
pub(crate) struct Moments {
    pub(crate) mean: Vec<f32>,
    pub(crate) variance: Vec<f32>,
}

impl RunningStatistics {
    fn new(channels: usize) -> Self {
        Self(Arc::new(Mutex::new(Moments {
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Moments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
