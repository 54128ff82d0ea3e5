//! Where each tensor lies in the flat vector of parameters.

use super::NetworkConfig;
use std::ops::Range;

/// One tensor of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
    /// Its place among the parameters.
    pub range: Range<usize>,
}

/// Weight `[outputs][inputs]` and bias of a dense layer.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub(crate) weight: Range<usize>,
    pub(crate) bias: Option<Range<usize>>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

/// The dense layers of an interaction block, named after the letters of the equations.
#[derive(Clone, Debug)]
pub(crate) struct BlockLayout {
    pub(crate) a1: Dense,
    pub(crate) a2: Dense,
    pub(crate) b: Dense,
    pub(crate) d: Dense,
    pub(crate) g: Dense,
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) embedding: Range<usize>,
    /// Constants of the radial basis, if they are trained.
    pub(crate) radial: Option<Range<usize>>,
    pub(crate) blocks: Vec<BlockLayout>,
    /// Hidden layers, then the last.
    pub(crate) head: Vec<Dense>,
    pub(crate) n_parameters: usize,
}

struct Builder {
    tensors: Vec<Tensor>,
    at: usize,
}

impl Builder {
    fn tensor(&mut self, name: String, shape: Vec<usize>) -> Range<usize> {
        let range = self.at..self.at + shape.iter().product::<usize>();
        self.at = range.end;
        self.tensors.push(Tensor {
            name,
            shape,
            range: range.clone(),
        });
        range
    }

    fn dense(&mut self, name: &str, inputs: usize, outputs: usize, bias: bool) -> Dense {
        let weight = self.tensor(format!("{name}.weight"), vec![outputs, inputs]);
        let bias = bias.then(|| self.tensor(format!("{name}.bias"), vec![outputs]));
        Dense {
            weight,
            bias,
            inputs,
            outputs,
        }
    }
}

impl Layout {
    /// The layout of a valid configuration.
    pub(crate) fn new(config: &NetworkConfig) -> Self {
        let mut builder = Builder {
            tensors: Vec::new(),
            at: 0,
        };
        let (hidden, filters) = (config.hidden, config.filters);
        let embedding = builder.tensor("embedding".to_owned(), vec![config.n_types, hidden]);
        let radial = config.radial.trainable.then(|| {
            let start = builder.at;
            for (name, length) in config.radial.constants() {
                builder.tensor(name.to_owned(), vec![length]);
            }
            start..builder.at
        });
        let blocks = (0..config.layers)
            .map(|block| {
                let name = |part: &str| format!("block.{block}.{part}");
                let edge = config.edge_width();
                BlockLayout {
                    a1: builder.dense(&name("filter.0"), edge, filters, true),
                    a2: builder.dense(&name("filter.1"), filters, filters, config.filter_bias),
                    b: builder.dense(&name("input"), hidden, filters, false),
                    d: builder.dense(&name("convolved"), filters, hidden, true),
                    g: builder.dense(&name("output"), hidden, hidden, true),
                }
            })
            .collect();
        let mut width = hidden;
        let mut head = Vec::with_capacity(config.head.len() + 1);
        for (index, &next) in config.head.iter().enumerate() {
            head.push(builder.dense(&format!("head.{index}"), width, next, true));
            width = next;
        }
        let last = format!("head.{}", config.head.len());
        head.push(builder.dense(&last, width, 1, config.head_bias));
        Self {
            embedding,
            radial,
            blocks,
            head,
            n_parameters: builder.at,
            tensors: builder.tensors,
        }
    }

    /// All dense layers.
    pub(crate) fn dense(&self) -> impl Iterator<Item = &Dense> {
        self.blocks
            .iter()
            .flat_map(|block| [&block.a1, &block.a2, &block.b, &block.d, &block.g])
            .chain(&self.head)
    }
}
