//! Generalised Born: constants by atom, and by pair of atom classes.

use crate::system::{BornModel, BornParticle, GeneralizedBorn, SurfaceTerm};
use crate::terms::born::{BornAtom, BornPair, Dielectric, Direction, SERIES_LIMIT};
use crate::terms::neck;
use std::collections::HashMap;

/// The solvent model.
#[derive(Debug)]
pub(in crate::cpu) struct Born {
    pub(in crate::cpu) atoms: Vec<BornAtom>,
    /// √C · q.
    pub(in crate::cpu) charges: Vec<f32>,
    pub(in crate::cpu) dielectric: Dielectric,
    /// Squared cutoff, nm²; infinite without.
    pub(in crate::cpu) cutoff2: f32,
    pub(in crate::cpu) hct: bool,
    /// Class of each atom: atoms of a class have radius and screening in common.
    pub(in crate::cpu) classes: Vec<u32>,
    /// `[class of the first atom][class of the second]`.
    pairs: Vec<BornPair>,
    n_classes: usize,
}

impl Born {
    pub(super) fn new(term: &GeneralizedBorn) -> Self {
        let mut index_of = HashMap::new();
        let mut members: Vec<&BornParticle> = Vec::new();
        let classes = term
            .particles
            .iter()
            .map(|particle| {
                let key = (particle.radius.to_bits(), particle.screen.to_bits());
                *index_of.entry(key).or_insert_with(|| {
                    members.push(particle);
                    members.len() as u32 - 1
                })
            })
            .collect();
        let pairs = members
            .iter()
            .flat_map(|a| members.iter().map(|b| pair_constants(term.model, a, b)))
            .collect();
        let cutoff = term.cutoff.unwrap_or(f64::INFINITY);
        let root = GeneralizedBorn::COULOMB.sqrt();
        Self {
            atoms: term
                .particles
                .iter()
                .map(|p| atom_constants(term, p))
                .collect(),
            charges: term
                .particles
                .iter()
                .map(|p| (root * p.charge) as f32)
                .collect(),
            dielectric: Dielectric {
                inside: (1.0 / term.solute_dielectric) as f32,
                outside: (1.0 / term.solvent_dielectric) as f32,
                kappa: term.kappa as f32,
                shift: (1.0 / cutoff) as f32,
            },
            cutoff2: (cutoff * cutoff) as f32,
            hct: term.model == BornModel::Hct,
            classes,
            pairs,
            n_classes: members.len(),
        }
    }

    /// Constants of pairs whose first atom is of this class, by the class of the second.
    pub(in crate::cpu) fn row(&self, class: u32) -> &[BornPair] {
        let start = class as usize * self.n_classes;
        &self.pairs[start..start + self.n_classes]
    }
}

fn atom_constants(term: &GeneralizedBorn, particle: &BornParticle) -> BornAtom {
    let offset_radius = particle.radius - term.model.offset();
    let alpha_beta_gamma = term.model.alpha_beta_gamma(particle);
    let surface = match term.surface {
        SurfaceTerm::None => 0.0,
        SurfaceTerm::Ace => 28.3919551 * (particle.radius + 0.14).powi(2) * particle.radius.powi(6),
    };
    BornAtom {
        offset_radius: offset_radius as f32,
        inverse_offset_radius: (1.0 / offset_radius) as f32,
        inverse_radius: (1.0 / particle.radius) as f32,
        alpha_beta_gamma: alpha_beta_gamma.map(|x| x as f32),
        self_charge: (0.5 * GeneralizedBorn::COULOMB * particle.charge * particle.charge) as f32,
        surface: surface as f32,
    }
}

fn pair_constants(model: BornModel, first: &BornParticle, second: &BornParticle) -> BornPair {
    let neck_cutoff = match model.neck_scale() {
        Some(_) => first.radius + second.radius + neck::CUTOFF,
        None => 0.0,
    };
    let near = [(first, second), (second, first)].map(|(own, other)| {
        let scaled = (other.screen * (other.radius - model.offset())).abs();
        let touching = own.radius - model.offset() + scaled;
        // a hair beyond contact, so that rounding cannot put a pair on the wrong side
        touching.max(scaled / SERIES_LIMIT.sqrt()) * (1.0 + 1e-6)
    });
    BornPair {
        near2: near[0].max(near[1]).powi(2) as f32,
        neck_cutoff2: (neck_cutoff * neck_cutoff) as f32,
        directions: [
            direction(model, first, second),
            direction(model, second, first),
        ],
    }
}

fn direction(model: BornModel, own: &BornParticle, other: &BornParticle) -> Direction {
    let scaled = other.screen * (other.radius - model.offset());
    let (neck_distance, neck_value) = match model.neck_scale() {
        Some(factor) => {
            let (d0, m0) = neck::maximum(own.radius, other.radius);
            (d0, factor * m0)
        }
        None => (0.0, 0.0),
    };
    Direction {
        offset_radius: (own.radius - model.offset()) as f32,
        scaled: scaled as f32,
        scaled2: (scaled * scaled) as f32,
        scaled3: scaled.powi(3) as f32,
        neck_distance: neck_distance as f32,
        neck_value: neck_value as f32,
    }
}
