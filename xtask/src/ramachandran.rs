//! Re-encodes the Top8000 Ramachandran grids for classification.
//!
//! Whether a φ/ψ is favored, allowed or an outlier depends on a grid's values only where the four
//! nodes around it do not all lie in the same class. So for every node the class is kept, and the value
//! of those nodes alone that have a neighbour in another class.
//!
//! # Format
//! `RAMA8K01`, then for each of the six grids, in the order of [`GRIDS`]:
//! 1. runs of equal classes over the 180 × 180 nodes, φ slowest: class (0 outlier, 1 allowed, 2 favored)
//!    + 4 · length as LEB128, until all nodes are covered;
//! 2. for every node of a mixed cell, in the same order, a u16 (little endian): 0 for the value 0, else
//!    1 + round(65,534 · (1 + ln v / 20)), clamped to 1 … 65,535.

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;

/// Nodes along φ and along ψ: every 2°, from −179°.
const N: usize = 180;
const FAVORED: f64 = 0.02;
/// File and the least allowed value of each class of residues.
const GRIDS: [(&str, f64); 6] = [
    ("rama8000-general-noGPIVpreP.data", 0.0005),
    ("rama8000-gly-sym.data", 0.001),
    ("rama8000-ileval-nopreP.data", 0.001),
    ("rama8000-prepro-noGP.data", 0.001),
    ("rama8000-transpro.data", 0.001),
    ("rama8000-cispro.data", 0.002),
];

/// Reads the `rama8000-*.data` files in the folder `source` and writes the file `out`.
pub(crate) fn run(source: &Path, out: &Path) -> Result<()> {
    let mut bytes = b"RAMA8K01".to_vec();
    for (name, allowed) in GRIDS {
        let path = source.join(name);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let grid = parse(&text).with_context(|| path.display().to_string())?;
        encode(&grid, allowed, &mut bytes);
    }
    fs::write(out, bytes).with_context(|| out.display().to_string())
}

fn parse(text: &str) -> Result<Vec<f64>> {
    let mut grid = vec![0.0; N * N];
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let fields: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
        let fields = fields.with_context(|| format!("line {}", number + 1))?;
        let [phi, psi, value] = fields[..] else {
            bail!("line {}: expected three numbers", number + 1);
        };
        let (i, j) = (node(phi)?, node(psi)?);
        ensure!((0.0..=1.0).contains(&value), "line {}: {value}", number + 1);
        grid[i * N + j] = value;
    }
    Ok(grid)
}

fn node(degrees: f64) -> Result<usize> {
    let node = (degrees + 179.0) / 2.0;
    ensure!(
        node.fract() == 0.0 && (0.0..N as f64).contains(&node),
        "no node at {degrees}°"
    );
    Ok(node as usize)
}

fn encode(grid: &[f64], allowed: f64, bytes: &mut Vec<u8>) {
    let classes: Vec<u64> = grid
        .iter()
        .map(|&value| u64::from(value >= allowed) + u64::from(value >= FAVORED))
        .collect();
    let mut start = 0;
    while start < classes.len() {
        let class = classes[start];
        let length = classes[start..].iter().take_while(|c| **c == class).count();
        leb128(class + 4 * length as u64, bytes);
        start += length;
    }
    let mut mixed = vec![false; N * N];
    for i in 0..N {
        for j in 0..N {
            let (next_i, next_j) = ((i + 1) % N, (j + 1) % N);
            let corners = [
                i * N + j,
                i * N + next_j,
                next_i * N + j,
                next_i * N + next_j,
            ];
            if corners
                .iter()
                .any(|&corner| classes[corner] != classes[corners[0]])
            {
                corners.iter().for_each(|&corner| mixed[corner] = true);
            }
        }
    }
    for (value, _) in grid.iter().zip(mixed).filter(|(_, mixed)| *mixed) {
        bytes.extend(quantised(*value).to_le_bytes());
    }
}

fn quantised(value: f64) -> u16 {
    if value == 0.0 {
        return 0;
    }
    (1.0 + (65_534.0 * (1.0 + value.ln() / 20.0)).round()).clamp(1.0, 65_535.0) as u16
}

fn leb128(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 128 {
        bytes.push((value % 128) as u8 + 128);
        value /= 128;
    }
    bytes.push(value as u8);
}
