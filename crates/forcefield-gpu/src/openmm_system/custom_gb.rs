//! Recognises the five implicit solvents among `CustomGBForce`s, by their expressions.

use super::{born_cutoff, list, unsupported};
use crate::system::{BornModel, BornParticle, GeneralizedBorn, SurfaceTerm};
use crate::xml::Element;
use crate::{Error, Result};
use std::collections::BTreeMap;

const NAME: &str = "CustomGBForce";
const PAIR: &str =
    "select(step(r+sr2-or1),0.5*(1/L-1/U+0.25*(r-sr2^2/r)*(1/(U^2)-1/(L^2))+0.5*log(L/U)/r),0)";
const NECK: &str = "step(radius1+radius2+neckCut-r)*getm0(radindex1,radindex2)/(1+100*(r-getd0(radindex1,radindex2))^2+0.3*1000000*(r-getd0(radindex1,radindex2))^6)";
const STILL: &str = "sqrt(r^2+B1*B2*exp(-r^2/(4*B1*B2)))";
const ACE: &str = "28.3919551*(radius+0.14)^2*(radius/B)^6";

pub(super) fn read(force: Element<'_, '_>) -> Result<GeneralizedBorn> {
    let values: Vec<_> = list(force, "ComputedValues")?.all("Value").collect();
    let [integral, radius] = values[..] else {
        let detail = format!(
            "it computes {} values, not Born integral and radius",
            values.len()
        );
        return Err(unsupported(force, NAME, &detail));
    };
    let model = model(radius)?;
    check_integral(integral, model)?;
    let cutoff = born_cutoff(force, NAME)?;
    let energy = energy(force, model, cutoff)?;
    if list(force, "Exclusions")?.children().next().is_some() {
        return Err(unsupported(force, NAME, "it has exclusions"));
    }
    Ok(GeneralizedBorn {
        model,
        particles: particles(force, model)?,
        solute_dielectric: energy.solute_dielectric,
        solvent_dielectric: energy.solvent_dielectric,
        kappa: energy.kappa,
        surface: energy.surface,
        cutoff,
    })
}

/// What stands before the first semicolon of an expression, and the definitions after it.
struct Expression {
    main: String,
    definitions: BTreeMap<String, String>,
}

impl Expression {
    fn new(node: Element<'_, '_>) -> Result<Self> {
        let text: String = node.attribute("expression")?.split_whitespace().collect();
        let mut parts = text.split(';');
        let main = parts.next().unwrap_or_default().to_owned();
        let mut definitions = BTreeMap::new();
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| refused(node))?;
            definitions.insert(name.to_owned(), value.to_owned());
        }
        Ok(Self { main, definitions })
    }

    /// Whether `name` is defined as `value`.
    fn says(&self, name: &str, value: &str) -> bool {
        self.definitions
            .get(name)
            .is_some_and(|found| found == value)
    }

    /// Whether `name` is defined as the number `value`, up to how it is printed.
    fn is_number(&self, name: &str, value: f64) -> bool {
        let found = self
            .definitions
            .get(name)
            .and_then(|text| text.parse::<f64>().ok());
        found.is_some_and(|found| (found - value).abs() <= 1e-12 * value.abs())
    }
}

/// The model, by how Born radii follow from the integral.
fn model(node: Element<'_, '_>) -> Result<BornModel> {
    let expression = Expression::new(node)?;
    let model = match expression.main.as_str() {
        "1/(1/or-I)" => return Ok(BornModel::Hct),
        "1/(1/or-tanh(0.8*psi+2.909125*psi^3)/radius)" => BornModel::Obc1,
        "1/(1/or-tanh(psi-0.8*psi^2+4.85*psi^3)/radius)" => BornModel::Obc2,
        "1/(1/or-tanh(1.09511284*psi-1.907992938*psi^2+2.50798245*psi^3)/radius)" => BornModel::Gbn,
        "1/(1/or-tanh(alpha*psi-beta*psi^2+gamma*psi^3)/radius)" => BornModel::Gbn2,
        _ => return Err(refused(node)),
    };
    let known = expression.says("psi", "I*or")
        && expression.says("radius", "or+offset")
        && expression.is_number("offset", model.offset());
    if known { Ok(model) } else { Err(refused(node)) }
}

/// Checks that the Born integral is that of the model.
fn check_integral(node: Element<'_, '_>, model: BornModel) -> Result<()> {
    let expression = Expression::new(node)?;
    let bounds = expression.says("U", "r+sr2")
        && expression.says("L", "max(or1,D)")
        && expression.says("D", "abs(r-sr2)");
    let known = match model.neck_scale() {
        None => expression.main == PAIR,
        Some(scale) => {
            expression.main == "Ivdw+neckScale*Ineck"
                && expression.says("Ivdw", PAIR)
                && expression.says("Ineck", NECK)
                && expression.says("radius1", "or1+offset")
                && expression.says("radius2", "or2+offset")
                && expression.is_number("neckScale", scale)
                && expression.is_number("neckCut", 0.68)
                && expression.is_number("offset", model.offset())
        }
    };
    let over_pairs = node.integer::<u8>("type")? == 2;
    if bounds && known && over_pairs {
        Ok(())
    } else {
        Err(refused(node))
    }
}

/// What the energy expressions hold besides the formula.
struct Energy {
    solute_dielectric: f64,
    solvent_dielectric: f64,
    kappa: f64,
    surface: SurfaceTerm,
}

fn energy(force: Element<'_, '_>, model: BornModel, cutoff: Option<f64>) -> Result<Energy> {
    let mut constants: Option<[f64; 3]> = None;
    let mut surface = SurfaceTerm::None;
    let (mut own, mut pair) = (0, 0);
    for node in list(force, "EnergyTerms")?.all("Term") {
        let expression = Expression::new(node)?;
        let mut found = [0.0; 3];
        for (slot, name) in found
            .iter_mut()
            .zip(["soluteDielectric", "solventDielectric", "kappa"])
        {
            let text = expression
                .definitions
                .get(name)
                .ok_or_else(|| refused(node))?;
            *slot = node.parse_number(name, text)?;
        }
        if *constants.get_or_insert(found) != found {
            return Err(refused(node));
        }
        let salt = found[2] > 0.0;
        let dielectric = |length: &str| {
            if salt {
                format!("(1/soluteDielectric-exp(-kappa*{length})/solventDielectric)")
            } else {
                "(1/soluteDielectric-1/solventDielectric)".to_owned()
            }
        };
        let self_term = format!("-0.5*138.935485*{}*charge^2/B", dielectric("B"));
        let pair_term = format!("-138.935485*{}*charge1*charge2", dielectric("f"));
        match node.integer::<u8>("type")? {
            0 if expression.main == self_term => own += 1,
            0 if expression.main == ACE
                && surface == SurfaceTerm::None
                && expression.says("radius", "or+offset")
                && expression.is_number("offset", model.offset()) =>
            {
                surface = SurfaceTerm::Ace;
            }
            2 if expression.says("f", STILL) && is_pair(&expression.main, &pair_term, cutoff) => {
                pair += 1;
            }
            _ => return Err(refused(node)),
        }
    }
    let Some([solute_dielectric, solvent_dielectric, kappa]) = constants else {
        return Err(unsupported(force, NAME, "it has no energy terms"));
    };
    if (own, pair) != (1, 1) {
        let detail = format!("it has {own} self and {pair} pair energies, not one of each");
        return Err(unsupported(force, NAME, &detail));
    }
    Ok(Energy {
        solute_dielectric,
        solvent_dielectric,
        kappa,
        surface,
    })
}

/// `…/f`, or with a cutoff `…*(1/f-SHIFT)` with the inverse of the cutoff.
fn is_pair(main: &str, start: &str, cutoff: Option<f64>) -> bool {
    let Some(rest) = main.strip_prefix(start) else {
        return false;
    };
    match cutoff {
        None => rest == "/f",
        Some(cutoff) => {
            let shift = rest
                .strip_prefix("*(1/f-")
                .and_then(|rest| rest.strip_suffix(')'));
            let shift = shift.and_then(|text| text.parse::<f64>().ok());
            shift.is_some_and(|shift| (shift * cutoff - 1.0).abs() < 1e-10)
        }
    }
}

fn particles(force: Element<'_, '_>, model: BornModel) -> Result<Vec<BornParticle>> {
    let names: Vec<&str> = list(force, "PerParticleParameters")?
        .all("Parameter")
        .map(|node| node.attribute("name"))
        .collect::<Result<_>>()?;
    let position = |wanted: &str| {
        let found = names.iter().position(|name| *name == wanted);
        found
            .map(|index| format!("param{}", index + 1))
            .ok_or_else(|| {
                unsupported(
                    force,
                    NAME,
                    &format!("its particles have no parameter {wanted}"),
                )
            })
    };
    let (charge, radius, screen) = (position("charge")?, position("or")?, position("sr")?);
    let shape = match model {
        BornModel::Gbn2 => Some([position("alpha")?, position("beta")?, position("gamma")?]),
        BornModel::Hct | BornModel::Obc1 | BornModel::Obc2 | BornModel::Gbn => None,
    };
    let nodes = list(force, "Particles")?.all("Particle");
    nodes
        .map(|node| {
            let offset_radius = node.number(&radius)?;
            if offset_radius <= 0.0 {
                return Err(node.error("an offset radius above 0", &offset_radius.to_string()));
            }
            let mut alpha_beta_gamma = [0.0; 3];
            if let Some(names) = &shape {
                for (slot, name) in alpha_beta_gamma.iter_mut().zip(names) {
                    *slot = node.number(name)?;
                }
            }
            Ok(BornParticle {
                charge: node.number(&charge)?,
                radius: offset_radius + model.offset(),
                screen: node.number(&screen)? / offset_radius,
                alpha_beta_gamma,
            })
        })
        .collect()
}

fn refused(node: Element<'_, '_>) -> Error {
    let expression = node.get("expression").unwrap_or("an expression is missing");
    let short: String = expression.chars().take(400).collect();
    unsupported(
        node,
        NAME,
        &format!("not one of the five implicit solvents: {short}"),
    )
}
