//! Activations that travel beside candle's graph.
//!
//! candle adds every gradient to a tensor of zeros that it makes for the purpose, and does so with a pool
//! of threads of its own that spin while they wait: for large activations that costs more than the layers'
//! own work. A [`Flow`] keeps its gradient in a place of its own. What candle sees of it is a *token* of one
//! number, which depends on what the activation depends on, so candle still decides which layer's turn it
//! is; the gradients of parameters go through candle as everywhere.

use super::activation::AddBias;
use super::batch_norm::{self, BatchStatistics};
use super::convolution::Convolution;
use super::folding::FoldingConv;
use super::neighbours;
use super::pooling::MaxOverPoints;
use super::storage::{Values, by_dtype};
use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, DType, Error, Layout, Result, Shape, Tensor,
};
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// A tensor whose gradient does not pass through candle's store.
#[derive(Clone)]
pub(crate) struct Flow {
    value: Tensor,
    token: Tensor,
    gradient: Place,
}

/// Where the layers that read an activation leave its gradient for the layer that made it.
type Place = Arc<Mutex<Option<Tensor>>>;

impl Flow {
    /// From a tensor of candle's graph.
    pub(crate) fn enter(x: &Tensor) -> Result<Self> {
        let x = x.contiguous()?;
        let gradient = Place::default();
        let token = if tracked(&x) {
            x.apply_op1(Enter {
                gradient: Arc::clone(&gradient),
            })?
        } else {
            Tensor::zeros(1, DType::F32, x.device())?
        };
        Ok(Self {
            value: x.detach(),
            token,
            gradient,
        })
    }

    /// Back to a tensor of candle's graph, as a copy.
    pub(crate) fn leave(&self) -> Result<Tensor> {
        self.token.apply_op1(Leave { flow: self.clone() })
    }

    /// The numbers, without a graph behind them.
    pub(crate) fn value(&self) -> &Tensor {
        &self.value
    }

    /// The result of an operation on this alone.
    pub(crate) fn op1(&self, op: impl CustomOp1 + Send + Sync + 'static) -> Result<Self> {
        let y = self.value.apply_op1_no_bwd(&op)?;
        let x = self.clone();
        self.layer(y, &[], move |y, dy| {
            x.give(op.bwd(&x.value, y, dy)?)?;
            Ok([x.spent()?, None, None])
        })
    }

    /// The result of an operation with one parameter.
    pub(crate) fn op2(
        &self,
        parameter: &Tensor,
        op: impl CustomOp2 + Send + Sync + 'static,
    ) -> Result<Self> {
        let y = self.value.apply_op2_no_bwd(parameter, &op)?;
        let (x, w) = (self.clone(), parameter.clone());
        self.layer(y, &[parameter], move |y, dy| {
            let (dx, dw) = op.bwd(&x.value, &w, y, dy)?;
            x.give(dx)?;
            Ok([x.spent()?, dw, None])
        })
    }

    /// The result of an operation with two parameters.
    pub(crate) fn op3(
        &self,
        [first, second]: [&Tensor; 2],
        op: impl CustomOp3 + Send + Sync + 'static,
    ) -> Result<Self> {
        let y = self.value.apply_op3_no_bwd(first, second, &op)?;
        let (x, p, q) = (self.clone(), first.clone(), second.clone());
        self.layer(y, &[first, second], move |y, dy| {
            let (dx, dp, dq) = op.bwd(&x.value, &p, &q, y, dy)?;
            x.give(dx)?;
            Ok([x.spent()?, dp, dq])
        })
    }

    /// [`super::conv1d`], or [`super::conv_transpose1d`].
    pub(crate) fn convolve(
        &self,
        w: &Tensor,
        [stride, padding]: [usize; 2],
        transposed: bool,
    ) -> Result<Self> {
        let op = Convolution {
            stride,
            padding,
            transposed,
            input_gradient: tracked(&self.token),
        };
        self.op2(w, op)
    }

    /// [`super::add_bias`].
    pub(crate) fn add_bias(&self, bias: &Tensor) -> Result<Self> {
        self.op2(bias, AddBias)
    }

    /// [`super::batch_norm_train`].
    pub(crate) fn batch_norm_train(
        &self,
        affine: [&Tensor; 2],
        epsilon: f64,
        rectify: bool,
    ) -> Result<(Self, BatchStatistics)> {
        let (op, statistics) = batch_norm::training(epsilon, rectify);
        let y = self.op3(affine, op)?;
        Ok((y, batch_norm::read(&statistics)))
    }

    /// [`super::batch_norm_eval`].
    pub(crate) fn batch_norm_eval(
        &self,
        affine: [&Tensor; 2],
        statistics: [&[f32]; 2],
        epsilon: f64,
        rectify: bool,
    ) -> Result<Self> {
        let shape = self.value.shape();
        self.op1(batch_norm::evaluation(
            shape, affine, statistics, epsilon, rectify,
        )?)
    }

    /// [`super::neighbour_max`].
    pub(crate) fn neighbour_max(&self, indices: &Tensor) -> Result<Self> {
        self.op1(neighbours::pooling(&self.value, indices)?)
    }

    /// [`super::max_over_points`].
    pub(crate) fn max_over_points(&self) -> Result<Self> {
        self.op1(MaxOverPoints::new(&self.value)?)
    }

    /// [`super::folding_conv`] with points.
    pub(crate) fn fold(&self, points: &Self, w: &Tensor, repeat: usize) -> Result<Self> {
        let op = FoldingConv { repeat };
        let y = self.value.apply_op3_no_bwd(&points.value, w, &op)?;
        let (code, place, weight) = (self.clone(), points.clone(), w.clone());
        self.layer(y, &[&points.token, w], move |y, dy| {
            let (d_code, d_points, dw) =
                CustomOp3::bwd(&op, &code.value, &place.value, &weight, y, dy)?;
            code.give(d_code)?;
            place.give(d_points)?;
            Ok([code.spent()?, place.spent()?, dw])
        })
    }

    /// [`super::folding_conv`] without points.
    pub(crate) fn fold_code(&self, w: &Tensor, repeat: usize) -> Result<Self> {
        self.op2(w, FoldingConv { repeat })
    }

    /// `x + y`.
    pub(crate) fn add(&self, other: &Self) -> Result<Self> {
        let y = sum(&self.value, &other.value)?;
        let (first, second) = (self.clone(), other.clone());
        self.layer(y, &[&other.token], move |_, dy| {
            first.give(Some(dy.clone()))?;
            second.give(Some(dy.clone()))?;
            Ok([first.spent()?, second.spent()?, None])
        })
    }

    /// The layer of result `y` that depends on this, and on up to two parameters or other layers' tokens.
    fn layer(&self, y: Tensor, others: &[&Tensor], backward: impl Backward) -> Result<Self> {
        let gradient = Place::default();
        let step = Step {
            y: y.clone(),
            gradient: Arc::clone(&gradient),
            backward,
        };
        // candle wants three arguments; one that is not there gets no gradient
        let other = |index| others.get(index).copied().unwrap_or(&self.token);
        Ok(Self {
            value: y,
            token: self.token.apply_op3(other(0), other(1), step)?,
            gradient,
        })
    }

    /// Adds to the gradient.
    fn give(&self, part: Option<Tensor>) -> Result<()> {
        let Some(part) = part.filter(|_| tracked(&self.token)) else {
            return Ok(());
        };
        let mut place = self.gradient.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(match place.take() {
            Some(before) => sum(&before, &part)?,
            None => part,
        });
        Ok(())
    }

    /// What candle gets as the token's gradient: without it, it would not call the layer before.
    fn spent(&self) -> Result<Option<Tensor>> {
        Ok(Some(self.token.zeros_like()?))
    }
}

fn tracked(tensor: &Tensor) -> bool {
    tensor.is_variable() || tensor.track_op()
}

fn take(place: &Place) -> Result<Tensor> {
    let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
    let missing = || Error::Msg("two backward passes through one network at a time".to_owned());
    place.take().ok_or_else(missing)
}

fn sum(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    let [lefts, rights] = [&a, &b].map(|t| Values::of(t, "add"));
    by_dtype!(a.dtype(), "add", T => {
        let (lefts, rights) = (lefts.slice::<T>()?, rights.slice::<T>()?);
        let sum: Vec<T> = lefts
            .par_iter()
            .with_min_len(1 << 12)
            .zip(rights)
            .map(|(&a, &b)| a + b)
            .collect();
        Tensor::from_vec(sum, a.shape(), a.device())
    })
}

fn token() -> (CpuStorage, Shape) {
    (CpuStorage::F32(vec![0.0]), Shape::from(1))
}

/// Gradients of an operation's three arguments at most: of activations the token's, which is nothing.
type Gradients = [Option<Tensor>; 3];

/// From the result and its gradient.
trait Backward: Fn(&Tensor, &Tensor) -> Result<Gradients> + Send + Sync + 'static {}

impl<F: Fn(&Tensor, &Tensor) -> Result<Gradients> + Send + Sync + 'static> Backward for F {}

/// A layer as candle sees it: tokens and parameters go in, a token comes out.
struct Step<F> {
    y: Tensor,
    gradient: Place,
    backward: F,
}

impl<F: Backward> CustomOp3 for Step<F> {
    fn name(&self) -> &'static str {
        "layer"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(token())
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [first, second, third] = (self.backward)(&self.y, &take(&self.gradient)?)?;
        Ok((first, second, third))
    }
}

struct Enter {
    gradient: Place,
}

impl CustomOp1 for Enter {
    fn name(&self) -> &'static str {
        "enter"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(token())
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(take(&self.gradient)?))
    }
}

struct Leave {
    flow: Flow,
}

impl CustomOp1 for Leave {
    fn name(&self) -> &'static str {
        "leave"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let value = &self.flow.value;
        let values = Values::of(value, "leave");
        by_dtype!(value.dtype(), "leave", T => {
            Ok(super::storage::output(values.slice::<T>()?.to_vec(), value.shape()))
        })
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        self.flow.give(Some(dy.contiguous()?))?;
        self.flow.spent()
    }
}
