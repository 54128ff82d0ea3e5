//! The definition of a network's energy and of all its derivatives: plain loops in f64.
//!
//! The energy's derivatives over positions and parameters are written out once, over a [`Real`]
//! number. With [`Dual`] positions x + εv the same code gives, in the dual part of ∂E/∂θ,
//! Σₖ vₖ ∂²E/∂xₖ∂θ: the gradient of a force loss.

use super::Network;
use super::layout::Dense;
use super::radial::{RadialValue, envelope};
use super::real::{Dual, Real};

/// Energy of a frame and its derivatives.
#[derive(Clone, Debug)]
pub(crate) struct Derivatives<T> {
    /// kJ/mol.
    pub(crate) energy: T,
    /// ∂E/∂x, kJ/mol/nm.
    pub(crate) by_position: Vec<[T; 3]>,
    /// ∂E/∂θ.
    pub(crate) by_parameter: Vec<T>,
}

/// An undirected pair within the cutoff.
struct Edge<T> {
    beads: [usize; 2],
    /// (xᵢ − xⱼ)/r.
    direction: [T; 3],
    radial: Vec<RadialValue<T>>,
    /// What filters see: radial functions, and the sequence feature.
    features: Vec<T>,
    envelope: T,
    envelope_slope: T,
    /// ∂E/∂r.
    by_distance: T,
}

/// Hidden activations of an edge with their slopes, and its filter without the envelope.
type FilterValues<T> = (Vec<(T, T)>, Vec<T>);

/// What the way back through a block needs.
struct BlockValues<T> {
    input: Vec<Vec<T>>,
    projected: Vec<Vec<T>>,
    convolved: Vec<Vec<T>>,
    mixed: Vec<Vec<(T, T)>>,
    filters: Vec<FilterValues<T>>,
}

impl Network {
    /// Energies (kJ/mol) and forces (kJ/mol/nm) of frames in f64, by the definition.
    ///
    /// # Shapes
    /// `positions`: `[n_frames][n_beads][3]`, flat over frames, nm; as are the forces.
    ///
    /// # Panics
    /// If `positions` is not of whole frames.
    pub fn reference_energies_forces(&self, positions: &[[f64; 3]]) -> (Vec<f64>, Vec<[f64; 3]>) {
        let mut energies = Vec::new();
        let mut forces = Vec::with_capacity(positions.len());
        for frame in self.frames(positions) {
            let derivatives = derivatives::<f64>(self, frame);
            energies.push(derivatives.energy);
            forces.extend(derivatives.by_position.iter().map(|g| g.map(|x| -x)));
        }
        (energies, forces)
    }

    /// Σ w (F − F*)² and its gradient over the parameters in f64, by the definition.
    ///
    /// # Shapes
    /// `positions`, `targets`, `weights`: `[n_frames][n_beads][3]`, flat over frames.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn reference_force_loss(
        &self,
        positions: &[[f64; 3]],
        targets: &[[f64; 3]],
        weights: &[[f64; 3]],
    ) -> (f64, Vec<f64>) {
        assert_eq!(targets.len(), positions.len(), "targets");
        assert_eq!(weights.len(), positions.len(), "weights");
        let n = self.bead_types.len();
        let mut loss = 0.0;
        let mut gradient = vec![0.0; self.parameters.len()];
        for (frame, positions) in self.frames(positions).enumerate() {
            let slopes = derivatives::<f64>(self, positions).by_position;
            let moving: Vec<[Dual; 3]> = (0..n)
                .map(|bead| {
                    std::array::from_fn(|axis| {
                        let residual = -slopes[bead][axis] - targets[frame * n + bead][axis];
                        let weighted = weights[frame * n + bead][axis] * residual;
                        loss += weighted * residual;
                        Dual {
                            value: positions[bead][axis],
                            derivative: -2.0 * weighted,
                        }
                    })
                })
                .collect();
            let second = derivatives(self, &moving).by_parameter;
            for (sum, term) in gradient.iter_mut().zip(second) {
                *sum += term.derivative;
            }
        }
        (loss, gradient)
    }

    /// The gradient of Σ s E over the parameters in f64, by the definition.
    ///
    /// # Shapes
    /// `positions`: `[n_frames][n_beads][3]`, flat over frames; `scales` (s): `[n_frames]`.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn reference_energy_gradient(&self, positions: &[[f64; 3]], scales: &[f64]) -> Vec<f64> {
        assert_eq!(
            scales.len() * self.bead_types.len(),
            positions.len(),
            "scales"
        );
        let mut gradient = vec![0.0; self.parameters.len()];
        for (positions, scale) in self.frames(positions).zip(scales) {
            let of_frame = derivatives::<f64>(self, positions).by_parameter;
            for (sum, term) in gradient.iter_mut().zip(of_frame) {
                *sum += scale * term;
            }
        }
        gradient
    }

    /// A block's filter, with its envelope, and its slope (1/nm), at distance `r` (nm).
    pub(crate) fn filter(&self, block: usize, r: f64, feature: f64) -> Vec<Dual> {
        let config = &self.config;
        let cutoffs = [config.cutoff_lower, config.cutoff_upper];
        let r = Dual {
            value: r,
            derivative: 1.0,
        };
        let mut radial = vec![RadialValue::zero(); config.radial.n];
        config
            .radial
            .evaluate(&self.radial_constants(), cutoffs, r, &mut radial);
        let mut features: Vec<Dual> = radial.iter().map(|phi| phi.value).collect();
        if config.sequence_reach.is_some() {
            features.push(Dual::constant(feature));
        }
        let layout = &self.layout.blocks[block];
        let hidden: Vec<Dual> = dense(&layout.a1, &self.parameters, &features)
            .into_iter()
            .map(|x| config.activation.evaluate(x).0)
            .collect();
        let envelope = envelope(cutoffs, r).0;
        let filter = dense(&layout.a2, &self.parameters, &hidden);
        filter.into_iter().map(|x| x * envelope).collect()
    }

    fn frames<'a>(&self, positions: &'a [[f64; 3]]) -> std::slice::ChunksExact<'a, [f64; 3]> {
        let n = self.bead_types.len();
        assert_eq!(positions.len() % n, 0, "positions of whole frames");
        positions.chunks_exact(n)
    }
}

/// W x + b.
fn dense<T: Real>(layer: &Dense, parameters: &[f32], x: &[T]) -> Vec<T> {
    let weight = &parameters[layer.weight.clone()];
    let rows = weight.chunks_exact(layer.inputs).enumerate();
    rows.map(|(row, weights)| {
        let bias = layer
            .bias
            .as_ref()
            .map_or(0.0, |b| parameters[b.start + row].into());
        x.iter()
            .zip(weights)
            .fold(T::constant(bias), |sum, (&x, &w)| {
                sum + T::constant(w.into()) * x
            })
    })
    .collect()
}

/// From the derivative over a dense layer's output: adds that over its parameters, returns that over
/// its input.
fn dense_back<T: Real>(
    layer: &Dense,
    parameters: &[f32],
    x: &[T],
    by_output: &[T],
    by_parameter: &mut [T],
) -> Vec<T> {
    let mut by_input = vec![T::constant(0.0); layer.inputs];
    for (row, &by_row) in by_output.iter().enumerate() {
        let start = layer.weight.start + row * layer.inputs;
        for (column, &x) in x.iter().enumerate() {
            let weight = T::constant(parameters[start + column].into());
            by_input[column] = by_input[column] + weight * by_row;
            by_parameter[start + column] = by_parameter[start + column] + x * by_row;
        }
        if let Some(bias) = &layer.bias {
            by_parameter[bias.start + row] = by_parameter[bias.start + row] + by_row;
        }
    }
    by_input
}

fn edges<T: Real>(network: &Network, positions: &[[T; 3]]) -> Vec<Edge<T>> {
    let config = &network.config;
    let cutoffs = [config.cutoff_lower, config.cutoff_upper];
    let constants = network.radial_constants();
    let mut edges = Vec::new();
    for i in 0..positions.len() {
        for j in i + 1..positions.len() {
            let d: [T; 3] = std::array::from_fn(|k| positions[i][k] - positions[j][k]);
            let r = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
            // a distance that is no number has to show in the energy
            if r.value() >= cutoffs[1] || r.value() < cutoffs[0] {
                continue;
            }
            let mut radial = vec![RadialValue::zero(); config.radial.n];
            config.radial.evaluate(&constants, cutoffs, r, &mut radial);
            let mut features: Vec<T> = radial.iter().map(|phi| phi.value).collect();
            if config.sequence_reach.is_some() {
                features.push(T::constant(network.pair_feature(i, j)));
            }
            let (envelope, envelope_slope) = envelope(cutoffs, r);
            edges.push(Edge {
                beads: [i, j],
                direction: d.map(|x| x / r),
                radial,
                features,
                envelope,
                envelope_slope,
                by_distance: T::constant(0.0),
            });
        }
    }
    edges
}

/// Energy of one frame and its derivatives over positions and parameters.
pub(crate) fn derivatives<T: Real>(network: &Network, positions: &[[T; 3]]) -> Derivatives<T> {
    let zero = T::constant(0.0);
    let (config, layout, parameters) = (&network.config, &network.layout, &network.parameters);
    let n = positions.len();
    let mut edges = edges(network, positions);
    let activate = |x: Vec<T>| -> Vec<(T, T)> {
        x.into_iter()
            .map(|x| config.activation.evaluate(x))
            .collect()
    };
    let values = |x: &[(T, T)]| -> Vec<T> { x.iter().map(|x| x.0).collect() };

    // forward
    let row = |bead: usize| {
        let start = layout.embedding.start + network.bead_types[bead] as usize * config.hidden;
        start..start + config.hidden
    };
    let embedded = |bead| {
        parameters[row(bead)]
            .iter()
            .map(|&x| T::constant(x.into()))
            .collect()
    };
    let mut x: Vec<Vec<T>> = (0..n).map(embedded).collect();
    let mut blocks = Vec::new();
    for block in &layout.blocks {
        let projected: Vec<_> = x.iter().map(|x| dense(&block.b, parameters, x)).collect();
        let mut convolved = vec![vec![zero; config.filters]; n];
        let mut filters = Vec::new();
        for edge in &edges {
            let hidden = activate(dense(&block.a1, parameters, &edge.features));
            let filter = dense(&block.a2, parameters, &values(&hidden));
            for [i, j] in [edge.beads, [edge.beads[1], edge.beads[0]]] {
                for f in 0..config.filters {
                    convolved[i][f] = convolved[i][f] + filter[f] * edge.envelope * projected[j][f];
                }
            }
            filters.push((hidden, filter));
        }
        let mixed: Vec<_> = convolved
            .iter()
            .map(|q| activate(dense(&block.d, parameters, q)))
            .collect();
        let input = x.clone();
        for (x, mixed) in x.iter_mut().zip(&mixed) {
            for (x, y) in x
                .iter_mut()
                .zip(dense(&block.g, parameters, &values(mixed)))
            {
                *x = *x + y;
            }
        }
        blocks.push(BlockValues {
            input,
            projected,
            convolved,
            mixed,
            filters,
        });
    }
    let scale = T::constant(config.energy_scale);
    let mut by_parameter = vec![zero; parameters.len()];
    let mut energy = zero;
    let (last, hidden_layers) = (
        &layout.head[layout.head.len() - 1],
        &layout.head[..layout.head.len() - 1],
    );
    let mut by_x: Vec<Vec<T>> = Vec::with_capacity(n);
    for x in &x {
        let mut inputs = vec![x.clone()];
        let mut slopes = Vec::new();
        for layer in hidden_layers {
            let out = activate(dense(layer, parameters, &inputs[inputs.len() - 1]));
            inputs.push(values(&out));
            slopes.push(out);
        }
        energy = energy + scale * dense(last, parameters, &inputs[hidden_layers.len()])[0];
        // and back through the head
        let top = &inputs[hidden_layers.len()];
        let mut by = dense_back(last, parameters, top, &[scale], &mut by_parameter);
        for (index, layer) in hidden_layers.iter().enumerate().rev() {
            for (by, out) in by.iter_mut().zip(&slopes[index]) {
                *by = *by * out.1;
            }
            by = dense_back(layer, parameters, &inputs[index], &by, &mut by_parameter);
        }
        by_x.push(by);
    }

    // back through the blocks
    let mut by_constant = vec![zero; network.radial_constants().len()];
    for (block, kept) in layout.blocks.iter().zip(&blocks).rev() {
        let mut by_convolved = Vec::with_capacity(n);
        for bead in 0..n {
            let mixed = &kept.mixed[bead];
            let mut by = dense_back(
                &block.g,
                parameters,
                &values(mixed),
                &by_x[bead],
                &mut by_parameter,
            );
            for (by, mixed) in by.iter_mut().zip(mixed) {
                *by = *by * mixed.1;
            }
            let q = &kept.convolved[bead];
            by_convolved.push(dense_back(&block.d, parameters, q, &by, &mut by_parameter));
        }
        let mut by_projected = vec![vec![zero; config.filters]; n];
        for (edge, (hidden, filter)) in edges.iter_mut().zip(&kept.filters) {
            let [i, j] = edge.beads;
            let mut by_filter = vec![zero; config.filters];
            for f in 0..config.filters {
                let whole = filter[f] * edge.envelope;
                by_projected[j][f] = by_projected[j][f] + whole * by_convolved[i][f];
                by_projected[i][f] = by_projected[i][f] + whole * by_convolved[j][f];
                let by_whole = by_convolved[i][f] * kept.projected[j][f]
                    + by_convolved[j][f] * kept.projected[i][f];
                by_filter[f] = by_whole * edge.envelope;
                edge.by_distance = edge.by_distance + by_whole * filter[f] * edge.envelope_slope;
            }
            let mut by = dense_back(
                &block.a2,
                parameters,
                &values(hidden),
                &by_filter,
                &mut by_parameter,
            );
            for (by, hidden) in by.iter_mut().zip(hidden) {
                *by = *by * hidden.1;
            }
            let by = dense_back(
                &block.a1,
                parameters,
                &edge.features,
                &by,
                &mut by_parameter,
            );
            for (k, (phi, &by)) in edge.radial.iter().zip(&by).enumerate() {
                edge.by_distance = edge.by_distance + by * phi.slope;
                for (constant, slope) in
                    config.radial.dependence(k).into_iter().zip(phi.by_constant)
                {
                    if let Some(constant) = constant {
                        by_constant[constant] = by_constant[constant] + by * slope;
                    }
                }
            }
        }
        for bead in 0..n {
            let input = &kept.input[bead];
            let by = dense_back(
                &block.b,
                parameters,
                input,
                &by_projected[bead],
                &mut by_parameter,
            );
            for (sum, by) in by_x[bead].iter_mut().zip(by) {
                *sum = *sum + by;
            }
        }
    }
    for (bead, by_x) in by_x.iter().enumerate() {
        for (sum, &by) in by_parameter[row(bead)].iter_mut().zip(by_x) {
            *sum = *sum + by;
        }
    }
    if let Some(radial) = &layout.radial {
        by_parameter[radial.clone()].copy_from_slice(&by_constant);
    }
    let mut by_position = vec![[zero; 3]; n];
    for edge in &edges {
        for axis in 0..3 {
            let [i, j] = edge.beads;
            let by = edge.by_distance * edge.direction[axis];
            by_position[i][axis] = by_position[i][axis] + by;
            by_position[j][axis] = by_position[j][axis] - by;
        }
    }
    Derivatives {
        energy,
        by_position,
        by_parameter,
    }
}
