//! Protonation forms of the residues, and what they are called.

use super::ResidueTemplate;
use super::residues::*;
use crate::standard_amino_acid;

/// An amino acid in one protonation form, or a cap, under AMBER's name: `HIE`, `ASH`, `ACE`.
///
/// # Examples
/// ```
/// use molio::ResidueForm;
/// let acid = ResidueForm::from_code('H').unwrap();
/// assert_eq!(acid.name(), "HIE");
/// assert_eq!(acid.standard_name(), "HIS");
/// assert_eq!(ResidueForm::from_name("HSD").unwrap().name(), "HID");
/// assert!(ResidueForm::from_name("SEP").is_none());
/// ```
#[derive(Clone, Copy)]
pub struct ResidueForm(&'static Form);

struct Form {
    name: &'static str,
    /// One-letter code, for the form that the code stands for.
    code: Option<char>,
    template: &'static ResidueTemplate,
    /// Hydrogens of the template that this form lacks.
    without: &'static [&'static str],
    /// Names that other programs have for it.
    aliases: &'static [&'static str],
}

const fn form(
    name: &'static str,
    code: Option<char>,
    template: &'static ResidueTemplate,
    without: &'static [&'static str],
    aliases: &'static [&'static str],
) -> Form {
    Form {
        name,
        code,
        template,
        without,
        aliases,
    }
}

#[rustfmt::skip]
static FORMS: [Form; 30] = [
    form("ALA", Some('A'), &ALA, &[], &[]), form("ARG", Some('R'), &ARG, &[], &[]), form("ASN", Some('N'), &ASN, &[], &[]),
    form("ASP", Some('D'), &ASP, &["HD2"], &[]), form("ASH", None, &ASP, &[], &["ASPH", "ASPP"]),
    form("CYS", Some('C'), &CYS, &[], &["CYSH"]), form("CYX", None, &CYS, &["HG"], &["CYS2"]), form("CYM", None, &CYS, &["HG"], &[]),
    form("GLN", Some('Q'), &GLN, &[], &[]),
    form("GLU", Some('E'), &GLU, &["HE2"], &[]), form("GLH", None, &GLU, &[], &["GLUH", "GLUP"]),
    form("GLY", Some('G'), &GLY, &[], &[]),
    form("HIE", Some('H'), &HIS, &["HD1"], &["HIS", "HSE", "HISE", "HISB"]), form("HID", None, &HIS, &["HE2"], &["HSD", "HISD", "HISA"]),
    form("HIP", None, &HIS, &[], &["HSP", "HISH"]),
    form("ILE", Some('I'), &ILE, &[], &[]), form("LEU", Some('L'), &LEU, &[], &[]),
    form("LYS", Some('K'), &LYS, &[], &["LYSH"]), form("LYN", None, &LYS, &["HZ1"], &["LSN"]),
    form("MET", Some('M'), &MET, &[], &["MSE"]), form("PHE", Some('F'), &PHE, &[], &[]), form("PRO", Some('P'), &PRO, &[], &[]),
    form("SER", Some('S'), &SER, &[], &[]), form("THR", Some('T'), &THR, &[], &[]), form("TRP", Some('W'), &TRP, &[], &[]),
    form("TYR", Some('Y'), &TYR, &[], &[]), form("VAL", Some('V'), &VAL, &[], &[]),
    form("ACE", None, &ACE, &[], &[]), form("NME", None, &NME, &[], &["NMA", "NAC"]), form("NHE", None, &NHE, &[], &["NH2"]),
];

impl ResidueForm {
    /// The form that a one-letter code stands for, at neutral pH: `H` is `HIE`.
    pub fn from_code(code: char) -> Option<Self> {
        FORMS.iter().find(|form| form.code == Some(code)).map(Self)
    }

    /// The form of that name in AMBER, CHARMM or GROMACS files; AMBER's terminal `NALA` is `ALA`, `HIS`
    /// is `HIE`, selenomethionine `MSE` is `MET`. `None` for residues that no template describes.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |name: &str| {
            FORMS
                .iter()
                .find(|form| form.name == name || form.aliases.contains(&name))
        };
        let terminal = || {
            (name.len() == 4)
                .then(|| name.strip_prefix(['N', 'C']))
                .flatten()
                .and_then(named)
        };
        named(name).or_else(terminal).map(Self)
    }

    /// All forms: the twenty amino acids, their protonation variants, and caps.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMS.iter().map(Self)
    }

    /// AMBER's name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Name of the amino acid regardless of protons (`HIS`), or of the cap.
    pub fn standard_name(self) -> &'static str {
        standard_amino_acid(self.0.name).unwrap_or(self.0.name)
    }

    /// Whether it is a cap and no amino acid.
    pub fn is_cap(self) -> bool {
        matches!(self.0.name, "ACE" | "NME" | "NHE")
    }

    pub(crate) fn template(self) -> &'static ResidueTemplate {
        self.0.template
    }

    /// Whether this form has the template's hydrogen `name`.
    pub(crate) fn has_hydrogen(self, name: &str) -> bool {
        !self.0.without.contains(&name)
    }

    /// The same amino acid in the form called `name`.
    pub(crate) fn variant(self, name: &str) -> Self {
        Self::from_name(name).unwrap_or(self)
    }
}

impl PartialEq for ResidueForm {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for ResidueForm {}

impl std::hash::Hash for ResidueForm {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl std::fmt::Debug for ResidueForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

impl std::fmt::Display for ResidueForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}
