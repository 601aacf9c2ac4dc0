//! One figure, and what it is held against.

use serde::{Deserialize, Serialize};

/// A figure that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// The figure.
    pub(crate) value: f64,
    /// Its unit, such as `messages/s` or `ms`.
    pub(crate) unit: String,
    /// The same of the indispensable part of the work alone, on the same machine in the same run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<f64>,
    /// What it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Budget>,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Budget {
    /// The figure at least this.
    AtLeast(f64),
    /// The figure at most this.
    AtMost(f64),
    /// The figure at least so many times its floor.
    RatioAtLeast(f64),
    /// The figure at most so many times its floor.
    RatioAtMost(f64),
}

impl Figure {
    /// Makes a figure without floor and budget.
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self {
            name: name.into(),
            value,
            unit: unit.to_owned(),
            floor: None,
            budget: None,
        }
    }

    /// Puts the floor beside it, where there is one.
    pub(crate) fn floor(mut self, floor: impl Into<Option<f64>>) -> Self {
        self.floor = floor.into();
        self
    }

    /// Says what it should be.
    pub(crate) fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Returns how many times its floor the figure is.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.floor
            .filter(|floor| *floor > 0.0)
            .map(|floor| self.value / floor)
    }

    /// Returns whether the figure keeps its budget, where it has one that can be judged.
    pub(crate) fn keeps(&self) -> Option<bool> {
        Some(match self.budget? {
            Budget::AtLeast(bound) => self.value >= bound,
            Budget::AtMost(bound) => self.value <= bound,
            Budget::RatioAtLeast(bound) => self.ratio()? >= bound,
            Budget::RatioAtMost(bound) => self.ratio()? <= bound,
        })
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "≥ {}", number(*bound)),
            Self::AtMost(bound) => write!(f, "≤ {}", number(*bound)),
            Self::RatioAtLeast(bound) => write!(f, "≥ {} × floor", number(*bound)),
            Self::RatioAtMost(bound) => write!(f, "≤ {} × floor", number(*bound)),
        }
    }
}

/// Writes a number with three digits that count, and thousands apart.
pub(crate) fn number(value: f64) -> String {
    let places = match value.abs() {
        0.0 => 0,
        small if small < 1.0 => 3,
        small if small < 10.0 => 2,
        small if small < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut spaced = String::new();
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.chars().count() - place;
        if place > 0 && left.is_multiple_of(3) && !spaced.ends_with('-') {
            spaced.push(',');
        }
        spaced.push(digit);
    }
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() {
        spaced
    } else {
        format!("{spaced}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.0, "0"),
            (0.0456, "0.046"),
            (3.0, "3"),
            (2.345, "2.35"),
            (14_999.6, "15,000"),
            (1_234_567.0, "1,234,567"),
            (-123.0, "-123"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_budget_on_the_ratio_needs_a_floor() {
        let figure = Figure::new("durable", 10.0, "messages/s").budget(Budget::RatioAtLeast(0.5));
        assert_eq!(figure.keeps(), None);
        assert_eq!(figure.clone().floor(15.0).keeps(), Some(true));
        assert_eq!(figure.floor(30.0).keeps(), Some(false));
        let figure = Figure::new("p99", 3.5, "ms").budget(Budget::AtMost(3.0));
        assert_eq!(figure.keeps(), Some(false));
    }
}
