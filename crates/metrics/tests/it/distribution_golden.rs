//! Reading the golden data that `xtask/python/distribution_golden.py` made.

use serde_json::Value;

/// A file of `tests/data/distribution`.
pub(crate) fn golden(name: &str) -> Value {
    let path = format!(
        "{}/tests/data/distribution/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect(&path);
    serde_json::from_str(&text).expect(&path)
}

/// All numbers in nested lists, in order.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Number(number) => vec![number.as_f64().unwrap()],
        other => panic!("expected numbers, found {other}"),
    }
}

/// One number.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Fails unless both lists agree within `tolerance`, absolute.
pub(crate) fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= tolerance, "entry {i}: {f}, expected {e}");
    }
}
