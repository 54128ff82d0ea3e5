//! The grids and their interpolation.

use super::RamachandranScore;
use super::compact;
use crate::Result;
use crate::error::Error;
use std::path::Path;
use std::sync::OnceLock;

/// Nodes along φ and along ψ: every 2°, from −179°.
pub(super) const N: usize = 180;
const FAVORED: f64 = 0.02;

/// The six kinds of residues with a distribution of their own, in the order of the grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RamachandranClass {
    /// All that are none of the others.
    General,
    /// Glycine.
    Glycine,
    /// Isoleucine and valine, unless before proline.
    IsoleucineValine,
    /// Before proline, unless glycine or proline itself.
    PreProline,
    /// Proline after a trans peptide bond.
    TransProline,
    /// Proline after a cis peptide bond: −30° < ω < 30°.
    CisProline,
}

impl RamachandranClass {
    /// All classes, in the order of the grids.
    pub const ALL: [Self; 6] = [
        Self::General,
        Self::Glycine,
        Self::IsoleucineValine,
        Self::PreProline,
        Self::TransProline,
        Self::CisProline,
    ];

    /// The least value that is allowed.
    pub fn allowed_threshold(self) -> f64 {
        match self {
            Self::General => 0.0005,
            Self::CisProline => 0.002,
            Self::Glycine | Self::IsoleucineValine | Self::PreProline | Self::TransProline => 0.001,
        }
    }

    /// The least value that is favored.
    pub fn favored_threshold(self) -> f64 {
        FAVORED
    }

    /// The class's file in the Top8000 data.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::General => "rama8000-general-noGPIVpreP.data",
            Self::Glycine => "rama8000-gly-sym.data",
            Self::IsoleucineValine => "rama8000-ileval-nopreP.data",
            Self::PreProline => "rama8000-prepro-noGP.data",
            Self::TransProline => "rama8000-transpro.data",
            Self::CisProline => "rama8000-cispro.data",
        }
    }
}

/// One grid of each class.
///
/// # Examples
/// ```
/// use metrics::ramachandran::{RamachandranClass, RamachandranGrids, RamachandranScore};
/// let helix = (-63f64.to_radians(), -42f64.to_radians());
/// let score = RamachandranGrids::built_in().classify(RamachandranClass::General, helix.0, helix.1);
/// assert_eq!(score, Some(RamachandranScore::Favored));
/// ```
#[derive(Clone, Debug)]
pub struct RamachandranGrids {
    /// `[6][180][180]`, φ slowest.
    values: Vec<Vec<f32>>,
    complete: bool,
}

impl RamachandranGrids {
    /// The grids within the crate: good for [`RamachandranGrids::classify`] alone.
    pub fn built_in() -> &'static Self {
        static GRIDS: OnceLock<RamachandranGrids> = OnceLock::new();
        GRIDS.get_or_init(|| Self {
            values: compact::decode(),
            complete: false,
        })
    }

    /// The original grids, from the folder with the six `rama8000-*.data` files.
    ///
    /// # Errors
    /// A file that is missing or is not such a grid.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |class: RamachandranClass| read_grid(&folder.join(class.file_name()));
        Ok(Self {
            values: RamachandranClass::ALL
                .into_iter()
                .map(read)
                .collect::<Result<_>>()?,
            complete: true,
        })
    }

    /// Favored, allowed or outlier, for φ and ψ in radians; `None` if one is not finite.
    pub fn classify(
        &self,
        class: RamachandranClass,
        phi: f64,
        psi: f64,
    ) -> Option<RamachandranScore> {
        let value = self.interpolate(class, phi, psi)?;
        Some(if value >= class.favored_threshold() {
            RamachandranScore::Favored
        } else if value >= class.allowed_threshold() {
            RamachandranScore::Allowed
        } else {
            RamachandranScore::Outlier
        })
    }

    /// The fraction of the reference data in less likely places than φ, ψ (radians), in [0, 1]; `None`
    /// from the built-in grids, which do not know it, or if an angle is not finite.
    pub fn percentile(&self, class: RamachandranClass, phi: f64, psi: f64) -> Option<f64> {
        if self.complete {
            self.interpolate(class, phi, psi)
        } else {
            None
        }
    }

    /// Bilinear between the four nearest nodes, periodic.
    fn interpolate(&self, class: RamachandranClass, phi: f64, psi: f64) -> Option<f64> {
        if !(phi.is_finite() && psi.is_finite()) {
            return None;
        }
        let place = |angle: f64| {
            let place = ((angle.to_degrees() + 179.0) / 2.0).rem_euclid(N as f64);
            // rem_euclid may round up to the modulus itself
            (place.floor() as usize % N, place.fract())
        };
        let ((i, s), (j, t)) = (place(phi), place(psi));
        let values = &self.values[class as usize];
        let node = |i: usize, j: usize| f64::from(values[(i % N) * N + j % N]);
        let low = node(i, j) * (1.0 - t) + node(i, j + 1) * t;
        let high = node(i + 1, j) * (1.0 - t) + node(i + 1, j + 1) * t;
        Some(low * (1.0 - s) + high * s)
    }
}

fn read_grid(path: &Path) -> Result<Vec<f32>> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, source))?;
    let mut grid = vec![0.0; N * N];
    let mut found = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let (node, value) = parse_line(line).ok_or_else(|| {
            Error::malformed(path, number + 1, "φ and ψ in odd degrees and a value", line)
        })?;
        grid[node] = value;
        found = true;
    }
    if !found {
        return Err(Error::malformed(
            path,
            0,
            "a Ramachandran grid",
            "no values",
        ));
    }
    Ok(grid)
}

fn parse_line(line: &str) -> Option<(usize, f32)> {
    let mut fields = line.split_whitespace();
    let mut node = || {
        let node = (fields.next()?.parse::<f64>().ok()? + 179.0) / 2.0;
        (node.fract() == 0.0 && (0.0..N as f64).contains(&node)).then_some(node as usize)
    };
    let index = node()? * N + node()?;
    let value: f32 = fields.next()?.parse().ok()?;
    ((0.0..=1.0).contains(&value) && fields.next().is_none()).then_some((index, value))
}
