//! Which protons a residue has.

use super::PrepareReport;
use crate::build::{Names, Vector, double};
use crate::{Element, ResidueForm, Topology};

/// pKa of groups in alanine pentapeptides (Thurlkill et al. 2006): name, its form below, its form above.
const MODEL_PKA: [(&str, f64, &str, &str); 5] = [
    ("ASP", 3.67, "ASH", "ASP"),
    ("GLU", 4.25, "GLH", "GLU"),
    ("HIS", 6.54, "HIP", "HIE"),
    ("CYS", 8.55, "CYS", "CYM"),
    ("LYS", 10.40, "LYS", "LYN"),
];

/// pKa of tyrosine's hydroxyl and of both termini there.
const TYROSINE: f64 = 9.84;
const N_TERMINUS: f64 = 8.00;
const C_TERMINUS: f64 = 3.67;

/// The form that residue `index` is to have; what is unusual is reported.
pub(super) fn form(
    topology: &Topology,
    positions: &[[f32; 3]],
    index: usize,
    names: &Names,
    ph: f64,
    report: &mut PrepareReport,
) -> ResidueForm {
    let written = topology.residues()[index].name.as_str();
    let form = names.form;
    let standard = form.standard_name();
    if written == "MSE" {
        report.change(topology, index, "MET", "selenium is replaced by sulphur");
        return form;
    }
    note_limits(topology, index, form, ph, report);
    if standard == "CYS" && sulphur_bridges(topology).any(|pair| in_residue(topology, pair, index))
    {
        return form.variant("CYX");
    }
    if let Some(stated) = stated(standard, written, names) {
        let stated = form.variant(stated);
        // a disulfide that is named but not there
        return if stated.name() == "CYX" {
            form.variant("CYS")
        } else {
            stated
        };
    }
    let Some(&(_, pka, below, above)) = MODEL_PKA.iter().find(|(name, ..)| *name == standard)
    else {
        return form;
    };
    let chosen = match (standard, ph < pka) {
        ("HIS", false) => neutral_histidine(topology, positions, index, names),
        (_, true) => below,
        (_, false) => above,
    };
    let usual = ["ASP", "GLU", "CYS", "LYS"].contains(&chosen);
    if !usual {
        let why = format!("pH {ph}, model pKa {pka}");
        report.change(topology, index, chosen, &why);
    }
    form.variant(chosen)
}

/// The form that a name or the hydrogens that are there state.
fn stated(standard: &str, written: &str, names: &Names) -> Option<&'static str> {
    let plain = written == standard || (written.len() == 4 && written.ends_with(standard));
    let titrates = MODEL_PKA.iter().any(|(name, ..)| *name == standard);
    if !titrates {
        return None;
    }
    let by_hydrogens = names.form_by_hydrogens();
    // a residue with side-chain hydrogens tells by them, also where one is missing that could be there
    let tells = names.n_hydrogens_on("CB") > 0;
    if tells {
        let histidine = [names.n_hydrogens_on("ND1"), names.n_hydrogens_on("NE2")];
        return match (standard, histidine) {
            ("HIS", [0, 0]) => (!plain).then(|| names.form.name()),
            ("HIS", [0, _]) => Some("HIE"),
            ("HIS", [_, 0]) => Some("HID"),
            ("HIS", _) => Some("HIP"),
            _ => Some(by_hydrogens.name()),
        };
    }
    (!plain).then(|| names.form.name())
}

fn note_limits(
    topology: &Topology,
    index: usize,
    form: ResidueForm,
    ph: f64,
    report: &mut PrepareReport,
) {
    if form.name() == "TYR" && ph > TYROSINE {
        report.note(
            topology,
            index,
            "kept neutral: AMBER's force fields have no tyrosinate",
        );
    }
    let residue = &topology.residues()[index];
    let chain = &topology.chains()[residue.chain].residues;
    let first = index == chain.start && ph > N_TERMINUS;
    let last = index + 1 == chain.end && ph < C_TERMINUS;
    if (first || last) && !form.is_cap() {
        report.note(
            topology,
            index,
            "its end is charged: AMBER's force fields have no neutral ones",
        );
    }
}

/// Pairs of SG that are bonded.
pub(super) fn sulphur_bridges(topology: &Topology) -> impl Iterator<Item = [usize; 2]> + '_ {
    let is_sulphur = |atom: usize| {
        let atom = &topology.atoms()[atom];
        atom.name == "SG" && atom.element == Element::SULPHUR
    };
    let bonds = topology.bonds().iter().copied();
    bonds.filter(move |&[a, b]| is_sulphur(a) && is_sulphur(b))
}

fn in_residue(topology: &Topology, pair: [usize; 2], residue: usize) -> bool {
    pair.iter()
        .any(|&atom| topology.atoms()[atom].residue == residue)
}

/// HID where ND1 has a better acceptor near it than NE2, or NE2 a donor; else HIE, the commoner one.
fn neutral_histidine(
    topology: &Topology,
    positions: &[[f32; 3]],
    index: usize,
    names: &Names,
) -> &'static str {
    let ring = ["ND1", "NE2", "CG", "CD2", "CE1"].map(|name| names.heavy(name));
    let [Some(nd1), Some(ne2), Some(cg), Some(cd2), Some(ce1)] = ring else {
        return "HIE";
    };
    let at = |atom: usize| double(positions[atom]);
    let delta = wish(topology, positions, index, at(nd1), [at(cg), at(ce1)]);
    let epsilon = wish(topology, positions, index, at(ne2), [at(cd2), at(ce1)]);
    if delta > epsilon + 0.1 { "HID" } else { "HIE" }
}

/// How much a ring nitrogen at `nitrogen` wants a proton: acceptors along the N–H direction for it, donors
/// and metals against it, weighted by nearness (1 at 0.27 nm, 0 at 0.36 nm) and direction.
fn wish(
    topology: &Topology,
    positions: &[[f32; 3]],
    index: usize,
    nitrogen: Vector,
    ring: [Vector; 2],
) -> f64 {
    const FAR: f64 = 0.36;
    const NEAR: f64 = 0.27;
    let outward = (2.0 * nitrogen - ring[0] - ring[1]).normalize();
    let mut sum = 0.0;
    for (atom, record) in topology.atoms().iter().enumerate() {
        if record.residue == index {
            continue;
        }
        let to = double(positions[atom]) - nitrogen;
        let distance = to.norm();
        if !(1e-6..=FAR).contains(&distance) {
            continue;
        }
        let direction = to.dot(&outward) / distance;
        if direction < 0.5 {
            continue;
        }
        let nearness = ((FAR - distance) / (FAR - NEAR)).min(1.0);
        sum += nearness * direction * character(topology, atom);
    }
    sum
}

/// 1 for an acceptor, −1 for a donor or metal, 0.3 for what can be both.
fn character(topology: &Topology, atom: usize) -> f64 {
    let record = &topology.atoms()[atom];
    let residue = topology.residue_of(atom).name.as_str();
    let standard = crate::standard_amino_acid(residue);
    match (record.element, standard, record.name.as_str()) {
        (Element::OXYGEN, Some("SER" | "THR" | "TYR"), "OG" | "OG1" | "OH") => 0.3,
        (Element::OXYGEN, None, _) => 0.3,
        (Element::OXYGEN, ..) => 1.0,
        (Element::NITROGEN, Some("PRO"), "N") => 0.0,
        (Element::NITROGEN, Some("HIS"), "ND1" | "NE2") => 0.0,
        (Element::NITROGEN, ..) => -1.0,
        (Element::CARBON | Element::HYDROGEN | Element::SULPHUR, ..) => 0.0,
        // a metal takes the lone pair
        _ => -1.0,
    }
}
