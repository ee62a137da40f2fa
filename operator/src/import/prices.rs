//! Prices of other shops, which are decimal numbers, as minor units: exactly, or not at all.

use shared::domain::money::{Currency, Money};

use super::decimal::{Decimal, Separator, Unreadable};
use super::row::Problem;

/// Reads a price in the shop's currency. `file` is the decimal separator of the file's prices, if
/// they show it.
pub fn read(text: &str, currency: Currency, file: Option<Separator>) -> Result<i64, Problem> {
    let decimals = usize::from(currency.decimals());
    let code = currency.code();
    let price = Decimal::read(text, file).map_err(|unreadable| match unreadable {
        Unreadable::NotANumber => Problem::new(
            "not_a_price",
            format!("«{text}» is not a price: write digits with a decimal point, such as 1234.50"),
        ),
        Unreadable::Ambiguous => {
            let digits = text.trim().replace(['.', ','], "");
            Problem::new(
                "ambiguous_price",
                format!(
                    "«{text}» has two readings, with thousands or with decimals: write {digits} or \
                     {}.{}0",
                    &digits[..digits.len() - 3],
                    &digits[digits.len() - 3..],
                ),
            )
        }
    })?;
    if price.exceeds(decimals) {
        let reason =
            format!("«{text}» has more decimals than {code}, which has {decimals}: round it");
        return Err(Problem::new("too_many_decimals", reason));
    }
    let amount =
        price.scaled(decimals).filter(|amount| *amount <= Money::MAX).ok_or_else(|| {
            let most = Money::new(Money::MAX, currency);
            Problem::new("price_too_large", format!("«{text}» is above {most}, the highest price"))
        })?;
    if amount % currency.step() == 0 {
        return Ok(amount);
    }
    let reason = format!(
        "«{text}» is not a multiple of {} thousandths, which payments in {code} need: round it",
        currency.step()
    );
    Err(Problem::new("price_off_step", reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code.to_owned()).unwrap()
    }

    fn kind(text: &str, code: &str) -> Result<i64, &'static str> {
        read(text, currency(code), None).map_err(|problem| problem.kind)
    }

    /// Writes an amount with these separators.
    fn written(amount: i64, decimals: usize, point: char, grouping: Option<char>) -> String {
        let digits = format!("{amount:0width$}", width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let mut text = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.extend(grouping);
            }
            text.push(digit);
        }
        if decimals > 0 {
            text.push(point);
            text.push_str(fraction);
        }
        text
    }

    #[test]
    fn every_amount_comes_back_exactly_however_it_is_written() {
        let large = (0..=11).flat_map(|power| {
            let power = 10_i64.pow(power);
            [power - 1, power, power + 1, 7 * power + 3]
        });
        let amounts: Vec<i64> =
            (0..=20_000).chain(large).filter(|amount| *amount <= Money::MAX).collect();
        for (code, decimals) in [("JPY", 0), ("USD", 2), ("KWD", 3)] {
            let currency = currency(code);
            for amount in amounts.iter().map(|amount| amount * currency.step()) {
                if amount > Money::MAX {
                    continue;
                }
                for (point, grouping, file) in [
                    ('.', None, Separator::Point),
                    (',', None, Separator::Comma),
                    ('.', Some(','), Separator::Point),
                    (',', Some('.'), Separator::Comma),
                ] {
                    let text = written(amount, decimals, point, grouping);
                    assert_eq!(read(&text, currency, Some(file)).ok(), Some(amount), "{text}");
                    // Without knowing the file it is the same amount or a refusal.
                    match read(&text, currency, None) {
                        Ok(read) => assert_eq!(read, amount, "{text}"),
                        Err(problem) => assert_eq!(problem.kind, "ambiguous_price", "{text}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_price_that_is_not_exactly_one_amount_is_refused() {
        for (text, code, expected) in [
            ("19.99", "USD", Ok(1999)),
            ("19.990", "USD", Err("ambiguous_price")),
            ("19.9900", "USD", Ok(1999)),
            ("19.999", "USD", Err("ambiguous_price")),
            ("1999.999", "USD", Err("too_many_decimals")),
            ("1999.990", "USD", Ok(199_999)),
            ("50", "JPY", Ok(50)),
            ("50.00", "JPY", Ok(50)),
            ("50.5", "JPY", Err("too_many_decimals")),
            ("0.500", "KWD", Ok(500)),
            ("0.505", "KWD", Err("price_off_step")),
            ("1.234", "USD", Err("ambiguous_price")),
            ("1.234,50", "USD", Ok(123_450)),
            ("1,234.50", "USD", Ok(123_450)),
            ("-5", "USD", Err("not_a_price")),
            ("$5", "USD", Err("not_a_price")),
            ("free", "USD", Err("not_a_price")),
            ("1000000000.00", "USD", Ok(Money::MAX)),
            ("1000000000.01", "USD", Err("price_too_large")),
            ("99999999999999999999999", "USD", Err("price_too_large")),
            ("0", "USD", Ok(0)),
        ] {
            assert_eq!(kind(text, code), expected, "{text} {code}");
        }
    }

    #[test]
    fn an_ambiguous_price_is_told_with_both_readings() {
        let problem = read("12.345", currency("USD"), None).unwrap_err();
        assert!(problem.reason.contains("write 12345 or 12.3450"), "{}", problem.reason);
        assert_eq!(kind("12345", "USD"), Ok(1_234_500));
        assert_eq!(kind("12.3450", "KWD"), Err("price_off_step"));
    }
}
