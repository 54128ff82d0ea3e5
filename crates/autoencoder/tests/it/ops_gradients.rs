//! Every operation's backward pass against finite differences, and its identities.

use crate::finite_difference::{check, random};
use autoencoder::ops;
use candle_core::{DType, Device, Tensor, Var};

#[test]
fn conv1d_gradients() {
    for (kernel, stride, padding, length) in [
        (4, 2, 1, 9),
        (4, 2, 1, 8),
        (3, 1, 1, 7),
        (1, 1, 0, 5),
        (3, 2, 0, 8),
        (5, 1, 0, 6),
    ] {
        for batch in [1, 3] {
            let inputs = [random(&[batch, length, 3], 1), random(&[kernel, 3, 4], 2)];
            check(&inputs, |i| ops::conv1d(&i[0], &i[1], stride, padding));
        }
    }
}

/// Wide layers of kernel 3 go another way (Winograd); a convolution of half the channels does not.
#[test]
fn wide_convolutions_equal_narrow_ones() {
    for (batch, length) in [(1, 8), (2, 13), (3, 16)] {
        let (x, w) = (random(&[batch, length, 64], 31), random(&[3, 64, 64], 32));
        check(&[x.clone(), w.clone()], |i| ops::conv1d(&i[0], &i[1], 1, 1));
        let half = |at| {
            let (x, w) = (x.narrow(2, at, 32).unwrap(), w.narrow(1, at, 32).unwrap());
            ops::conv1d(&x, &w, 1, 1).unwrap()
        };
        let expected = (half(0) + half(32)).unwrap();
        let largest = |t: &Tensor| {
            t.abs()
                .unwrap()
                .max_all()
                .unwrap()
                .to_scalar::<f64>()
                .unwrap()
        };
        let found = ops::conv1d(&x, &w, 1, 1).unwrap();
        assert!(largest(&(&expected - found).unwrap()) < 1e-12 * largest(&expected));
        let single = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
        let found = ops::conv1d(&single(&x), &single(&w), 1, 1).unwrap();
        let found = found.to_dtype(DType::F64).unwrap();
        assert!(largest(&(&expected - found).unwrap()) < 3e-6 * largest(&expected));
    }
}

#[test]
fn conv_transpose1d_gradients() {
    for (kernel, stride, padding, length) in
        [(4, 2, 1, 5), (3, 1, 1, 6), (4, 2, 1, 1), (5, 3, 2, 4)]
    {
        let inputs = [random(&[2, length, 3], 3), random(&[kernel, 4, 3], 4)];
        check(&inputs, |i| {
            ops::conv_transpose1d(&i[0], &i[1], stride, padding)
        });
    }
}

#[test]
fn transposed_convolution_is_the_adjoint() {
    let (x, y, w) = (
        random(&[2, 10, 3], 5),
        random(&[2, 5, 4], 6),
        random(&[4, 3, 4], 7),
    );
    let dot = |a: &Tensor, b: &Tensor| {
        (a * b)
            .unwrap()
            .sum_all()
            .unwrap()
            .to_scalar::<f64>()
            .unwrap()
    };
    let forward = dot(&ops::conv1d(&x, &w, 2, 1).unwrap(), &y);
    let adjoint = dot(&x, &ops::conv_transpose1d(&y, &w, 2, 1).unwrap());
    assert!((forward - adjoint).abs() < 1e-12 * forward.abs());
}

#[test]
fn linear_gradients() {
    check(&[random(&[2, 3, 5], 8), random(&[5, 4], 9)], |i| {
        ops::linear(&i[0], &i[1])
    });
    check(&[random(&[3, 5], 8), random(&[5, 2], 9)], |i| {
        ops::linear(&i[0], &i[1])
    });
}

#[test]
fn batch_norm_gradients() {
    for rectify in [false, true] {
        let inputs = [random(&[3, 70, 4], 10), random(&[4], 11), random(&[4], 12)];
        check(&inputs, |i| {
            Ok(ops::batch_norm_train(&i[0], &i[1], &i[2], 1e-5, rectify)?.0)
        });
        let (mean, variance) = ([0.1, -0.2, 0.3, 0.0], [0.5, 1.0, 2.0, 0.1]);
        check(&inputs[..1], |i| {
            let affine = [&inputs[1], &inputs[2]];
            ops::batch_norm_eval(&i[0], affine, [&mean, &variance], 1e-5, rectify)
        });
    }
}

#[test]
fn batch_norm_normalises_and_survives_a_single_row() {
    let one = Tensor::ones(4, DType::F64, &Device::Cpu).unwrap();
    let zero = one.zeros_like().unwrap();
    let x = random(&[5, 200, 4], 13).affine(3.0, 7.0).unwrap();
    let (y, statistics) = ops::batch_norm_train(&x, &one, &zero, 0.0, false).unwrap();
    assert_eq!(statistics.n_rows, 1000);
    let y = y.reshape((1000, 4)).unwrap();
    for (mean, square) in y
        .mean(0)
        .unwrap()
        .to_vec1::<f64>()
        .unwrap()
        .into_iter()
        .zip(y.sqr().unwrap().mean(0).unwrap().to_vec1::<f64>().unwrap())
    {
        assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12);
    }
    let single = random(&[1, 1, 4], 14);
    let (y, _) = ops::batch_norm_train(&single, &one, &zero, 1e-5, false).unwrap();
    assert_eq!(y.flatten_all().unwrap().to_vec1::<f64>().unwrap(), [0.0; 4]);
}

#[test]
fn activation_gradients() {
    check(&[random(&[2, 40, 3], 15)], |i| ops::relu(&i[0]));
    check(&[random(&[2, 5, 3], 16), random(&[3], 17)], |i| {
        ops::add_bias(&i[0], &i[1])
    });
    let x = Var::zeros(3, DType::F64, &Device::Cpu).unwrap();
    let gradients = ops::relu(&x).unwrap().backward().unwrap();
    let gradient = gradients.get(&x).unwrap().to_vec1::<f64>().unwrap();
    assert_eq!(gradient, [0.0; 3], "the derivative at zero is zero");
}

#[test]
fn pooling_gradients() {
    check(&[random(&[3, 17, 5], 18)], |i| ops::max_over_points(&i[0]));
    // of equal maxima only the first has a gradient
    let x = Var::ones((1, 3, 1), DType::F64, &Device::Cpu).unwrap();
    let gradients = ops::max_over_points(&x).unwrap().backward().unwrap();
    let gradient = gradients.get(&x).unwrap().flatten_all().unwrap();
    assert_eq!(gradient.to_vec1::<f64>().unwrap(), [1.0, 0.0, 0.0]);
}

#[test]
fn neighbour_gradients() {
    let x = random(&[2, 90, 3], 19);
    let neighbours = ops::nearest_neighbours(&x, 8).unwrap();
    check(std::slice::from_ref(&x), |i| {
        ops::neighbour_max(&i[0], &neighbours)
    });
    check(&[x], |i| ops::local_covariance(&i[0], &neighbours));
}

#[test]
fn neighbours_agree_with_a_full_sort() {
    let (n, k) = (150, 16);
    let x = random(&[2, n, 5], 20);
    let found = ops::nearest_neighbours(&x, k)
        .unwrap()
        .to_vec3::<u32>()
        .unwrap();
    for (cloud, found) in x.to_vec3::<f64>().unwrap().iter().zip(&found) {
        for (i, found) in found.iter().enumerate() {
            let distance = |j: usize| -> f64 {
                cloud[i]
                    .iter()
                    .zip(&cloud[j])
                    .map(|(a, b)| (a - b).powi(2))
                    .sum()
            };
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
            let expected: Vec<u32> = order[..k].iter().map(|&j| j as u32).collect();
            assert_eq!(*found, expected, "point {i}");
        }
    }
}

#[test]
fn few_points_are_all_neighbours_and_equal_ones_come_by_index() {
    let x = Tensor::zeros((1, 4, 2), DType::F32, &Device::Cpu).unwrap();
    let found = ops::nearest_neighbours(&x, 16)
        .unwrap()
        .to_vec3::<u32>()
        .unwrap();
    assert_eq!(found[0], vec![vec![0, 1, 2, 3]; 4]);
}

#[test]
fn folding_conv_gradients() {
    for (groups, repeat) in [(1, 5), (3, 4), (4, 1), (1, 1), (2, 2)] {
        let (code, w) = (random(&[2, groups, 3], 21), random(&[3, 4, 6], 22));
        check(&[code.clone(), w], |i| {
            ops::folding_conv(&i[0], None, &i[1], repeat)
        });
        let (points, w) = (random(&[2, groups * repeat, 2], 23), random(&[3, 6, 5], 24));
        check(&[code, points, w], |i| {
            ops::folding_conv(&i[0], Some(&i[1]), &i[2], repeat)
        });
    }
}

#[test]
fn folding_conv_is_the_convolution_of_the_concatenation() {
    let (groups, repeat) = (3, 4);
    let length = groups * repeat;
    let (code, points) = (random(&[2, groups, 3], 25), random(&[2, length, 2], 26));
    let w = random(&[3, 6, 5], 27);
    let grid: Vec<f64> = (0..length)
        .map(|p| p as f64 / (length - 1) as f64 - 0.5)
        .collect();
    let grid = Tensor::from_vec(grid, (1, length, 1), &Device::Cpu).unwrap();
    let grid = grid.broadcast_as((2, length, 1)).unwrap();
    let repeated = code
        .unsqueeze(2)
        .unwrap()
        .broadcast_as((2, groups, repeat, 3))
        .unwrap();
    let repeated = repeated.reshape((2, length, 3)).unwrap();
    let whole = Tensor::cat(&[&grid, &repeated, &points], 2).unwrap();
    let expected = ops::conv1d(&whole, &w, 1, 1).unwrap();
    let found = ops::folding_conv(&code, Some(&points), &w, repeat).unwrap();
    let difference = (expected - found)
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap();
    assert!(difference.to_scalar::<f64>().unwrap() < 1e-13);
}

#[test]
fn wrong_shapes_and_types_are_errors() {
    let x = random(&[2, 5, 3], 28);
    assert!(ops::conv1d(&x, &random(&[4, 2, 4], 1), 2, 1).is_err());
    assert!(ops::conv1d(&x, &random(&[8, 3, 4], 1), 2, 1).is_err());
    assert!(ops::conv1d(&x, &random(&[4, 3, 4], 1), 0, 1).is_err());
    assert!(ops::conv_transpose1d(&x, &random(&[4, 4, 2], 1), 2, 1).is_err());
    assert!(ops::linear(&x, &random(&[4, 4], 1)).is_err());
    assert!(ops::add_bias(&x, &random(&[4], 1)).is_err());
    assert!(ops::folding_conv(&x, None, &random(&[3, 3, 4], 1), 2).is_err());
    assert!(ops::relu(&Tensor::zeros(3, DType::U32, &Device::Cpu).unwrap()).is_err());
    let outside = Tensor::full(9u32, (2, 5, 1), &Device::Cpu).unwrap();
    assert!(ops::neighbour_max(&x, &outside).is_err());
}
