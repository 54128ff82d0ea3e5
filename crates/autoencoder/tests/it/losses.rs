//! Loss terms.

use autoencoder::{
    Autoencoder, LossContext, LossTerm, Reconstruction, Result, Standardisation,
    SuperposedReconstruction,
};
use candle_core::{Device, Tensor, Var};

const SHAPE: (usize, usize, usize) = (3, 6, 3);

/// A model of the right size; the terms here do not use it.
struct Unused;

impl Autoencoder for Unused {
    fn n_atoms(&self) -> usize {
        SHAPE.1
    }
    fn encode(&self, positions: &Tensor) -> Result<Tensor> {
        Ok(positions.clone())
    }
    fn decode(&self, latent: &Tensor) -> Result<Tensor> {
        Ok(latent.clone())
    }
}

fn evaluate(term: &dyn LossTerm, positions: &Tensor, decoded: &Tensor) -> Tensor {
    let context = LossContext {
        model: &Unused,
        positions,
        latent: positions,
        decoded,
        standardisation: Standardisation {
            mean: 0.0,
            std: 1.0,
        },
        seed: 0,
        training: true,
    };
    term.evaluate(&context).unwrap()
}

fn number(t: &Tensor) -> f64 {
    t.to_scalar::<f64>().unwrap()
}

fn frames(seed: u64) -> Tensor {
    crate::finite_difference::random(&[SHAPE.0, SHAPE.1, SHAPE.2], seed)
}

#[test]
fn superposed_reconstruction_is_the_square_of_the_rmsd() {
    let (positions, decoded) = (frames(1), frames(2));
    let triples = |t: &Tensor, frame: usize| -> Vec<[f32; 3]> {
        let rows = t.get(frame).unwrap().to_vec2::<f64>().unwrap();
        rows.iter()
            .map(|x| [x[0] as f32, x[1] as f32, x[2] as f32])
            .collect()
    };
    let squares = (0..SHAPE.0).map(|frame| {
        molio::rmsd(&triples(&positions, frame), &triples(&decoded, frame))
            .unwrap()
            .powi(2)
    });
    let expected = squares.sum::<f64>() / (3 * SHAPE.0) as f64;
    let found = number(&evaluate(&SuperposedReconstruction, &positions, &decoded));
    assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
    assert!(found < number(&evaluate(&Reconstruction, &positions, &decoded)));

    // a frame that is only turned and moved is reproduced
    let (sin, cos) = 0.7f64.sin_cos();
    let turn = [[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]];
    let turn = Tensor::new(&turn, &Device::Cpu).unwrap();
    let moved = positions
        .broadcast_matmul(&turn)
        .unwrap()
        .affine(1.0, 0.3)
        .unwrap();
    assert!(number(&evaluate(&SuperposedReconstruction, &positions, &moved)) < 1e-10);
}

#[test]
fn its_gradient_is_exact_though_the_motion_is_held() {
    let positions = frames(3);
    let start = frames(4).flatten_all().unwrap().to_vec1::<f64>().unwrap();
    let value = |decoded: &[f64]| {
        let decoded = Tensor::from_slice(decoded, SHAPE, &Device::Cpu).unwrap();
        number(&evaluate(&SuperposedReconstruction, &positions, &decoded))
    };
    let variable =
        Var::from_tensor(&Tensor::from_slice(&start, SHAPE, &Device::Cpu).unwrap()).unwrap();
    let loss = evaluate(&SuperposedReconstruction, &positions, &variable);
    let gradients = loss.backward().unwrap();
    let gradient = gradients.get(&variable).unwrap().flatten_all().unwrap();
    let gradient = gradient.to_vec1::<f64>().unwrap();
    let largest = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
    for k in 0..start.len() {
        let at = |step: f64| {
            let mut moved = start.clone();
            moved[k] += step;
            value(&moved)
        };
        let slope = (at(1e-3) - at(-1e-3)) / 2e-3;
        assert!(
            (gradient[k] - slope).abs() < 1e-3 * largest,
            "{k}: {} {slope}",
            gradient[k]
        );
    }
}
