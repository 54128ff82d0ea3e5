//! Numbers that outgrow their columns.
//!
//! Hybrid-36 goes on after 99999 with A0000 … ZZZZZ and a0000 … zzzzz (R. W. Grosse-Kunstleve,
//! `iotbx.pdb`, <https://cci.lbl.gov/hybrid_36/>).

const UPPER: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Formats `value` in `width` columns: decimal, then hybrid-36, then starting over from 0.
pub(super) fn encode(value: i64, width: u32) -> String {
    let decimals = 10_i64.pow(width);
    let letters = 26 * 36_i64.pow(width - 1);
    let wrapped = if value < 0 {
        value
    } else {
        value % (decimals + 2 * letters)
    };
    if wrapped < decimals {
        return format!("{wrapped:width$}", width = width as usize);
    }
    let (digits, offset) = if wrapped < decimals + letters {
        (UPPER, wrapped - decimals)
    } else {
        (LOWER, wrapped - decimals - letters)
    };
    let mut rest = offset + 10 * 36_i64.pow(width - 1);
    let mut text = vec![0; width as usize];
    for place in text.iter_mut().rev() {
        *place = digits[(rest % 36) as usize];
        rest /= 36;
    }
    text.into_iter().map(char::from).collect()
}

/// A decimal, hybrid-36 or (from a digit on) hexadecimal number that fills its field.
pub(super) fn decode(field: &[u8]) -> Option<i64> {
    if let Some(value) = crate::io::numbers::parse_integer(field) {
        return Some(value);
    }
    let digits = field.trim_ascii();
    let first = *digits.first()?;
    let width = u32::try_from(digits.len())
        .ok()
        .filter(|width| *width <= 5)?;
    if first.is_ascii_digit() {
        let text = std::str::from_utf8(digits).ok()?;
        return i64::from_str_radix(text, 16).ok();
    }
    let (alphabet, below) = match first {
        b'A'..=b'Z' => (UPPER, 0),
        b'a'..=b'z' => (LOWER, 26 * 36_i64.pow(width - 1)),
        _ => return None,
    };
    let mut value = 0;
    for digit in digits {
        value = 36 * value + alphabet.iter().position(|known| known == digit)? as i64;
    }
    Some(value - 10 * 36_i64.pow(width - 1) + 10_i64.pow(width) + below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers() {
        for (value, text) in [
            (-12, "  -12"),
            (99_999, "99999"),
            (100_000, "A0000"),
            (100_035, "A000Z"),
            (43_770_015, "ZZZZZ"),
            (43_770_016, "a0000"),
            (87_440_031, "zzzzz"),
        ] {
            assert_eq!(encode(value, 5), text);
            assert_eq!(decode(text.as_bytes()), Some(value));
        }
        assert_eq!(encode(87_440_032, 5), "    0");
        assert_eq!(decode(b"186a0"), Some(100_000));
        assert_eq!(decode(b"*****"), None);
        assert_eq!(decode(b"A00a0"), None);
    }
}
