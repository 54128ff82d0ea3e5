//! The soft start: out of clashes with steps of limited length.

use super::MinimiseConfig;
use super::landscape::{Landscape, copy_lanes, longest};
use crate::random::{Purpose, counter, normals, philox};
use crate::{LANES, Potential, Result};

/// Forces below this share of `soft_force` move their atoms less than those above.
const CAP_SHARE: f64 = 0.1;

/// Steepest descent until no force is above `soft_force`; evaluations made for each lane.
pub(super) fn soft_start<P: Potential + ?Sized>(
    landscape: &mut Landscape<'_, P>,
    config: &MinimiseConfig,
    first: usize,
) -> Result<[usize; LANES]> {
    let mut reach = [config.max_displacement; LANES];
    let mut evaluations = [0; LANES];
    let mut trial = landscape.positions.clone();
    let mut gradient = landscape.gradient.clone();
    for iteration in 0..config.max_soft_iterations {
        let steepest = longest(&landscape.gradient);
        let mut rough = [false; LANES];
        for lane in 0..LANES {
            let calm = steepest[lane] <= config.soft_force && landscape.energies[lane].is_finite();
            rough[lane] = !calm && reach[lane] > 1e-3 * config.max_displacement;
        }
        if !rough.contains(&true) {
            break;
        }
        trial.copy_from_slice(&landscape.positions);
        for atom in (0..trial.len()).filter(|&atom| !landscape.fixed[atom]) {
            for lane in (0..LANES).filter(|&lane| rough[lane]) {
                let slope = [0, 1, 2].map(|axis| landscape.gradient[atom][axis].0[lane]);
                let conformer = first + lane.min(landscape.n_used - 1);
                let push = displacement(slope, config, [atom, conformer, iteration]);
                for axis in 0..3 {
                    trial[atom][axis].0[lane] += reach[lane] * push[axis];
                }
            }
        }
        let energies = landscape.evaluate(&trial, &mut gradient)?;
        let mut accepted = [false; LANES];
        for lane in (0..LANES).filter(|&lane| rough[lane]) {
            evaluations[lane] += 1;
            let before = landscape.energies[lane];
            // out of infinity, every way is a way forward
            accepted[lane] = !before.is_finite() || energies[lane] < before;
            if accepted[lane] {
                reach[lane] = (1.2 * reach[lane]).min(config.max_displacement);
                landscape.energies[lane] = energies[lane];
            } else {
                reach[lane] *= 0.4;
            }
        }
        copy_lanes(&mut landscape.positions, &trial, &accepted);
        copy_lanes(&mut landscape.gradient, &gradient, &accepted);
    }
    Ok(evaluations)
}

/// A vector of length up to 1 against the slope: −s/max(|s|, cap); for a slope that is not finite, a
/// random direction.
fn displacement(slope: [f64; 3], config: &MinimiseConfig, key: [usize; 3]) -> [f64; 3] {
    let length = slope.iter().map(|s| s * s).sum::<f64>().sqrt();
    if length.is_finite() {
        let cap = CAP_SHARE * config.soft_force;
        return slope.map(|s| -s / length.max(cap));
    }
    let [atom, conformer, iteration] = key;
    let at = counter(
        Purpose::Jitter,
        atom as u32,
        conformer as u32,
        iteration as u64,
    );
    let [x, y, z, _] = normals(philox(at, config.seed)).map(f64::from);
    let length = (x * x + y * y + z * z).sqrt().max(1e-6);
    [x / length, y / length, z / length]
}
