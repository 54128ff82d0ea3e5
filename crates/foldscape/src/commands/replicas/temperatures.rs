//! Temperatures of replicas.

use anyhow::{Result, ensure};

/// The temperature (K) of each replica.
pub(in crate::commands) fn of_replicas(
    given: &[f64],
    replicas: usize,
    exchange: bool,
) -> Result<Vec<f64>> {
    for &temperature in given {
        ensure!(
            temperature.is_finite() && temperature >= 0.0,
            "--temperature {temperature}: expected a number of kelvin that is not negative"
        );
    }
    if exchange {
        ensure!(replicas > 1, "--exchange needs at least two --replicas");
        ensure!(
            given.len() > 1 && given.iter().all(|&temperature| temperature > 0.0),
            "--exchange needs --temperature LOWEST,HIGHEST, or one positive temperature for each replica"
        );
    }
    match given {
        &[one] => Ok(vec![one; replicas]),
        &[low, high] if exchange && replicas > 2 => {
            let rung = |index: usize| low * (high / low).powf(index as f64 / (replicas - 1) as f64);
            Ok((0..replicas).map(rung).collect())
        }
        all => {
            ensure!(
                all.len() == replicas,
                "--temperature: expected one, or one for each of {replicas} replicas, found {}",
                all.len()
            );
            Ok(all.to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of_replicas;

    #[test]
    fn one_each_or_a_ladder() {
        assert_eq!(of_replicas(&[310.0], 3, false).unwrap(), [310.0; 3]);
        assert_eq!(
            of_replicas(&[300.0, 350.0], 2, false).unwrap(),
            [300.0, 350.0]
        );
        let ladder = of_replicas(&[300.0, 1200.0], 3, true).unwrap();
        assert!((ladder[1] - 600.0).abs() < 1e-9, "{ladder:?}");
        for (given, replicas, exchange) in [
            (&[300.0, 310.0][..], 3, false),
            (&[300.0], 4, true),
            (&[300.0, 310.0], 1, true),
            (&[-1.0], 1, false),
            (&[f64::NAN], 1, false),
        ] {
            assert!(of_replicas(given, replicas, exchange).is_err(), "{given:?}");
        }
    }
}
