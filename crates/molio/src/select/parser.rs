//! Reads the selection language by recursive descent over characters.

use super::expression::Expression;
use super::values::{Pattern, Span};
use crate::{Element, Error, ResidueKind, Result};

/// Parentheses and `not`s within each other; keeps hostile text from exhausting the stack.
const MAX_DEPTH: usize = 128;

const OPERATORS: [&str; 3] = ["and", "or", "not"];
#[rustfmt::skip]
const WORDS: [&str; 25] = [
    "all", "none", "protein", "nucleic", "water", "ion", "ions", "backbone", "nucleicbackbone", "heavy", "hydrogen",
    "hetero", "name", "resname", "chain", "chainid", "segid", "segname", "element", "resid", "resnum", "index",
    "serial", "bynum", "resindex",
];
const STARTS: &str = "a selection (all, none, protein, nucleic, water, ion, backbone, nucleicbackbone, heavy, \
     hydrogen, hetero, name, resname, chain, element, resid, index, serial, resindex, not or a parenthesis)";

pub(super) fn parse(text: &str) -> Result<Expression> {
    let mut parser = Parser {
        text,
        letters: text.chars().collect(),
        at: 0,
    };
    let expression = parser.expression(0)?;
    parser.skip_blanks();
    if parser.at < parser.letters.len() {
        return Err(parser.expected("`and`, `or` or the end"));
    }
    Ok(expression)
}

struct Parser<'a> {
    text: &'a str,
    letters: Vec<char>,
    at: usize,
}

impl Parser<'_> {
    /// term { (and|or) term }
    fn expression(&mut self, depth: usize) -> Result<Expression> {
        // operands of `or`, each a list of operands of `and`
        let mut alternatives = vec![vec![self.term(depth)?]];
        loop {
            self.skip_blanks();
            let start = self.at;
            match self.word().as_str() {
                "or" => alternatives.push(vec![self.term(depth)?]),
                "and" => {
                    if alternatives.len() > 1 {
                        self.at = start;
                        return Err(self.expected(
                            "parentheses, as `a or b and c` is read differently by different programs",
                        ));
                    }
                    let term = self.term(depth)?;
                    if let Some(last) = alternatives.last_mut() {
                        last.push(term);
                    }
                }
                _ => {
                    self.at = start;
                    break;
                }
            }
        }
        let parts = alternatives
            .into_iter()
            .map(|parts| single_or(parts, Expression::And))
            .collect();
        Ok(single_or(parts, Expression::Or))
    }

    /// not term | ( expression ) | keyword values
    fn term(&mut self, depth: usize) -> Result<Expression> {
        self.skip_blanks();
        if depth > MAX_DEPTH {
            return Err(self.expected("fewer selections within each other"));
        }
        if self.take('(') {
            let inner = self.expression(depth + 1)?;
            self.skip_blanks();
            if !self.take(')') {
                return Err(self.expected("`)`"));
            }
            return Ok(inner);
        }
        let start = self.at;
        let word = self.word();
        Ok(match word.as_str() {
            "not" => Expression::Not(Box::new(self.term(depth + 1)?)),
            "all" => Expression::All,
            "none" => Expression::None,
            "protein" => Expression::Kind(ResidueKind::Protein),
            "nucleic" => Expression::Kind(ResidueKind::Nucleic),
            "water" => Expression::Kind(ResidueKind::Water),
            "ion" | "ions" => Expression::Kind(ResidueKind::Ion),
            "backbone" => Expression::Backbone,
            "nucleicbackbone" => Expression::NucleicBackbone,
            "heavy" => Expression::Heavy,
            "hydrogen" => Expression::Hydrogen,
            "hetero" => Expression::Hetero,
            "name" => Expression::Name(self.patterns("an atom name")?),
            "resname" => Expression::ResidueName(self.patterns("a residue name")?),
            "chain" | "chainid" | "segid" | "segname" => {
                Expression::Chain(self.patterns("a chain identifier")?)
            }
            "element" => Expression::Element(self.elements()?),
            "resid" | "resnum" => Expression::ResidueNumber(self.spans(Self::residue_number)?),
            "index" => Expression::Index(self.spans(Self::integer)?),
            "serial" | "bynum" => Expression::Serial(self.spans(Self::integer)?),
            "resindex" => Expression::ResidueIndex(self.spans(Self::integer)?),
            _ => {
                self.at = start;
                return Err(self.expected(STARTS));
            }
        })
    }

    /// One or more names up to the next word of the language.
    fn patterns(&mut self, what: &str) -> Result<Vec<Pattern>> {
        let mut patterns = Vec::new();
        while let Some((text, quoted)) = self.value()? {
            patterns.push(Pattern::new(&text, quoted));
        }
        if patterns.is_empty() {
            return Err(self.expected(what));
        }
        Ok(patterns)
    }

    fn elements(&mut self) -> Result<Vec<Element>> {
        let mut elements = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.at;
            let Some((text, _)) = self.value()? else {
                break;
            };
            let Some(element) = Element::from_symbol(&text) else {
                self.at = start;
                return Err(self.expected("the symbol of an element"));
            };
            elements.push(element);
        }
        if elements.is_empty() {
            return Err(self.expected("the symbol of an element"));
        }
        Ok(elements)
    }

    /// A name, or `None` (and nothing consumed) before a parenthesis, a word of the language or the end.
    fn value(&mut self) -> Result<Option<(String, bool)>> {
        self.skip_blanks();
        let start = self.at;
        if self.take('"') {
            let mut text = String::new();
            loop {
                match self.letters.get(self.at) {
                    Some('"') => break,
                    Some(&c) => text.push(c),
                    None => return Err(self.expected("`\"`")),
                }
                self.at += 1;
            }
            self.at += 1;
            return Ok(Some((text, true)));
        }
        let word = self.word();
        let name = !(word.is_empty()
            || OPERATORS.contains(&word.as_str())
            || WORDS.contains(&word.as_str()));
        if !name {
            self.at = start;
        }
        Ok(name.then_some((word, false)))
    }

    /// One or more numbers, ranges or one comparison.
    fn spans<T: PartialOrd + Clone>(
        &mut self,
        number: fn(&mut Self) -> Result<T>,
    ) -> Result<Vec<Span<T>>> {
        self.skip_blanks();
        for (sign, comparison) in COMPARISONS {
            if self.take_all(sign) {
                self.skip_blanks();
                let value = number(self)?;
                return Ok(vec![match comparison {
                    Comparison::Below => Span::Below(value),
                    Comparison::AtMost => Span::Within(None, Some(value)),
                    Comparison::Above => Span::Above(value),
                    Comparison::AtLeast => Span::Within(Some(value), None),
                    Comparison::Equal => Span::Within(Some(value.clone()), Some(value)),
                    Comparison::NotEqual => Span::Except(value),
                }]);
            }
        }
        let mut spans = vec![self.span(number)?];
        loop {
            self.skip_blanks();
            let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
            let next = self.letters.get(self.at);
            let negative = next == Some(&'-') && digit(self.letters.get(self.at + 1));
            if !(digit(next) || negative) {
                return Ok(spans);
            }
            spans.push(self.span(number)?);
        }
    }

    /// `5`, `5:8`, `5-8`, `5 to 8`, each number possibly negative.
    fn span<T: PartialOrd + Clone>(
        &mut self,
        number: fn(&mut Self) -> Result<T>,
    ) -> Result<Span<T>> {
        let low = number(self)?;
        let mut high = low.clone();
        let end = self.at;
        self.skip_blanks();
        let blank_before = self.at > end;
        let blank_after = self
            .letters
            .get(self.at + 1)
            .is_none_or(|c| c.is_whitespace());
        let to = {
            let start = self.at;
            let to = self.word() == "to";
            if !to {
                self.at = start;
            }
            to
        };
        // `10 -5` is two numbers, `10 - 5` and `10-5` are ranges
        let dash = !to && (blank_after || !blank_before) && self.take('-');
        if to || dash || self.take(':') {
            self.skip_blanks();
            let start = self.at;
            high = number(self)?;
            if high < low {
                self.at = start;
                return Err(self.expected("the end of a range not below its start"));
            }
        } else {
            self.at = end;
            if let Some(&c) = self.letters.get(end)
                && !(c.is_whitespace() || c == '(' || c == ')')
            {
                return Err(self.expected("a number or a range"));
            }
        }
        Ok(Span::Within(Some(low), Some(high)))
    }

    fn residue_number(&mut self) -> Result<(i64, Option<char>)> {
        let number = self.integer()?;
        let letter = |c: Option<&char>| c.copied().filter(char::is_ascii_alphabetic);
        // an insertion code is one letter that no further letter follows
        let code = letter(self.letters.get(self.at))
            .filter(|_| letter(self.letters.get(self.at + 1)).is_none());
        if code.is_some() {
            self.at += 1;
        }
        Ok((number, code))
    }

    fn integer(&mut self) -> Result<i64> {
        let start = self.at;
        let negative = self.take('-');
        let mut value = 0i64;
        let digits = self.at;
        while let Some(digit) = self.letters.get(self.at).and_then(|c| c.to_digit(10)) {
            value = match value
                .checked_mul(10)
                .and_then(|v| v.checked_add(i64::from(digit)))
            {
                Some(value) => value,
                None => {
                    self.at = start;
                    return Err(self.expected("a smaller number"));
                }
            };
            self.at += 1;
        }
        if self.at == digits {
            self.at = start;
            return Err(self.expected("a number"));
        }
        Ok(if negative { -value } else { value })
    }

    /// Letters up to a blank or a parenthesis; empty at the end.
    fn word(&mut self) -> String {
        self.skip_blanks();
        let start = self.at;
        while let Some(&c) = self.letters.get(self.at)
            && !(c.is_whitespace() || c == '(' || c == ')')
        {
            self.at += 1;
        }
        self.letters[start..self.at].iter().collect()
    }

    fn skip_blanks(&mut self) {
        while self.letters.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, letter: char) -> bool {
        let found = self.letters.get(self.at) == Some(&letter);
        self.at += usize::from(found);
        found
    }

    fn take_all(&mut self, text: &str) -> bool {
        let found = text
            .chars()
            .enumerate()
            .all(|(i, c)| self.letters.get(self.at + i) == Some(&c));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    /// An error at the current character.
    fn expected(&mut self, expected: &str) -> Error {
        let column = self.at;
        let rest = match self.letters.get(column) {
            None => "the end".to_owned(),
            Some(c @ ('(' | ')' | '"')) => format!("`{c}`"),
            Some(_) => format!("`{}`", self.word()),
        };
        Error::Selection {
            text: self.text.to_owned(),
            column,
            expected: expected.to_owned(),
            found: rest,
        }
    }
}

enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
    NotEqual,
}

/// Longer signs first.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

fn single_or(mut parts: Vec<Expression>, combine: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            combine(parts)
        }
        None => Expression::None,
    }
}
