//! Every operation against PyTorch's output and gradients (`xtask/python/autoencoder_ops.py`).

use autoencoder::ops;
use candle_core::{Device, Result, Tensor, Var};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|v| v.as_f64().unwrap()).collect()
}

fn apply(name: &str, options: &Value, inputs: &[Tensor]) -> Result<Tensor> {
    let option = |key: &str| options[key].as_u64().unwrap() as usize;
    let neighbours = || ops::nearest_neighbours(&inputs[0], option("k"));
    match name {
        "conv1d" => ops::conv1d(&inputs[0], &inputs[1], option("stride"), option("padding")),
        "conv_transpose1d" => {
            ops::conv_transpose1d(&inputs[0], &inputs[1], option("stride"), option("padding"))
        }
        "batch_norm" => {
            let rectify = options["rectify"].as_bool().unwrap();
            Ok(ops::batch_norm_train(&inputs[0], &inputs[1], &inputs[2], 1e-5, rectify)?.0)
        }
        "max_over_points" => ops::max_over_points(&inputs[0]),
        "neighbour_max" => ops::neighbour_max(&inputs[0], &neighbours()?),
        "local_covariance" => ops::local_covariance(&inputs[0], &neighbours()?),
        "folding_conv" => {
            ops::folding_conv(&inputs[0], Some(&inputs[1]), &inputs[2], option("repeat"))
        }
        other => panic!("unknown case {other}"),
    }
}

fn assert_close(found: &Tensor, expected: &[f64], what: &str) {
    let found = found.flatten_all().unwrap().to_vec1::<f64>().unwrap();
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0, |a: f64, v| a.max(v.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs();
        assert!(
            off < 1e-9 * scale,
            "{what}, element {index}: {found}, PyTorch {expected}"
        );
    }
}

#[test]
fn operations_agree_with_pytorch() {
    let document: Value = serde_json::from_str(include_str!("../data/ops.json")).unwrap();
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 11);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let shape = |v: &Value| {
            numbers(&v["shape"])
                .iter()
                .map(|&n| n as usize)
                .collect::<Vec<_>>()
        };
        let vars: Vec<Var> = case["inputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| {
                let t = Tensor::from_vec(numbers(&i["values"]), shape(i), &Device::Cpu).unwrap();
                Var::from_tensor(&t).unwrap()
            })
            .collect();
        let tensors: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
        let y = apply(name, &case["options"], &tensors).unwrap();
        assert_eq!(y.dims(), shape(&case["output"]), "{name}");
        assert_close(&y, &numbers(&case["output"]["values"]), name);
        let weights = Tensor::from_vec(numbers(&case["weights"]), y.shape(), &Device::Cpu).unwrap();
        let gradients = (y * weights)
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap();
        for (var, expected) in vars.iter().zip(case["gradients"].as_array().unwrap()) {
            assert_close(gradients.get(var).unwrap(), &numbers(expected), name);
        }
    }
}
