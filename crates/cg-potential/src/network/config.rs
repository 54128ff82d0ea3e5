//! What a network is made of.

use super::RadialBasis;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The non-linear function between dense layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// tanh x.
    Tanh,
    /// x σ(x).
    Silu,
    /// ln(1 + eˣ) − ln 2.
    ShiftedSoftplus,
}

/// The shape of a CGSchNet network, see [`Network`](crate::Network) for its equations.
///
/// Lengths are in nm. Two families differ in their biases: that of torchmd-net (`filter_bias` and
/// `head_bias`, one hidden layer of half the width in the head) and that of mlcg (neither).
///
/// # Examples
/// ```
/// use cg_potential::NetworkConfig;
///
/// let config = NetworkConfig::named("majewski")?;
/// assert_eq!((config.layers, config.hidden, config.cutoff_upper), (4, 128, 1.2));
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Rows of the embedding: bead types are below this.
    pub n_types: usize,
    /// Width H of bead features.
    pub hidden: usize,
    /// Width of filters.
    pub filters: usize,
    /// Number of interaction blocks.
    pub layers: usize,
    /// Functions of distance that filters see.
    pub radial: RadialBasis,
    /// Distance below which beads do not interact, nm. Above 0 the envelope vanishes at both ends.
    pub cutoff_lower: f64,
    /// Distance from which beads do not interact, nm.
    pub cutoff_upper: f64,
    /// The non-linear function.
    pub activation: Activation,
    /// Widths of the head's hidden layers.
    pub head: Vec<usize>,
    /// Whether the second dense layer of filters has a bias.
    pub filter_bias: bool,
    /// Whether the head's last layer has a bias.
    pub head_bias: bool,
    /// Reach R of the sequence-separation feature exp(−((sᵢ−sⱼ)κ)²), κ = √(−ln 0.01)/(R+0.9), which is
    /// 0 where it is at most 0.01; `None` for no such feature.
    pub sequence_reach: Option<u32>,
    /// kJ/mol per unit of the head's output: 4.184 for a network that counts in kcal/mol.
    pub energy_scale: f64,
}

impl NetworkConfig {
    /// The names that [`NetworkConfig::named`] knows.
    pub const NAMES: [&'static str; 5] = ["majewski", "torchmd-cg", "ucsc", "ucsc-cutoff2", "mlcg"];

    /// A published configuration.
    ///
    /// | name | H | blocks | basis | cutoff nm | activation | head |
    /// |---|---|---|---|---|---|---|
    /// | `majewski` | 128 | 4 | 18 expnorm, trained | 0.3–1.2 | tanh | 64 |
    /// | `torchmd-cg` | 128 | 3 | 150 Gaussian | 0–0.9 | silu | 64 |
    /// | `ucsc` | 64 | 4 | 12 expnorm, trained | 0.3–1.2 | silu | 32 |
    /// | `ucsc-cutoff2` | 128 | 4 | 20 expnorm, trained | 0.2–1.2 | silu | 64 |
    /// | `mlcg` | 128 | 4 | 64 expnorm | 0–1.5 | tanh | 128, 64 |
    ///
    /// The activation of `torchmd-cg` is that package's default: its tutorial does not state it.
    ///
    /// # Errors
    /// [`Error::Setting`] for another name.
    ///
    /// # References
    /// M. Majewski et al., Nat. Commun. 14, 5739 (2023), <https://doi.org/10.1038/s41467-023-41343-1>;
    /// configuration files of torchmd-cg, CGML and mlcg (`h5_pl/single_molecule`).
    pub fn named(name: &str) -> Result<Self> {
        let torchmd = Self {
            n_types: 100,
            hidden: 128,
            filters: 128,
            layers: 4,
            radial: RadialBasis::exp_normal(18, true),
            cutoff_lower: 0.3,
            cutoff_upper: 1.2,
            activation: Activation::Silu,
            head: vec![64],
            filter_bias: true,
            head_bias: true,
            sequence_reach: None,
            energy_scale: 4.184,
        };
        Ok(match name {
            "majewski" => Self {
                activation: Activation::Tanh,
                ..torchmd
            },
            "torchmd-cg" => Self {
                layers: 3,
                radial: RadialBasis::gaussian(150, false),
                cutoff_lower: 0.0,
                cutoff_upper: 0.9,
                ..torchmd
            },
            "ucsc" => Self {
                hidden: 64,
                filters: 64,
                radial: RadialBasis::exp_normal(12, true),
                head: vec![32],
                ..torchmd
            },
            "ucsc-cutoff2" => Self {
                radial: RadialBasis::exp_normal(20, true),
                cutoff_lower: 0.2,
                ..torchmd
            },
            "mlcg" => Self {
                n_types: 25,
                radial: RadialBasis::exp_normal(64, false),
                cutoff_lower: 0.0,
                cutoff_upper: 1.5,
                activation: Activation::Tanh,
                head: vec![128, 64],
                filter_bias: false,
                head_bias: false,
                ..torchmd
            },
            _ => return Err(Error::setting("network", Self::NAMES.join(", "), name)),
        })
    }

    /// Checks that the settings make sense and are of a size that can be held.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn validate(&self) -> Result<()> {
        let widths = [
            ("n_types", self.n_types),
            ("hidden", self.hidden),
            ("filters", self.filters),
            ("layers", self.layers),
            ("radial.n", self.radial.n),
        ];
        let head = self.head.iter().map(|&width| ("head", width));
        for (setting, value) in widths.into_iter().chain(head) {
            if !(1..=4096).contains(&value) {
                return Err(Error::setting(setting, "1 to 4096", value));
            }
        }
        if self.head.len() > 64 {
            return Err(Error::setting("head", "at most 64 layers", self.head.len()));
        }
        if self.radial.n < 2 {
            return Err(Error::setting("radial.n", "at least 2", self.radial.n));
        }
        let (lower, upper) = (self.cutoff_lower, self.cutoff_upper);
        if !(lower >= 0.0 && lower.is_finite()) {
            return Err(Error::setting("cutoff_lower", "not negative", lower));
        }
        if !(upper > lower && upper <= 100.0) {
            let expected = format!("above {lower} nm, at most 100 nm");
            return Err(Error::setting("cutoff_upper", expected, upper));
        }
        if !(self.energy_scale > 0.0 && self.energy_scale.is_finite()) {
            return Err(Error::setting(
                "energy_scale",
                "positive",
                self.energy_scale,
            ));
        }
        Ok(())
    }

    /// Width of what filters see of a pair: radial functions, and the sequence feature.
    pub(crate) fn edge_width(&self) -> usize {
        self.radial.n + usize::from(self.sequence_reach.is_some())
    }

    /// The sequence feature of two residues `separation` apart; 0 without the feature.
    pub(crate) fn sequence_feature(&self, separation: u32) -> f64 {
        let Some(reach) = self.sequence_reach else {
            return 0.0;
        };
        let kappa = -(0.01_f64.ln()) / (f64::from(reach) + 0.9).powi(2);
        let feature = (-kappa * f64::from(separation).powi(2)).exp();
        if feature <= 0.01 { 0.0 } else { feature }
    }
}
