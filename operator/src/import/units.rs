//! Numbers of units in stock.

use shared::domain::quantity::Stock;

use super::row::Problem;

/// Reads a number of units, which may be negative.
pub fn units(text: &str) -> Result<i64, Problem> {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    let units = whole.parse().ok().filter(|units: &i64| *units <= i64::from(Stock::MAX));
    units.ok_or_else(|| {
        let reason =
            format!("«{text}» is not a number of units: write a whole number up to {}", Stock::MAX);
        Problem::new("not_a_stock", reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_whole_numbers() {
        for (text, expected) in [
            ("5", Some(5)),
            (" 0 ", Some(0)),
            ("-3", Some(-3)),
            ("5.0", Some(5)),
            ("1000000000", Some(1_000_000_000)),
            ("1000000001", None),
            ("5.5", None),
            ("5,0", None),
            ("1.000.000", None),
            ("many", None),
            ("", None),
        ] {
            assert_eq!(units(text).ok(), expected, "{text:?}");
        }
    }
}
