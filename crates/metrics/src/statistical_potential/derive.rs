//! A statistical potential from one's own structures.

use super::pair_table::pair_index;
use super::{PairTable, atom_type};
use crate::Result;
use crate::error::{Error, check_length};
use crate::geometry::{distance, dot, subtract, vector};
use molio::{Element, Topology};
use std::collections::HashMap;

/// Types beyond which a table would not fit in memory.
const MOST_TYPES: usize = 2000;
/// What a distance gets that was never seen, and the bound of all values; as DOPE has it.
const UNSEEN: f64 = 10.0;

/// How a statistical potential is derived.
///
/// The default has DOPE's nodes: bins of 0.05 nm from 0.05 nm to 1.5 nm, pairs of different residues.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StatisticalPotentialConfig {
    /// Width of a bin in nm.
    pub bin_width: f64,
    /// Lower edge of the first bin in nm.
    pub start: f64,
    /// Upper edge of the last bin in nm; the potential goes to 0 half a bin beyond it.
    pub cutoff: f64,
    /// Least difference of residue indices of a pair that counts.
    pub minimum_residue_separation: usize,
    /// Sippl's σ, the weight of one observation against the reference state (he took 1/50): pairs of
    /// types that are seldom seen are drawn towards 0. `None`: as observed.
    pub sparse_weight: Option<f64>,
}

impl Default for StatisticalPotentialConfig {
    fn default() -> Self {
        Self {
            bin_width: 0.05,
            start: 0.05,
            cutoff: 1.5,
            minimum_residue_separation: 1,
            sparse_weight: None,
        }
    }
}

/// Counts pair distances in structures and turns them into potentials of mean force.
///
/// u_mn(r) = −ln(N_mn(r) / N⁰_mn(r)), dimensionless (in kT), within ±10. The reference state is that of
/// atoms without interaction in a sphere as large as each structure, a = √(5/3) Rg:
/// N⁰_mn(bin) = Σ_structures w N_mn (F(r₊/a) − F(r₋/a)), F(x) = x³ − 9x⁴/16 + x⁶/32 for x ≤ 2, where
/// N_mn is the structure's number of pairs of types m, n at any distance. Types are found in the
/// structures ([`atom_type`]), so CA-only and backbone models give potentials too.
///
/// # References
/// Shen, Sali, Protein Sci. 2006, 10.1110/ps.062416606 (reference state); Sippl, J. Mol. Biol. 1990,
/// 10.1016/S0022-2836(05)80269-4 (sparse data).
///
/// # Examples
/// A potential of two helices, kept in a file, and the score of an extended chain in it:
/// ```
/// use metrics::statistical_potential::{
///     PairRule, PairScore, PairTable, StatisticalPotentialBuilder, StatisticalPotentialConfig,
/// };
/// use molio::{ChainPlan, Conformation, ProteinBuilder, SideChainConfig, conformation_torsions, parse_sequence};
///
/// let chain = |sequence, conformation| -> Result<_, Box<dyn std::error::Error>> {
///     let forms = parse_sequence(sequence)?;
///     let builder = ProteinBuilder::new(&[ChainPlan::new("A", &forms)], &[])?;
///     let torsions = conformation_torsions(&forms, conformation)?;
///     let positions = builder.from_torsions(&torsions, &SideChainConfig::default())?;
///     Ok((builder.topology().clone(), positions))
/// };
/// let mut builder = StatisticalPotentialBuilder::new(StatisticalPotentialConfig::default())?;
/// for sequence in ["AAKAAEAAKA", "KAAEAAKAAE"] {
///     let (topology, positions) = chain(sequence, Conformation::Helix)?;
///     builder.add(&topology, &positions, 1.0)?;
/// }
/// let path = std::env::temp_dir().join(format!("helices-{}.lib", std::process::id()));
/// builder.finish()?.write(&path)?;
///
/// let table = PairTable::read(&path)?;
/// let rule = PairRule { cutoff: 1.5, minimum_residue_separation: 1, ignored_below: -1.0 };
/// let score = |conformation| -> Result<f64, Box<dyn std::error::Error>> {
///     let (topology, positions) = chain("AAEAAKAAEA", conformation)?;
///     Ok(PairScore::new(&topology, &table, rule)?.evaluate(&positions)?)
/// };
/// assert!(score(Conformation::Helix)? < score(Conformation::Extended)?);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StatisticalPotentialBuilder {
    config: StatisticalPotentialConfig,
    n_bins: usize,
    types: HashMap<String, usize>,
    /// By types a ≤ b: observed and expected counts, `[n_bins]` each.
    counts: HashMap<[usize; 2], [Vec<f64>; 2]>,
    n_structures: usize,
}

impl StatisticalPotentialBuilder {
    /// No structures yet.
    ///
    /// # Errors
    /// Bins that are not positive, more than 10,000, or a σ that is not positive.
    pub fn new(config: StatisticalPotentialConfig) -> Result<Self> {
        let n_bins = ((config.cutoff - config.start) / config.bin_width).round();
        let usable = config.bin_width > 0.0
            && config.start >= 0.0
            && (1.0..=10_000.0).contains(&n_bins)
            && config
                .sparse_weight
                .is_none_or(|w| w > 0.0 && w.is_finite());
        if !usable {
            return Err(Error::Argument {
                what: "statistical potential",
                expected: "1 to 10,000 bins of positive width, and a positive σ",
                found: format!("{config:?}"),
            });
        }
        Ok(Self {
            config,
            n_bins: n_bins as usize,
            types: HashMap::new(),
            counts: HashMap::new(),
            n_structures: 0,
        })
    }

    /// Counts the heavy atoms of one structure (positions in nm), with weight `weight`.
    ///
    /// # Errors
    /// Another number of atoms, a coordinate or weight that is not finite, fewer than two heavy atoms,
    /// or more than 2,000 types in all.
    pub fn add(&mut self, topology: &Topology, positions: &[[f32; 3]], weight: f64) -> Result<()> {
        check_length("positions", topology.n_atoms(), positions.len())?;
        let heavy: Vec<usize> = (0..topology.n_atoms())
            .filter(|&atom| topology.atoms()[atom].element != Element::HYDROGEN)
            .collect();
        let radius = sphere_radius(positions, &heavy)?;
        if !(weight >= 0.0 && weight.is_finite()) {
            return Err(Error::Argument {
                what: "weight of a structure",
                expected: "a finite number ≥ 0",
                found: weight.to_string(),
            });
        }
        let kinds: Vec<usize> = heavy
            .iter()
            .map(|&atom| self.kind(topology, atom))
            .collect();
        if self.types.len() > MOST_TYPES {
            return Err(Error::Argument {
                what: "types of a statistical potential",
                expected: "at most 2,000",
                found: self.types.len().to_string(),
            });
        }
        let residue = |i: usize| topology.atoms()[heavy[i]].residue;
        let mut n_pairs: HashMap<[usize; 2], f64> = HashMap::new();
        for i in 0..heavy.len() {
            for j in i + 1..heavy.len() {
                if residue(i).abs_diff(residue(j)) < self.config.minimum_residue_separation {
                    continue;
                }
                let pair = [kinds[i].min(kinds[j]), kinds[i].max(kinds[j])];
                *n_pairs.entry(pair).or_default() += weight;
                let r = distance(positions[heavy[i]], positions[heavy[j]]);
                let bin = (r - self.config.start) / self.config.bin_width;
                if bin >= 0.0 && bin < self.n_bins as f64 {
                    self.entry(pair)[0][bin as usize] += weight;
                }
            }
        }
        let edge = |bin: usize| self.config.start + bin as f64 * self.config.bin_width;
        let fractions: Vec<f64> = (0..self.n_bins)
            .map(|bin| sphere_cdf(edge(bin + 1) / radius) - sphere_cdf(edge(bin) / radius))
            .collect();
        for (pair, n) in n_pairs {
            for (expected, fraction) in self.entry(pair)[1].iter_mut().zip(&fractions) {
                *expected += n * fraction;
            }
        }
        self.n_structures += 1;
        Ok(())
    }

    /// The potential.
    ///
    /// # Errors
    /// No structures.
    pub fn finish(self) -> Result<PairTable> {
        if self.n_structures == 0 {
            return Err(Error::TooFew {
                what: "structures of a statistical potential",
                needed: 1,
                found: 0,
            });
        }
        let mut names: Vec<(&String, usize)> = self.types.iter().map(|(n, i)| (n, *i)).collect();
        names.sort_unstable();
        let mut rank = vec![0; names.len()];
        for (new, (_, old)) in names.iter().enumerate() {
            rank[*old] = new;
        }
        // one node more than bins, where the potential ends at 0
        let n_nodes = self.n_bins + 1;
        let mut values = vec![0.0; names.len() * (names.len() + 1) / 2 * n_nodes];
        for (&[a, b], [observed, expected]) in &self.counts {
            let start = pair_index(names.len(), rank[a], rank[b]) * n_nodes;
            let total: f64 = observed.iter().sum();
            for (bin, (observed, expected)) in observed.iter().zip(expected).enumerate() {
                values[start + bin] = self.potential(*observed, *expected, total) as f32;
            }
        }
        let types = names.into_iter().map(|(name, _)| name.clone()).collect();
        let first = self.config.start + 0.5 * self.config.bin_width;
        PairTable::new(types, first, self.config.bin_width, values)
    }

    fn potential(&self, observed: f64, expected: f64, total: f64) -> f64 {
        // distances that no structure's sphere holds
        if expected <= 0.0 {
            return 0.0;
        }
        let ratio = observed / expected;
        let value = match self.config.sparse_weight {
            Some(sigma) => (total * sigma).ln_1p() - (total * sigma * ratio).ln_1p(),
            None => -ratio.ln(),
        };
        value.clamp(-UNSEEN, UNSEEN)
    }

    fn kind(&mut self, topology: &Topology, atom: usize) -> usize {
        let name = atom_type(
            &topology.residue_of(atom).name,
            &topology.atoms()[atom].name,
        );
        let next = self.types.len();
        *self.types.entry(name).or_insert(next)
    }

    fn entry(&mut self, pair: [usize; 2]) -> &mut [Vec<f64>; 2] {
        let n_bins = self.n_bins;
        self.counts
            .entry(pair)
            .or_insert_with(|| [vec![0.0; n_bins], vec![0.0; n_bins]])
    }
}

/// √(5/3) Rg: the radius of the uniform sphere with the same radius of gyration.
fn sphere_radius(positions: &[[f32; 3]], atoms: &[usize]) -> Result<f64> {
    let points: Vec<[f64; 3]> = atoms.iter().map(|&atom| vector(positions[atom])).collect();
    let n = points.len() as f64;
    let mean: [f64; 3] = std::array::from_fn(|a| points.iter().map(|p| p[a]).sum::<f64>() / n);
    let square = |p: &[f64; 3]| dot(subtract(*p, mean), subtract(*p, mean));
    let radius = (5.0 / 3.0 * points.iter().map(square).sum::<f64>() / n).sqrt();
    if radius > 0.0 && radius.is_finite() {
        return Ok(radius);
    }
    Err(Error::Undetermined {
        what: "the size of a structure",
        reason: format!("{} heavy atoms give the radius {radius} nm", atoms.len()),
    })
}

/// Probability that two random points of a unit sphere are closer than x.
fn sphere_cdf(x: f64) -> f64 {
    let x = x.clamp(0.0, 2.0);
    x.powi(3) - 9.0 * x.powi(4) / 16.0 + x.powi(6) / 32.0
}
