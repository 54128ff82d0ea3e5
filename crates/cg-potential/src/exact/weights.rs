//! A network's parameters, packed for kernels.

use crate::cpu::{Buffer, InstructionSet, Packed};
use crate::network::{BlockLayout, Dense, Layout};
use crate::{Network, NetworkConfig};
use std::borrow::Cow;

/// A dense layer, packed for both ways.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) forward: Packed,
    pub(crate) back: Packed,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) a1: Layer,
    pub(crate) a2: Layer,
    pub(crate) b: Layer,
    pub(crate) d: Layer,
    pub(crate) g: Layer,
}

/// A network's parameters, packed for kernels.
#[derive(Clone, Debug)]
pub(crate) struct Weights<'a> {
    pub(crate) network: Cow<'a, Network>,
    pub(crate) set: InstructionSet,
    pub(crate) blocks: Vec<Block>,
    /// The head's hidden layers.
    pub(crate) head: Vec<Layer>,
    /// The head's last layer times the energy scale, padded.
    pub(crate) last: Buffer,
    pub(crate) last_bias: f64,
    /// Constants of the radial basis.
    pub(crate) constants: Vec<f64>,
    /// The embedding of each bead.
    pub(crate) embedded: Buffer,
}

impl<'a> Weights<'a> {
    pub(crate) fn new(network: &'a Network) -> Self {
        Self::with(Cow::Borrowed(network), InstructionSet::detect())
    }

    pub(crate) fn with(network: Cow<'a, Network>, set: InstructionSet) -> Self {
        let parameters = network.parameters();
        let layout = network.layout();
        let pack = |layer: &Dense| {
            let weight = &parameters[layer.weight.clone()];
            let bias = layer.bias.clone().map(|range| &parameters[range]);
            Layer {
                forward: Packed::forward(set, weight, layer.inputs, bias),
                back: Packed::backward(set, weight, layer.inputs),
            }
        };
        let block = |block: &BlockLayout| Block {
            a1: pack(&block.a1),
            a2: pack(&block.a2),
            b: pack(&block.b),
            d: pack(&block.d),
            g: pack(&block.g),
        };
        let (hidden, last_layer) = layout.head.split_at(layout.head.len() - 1);
        let last_layer = &last_layer[0];
        let scale = network.config().energy_scale;
        let mut last = Buffer::new(1, last_layer.inputs);
        for (to, &x) in last.iter_mut().zip(&parameters[last_layer.weight.clone()]) {
            *to = (scale * f64::from(x)) as f32;
        }
        let bias = last_layer
            .bias
            .as_ref()
            .map_or(0.0, |range| parameters[range.start]);
        let hidden_width = network.config().hidden;
        let embedding = &parameters[layout.embedding.clone()];
        let mut embedded = Buffer::new(network.bead_types().len(), hidden_width);
        for (row, &bead) in network.bead_types().iter().enumerate() {
            let at = bead as usize * hidden_width;
            embedded.row_mut(row)[..hidden_width]
                .copy_from_slice(&embedding[at..at + hidden_width]);
        }
        Self {
            set,
            blocks: layout.blocks.iter().map(block).collect(),
            head: hidden.iter().map(pack).collect(),
            last,
            last_bias: scale * f64::from(bias),
            constants: network.radial_constants(),
            embedded,
            network,
        }
    }

    pub(crate) fn config(&self) -> &NetworkConfig {
        self.network.config()
    }

    pub(crate) fn layout(&self) -> &Layout {
        self.network.layout()
    }

    pub(crate) fn n_parameters(&self) -> usize {
        self.network.parameters().len()
    }
}
