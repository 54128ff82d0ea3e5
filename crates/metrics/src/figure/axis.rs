//! Axes: label, unit, range, scale and where the ticks go.

use crate::error::{Error, Result};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// One axis of a figure, or its colour bar.
///
/// # Examples
/// ```
/// use metrics::figure::Axis;
/// let axis = Axis::new("radius of gyration", "nm").range(0.4, 1.2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    label: String,
    unit: String,
    range: Option<(f64, f64)>,
    scale: Scale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
    Angle,
}

impl Axis {
    /// A linear axis that spans its data; an empty unit for numbers without one.
    pub fn new(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: unit.into(),
            range: None,
            scale: Scale::Linear,
        }
    }

    /// An axis of angles: data in radians, shown in degrees from −180° to 180°.
    pub fn angle(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            unit: "degrees".to_owned(),
            range: Some((-std::f64::consts::PI, std::f64::consts::PI)),
            scale: Scale::Angle,
        }
    }

    /// Shows this range instead of that of the data.
    #[must_use]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Makes the scale logarithmic; data at or below zero are not shown.
    #[must_use]
    pub fn logarithmic(mut self) -> Self {
        self.scale = Scale::Logarithmic;
        self
    }

    /// Label and unit as they stand beside the axis.
    pub(crate) fn text(&self) -> String {
        if self.unit.is_empty() {
            self.label.clone()
        } else {
            format!("{} / {}", self.label, self.unit)
        }
    }

    /// The coordinate over the axis' own range, or that of `data` with a margin of `margin` of it.
    pub(crate) fn coordinate(
        &self,
        data: impl Iterator<Item = f64>,
        margin: f64,
    ) -> Result<Coordinate> {
        let logarithmic = self.scale == Scale::Logarithmic;
        let usable = data.filter(|&v| v.is_finite() && (!logarithmic || v > 0.0));
        let spanned = usable.fold(None, |span: Option<(f64, f64)>, v| {
            Some(span.map_or((v, v), |(low, high)| (low.min(v), high.max(v))))
        });
        let (low, high) = match (self.range, spanned) {
            (Some(range), _) => range,
            (None, Some((low, high))) if logarithmic => {
                let widen = (high / low).max(1.2).powf(margin.max(0.02));
                (low / widen, high * widen)
            }
            (None, Some((low, high))) => {
                let span = high - low;
                let least = 1e-9 * low.abs().max(high.abs());
                if span > least {
                    (low - margin * span, high + margin * span)
                } else {
                    let half = if low == 0.0 { 0.5 } else { 0.05 * low.abs() };
                    (low - half, high + half)
                }
            }
            (None, None) => {
                return Err(Error::TooFew {
                    what: "finite values along an axis of a figure",
                    needed: 1,
                    found: 0,
                });
            }
        };
        let sound = low.is_finite() && high.is_finite() && low < high;
        if !sound || (logarithmic && low <= 0.0) {
            return Err(Error::Argument {
                what: "range of an axis",
                expected: "finite ends, the lower first (and above zero on a logarithmic axis)",
                found: format!("{low}…{high}"),
            });
        }
        Ok(Coordinate::new(low, high, self.scale))
    }
}

/// A range of numbers laid out along pixels, with its ticks.
#[derive(Clone, Debug)]
pub(crate) struct Coordinate {
    pub(crate) low: f64,
    pub(crate) high: f64,
    scale: Scale,
    ticks: Vec<f64>,
    /// Distance of ticks, for their digits; 0 where each tick has digits of its own.
    step: f64,
}

impl Coordinate {
    fn new(low: f64, high: f64, scale: Scale) -> Self {
        let (ticks, step) = match scale {
            Scale::Linear => linear_ticks(low, high, 5.0),
            Scale::Logarithmic => logarithmic_ticks(low, high),
            Scale::Angle => angle_ticks(low, high),
        };
        Self {
            low,
            high,
            scale,
            ticks,
            step,
        }
    }

    pub(crate) fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// Where the value lies: 0 at the low end, 1 at the high end.
    pub(crate) fn fraction(&self, value: f64) -> f64 {
        if self.scale == Scale::Logarithmic {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// Text of a tick.
    pub(crate) fn format(&self, value: f64) -> String {
        match self.scale {
            Scale::Angle => format!("{}", value.to_degrees().round()).replace('-', "−"),
            Scale::Logarithmic if self.step == 0.0 => scientific_or_plain(value, own_step(value)),
            Scale::Linear | Scale::Logarithmic => scientific_or_plain(value, self.step),
        }
    }
}

/// The place of the last digit that this tick of a logarithmic axis needs: 0.15 has one more than 0.2.
fn own_step(value: f64) -> f64 {
    let power = 10f64.powf((value.log10() + 1e-9).floor());
    let mantissa = value / power;
    if (mantissa - mantissa.round()).abs() < 1e-6 {
        power
    } else {
        0.1 * power
    }
}

fn scientific_or_plain(value: f64, step: f64) -> String {
    let value = if value.abs() < 1e-9 * step.abs() {
        0.0
    } else {
        value
    };
    let text = if value != 0.0 && !(1e-3..1e5).contains(&value.abs()) {
        let exponent = value.abs().log10().floor();
        let mantissa = value / 10f64.powf(exponent);
        let digits = (exponent - step.abs().log10().floor()).clamp(0.0, 3.0) as usize;
        let power: String = format!("{exponent}").chars().map(superscript).collect();
        if (mantissa - 1.0).abs() < 1e-6 {
            format!("10{power}")
        } else {
            format!("{mantissa:.digits$}×10{power}")
        }
    } else {
        let digits = (-step.abs().log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{value:.digits$}")
    };
    text.replace('-', "−")
}

fn superscript(digit: char) -> char {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    digit.to_digit(10).map_or('⁻', |d| DIGITS[d as usize])
}

fn linear_ticks(low: f64, high: f64, wanted: f64) -> (Vec<f64>, f64) {
    let rough = (high - low) / wanted;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    // A step of 2.5 has one digit more than its power of ten.
    let digits_from = if (step / power - 2.5).abs() < 0.01 {
        0.1 * step
    } else {
        step
    };
    let ticks = (first..=last.min(first.saturating_add(50)))
        .map(|i| i as f64 * step)
        .collect();
    (ticks, digits_from)
}

/// Whole decades over a long axis; ever more digits within them until three fit, and over a short axis
/// equal steps.
fn logarithmic_ticks(low: f64, high: f64) -> (Vec<f64>, f64) {
    const WITHIN_DECADES: [&[f64]; 3] = [
        &[1.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
    ];
    let decades = (high / low).log10();
    let within = |v: &f64| *v >= low * 0.999_999 && *v <= high * 1.000_001;
    let every = (decades / 7.0).ceil().max(1.0) as usize;
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    for mantissas in WITHIN_DECADES {
        let ticks: Vec<f64> = (first..=last)
            .step_by(every)
            .flat_map(|decade| mantissas.iter().map(move |m| m * 10f64.powi(decade)))
            .filter(within)
            .collect();
        if ticks.len() >= 3 {
            return (ticks, 0.0);
        }
    }
    linear_ticks(low, high, 4.0)
}

fn angle_ticks(low: f64, high: f64) -> (Vec<f64>, f64) {
    let span = (high - low).to_degrees();
    let step = [10.0f64, 15.0, 30.0, 60.0, 90.0]
        .into_iter()
        .find(|step| span / step <= 6.5)
        .unwrap_or(90.0);
    let first = (low.to_degrees() / step - 1e-6).ceil() as i64;
    let last = (high.to_degrees() / step + 1e-6).floor() as i64;
    let ticks = (first..=last.min(first.saturating_add(50)))
        .map(|i| (i as f64 * step).to_radians())
        .collect();
    (ticks, step)
}

impl Ranged for Coordinate {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let fraction = self.fraction(*value).clamp(-10.0, 11.0);
        let length = f64::from(limit.1 - limit.0);
        limit.0 + (fraction * length).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Coordinate {
    fn format_ext(&self, value: &f64) -> String {
        self.format(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, data: &[f64]) -> Vec<String> {
        let coordinate = axis.coordinate(data.iter().copied(), 0.0).unwrap();
        coordinate
            .ticks()
            .iter()
            .map(|&t| coordinate.format(t))
            .collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let axis = Axis::new("Rg", "nm");
        assert_eq!(
            texts(&axis, &[0.41, 1.19]),
            ["0.6", "0.8", "1.0"].map(str::to_owned)
        );
        assert_eq!(
            texts(&Axis::angle("φ"), &[]),
            ["−180", "−120", "−60", "0", "60", "120", "180"].map(str::to_owned)
        );
        let axis = Axis::new("time", "ps").logarithmic();
        assert_eq!(
            texts(&axis, &[1.0, 1e6]),
            ["1", "10", "100", "1000", "10000", "10⁵", "10⁶"].map(str::to_owned)
        );
    }

    #[test]
    fn no_two_ticks_of_a_logarithmic_axis_read_the_same() {
        let axis = Axis::new("loss", "").logarithmic();
        assert_eq!(
            texts(&axis, &[0.095, 0.31]),
            ["0.1", "0.15", "0.2", "0.3"].map(str::to_owned)
        );
        let spans = [1.04, 1.3, 2.0, 4.0, 9.0, 30.0, 250.0, 1e4, 1e9];
        for low in [2.3e-7, 9.1e-4, 0.0137, 0.11, 0.21, 1.0, 1.4, 13.0, 7.7e4] {
            for (low, high) in spans.map(|span| (low, low * span)) {
                let texts = texts(&axis, &[low, high]);
                assert!(texts.len() >= 2, "{low}…{high}: {texts:?}");
                let mut different = texts.clone();
                different.dedup();
                assert_eq!(texts, different, "{low}…{high}");
            }
        }
    }

    #[test]
    fn impossible_ranges_are_refused() {
        assert!(
            Axis::new("x", "")
                .coordinate([f64::NAN].into_iter(), 0.0)
                .is_err()
        );
        assert!(
            Axis::new("x", "")
                .range(1.0, 1.0)
                .coordinate([].into_iter(), 0.0)
                .is_err()
        );
        assert!(
            Axis::new("x", "")
                .range(-1.0, 1.0)
                .logarithmic()
                .coordinate([].into_iter(), 0.0)
                .is_err()
        );
    }
}
