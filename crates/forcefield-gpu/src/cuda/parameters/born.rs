//! Generalised Born: constants by atom, necks by class of radius.

use super::Real;
use crate::System;
use crate::cuda::launcher::DeviceData;
use crate::system::{BornModel, BornParticle, GeneralizedBorn, SurfaceTerm};
use crate::terms::neck;
use std::collections::HashMap;

/// `born::Atom` of the kernels.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Atom {
    offset_radius: f64,
    radius: f64,
    alpha_beta_gamma: [f64; 3],
    self_charge: f64,
    surface: f64,
    padding: f64,
}

// SAFETY: eight numbers.
unsafe impl DeviceData for Atom {}

/// Constants of all atoms; none without a solvent.
pub(super) fn atoms(system: &System) -> Vec<Atom> {
    let terms = system.generalized_born.iter();
    terms
        .flat_map(|term| term.particles.iter().map(|p| atom(term, p)))
        .collect()
}

/// For each atom √C q of the solvent, scaled offset radius, radius, class of the neck's table.
pub(super) fn solvent<R: Real>(system: &System, classes: &[u32]) -> Vec<R> {
    let root = GeneralizedBorn::COULOMB.sqrt();
    let Some(term) = &system.generalized_born else {
        return Vec::new();
    };
    let particles = term.particles.iter().zip(classes);
    particles
        .flat_map(|(particle, &class)| {
            let scaled = particle.screen * (particle.radius - term.model.offset());
            [
                R::from_f64(root * particle.charge),
                R::from_f64(scaled),
                R::from_f64(particle.radius),
                R::from_index(class),
            ]
        })
        .collect()
}

/// Class of each atom, and the radius of each class: necks depend on radii alone.
pub(super) fn neck_classes(system: &System) -> (Vec<u32>, Vec<f64>) {
    let mut index_of = HashMap::new();
    let mut radii = Vec::new();
    let particles = system
        .generalized_born
        .iter()
        .flat_map(|term| &term.particles);
    let classes = particles
        .map(|particle| {
            *index_of
                .entry(particle.radius.to_bits())
                .or_insert_with(|| {
                    radii.push(particle.radius);
                    radii.len() as u32 - 1
                })
        })
        .collect();
    (classes, radii)
}

/// Distance and value of the neck of the first atom and of the second, `[class of the first][of the second]`.
pub(super) fn necks(system: &System, radii: &[f64]) -> Vec<f64> {
    let model = system.generalized_born.as_ref().map(|term| term.model);
    let Some(scale) = model.and_then(BornModel::neck_scale) else {
        return Vec::new();
    };
    let mut table = Vec::with_capacity(4 * radii.len() * radii.len());
    for &first in radii {
        for &second in radii {
            let (own, other) = (neck::maximum(first, second), neck::maximum(second, first));
            table.extend([own.0, other.0, scale * own.1, scale * other.1]);
        }
    }
    table
}

fn atom(term: &GeneralizedBorn, particle: &BornParticle) -> Atom {
    Atom {
        offset_radius: particle.radius - term.model.offset(),
        radius: particle.radius,
        alpha_beta_gamma: term.model.alpha_beta_gamma(particle),
        self_charge: 0.5 * GeneralizedBorn::COULOMB * particle.charge * particle.charge,
        surface: match term.surface {
            SurfaceTerm::None => 0.0,
            SurfaceTerm::Ace => {
                28.3919551 * (particle.radius + 0.14).powi(2) * particle.radius.powi(6)
            }
        },
        padding: 0.0,
    }
}
