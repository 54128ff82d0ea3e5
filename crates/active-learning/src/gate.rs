//! Which proposed frames are too implausible to spend an oracle's time on.

mod chain;

pub use chain::{ChainGate, ChainLimits};

use serde::{Deserialize, Serialize};

/// Why a frame is not plausible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Implausible {
    /// A position that is infinite or NaN.
    NotFinite,
    /// Two beads farther apart than the molecule is long.
    Exploded,
    /// Two bonded beads too near or too far.
    BrokenBond,
    /// Two beads on top of each other.
    Clash,
    /// The mirror image is far more like the known frames.
    Mirrored,
    /// Something else that a user's own gate looks for.
    Other,
}

/// Keeps frames that no real molecule takes on from the oracle; the campaign counts them by cause.
///
/// # Examples
/// ```
/// use active_learning::{Gate, Implausible};
///
/// /// Beads stay in a box.
/// struct InBox;
///
/// impl Gate for InBox {
///     fn check(&self, positions: &[[f32; 3]]) -> Option<Implausible> {
///         let inside = positions.iter().flatten().all(|x| x.abs() < 10.0);
///         (!inside).then_some(Implausible::Exploded)
///     }
/// }
/// assert_eq!(InBox.check(&[[0.0, 11.0, 0.0]]), Some(Implausible::Exploded));
/// ```
pub trait Gate {
    /// What is wrong with a frame (`[n_beads][3]`, nm), if anything is.
    fn check(&self, positions: &[[f32; 3]]) -> Option<Implausible>;
}
