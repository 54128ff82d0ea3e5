//! Solvent-accessible surface area by the method of Shrake and Rupley.

use crate::Result;
use crate::error::{Error, check_length};
use crate::geometry::CellGrid;
use molio::{Element, Topology};

/// How the surface is sampled.
///
/// The default is a water probe of 0.14 nm and 960 points a sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceAreaConfig {
    /// Radius of the probe in nm.
    pub probe_radius: f32,
    /// Points on each sphere; the error falls with its inverse.
    pub n_points: usize,
}

impl Default for SurfaceAreaConfig {
    fn default() -> Self {
        Self {
            probe_radius: 0.14,
            n_points: 960,
        }
    }
}

/// Solvent-accessible surface area of each atom.
///
/// Aᵢ = 4π (rᵢ + p)² · (points of i's sphere outside all other spheres) / (all points); points lie on
/// a golden spiral, radii are [`van_der_waals_radius`].
///
/// # References
/// Shrake, Rupley, J. Mol. Biol. 1973, 10.1016/0022-2836(73)90011-9.
#[derive(Clone, Debug)]
pub struct SurfaceArea {
    /// Radius + probe of each atom.
    radii: Vec<f32>,
    sphere: Vec<[f32; 3]>,
    residue_of: Vec<usize>,
    n_residues: usize,
}

impl SurfaceArea {
    /// Surfaces of the atoms of `topology`.
    ///
    /// # Errors
    /// A probe radius that is negative or not finite, or no points.
    pub fn new(topology: &Topology, config: SurfaceAreaConfig) -> Result<Self> {
        if !(config.probe_radius >= 0.0 && config.probe_radius < 10.0) || config.n_points == 0 {
            return Err(Error::Argument {
                what: "surface area",
                expected: "a probe radius from 0 to 10 nm and at least one point",
                found: format!("{config:?}"),
            });
        }
        let radius = |atom: &molio::Atom| van_der_waals_radius(atom.element) + config.probe_radius;
        Ok(Self {
            radii: topology.atoms().iter().map(radius).collect(),
            sphere: golden_spiral(config.n_points),
            residue_of: topology.atoms().iter().map(|atom| atom.residue).collect(),
            n_residues: topology.n_residues(),
        })
    }

    /// Area in nm² of each atom.
    ///
    /// # Errors
    /// A frame with another number of atoms, or a coordinate that is not finite.
    pub fn per_atom(&self, positions: &[[f32; 3]]) -> Result<Vec<f32>> {
        check_length("positions", self.radii.len(), positions.len())?;
        let largest = self.radii.iter().copied().fold(0.0, f32::max);
        let grid = CellGrid::new(positions, 2.0 * largest)?;
        let mut near = Vec::new();
        Ok((0..positions.len())
            .map(|i| {
                near.clear();
                grid.for_each_near(i, |j, r2| {
                    let reach = self.radii[i] + self.radii[j];
                    if r2 < reach * reach {
                        near.push((j, r2));
                    }
                });
                // the nearest spheres hide the most
                near.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
                let exposed = self.exposed_points(positions, i, &near) as f32;
                let area = 4.0 * std::f32::consts::PI * self.radii[i] * self.radii[i];
                area * exposed / self.sphere.len() as f32
            })
            .collect())
    }

    /// Area in nm² of each residue.
    ///
    /// # Errors
    /// As [`SurfaceArea::per_atom`].
    pub fn per_residue(&self, positions: &[[f32; 3]]) -> Result<Vec<f32>> {
        let mut residues = vec![0.0; self.n_residues];
        for (area, &residue) in self.per_atom(positions)?.iter().zip(&self.residue_of) {
            residues[residue] += area;
        }
        Ok(residues)
    }

    /// Area in nm² of all atoms.
    ///
    /// # Errors
    /// As [`SurfaceArea::per_atom`].
    pub fn total(&self, positions: &[[f32; 3]]) -> Result<f64> {
        Ok(self
            .per_atom(positions)?
            .iter()
            .map(|&a| f64::from(a))
            .sum())
    }

    fn exposed_points(&self, positions: &[[f32; 3]], i: usize, near: &[(usize, f32)]) -> usize {
        let center = positions[i];
        let radius = self.radii[i];
        // a point x = c + R u is inside sphere j where 2R u·d > R² + |d|² − Rⱼ², d = cⱼ − c
        let spheres: Vec<[f32; 4]> = near
            .iter()
            .map(|&(j, r2)| {
                let d: [f32; 3] = std::array::from_fn(|a| positions[j][a] - center[a]);
                let bound = (radius * radius + r2 - self.radii[j] * self.radii[j]) / (2.0 * radius);
                [d[0], d[1], d[2], bound]
            })
            .collect();
        let mut exposed = 0;
        // the sphere that hid the last point likely hides the next
        let mut last = 0;
        'points: for u in &self.sphere {
            let hides = |s: &[f32; 4]| u[0] * s[0] + u[1] * s[1] + u[2] * s[2] > s[3];
            if spheres.get(last).is_some_and(hides) {
                continue;
            }
            for (index, sphere) in spheres.iter().enumerate() {
                if hides(sphere) {
                    last = index;
                    continue 'points;
                }
            }
            exposed += 1;
        }
        exposed
    }
}

/// Van der Waals radius in nm: Bondi, J. Phys. Chem. 1964, 10.1021/j100785a001, with hydrogen 0.12;
/// Mantina et al., J. Phys. Chem. A 2009, 10.1021/jp8111556, for the main-group elements he lacks;
/// 0.2 for all others, 0.17 for beads of unknown element.
pub fn van_der_waals_radius(element: Element) -> f32 {
    match element.atomic_number() {
        0 | 6 => 0.17,
        1 => 0.12,
        2 => 0.14,
        3 => 0.182,
        5 => 0.192,
        7 => 0.155,
        8 => 0.152,
        9 => 0.147,
        10 => 0.154,
        11 => 0.227,
        12 => 0.173,
        13 => 0.184,
        14 => 0.21,
        15 | 16 => 0.18,
        17 => 0.175,
        18 => 0.188,
        19 => 0.275,
        20 => 0.231,
        28 => 0.163,
        29 => 0.14,
        30 => 0.139,
        33 => 0.185,
        34 => 0.19,
        35 => 0.185,
        53 => 0.198,
        _ => 0.2,
    }
}

/// Points spread evenly over the unit sphere: equal steps along an axis, turned by the golden angle.
fn golden_spiral(n: usize) -> Vec<[f32; 3]> {
    let golden_angle = std::f64::consts::PI * (3.0 - 5.0f64.sqrt());
    (0..n)
        .map(|i| {
            let height = (2.0 * i as f64 + 1.0) / n as f64 - 1.0;
            let radius = (1.0 - height * height).sqrt();
            let (sin, cos) = (i as f64 * golden_angle).sin_cos();
            [cos * radius, height, sin * radius].map(|x| x as f32)
        })
        .collect()
}
