//! CGSchNet: a message-passing network over bead types and distances.

mod bead_types;
mod config;
pub(crate) mod file;
mod layout;
mod radial;
mod real;
mod reference;

pub use bead_types::BeadTypes;
pub use config::{Activation, NetworkConfig};
pub use layout::Tensor;
pub use radial::{RadialBasis, RadialKind};

pub(crate) use layout::{BlockLayout, Dense, Layout};
pub(crate) use radial::{RadialValue, envelope};
pub(crate) use real::Dual;

use crate::{Error, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

/// A CGSchNet network of one bead system: what its beads are, and its parameters.
///
/// With eᵢⱼ the radial functions of rᵢⱼ (and the sequence feature), C the envelope, a the activation,
/// and sums over beads with r_lo ≤ rᵢⱼ < r_hi:
///
/// 1. xᵢ = embedding of the bead's type
/// 2. for every block: Wᵢⱼ = \[A₂ a(A₁ eᵢⱼ + a₁) + a₂\] C(rᵢⱼ); qᵢ = Σⱼ Wᵢⱼ ⊙ B xⱼ;
///    xᵢ ← xᵢ + G a(D qᵢ + d) + g
/// 3. E = s Σᵢ head(xᵢ), the head being dense layers with a between them, s the energy scale
///
/// # References
/// K. T. Schütt et al., NeurIPS 2017, <https://doi.org/10.48550/arXiv.1706.08566>; B. E. Husic et al.,
/// J. Chem. Phys. 153, 194101 (2020), <https://doi.org/10.1063/5.0026133>.
///
/// # Examples
/// ```
/// use cg_potential::{Network, NetworkConfig};
///
/// let network = Network::new(NetworkConfig::named("ucsc")?, &[4, 5, 8], 7)?;
/// let far_apart = [[0.0; 3], [5.0, 0.0, 0.0], [0.0, 5.0, 0.0]];
/// let (_, forces) = network.reference_energies_forces(&far_apart);
/// assert_eq!(forces, [[0.0; 3]; 3]);
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    config: NetworkConfig,
    bead_types: Vec<u32>,
    /// Number of each bead's residue along its chain.
    residues: Vec<i32>,
    layout: Layout,
    parameters: Vec<f32>,
}

impl Network {
    /// A network of beads of these types with weights drawn from Xavier's uniform distribution, biases
    /// of 0, and an embedding drawn from N(0, 1).
    ///
    /// Beads count as one residue each along one chain; see [`Network::set_residues`].
    ///
    /// # Errors
    /// [`Error::Setting`] for a configuration that makes no sense, no beads, or a type that the
    /// embedding lacks.
    pub fn new(config: NetworkConfig, bead_types: &[u32], seed: u64) -> Result<Self> {
        let mut network = Self::zeros(config, bead_types)?;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let parameters = &mut network.parameters;
        for x in &mut parameters[network.layout.embedding.clone()] {
            *x = StandardNormal.sample(&mut random);
        }
        for layer in network.layout.dense() {
            let bound = (6.0 / (layer.inputs + layer.outputs) as f32).sqrt();
            let uniform = Uniform::new(-bound, bound)
                .map_err(|_| Error::setting("width of a layer", "positive", layer.inputs))?;
            for x in &mut parameters[layer.weight.clone()] {
                *x = uniform.sample(&mut random);
            }
        }
        Ok(network)
    }

    /// A network with the parameters of `tensor(name, shape)`, for weights read from files.
    ///
    /// # Errors
    /// As [`Network::new`], those of `tensor`, and [`Error::Length`].
    pub fn from_tensors(
        config: NetworkConfig,
        bead_types: &[u32],
        mut tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>>,
    ) -> Result<Self> {
        let mut network = Self::zeros(config, bead_types)?;
        for entry in &network.layout.tensors {
            let values = tensor(&entry.name, &entry.shape)?;
            if values.len() != entry.range.len() {
                return Err(Error::Length {
                    what: "values of a tensor",
                    expected: entry.range.len(),
                    found: values.len(),
                });
            }
            network.parameters[entry.range.clone()].copy_from_slice(&values);
        }
        Ok(network)
    }

    /// A network whose weights are 0, and whose radial basis is the first one.
    fn zeros(config: NetworkConfig, bead_types: &[u32]) -> Result<Self> {
        config.validate()?;
        if bead_types.is_empty() {
            return Err(Error::setting("number of beads", "at least 1", 0));
        }
        if let Some(found) = bead_types.iter().find(|&&t| t as usize >= config.n_types) {
            let expected = format!("below {} (the embedding's rows)", config.n_types);
            return Err(Error::setting("bead type", expected, found));
        }
        let layout = Layout::new(&config);
        let mut parameters = vec![0.0; layout.n_parameters];
        if let Some(radial) = &layout.radial {
            let first = config
                .radial
                .initial(config.cutoff_lower, config.cutoff_upper);
            for (x, first) in parameters[radial.clone()].iter_mut().zip(first) {
                *x = first as f32;
            }
        }
        Ok(Self {
            config,
            bead_types: bead_types.to_vec(),
            residues: (0..).take(bead_types.len()).collect(),
            layout,
            parameters,
        })
    }

    /// Says which residue each bead belongs to, for the sequence feature. Residues of different chains
    /// should be numbered far apart.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one residue a bead.
    pub fn set_residues(&mut self, residues: &[i32]) -> Result<()> {
        if residues.len() != self.bead_types.len() {
            return Err(Error::Length {
                what: "residues of beads",
                expected: self.bead_types.len(),
                found: residues.len(),
            });
        }
        self.residues = residues.to_vec();
        Ok(())
    }

    /// What the network is made of.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The type of each bead.
    pub fn bead_types(&self) -> &[u32] {
        &self.bead_types
    }

    /// The residue of each bead.
    pub fn residues(&self) -> &[i32] {
        &self.residues
    }

    /// Names, shapes and places of all tensors among the parameters.
    ///
    /// Dense layers are `[outputs][inputs]`. In the letters of the equations: `block.L.filter.0` is
    /// A₁, `block.L.filter.1` A₂, `block.L.input` B, `block.L.convolved` D, `block.L.output` G.
    pub fn tensors(&self) -> &[Tensor] {
        &self.layout.tensors
    }

    /// All trainable parameters, in the order of [`Network::tensors`].
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// All trainable parameters, to change.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// Constants of the radial basis, trained or not.
    pub(crate) fn radial_constants(&self) -> Vec<f64> {
        let config = &self.config;
        match &self.layout.radial {
            Some(range) => self.parameters[range.clone()]
                .iter()
                .map(|&x| x.into())
                .collect(),
            None => config
                .radial
                .initial(config.cutoff_lower, config.cutoff_upper),
        }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The sequence feature of two beads.
    pub(crate) fn pair_feature(&self, i: usize, j: usize) -> f64 {
        self.config
            .sequence_feature(self.residues[i].abs_diff(self.residues[j]))
    }
}
