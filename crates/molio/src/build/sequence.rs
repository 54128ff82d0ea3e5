//! Sequences in one-letter code.

use super::library::ResidueForm;
use crate::{Error, Result};

/// Reads a sequence of one-letter codes; a residue in another protonation form, or a cap, stands in
/// parentheses under its name.
///
/// # Errors
/// [`Error::Argument`] with the place of what is no amino acid.
///
/// # Examples
/// ```
/// let forms = molio::parse_sequence("(ACE)AH(HIP)(NME)")?;
/// let names: Vec<_> = forms.iter().map(|form| form.name()).collect();
/// assert_eq!(names, ["ACE", "ALA", "HIE", "HIP", "NME"]);
/// assert!(molio::parse_sequence("AXA").is_err());
/// # Ok::<(), molio::Error>(())
/// ```
pub fn parse_sequence(text: &str) -> Result<Vec<ResidueForm>> {
    let mut forms = Vec::new();
    let mut rest = text.char_indices();
    while let Some((place, code)) = rest.next() {
        if code.is_whitespace() {
            continue;
        }
        let form = if code == '(' {
            let name: String = rest
                .by_ref()
                .map(|(_, c)| c)
                .take_while(|&c| c != ')')
                .collect();
            ResidueForm::from_name(name.trim()).ok_or(format!("({name})"))
        } else {
            ResidueForm::from_code(code).ok_or(code.to_string())
        };
        forms.push(form.map_err(|found| {
            let column = text[..place].chars().count() + 1;
            Error::argument(
                "sequence",
                "one-letter codes ACDEFGHIKLMNPQRSTVWY, or names such as (HIP), (CYX), (ACE)",
                format!("{found} at place {column}"),
            )
        })?);
    }
    if forms.is_empty() {
        return Err(Error::argument(
            "sequence",
            "at least one amino acid",
            "none",
        ));
    }
    Ok(forms)
}
