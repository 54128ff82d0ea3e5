//! Names with wildcards, and spans of numbers.

/// A name in which `*` stands for any letters and `?` for any one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    letters: Vec<char>,
    /// Quoted: `*` and `?` stand for themselves.
    literal: bool,
}

impl Pattern {
    pub(super) fn new(text: &str, literal: bool) -> Self {
        Self {
            letters: text.chars().collect(),
            literal,
        }
    }

    /// Goes back to the latest `*` only, so the time is at most the product of the lengths.
    pub(super) fn matches(&self, name: &str) -> bool {
        if self.literal {
            return name.chars().eq(self.letters.iter().copied());
        }
        let name: Vec<char> = name.chars().collect();
        let (mut p, mut n) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while n < name.len() {
            match self.letters.get(p) {
                Some('*') => {
                    star = Some((p, n));
                    p += 1;
                }
                Some(&c) if c == '?' || c == name[n] => {
                    p += 1;
                    n += 1;
                }
                _ => match &mut star {
                    Some((star_p, star_n)) => {
                        *star_n += 1;
                        p = *star_p + 1;
                        n = *star_n;
                    }
                    None => return false,
                },
            }
        }
        self.letters[p..].iter().all(|&c| c == '*')
    }
}

pub(super) fn matches_any(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// Numbers that are chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Span<T> {
    /// Both ends included; `None` is unbounded.
    Within(Option<T>, Option<T>),
    Below(T),
    Above(T),
    Except(T),
}

impl<T: PartialOrd> Span<T> {
    pub(super) fn contains(&self, value: &T) -> bool {
        match self {
            Self::Within(low, high) => {
                low.as_ref().is_none_or(|low| value >= low)
                    && high.as_ref().is_none_or(|high| value <= high)
            }
            Self::Below(limit) => value < limit,
            Self::Above(limit) => value > limit,
            Self::Except(other) => value != other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("H*", "HB2", true),
            ("H*", "CH2", false),
            ("*B?", "HB2", true),
            ("*B?", "HB", false),
            ("C?", "C", false),
            ("*", "", true),
            ("a*b*c", "aXbYbZc", true),
            ("O5*", "O5*", true),
            ("", "", true),
            ("", "A", false),
        ] {
            let pattern_matches = Pattern::new(pattern, false).matches(name);
            assert_eq!(pattern_matches, expected, "{pattern} {name}");
        }
        assert!(!Pattern::new("H*", true).matches("HB"));
        assert!(Pattern::new("H*", true).matches("H*"));
    }
}
