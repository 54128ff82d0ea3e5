//! How many of the sliding counts are independent.

use rayon::prelude::*;

/// The share of the counts of each row that is statistically independent, the mean over the row's
/// transitions weighted by their counts.
///
/// For each state i the targets of its visits form a sequence per replica, and the indicator of
/// target j along it has the inefficiency g = 1 + 2 Σₖ (1 − k/N) C(k)/⟨x²⟩, summed to the first
/// negative correlation; 1/g of the counts are independent. C is the covariance and ⟨x²⟩ the second
/// moment, not the variance, as in deeptime.
pub(super) fn row_factors(trajectories: &[Vec<u32>], n_states: usize, lag: usize) -> Vec<f64> {
    let mut targets: Vec<Vec<Vec<u32>>> = vec![Vec::new(); n_states];
    for states in trajectories {
        let mut of_replica: Vec<Vec<u32>> = vec![Vec::new(); n_states];
        for (&from, &to) in states.iter().zip(states.iter().skip(lag)) {
            of_replica[from as usize].push(to);
        }
        for (all, mine) in targets.iter_mut().zip(of_replica) {
            if !mine.is_empty() {
                all.push(mine);
            }
        }
    }
    targets
        .par_iter()
        .map(|sequences| {
            let mut counts = vec![0usize; n_states];
            for &to in sequences.iter().flatten() {
                counts[to as usize] += 1;
            }
            let total: usize = counts.iter().sum();
            if total == 0 {
                return 1.0;
            }
            let independent = |(to, &count): (usize, &usize)| match count {
                0 => 0.0,
                _ => count as f64 * independent_share(sequences, to as u32, count, total),
            };
            counts.iter().enumerate().map(independent).sum::<f64>() / total as f64
        })
        .collect()
}

fn independent_share(sequences: &[Vec<u32>], to: u32, count: usize, total: usize) -> f64 {
    let mean = count as f64 / total as f64;
    let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
    let centred: Vec<Vec<f64>> = sequences
        .iter()
        .map(|sequence| {
            let indicator = sequence.iter().map(|&s| f64::from(u8::from(s == to)));
            indicator.map(|x| x - mean).collect()
        })
        .collect();
    let mut sum = 0.0;
    for k in 0..longest {
        let (mut products, mut n) = (0.0, 0usize);
        for sequence in centred.iter().filter(|sequence| sequence.len() > k) {
            let pairs = sequence.iter().zip(&sequence[k..]);
            products += pairs.map(|(a, b)| a * b).sum::<f64>();
            n += sequence.len() - k;
        }
        let covariance = products / n as f64;
        if covariance <= 0.0 {
            break;
        }
        if k > 0 {
            sum += covariance * (1.0 - k as f64 / longest as f64);
        }
    }
    // ⟨x²⟩ of an indicator is its mean.
    1.0 / (1.0 + 2.0 * sum / mean)
}
