//! Rules that take a replica from one step to the next.

mod kernels;

pub(crate) use kernels::{Finish, Prepare, StepContext, lane_normals};

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How replicas move. Frictions are collision rates γ in 1/ps.
///
/// With kick B: v += ½Δt f/m, drift A: x += ½Δt v, and noise
/// O: v ← e^(−γΔt) v + √(1 − e^(−2γΔt)) √(kT/m) ξ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Integrator {
    /// BB·A·O·A in the order of OpenMM's `LangevinMiddleIntegrator`: kick, velocity constraints,
    /// half drift, noise, half drift, position constraints, whose displacement over Δt goes into
    /// the velocity. Velocities lag half a step; kinetic energies are those of the middle scheme.
    ///
    /// Z. Zhang, X. Liu, K. Yan, M. E. Tuckerman, J. Liu, J. Phys. Chem. A 123, 6056 (2019),
    /// <https://doi.org/10.1021/acs.jpca.9b02771>.
    LangevinMiddle {
        /// Collision rate in 1/ps.
        friction: f64,
    },
    /// B·A·O·A·B, with constraints after every letter.
    ///
    /// B. Leimkuhler, C. Matthews, Appl. Math. Res. Express 2013, 34,
    /// <https://doi.org/10.1093/amrx/abs010>; with constraints: Proc. R. Soc. A 472, 20160138
    /// (2016), <https://doi.org/10.1098/rspa.2016.0138>.
    Baoab {
        /// Collision rate in 1/ps.
        friction: f64,
    },
    /// Brownian motion, x += Δt f/(mγ) + √(2kTΔt/(mγ)) ξ. Velocities stay zero and are not handed
    /// out.
    ///
    /// D. L. Ermak, J. A. McCammon, J. Chem. Phys. 69, 1352 (1978),
    /// <https://doi.org/10.1063/1.436761>, without hydrodynamic interactions.
    Overdamped {
        /// Collision rate in 1/ps, so that the mobility of an atom is 1/(mγ).
        friction: f64,
    },
    /// B·A·A·B at constant energy, with RATTLE.
    ///
    /// W. C. Swope, H. C. Andersen, P. H. Berens, K. R. Wilson, J. Chem. Phys. 76, 637 (1982),
    /// <https://doi.org/10.1063/1.442716>.
    VelocityVerlet,
}

impl Integrator {
    /// Whether velocities mean something.
    pub fn has_velocities(&self) -> bool {
        !matches!(self, Self::Overdamped { .. })
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let (friction, allowed) = match *self {
            Self::LangevinMiddle { friction } | Self::Baoab { friction } => {
                (friction, friction >= 0.0)
            }
            Self::Overdamped { friction } => (friction, friction > 0.0),
            Self::VelocityVerlet => (0.0, true),
        };
        if allowed && friction.is_finite() {
            Ok(())
        } else {
            Err(Error::setting(
                "friction",
                "not negative (positive if overdamped)",
                friction,
            ))
        }
    }
}

/// What an integrator multiplies with, from its friction and the time step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coefficients {
    /// Δt, ps.
    time_step: f64,
    /// e^(−γΔt), or 1/γ if overdamped.
    pub(crate) decay: f64,
    /// √(1 − e^(−2γΔt)), or √(2Δt/γ) if overdamped.
    pub(crate) noise: f64,
}

impl Coefficients {
    pub(crate) fn new(integrator: Integrator, time_step: f64) -> Self {
        let (decay, noise) = match integrator {
            Integrator::LangevinMiddle { friction } | Integrator::Baoab { friction } => (
                (-friction * time_step).exp(),
                // 1 − e^(−2γΔt) without cancellation
                (-(-2.0 * friction * time_step).exp_m1()).sqrt(),
            ),
            Integrator::Overdamped { friction } => {
                (1.0 / friction, (2.0 * time_step / friction).sqrt())
            }
            Integrator::VelocityVerlet => (1.0, 0.0),
        };
        Self {
            time_step,
            decay,
            noise,
        }
    }
}
