//! Sums over pairs of filters times features: forward, back, and the rates of both.
//!
//! A pair (i, j) with filter W stands for both directions: qᵢ += W ⊙ pⱼ and qⱼ += W ⊙ pᵢ.

use super::buffer::Buffer;
use super::vector::{InstructionSet, Kernel, Vector};

/// Pairs of rows, and the filter of each with its slope over distance.
#[derive(Clone, Copy)]
pub(crate) struct Convolution<'a> {
    pub(crate) pairs: &'a [[u32; 2]],
    /// Rows of values, then rows of slopes (1/nm).
    pub(crate) filters: &'a Buffer,
}

/// Checks that every row that a kernel reaches exists in all buffers.
fn check(convolution: &Convolution<'_>, nodes: &[&[f32]]) -> usize {
    let stride = convolution.filters.stride();
    let n = convolution.pairs.len();
    assert!(convolution.filters.rows() >= 2 * n, "rows of filters");
    let last = convolution
        .pairs
        .iter()
        .flatten()
        .max()
        .map_or(0, |&row| row as usize + 1);
    for nodes in nodes {
        assert!(nodes.len() >= last * stride, "rows of features");
    }
    stride
}

/// `filters` holds Z, then Z′: they become Z C and Z′ C + Z C′, C and C′ being the `envelopes`.
pub(crate) fn apply_envelope(set: InstructionSet, envelopes: &[[f32; 2]], filters: &mut Buffer) {
    let n = envelopes.len();
    assert!(filters.rows() >= 2 * n, "rows of filters");
    let stride = filters.stride();
    set.run(ApplyEnvelope {
        envelopes,
        filters: filters.as_mut_ptr(),
        stride,
    });
}

struct ApplyEnvelope<'a> {
    envelopes: &'a [[f32; 2]],
    filters: *mut f32,
    stride: usize,
}

impl Kernel for ApplyEnvelope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let n = self.envelopes.len();
        for (row, envelope) in self.envelopes.iter().enumerate() {
            let (c, c_slope) = (V::splat(envelope[0]), V::splat(envelope[1]));
            for at in (0..self.stride).step_by(V::LANES) {
                // SAFETY: rows below 2 n exist
                unsafe {
                    let value = self.filters.add(row * self.stride + at);
                    let slope = self.filters.add((n + row) * self.stride + at);
                    let z = V::load(value);
                    z.times(c).store(value);
                    V::load(slope).times(c).plus(z.times(c_slope)).store(slope);
                }
            }
        }
    }
}

/// q += the convolution of p.
pub(crate) fn convolve(
    set: InstructionSet,
    convolution: Convolution<'_>,
    p: &[f32],
    q: &mut [f32],
) {
    let stride = check(&convolution, &[p, q]);
    set.run(Convolve {
        convolution,
        stride,
        p: p.as_ptr(),
        q: q.as_mut_ptr(),
    });
}

struct Convolve<'a> {
    convolution: Convolution<'a>,
    stride: usize,
    p: *const f32,
    q: *mut f32,
}

impl Kernel for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (pair, rows) in self.convolution.pairs.iter().enumerate() {
            let (i, j) = (
                rows[0] as usize * self.stride,
                rows[1] as usize * self.stride,
            );
            let filter = self.convolution.filters.row(pair).as_ptr();
            for at in (0..self.stride).step_by(V::LANES) {
                // SAFETY: `check` saw that rows i and j exist
                unsafe {
                    let w = V::load(filter.add(at));
                    let [to_i, to_j] = [self.q.add(i + at), self.q.add(j + at)];
                    w.times_plus(V::load(self.p.add(j + at)), V::load(to_i))
                        .store(to_i);
                    w.times_plus(V::load(self.p.add(i + at)), V::load(to_j))
                        .store(to_j);
                }
            }
        }
    }
}

/// From ∂E/∂q (`by_q`): adds ∂E/∂p to `by_p` and ∂E/∂r to `by_distance`.
pub(crate) fn convolve_back(
    set: InstructionSet,
    convolution: Convolution<'_>,
    p: &[f32],
    by_q: &[f32],
    by_p: &mut [f32],
    by_distance: &mut [f64],
) {
    let stride = check(&convolution, &[p, by_q, by_p]);
    assert_eq!(by_distance.len(), convolution.pairs.len(), "pairs");
    set.run(ConvolveBack {
        convolution,
        stride,
        p: p.as_ptr(),
        by_q: by_q.as_ptr(),
        by_p: by_p.as_mut_ptr(),
        by_distance,
    });
}

struct ConvolveBack<'a> {
    convolution: Convolution<'a>,
    stride: usize,
    p: *const f32,
    by_q: *const f32,
    by_p: *mut f32,
    by_distance: &'a mut [f64],
}

impl Kernel for ConvolveBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let n = self.convolution.pairs.len();
        for (pair, rows) in self.convolution.pairs.iter().enumerate() {
            let (i, j) = (
                rows[0] as usize * self.stride,
                rows[1] as usize * self.stride,
            );
            let filter = self.convolution.filters.row(pair).as_ptr();
            let slope = self.convolution.filters.row(n + pair).as_ptr();
            let mut sum = V::splat(0.0);
            for at in (0..self.stride).step_by(V::LANES) {
                // SAFETY: `check` saw that rows i and j exist
                unsafe {
                    let w = V::load(filter.add(at));
                    let [p_i, p_j] = [V::load(self.p.add(i + at)), V::load(self.p.add(j + at))];
                    let [q_i, q_j] = [
                        V::load(self.by_q.add(i + at)),
                        V::load(self.by_q.add(j + at)),
                    ];
                    let [to_i, to_j] = [self.by_p.add(i + at), self.by_p.add(j + at)];
                    w.times_plus(q_j, V::load(to_i)).store(to_i);
                    w.times_plus(q_i, V::load(to_j)).store(to_j);
                    let by_filter = q_i.times_plus(p_j, q_j.times(p_i));
                    sum = by_filter.times_plus(V::load(slope.add(at)), sum);
                }
            }
            self.by_distance[pair] += f64::from(sum.sum());
        }
    }
}

/// The rate of the convolution: q̇ += ṙ W′ p + W ṗ.
pub(crate) fn convolve_rate(
    set: InstructionSet,
    convolution: Convolution<'_>,
    rates: &[f32],
    [p, p_rate]: [&[f32]; 2],
    q_rate: &mut [f32],
) {
    let stride = check(&convolution, &[p, p_rate, q_rate]);
    assert_eq!(rates.len(), convolution.pairs.len(), "pairs");
    set.run(ConvolveRate {
        convolution,
        stride,
        rates,
        p: [p.as_ptr(), p_rate.as_ptr()],
        q_rate: q_rate.as_mut_ptr(),
    });
}

struct ConvolveRate<'a> {
    convolution: Convolution<'a>,
    stride: usize,
    rates: &'a [f32],
    p: [*const f32; 2],
    q_rate: *mut f32,
}

impl Kernel for ConvolveRate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let n = self.convolution.pairs.len();
        for (pair, rows) in self.convolution.pairs.iter().enumerate() {
            let (i, j) = (
                rows[0] as usize * self.stride,
                rows[1] as usize * self.stride,
            );
            let filter = self.convolution.filters.row(pair).as_ptr();
            let slope = self.convolution.filters.row(n + pair).as_ptr();
            let rate = V::splat(self.rates[pair]);
            for at in (0..self.stride).step_by(V::LANES) {
                // SAFETY: `check` saw that rows i and j exist
                unsafe {
                    let w = V::load(filter.add(at));
                    let w_rate = V::load(slope.add(at)).times(rate);
                    for (to, from) in [(i, j), (j, i)] {
                        let to = self.q_rate.add(to + at);
                        let sum = w_rate.times_plus(V::load(self.p[0].add(from + at)), V::load(to));
                        w.times_plus(V::load(self.p[1].add(from + at)), sum)
                            .store(to);
                    }
                }
            }
        }
    }
}

/// The rate of the way back: from q̄ and its rate, adds that of p̄ to `by_p_rate`, and writes to
/// `by_filter` what the filters' second layer gets: over its values C d(W̄)/dε + C′ ṙ W̄, then over
/// its slopes C ṙ W̄.
///
/// # Shapes
/// `by_filter`: two rows a pair, values first.
#[expect(clippy::too_many_arguments, reason = "a kernel's inputs")]
pub(crate) fn convolve_rate_back(
    set: InstructionSet,
    convolution: Convolution<'_>,
    envelopes: &[[f32; 2]],
    rates: &[f32],
    p: [&[f32]; 2],
    by_q: [&[f32]; 2],
    by_p_rate: &mut [f32],
    by_filter: &mut Buffer,
) {
    let stride = check(&convolution, &[p[0], p[1], by_q[0], by_q[1], by_p_rate]);
    assert_eq!(rates.len(), convolution.pairs.len(), "pairs");
    assert_eq!(envelopes.len(), convolution.pairs.len(), "pairs");
    assert!(
        by_filter.rows() >= 2 * rates.len() && by_filter.stride() == stride,
        "rows"
    );
    set.run(ConvolveRateBack {
        convolution,
        stride,
        envelopes,
        rates,
        p: p.map(<[f32]>::as_ptr),
        by_q: by_q.map(<[f32]>::as_ptr),
        by_p_rate: by_p_rate.as_mut_ptr(),
        by_filter: by_filter.as_mut_ptr(),
    });
}

struct ConvolveRateBack<'a> {
    convolution: Convolution<'a>,
    stride: usize,
    envelopes: &'a [[f32; 2]],
    rates: &'a [f32],
    p: [*const f32; 2],
    by_q: [*const f32; 2],
    by_p_rate: *mut f32,
    by_filter: *mut f32,
}

impl Kernel for ConvolveRateBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let n = self.convolution.pairs.len();
        for (pair, rows) in self.convolution.pairs.iter().enumerate() {
            let (i, j) = (
                rows[0] as usize * self.stride,
                rows[1] as usize * self.stride,
            );
            let filter = self.convolution.filters.row(pair).as_ptr();
            let slope = self.convolution.filters.row(n + pair).as_ptr();
            let rate = V::splat(self.rates[pair]);
            let envelope = self.envelopes[pair];
            let (c, c_slope) = (V::splat(envelope[0]), V::splat(envelope[1]));
            for at in (0..self.stride).step_by(V::LANES) {
                // SAFETY: `check` saw that rows i and j exist, and by_filter has two rows a pair
                unsafe {
                    let w = V::load(filter.add(at));
                    let w_rate = V::load(slope.add(at)).times(rate);
                    let [p_i, p_j] = [
                        V::load(self.p[0].add(i + at)),
                        V::load(self.p[0].add(j + at)),
                    ];
                    let [dp_i, dp_j] = [
                        V::load(self.p[1].add(i + at)),
                        V::load(self.p[1].add(j + at)),
                    ];
                    let [q_i, q_j] = [
                        V::load(self.by_q[0].add(i + at)),
                        V::load(self.by_q[0].add(j + at)),
                    ];
                    let [dq_i, dq_j] = [
                        V::load(self.by_q[1].add(i + at)),
                        V::load(self.by_q[1].add(j + at)),
                    ];
                    let [to_i, to_j] = [self.by_p_rate.add(i + at), self.by_p_rate.add(j + at)];
                    w.times_plus(dq_j, w_rate.times_plus(q_j, V::load(to_i)))
                        .store(to_i);
                    w.times_plus(dq_i, w_rate.times_plus(q_i, V::load(to_j)))
                        .store(to_j);
                    let by = q_i.times_plus(p_j, q_j.times(p_i)).times(rate);
                    let by_rate = dq_i.times_plus(p_j, q_i.times(dp_j));
                    let by_rate = by_rate.plus(dq_j.times_plus(p_i, q_j.times(dp_i)));
                    let value = c.times_plus(by_rate, c_slope.times(by));
                    value.store(self.by_filter.add(pair * self.stride + at));
                    c.times(by)
                        .store(self.by_filter.add((n + pair) * self.stride + at));
                }
            }
        }
    }
}
