//! Colours that colour-blind readers can tell apart.

use plotters::style::RGBColor;

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Blue of the categorical palette; the reference in every figure of a comparison.
    pub const REFERENCE: Self = OKABE_ITO[0];
    /// Vermilion of the categorical palette; the model in every figure of a comparison.
    pub const MODEL: Self = OKABE_ITO[1];

    /// Entry `index` of the categorical palette of Okabe and Ito, which readers with any common
    /// colour vision can tell apart; it repeats after seven.
    ///
    /// # References
    /// M. Okabe, K. Ito, Color Universal Design, 2008, <https://jfly.uni-koeln.de/color/>.
    pub fn category(index: usize) -> Self {
        OKABE_ITO[index % OKABE_ITO.len()]
    }

    /// The colour as `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    pub(crate) fn rgb(self) -> RGBColor {
        RGBColor(self.0, self.1, self.2)
    }
}

/// The palette without its black, which would vanish on a dark page.
const OKABE_ITO: [Colour; 7] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x56, 0xb4, 0xe9),
    Colour(0xb8, 0xa8, 0x00),
];

/// A map from numbers to colours along which equal steps look equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourMap {
    /// Dark blue to yellow.
    ///
    /// # References
    /// N. Smith, S. van der Walt, matplotlib, 2015 (CC0); 17 of its 256 points.
    #[default]
    Viridis,
    /// Dark blue to yellow through grey, the same to readers with and without red-green blindness.
    ///
    /// # References
    /// J. R. Nuñez, C. R. Anderton, R. S. Renslow, PLoS ONE 13, e0199239 (2018),
    /// doi:10.1371/journal.pone.0199239; 17 of its points.
    Cividis,
    /// Blue through white to vermilion, for differences around zero.
    Diverging,
}

impl ColourMap {
    /// The colour at `t` between 0 (low) and 1 (high); beyond them that of the nearer end.
    pub fn at(self, t: f64) -> Colour {
        match self {
            Self::Viridis => interpolate(&VIRIDIS, t),
            Self::Cividis => interpolate(&CIVIDIS, t),
            Self::Diverging => interpolate(&DIVERGING, t),
        }
    }
}

fn interpolate(points: &[u32], t: f64) -> Colour {
    let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
    let position = t * (points.len() - 1) as f64;
    let below = (position.floor() as usize).min(points.len() - 2);
    let fraction = position - below as f64;
    let channel = |shift: u32| {
        let low = f64::from((points[below] >> shift) & 0xff);
        let high = f64::from((points[below + 1] >> shift) & 0xff);
        (low + fraction * (high - low)).round() as u8
    };
    Colour(channel(16), channel(8), channel(0))
}

const VIRIDIS: [u32; 17] = [
    0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c,
    0x1fa088, 0x28ae80, 0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725,
];

const CIVIDIS: [u32; 17] = [
    0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x535a6d, 0x61656f, 0x6f7073, 0x7d7c78,
    0x8c8878, 0x9b9476, 0xaba072, 0xbcae6c, 0xcdbb63, 0xdec958, 0xf0d846, 0xfee838,
];

/// The reference's blue, white, the model's vermilion, with a lighter tone half-way to each.
const DIVERGING: [u32; 5] = [0x0072b2, 0x86b7d8, 0xf7f7f7, 0xecae85, 0xd55e00];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_start_and_end_at_their_published_colours() {
        assert_eq!(ColourMap::Viridis.at(0.0).hex(), "#440154");
        assert_eq!(ColourMap::Viridis.at(1.0).hex(), "#fde725");
        assert_eq!(ColourMap::Viridis.at(0.5).hex(), "#21918c");
        assert_eq!(ColourMap::Cividis.at(2.0).hex(), "#fee838");
        assert_eq!(ColourMap::Diverging.at(0.5), Colour(247, 247, 247));
    }

    #[test]
    fn sequential_maps_grow_lighter_all_the_way() {
        for map in [ColourMap::Viridis, ColourMap::Cividis] {
            let lightness: Vec<f64> = (0..=64)
                .map(|i| {
                    let Colour(r, g, b) = map.at(f64::from(i) / 64.0);
                    0.2126 * f64::from(r).powf(2.2)
                        + 0.7152 * f64::from(g).powf(2.2)
                        + 0.0722 * f64::from(b).powf(2.2)
                })
                .collect();
            assert!(lightness.windows(2).all(|pair| pair[1] > pair[0]));
        }
    }
}
