//! Chemical elements.

use serde::{Deserialize, Serialize};

/// A chemical element, or [`Element::UNKNOWN`] for virtual sites and coarse-grained beads.
///
/// # Examples
/// ```
/// use molio::Element;
/// assert_eq!(Element::from_symbol("Se").unwrap().mass(), 78.971);
/// assert_eq!(Element::CARBON.symbol(), "C");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Element(u8);

impl Element {
    /// No chemical element: a virtual site, or a bead.
    pub const UNKNOWN: Self = Self(0);
    /// Hydrogen.
    pub const HYDROGEN: Self = Self(1);
    /// Carbon.
    pub const CARBON: Self = Self(6);
    /// Nitrogen.
    pub const NITROGEN: Self = Self(7);
    /// Oxygen.
    pub const OXYGEN: Self = Self(8);
    /// Phosphorus.
    pub const PHOSPHORUS: Self = Self(15);
    /// Sulphur.
    pub const SULPHUR: Self = Self(16);

    /// The element with this atomic number; `None` above 118.
    pub fn from_atomic_number(number: u8) -> Option<Self> {
        ((number as usize) < ELEMENTS.len()).then_some(Self(number))
    }

    /// The element with this symbol, in any case, blanks ignored.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        let symbol = symbol.trim();
        ELEMENTS[1..]
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(symbol))
            .map(|index| Self(index as u8 + 1))
    }

    /// The element whose standard atomic weight is nearest to `mass` (Da), within 0.6 Da.
    ///
    /// Masses after hydrogen mass repartitioning are beyond it; callers then go by the atom's name.
    pub fn from_mass(mass: f64) -> Option<Self> {
        let distance = |index: usize| (ELEMENTS[index].1 - mass).abs();
        let nearest = (1..ELEMENTS.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))?;
        (distance(nearest) < 0.6).then_some(Self(nearest as u8))
    }

    /// A guess from an atom's name in a residue, as PDB files without an element column need it.
    ///
    /// Names in standard biopolymers start with their one-letter element, digits aside (`1HB2`, `CA`,
    /// `SE` being the exception); a residue that is a single ion is named after it (`NA`, `CL`, `ZN`).
    pub fn guess(atom_name: &str, residue_name: &str) -> Self {
        let name = atom_name
            .trim()
            .trim_start_matches(|c: char| c.is_ascii_digit());
        let letters: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
        let ion =
            letters.eq_ignore_ascii_case(residue_name.trim_end_matches(['+', '-', '1', '2', '3']));
        if ion && let Some(element) = Self::from_symbol(&letters) {
            return element;
        }
        match residue_name {
            "SOD" => return Self(11),
            "CLA" => return Self(17),
            "POT" => return Self(19),
            "CAL" => return Self(20),
            "MSE" if letters == "SE" => return Self(34),
            _ => {}
        }
        letters
            .get(..1)
            .and_then(Self::from_symbol)
            .unwrap_or(Self::UNKNOWN)
    }

    /// Atomic number; 0 for [`Element::UNKNOWN`].
    pub fn atomic_number(self) -> u8 {
        self.0
    }

    /// Symbol as in the periodic table; empty for [`Element::UNKNOWN`].
    pub fn symbol(self) -> &'static str {
        ELEMENTS[self.0 as usize].0
    }

    /// Standard atomic weight in Da (IUPAC 2021, conventional values); 0 for [`Element::UNKNOWN`].
    pub fn mass(self) -> f64 {
        ELEMENTS[self.0 as usize].1
    }
}

#[rustfmt::skip]
const ELEMENTS: [(&str, f64); 119] = [
    ("", 0.0),
    ("H", 1.008), ("He", 4.002602), ("Li", 6.94), ("Be", 9.0121831), ("B", 10.81), ("C", 12.011), ("N", 14.007),
    ("O", 15.999), ("F", 18.998403162), ("Ne", 20.1797), ("Na", 22.98976928), ("Mg", 24.305), ("Al", 26.9815384),
    ("Si", 28.085), ("P", 30.973761998), ("S", 32.06), ("Cl", 35.45), ("Ar", 39.95), ("K", 39.0983), ("Ca", 40.078),
    ("Sc", 44.955907), ("Ti", 47.867), ("V", 50.9415), ("Cr", 51.9961), ("Mn", 54.938043), ("Fe", 55.845),
    ("Co", 58.933194), ("Ni", 58.6934), ("Cu", 63.546), ("Zn", 65.38), ("Ga", 69.723), ("Ge", 72.630),
    ("As", 74.921595), ("Se", 78.971), ("Br", 79.904), ("Kr", 83.798), ("Rb", 85.4678), ("Sr", 87.62),
    ("Y", 88.905838), ("Zr", 91.224), ("Nb", 92.90637), ("Mo", 95.95), ("Tc", 98.0), ("Ru", 101.07),
    ("Rh", 102.90549), ("Pd", 106.42), ("Ag", 107.8682), ("Cd", 112.414), ("In", 114.818), ("Sn", 118.710),
    ("Sb", 121.760), ("Te", 127.60), ("I", 126.90447), ("Xe", 131.293), ("Cs", 132.90545196), ("Ba", 137.327),
    ("La", 138.90547), ("Ce", 140.116), ("Pr", 140.90766), ("Nd", 144.242), ("Pm", 145.0), ("Sm", 150.36),
    ("Eu", 151.964), ("Gd", 157.25), ("Tb", 158.925354), ("Dy", 162.500), ("Ho", 164.930329), ("Er", 167.259),
    ("Tm", 168.934219), ("Yb", 173.045), ("Lu", 174.9668), ("Hf", 178.486), ("Ta", 180.94788), ("W", 183.84),
    ("Re", 186.207), ("Os", 190.23), ("Ir", 192.217), ("Pt", 195.084), ("Au", 196.966570), ("Hg", 200.592),
    ("Tl", 204.38), ("Pb", 207.2), ("Bi", 208.98040), ("Po", 209.0), ("At", 210.0), ("Rn", 222.0), ("Fr", 223.0),
    ("Ra", 226.0), ("Ac", 227.0), ("Th", 232.0377), ("Pa", 231.03588), ("U", 238.02891), ("Np", 237.0),
    ("Pu", 244.0), ("Am", 243.0), ("Cm", 247.0), ("Bk", 247.0), ("Cf", 251.0), ("Es", 252.0), ("Fm", 257.0),
    ("Md", 258.0), ("No", 259.0), ("Lr", 262.0), ("Rf", 267.0), ("Db", 268.0), ("Sg", 269.0), ("Bh", 270.0),
    ("Hs", 269.0), ("Mt", 278.0), ("Ds", 281.0), ("Rg", 282.0), ("Cn", 285.0), ("Nh", 286.0), ("Fl", 289.0),
    ("Mc", 290.0), ("Lv", 293.0), ("Ts", 294.0), ("Og", 294.0),
];

#[cfg(test)]
mod tests {
    use super::Element;

    #[test]
    fn guesses_from_names() {
        assert_eq!(Element::guess("CA", "ALA"), Element::CARBON);
        assert_eq!(
            Element::guess("CA", "CA"),
            Element::from_symbol("Ca").unwrap()
        );
        assert_eq!(Element::guess("1HB2", "ALA"), Element::HYDROGEN);
        assert_eq!(
            Element::guess("NA", "NA+"),
            Element::from_symbol("Na").unwrap()
        );
        assert_eq!(Element::guess("OXT", "GLY"), Element::OXYGEN);
        assert_eq!(Element::guess("", "GLY"), Element::UNKNOWN);
    }

    #[test]
    fn finds_by_mass() {
        assert_eq!(Element::from_mass(12.01), Some(Element::CARBON));
        assert_eq!(Element::from_mass(5.0), None);
    }
}
