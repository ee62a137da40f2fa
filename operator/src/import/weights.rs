//! Weights in grams.

use shared::domain::quantity::Weight;

use super::decimal::{Decimal, Separator};
use super::row::Problem;

/// A unit of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Grams.
    Gram,
    /// Kilograms.
    Kilogram,
    /// Pounds (avoirdupois) of exactly 453.59237 g.
    Pound,
    /// Ounces, 16 to the pound.
    Ounce,
}

impl Unit {
    /// Returns the unit of this symbol.
    pub fn parse(symbol: &str) -> Option<Self> {
        match symbol.trim().to_ascii_lowercase().as_str() {
            "g" => Some(Self::Gram),
            "kg" => Some(Self::Kilogram),
            "lb" | "lbs" => Some(Self::Pound),
            "oz" => Some(Self::Ounce),
            _ => None,
        }
    }

    /// Billionths of a gram.
    const fn nanograms(self) -> u128 {
        match self {
            Self::Gram => 1_000_000_000,
            Self::Kilogram => 1_000_000_000_000,
            Self::Pound => 453_592_370_000,
            Self::Ounce => 28_349_523_125,
        }
    }
}

/// Reads a weight, rounded to the nearest gram, half a gram upwards; `None` if it is 0, which both
/// shops write for an unknown weight.
pub fn read(text: &str, unit: Unit) -> Result<Option<u32>, Problem> {
    let wrong = || {
        let reason = format!(
            "«{text}» is not a weight: write digits with a decimal point, such as 1.25, and at most \
             1,000 tons"
        );
        Problem::new("not_a_weight", reason)
    };
    // Shops write weights with a point whatever their language; a comma is a spreadsheet's.
    let file = Some(Separator::Point).filter(|_| !text.contains(','));
    let number = Decimal::read(text, file).map_err(|_| wrong())?;
    let (digits, scale) = number.digits().ok_or_else(wrong)?;
    let divisor = 1_000_000_000 * 10_u128.checked_pow(scale).ok_or_else(wrong)?;
    let grams = (digits * unit.nanograms() + divisor / 2) / divisor;
    let grams =
        u32::try_from(grams).ok().filter(|grams| *grams <= Weight::MAX).ok_or_else(wrong)?;
    Ok(Some(grams).filter(|_| digits > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_rounded_to_the_nearest_gram() {
        for (text, unit, grams) in [
            ("250", Unit::Gram, Some(250)),
            ("250.4", Unit::Gram, Some(250)),
            ("250.5", Unit::Gram, Some(251)),
            ("0.75", Unit::Kilogram, Some(750)),
            ("0,75", Unit::Kilogram, Some(750)),
            ("1.2345", Unit::Kilogram, Some(1235)),
            ("1.234", Unit::Kilogram, Some(1234)),
            ("1", Unit::Pound, Some(454)),
            ("2.5", Unit::Pound, Some(1134)),
            ("1", Unit::Ounce, Some(28)),
            ("16", Unit::Ounce, Some(454)),
            ("0", Unit::Kilogram, None),
            ("0.0", Unit::Gram, None),
            ("0.0001", Unit::Kilogram, Some(0)),
            ("1000000", Unit::Kilogram, Some(1_000_000_000)),
        ] {
            assert_eq!(read(text, unit).unwrap(), grams, "{text} {unit:?}");
        }
        for text in
            ["", "1 kg", "-1", "1000001", "1,234", "99999999999999999999", "0.1234567890123456789"]
        {
            let problem = read(text, Unit::Kilogram).unwrap_err();
            assert_eq!(problem.kind, "not_a_weight", "{text}");
        }
    }

    #[test]
    fn a_unit_is_known_by_its_symbol() {
        for (symbol, unit) in [
            ("kg", Some(Unit::Kilogram)),
            (" KG ", Some(Unit::Kilogram)),
            ("lbs", Some(Unit::Pound)),
            ("lb", Some(Unit::Pound)),
            ("oz", Some(Unit::Ounce)),
            ("g", Some(Unit::Gram)),
            ("stone", None),
        ] {
            assert_eq!(Unit::parse(symbol), unit, "{symbol}");
        }
    }
}
