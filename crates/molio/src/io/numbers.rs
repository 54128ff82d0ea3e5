//! Numbers in text files.

/// Parses a decimal number such as ` -12.345` quickly; blanks around it are ignored.
///
/// Exact digits up to 2^53 and powers of ten up to 10^22 make the one division correctly rounded
/// (Clinger 1990, DOI 10.1145/93542.93557); everything else goes through the standard library.
pub(crate) fn parse_float(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    let (negative, digits) = match field.first()? {
        b'-' => (true, &field[1..]),
        b'+' => (false, &field[1..]),
        _ => (false, field),
    };
    if digits.len() > 16 {
        return slow(field);
    }
    let mut mantissa = 0_u64;
    let mut point = None;
    for (index, &byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(index),
            _ => return slow(field),
        }
    }
    let decimals = point.map_or(0, |point| digits.len() - point - 1);
    if digits.len() == usize::from(point.is_some()) || mantissa >> 53 != 0 {
        return slow(field);
    }
    let value = mantissa as f64 / POWERS_OF_TEN[decimals];
    Some(if negative { -value } else { value })
}

const POWERS_OF_TEN: [f64; 17] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
];

/// Exponents (Fortran's `D` too), NaN, infinities and many digits.
fn slow(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(_) if text.contains(['d', 'D']) => text.replace(['d', 'D'], "e").parse().ok(),
        Err(_) => None,
    }
}

/// Parses a decimal integer; blanks around it are ignored.
pub(crate) fn parse_integer(field: &[u8]) -> Option<i64> {
    let field = field.trim_ascii();
    let (negative, digits) = match field.first()? {
        b'-' => (true, &field[1..]),
        b'+' => (false, &field[1..]),
        _ => (false, field),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(if negative { -value } else { value })
}

/// Text of a field without the blanks around it.
pub(crate) fn text(field: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(field.trim_ascii())
}

/// Time (ps) and step in a title as GROMACS writes it: `… t=  10.00000 step= 5000`.
pub(crate) fn time_and_step(line: &[u8]) -> (Option<f64>, Option<i64>) {
    let title = String::from_utf8_lossy(line);
    let after = |key: &str| {
        let rest = &title[title.rfind(key)? + key.len()..];
        rest.split_whitespace().next().map(str::to_owned)
    };
    let time = after(" t=")
        .and_then(|word| word.parse::<f64>().ok())
        .filter(|time| time.is_finite());
    let step = after(" step=").and_then(|word| word.parse().ok());
    (time, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_agree_with_the_standard_library() {
        for text in [
            "0",
            "-0.001",
            "12.345",
            " 1.5e3 ",
            "+7.",
            ".25",
            "123456789012345678",
            "9007199254740993",
            "-1234.5678",
            "1e-30",
            "00012.50",
            "99999999.999",
        ] {
            assert_eq!(
                parse_float(text.as_bytes()),
                text.trim().parse().ok(),
                "{text}"
            );
        }
        assert_eq!(parse_float(b"1.5D+02"), Some(150.0));
        assert!(parse_float(b"nan").unwrap().is_nan());
        for wrong in ["", " ", ".", "-", "1.2.3", "12a", "********"] {
            assert_eq!(parse_float(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn integers_are_whole_fields() {
        assert_eq!(parse_integer(b"  -12 "), Some(-12));
        assert_eq!(parse_integer(b"1 2"), None);
        assert_eq!(parse_integer(b"99999999999999999999"), None);
    }

    #[test]
    fn titles_of_gromacs() {
        assert_eq!(
            time_and_step(b"TITLE     Protein in water t=  10.50000 step= 5000"),
            (Some(10.5), Some(5000))
        );
        assert_eq!(time_and_step(b"TITLE     Something else"), (None, None));
    }
}
