//! Money: an integer number of minor units, such as cents, of one currency. No amount is ever a
//! decimal number.

use std::borrow::Cow;
use std::fmt;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValuePointerRef, take_cf_content,
};
use iso_currency::Currency as Iso;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// An ISO 4217 currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(transform = Currency::describe)]
#[deserr(error = Invalid, try_from(String) = Currency::parse -> Refused)]
pub struct Currency(Iso);

impl Currency {
    fn describe(schema: &mut Schema) {
        schema.insert("pattern".to_owned(), "^[A-Z]{3}$".into());
        schema::refuse(schema, &[ProblemCode::UnknownCurrency, ProblemCode::WrongCurrency]);
    }

    /// Parses a three-letter ISO 4217 code in capitals; `unknown_currency` for any other text.
    pub fn parse(code: String) -> Result<Self, Refused> {
        Iso::from_code(&code).map(Self).ok_or_else(|| {
            Refused::new(
                ProblemCode::UnknownCurrency,
                "Must be an ISO 4217 code in capitals, such as USD.",
            )
        })
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The smallest difference between prices, in minor units: 10 where payments can't have the third
    /// decimal, as Stripe says of its three-decimal currencies
    /// (<https://docs.stripe.com/currencies#three-decimal>), else 1.
    pub fn step(self) -> i64 {
        match self.code() {
            "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 10,
            _ => 1,
        }
    }

    /// The number of decimals: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::parse(code).map_err(|refused| refused.detail)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount in a query, in minor units of the shop's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[schemars(transform = MinorUnits::describe)]
#[deserr(error = Invalid, try_from(String) = MinorUnits::parse -> Refused)]
pub struct MinorUnits(i64);

impl MinorUnits {
    fn describe(schema: &mut Schema) {
        schema.insert("minimum".to_owned(), 0.into());
        schema.insert("maximum".to_owned(), Money::MAX.into());
        let codes = [ProblemCode::NotMinorUnits, ProblemCode::Negative, ProblemCode::TooLarge];
        schema::refuse(schema, &codes);
    }

    /// Reads an amount. 422 `not_minor_units`, `negative` or `too_large`, as with the amount of
    /// [`Money`].
    pub fn parse(text: String) -> Result<Self, Refused> {
        let is_whole = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let (code, detail) = match text.parse::<i64>() {
            Ok(amount @ 0..=Money::MAX) => return Ok(Self(amount)),
            _ if !is_whole(digits) => (
                ProblemCode::NotMinorUnits,
                "Must be a whole number of minor units, such as cents: 1999 for 19.99.".to_owned(),
            ),
            _ if text.starts_with('-') => (ProblemCode::Negative, "Must be 0 or more.".to_owned()),
            _ => (ProblemCode::TooLarge, format!("Must be at most {}.", Money::MAX)),
        };
        Err(Refused::new(code, detail))
    }

    /// Returns the amount.
    pub const fn amount(self) -> i64 {
        self.0
    }
}

/// An amount of money, never negative: `{"amount": 1999, "currency": "USD"}` is $19.99.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Money {
    amount: Amount<{ Money::MAX }>,
    currency: Currency,
}

/// An amount as a client may send it where a sum is expected, such as the total of an order. Its
/// limit is larger than that of [`Money`], so that every total that the shop shows is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Total {
    amount: Amount<{ Total::MAX }>,
    currency: Currency,
}

impl Money {
    /// The largest price that a client may send, in minor units. The total of the largest possible
    /// order is still within [`Total::MAX`].
    pub const MAX: i64 = 100_000_000_000;

    /// Creates an amount of minor units. Computed sums may exceed [`Money::MAX`].
    pub const fn new(minor_units: i64, currency: Currency) -> Self {
        Self { amount: Amount(minor_units), currency }
    }

    /// The number of minor units.
    pub const fn amount(self) -> i64 {
        self.amount.0
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Multiplies a price by a quantity. The limits of prices and quantities rule out an overflow.
    #[must_use]
    pub const fn times(self, quantity: u32) -> Self {
        Self::new(self.amount.0.saturating_mul(quantity as i64), self.currency)
    }

    /// Adds amounts of the same currency; without any, the sum is 0 in `currency`.
    pub fn sum(parts: impl IntoIterator<Item = Money>, currency: Currency) -> Self {
        let total = parts.into_iter().fold(0_i64, |sum, part| sum.saturating_add(part.amount.0));
        Self::new(total, currency)
    }

    /// Checks that it can be a price in the shop: 422 `wrong_currency` if the currency is not the
    /// shop's, `not_a_multiple` if the amount is off the currency's step. `pointer` is the JSON pointer
    /// of the amount.
    pub fn as_price(self, shop: Currency, pointer: &str) -> Result<(), Invalid> {
        self.in_shop_currency(shop, pointer)?;
        let step = shop.step();
        if self.amount.0 % step == 0 {
            return Ok(());
        }
        let detail = format!("Must be a multiple of {step}: payments in {} need it.", shop.code());
        Err(Invalid::for_field(&format!("{pointer}/amount"), ProblemCode::NotAMultiple, detail))
    }

    /// Checks that the currency is the shop's; 422 `wrong_currency` if not. `pointer` is the JSON
    /// pointer of the amount.
    pub fn in_shop_currency(self, shop: Currency, pointer: &str) -> Result<(), Invalid> {
        if self.currency == shop {
            return Ok(());
        }
        let detail = format!("This shop trades in {} only.", shop.code());
        Err(Invalid::for_field(&format!("{pointer}/currency"), ProblemCode::WrongCurrency, detail))
    }
}

impl Total {
    /// 2^53 − 1: JavaScript represents every integer up to it exactly.
    pub const MAX: i64 = 9_007_199_254_740_991;

    /// Converts it to [`Money`].
    pub const fn money(self) -> Money {
        Money::new(self.amount.0, self.currency)
    }
}

/// Writes the amount for people, with the decimals of its currency: `19.99 USD`, `1999 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (amount, decimals) = (self.amount.0, usize::from(self.currency.decimals()));
        let digits = format!("{:0width$}", amount.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let (sign, point) =
            (if amount < 0 { "-" } else { "" }, if decimals > 0 { "." } else { "" });
        write!(f, "{sign}{whole}{point}{fraction} {}", self.currency.code())
    }
}

/// A number of minor units, at most `MAX` when a client sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Amount<const MAX: i64>(i64);

/// A response may have a sum, which can exceed the limit of what a client sends.
impl<const MAX: i64> JsonSchema for Amount<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Amount{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let max = if generator.contract().is_serialize() { Total::MAX } else { MAX };
        let mut schema = json_schema!({
            "description": "Minor units, such as cents: 1999 is $19.99.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": max,
        });
        let codes = [ProblemCode::TooLarge, ProblemCode::Negative, ProblemCode::NotMinorUnits];
        schema::refuse(&mut schema, &codes);
        schema
    }
}

impl<const MAX: i64> Deserr<Invalid> for Amount<MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let refused = match value {
            Value::Integer(amount) => match i64::try_from(amount) {
                Ok(amount) if amount <= MAX => return Ok(Self(amount)),
                _ => Refused::new(ProblemCode::TooLarge, format!("Must be at most {MAX}.")),
            },
            Value::NegativeInteger(_) => {
                Refused::new(ProblemCode::Negative, "Must not be negative.")
            }
            Value::Float(_) => Refused::new(
                ProblemCode::NotMinorUnits,
                "Must be a whole number of minor units, such as cents: 1999 for $19.99.",
            ),
            other => {
                let kind = ErrorKind::IncorrectValueKind {
                    actual: other,
                    accepted: &[deserr::ValueKind::Integer],
                };
                return Err(take_cf_content(Invalid::error(None, kind, location)));
            }
        };
        Err(take_cf_content(deserr::MergeWithError::merge(None, refused, location)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(value: serde_json::Value) -> Result<Money, Vec<(String, &'static str)>> {
        deserr::deserialize::<Money, _, Invalid>(value).map_err(|invalid| {
            invalid
                .fields()
                .iter()
                .map(|field| (field.pointer.clone(), field.code.slug()))
                .collect()
        })
    }

    #[test]
    fn an_amount_is_whole_minor_units_of_a_currency() {
        let money = parse(json!({"amount": 1999, "currency": "USD"})).unwrap();
        assert_eq!((money.amount(), money.currency().code()), (1999, "USD"));
    }

    #[test]
    fn currencies_have_their_own_decimals() {
        let decimals = |code: &str| Currency::parse(code.into()).unwrap().decimals();
        assert_eq!((decimals("USD"), decimals("JPY"), decimals("KWD")), (2, 0, 3));
    }

    #[test]
    fn an_amount_reads_with_its_currencys_decimals() {
        for (minor_units, code, text) in [
            (1999, "USD", "19.99 USD"),
            (5, "USD", "0.05 USD"),
            (0, "USD", "0.00 USD"),
            (-250, "USD", "-2.50 USD"),
            (1999, "JPY", "1999 JPY"),
            (1999, "KWD", "1.999 KWD"),
        ] {
            let money = Money::new(minor_units, Currency::parse(code.into()).unwrap());
            assert_eq!(money.to_string(), text);
        }
    }

    #[test]
    fn a_total_may_be_larger_than_a_price() {
        fn refusal<T: Deserr<Invalid>>(amount: i64) -> Option<Vec<&'static str>> {
            let money = json!({"amount": amount, "currency": "USD"});
            let refused = deserr::deserialize::<T, _, Invalid>(money).err()?;
            Some(refused.fields().iter().map(|field| field.code.slug()).collect())
        }
        assert_eq!(refusal::<Money>(Money::MAX), None);
        assert_eq!(refusal::<Money>(Money::MAX + 1), Some(vec!["too_large"]));
        assert_eq!(refusal::<Total>(Money::MAX + 1), None);
        assert_eq!(refusal::<Total>(Total::MAX), None);
        assert_eq!(refusal::<Total>(Total::MAX + 1), Some(vec!["too_large"]));
    }

    #[test]
    fn invalid_money_is_rejected_field_by_field() {
        for (value, expected) in [
            (json!({"amount": 19.99, "currency": "USD"}), vec![("/amount", "not_minor_units")]),
            (json!({"amount": 5.0, "currency": "USD"}), vec![("/amount", "not_minor_units")]),
            (json!({"amount": -1, "currency": "USD"}), vec![("/amount", "negative")]),
            (json!({"amount": 1e300, "currency": "USD"}), vec![("/amount", "not_minor_units")]),
            (json!({"amount": u64::MAX, "currency": "USD"}), vec![("/amount", "too_large")]),
            (json!({"amount": "5", "currency": "USD"}), vec![("/amount", "wrong_type")]),
            (json!({"amount": 5, "currency": "usd"}), vec![("/currency", "unknown_currency")]),
            (
                json!({"amount": -5, "currency": 5}),
                vec![("/amount", "negative"), ("/currency", "wrong_type")],
            ),
            (json!({"amount": 5}), vec![("/currency", "required")]),
            (
                json!({"amount": 5, "currency": "USD", "cents": 1}),
                vec![("/cents", "unknown_field")],
            ),
            (json!(5), vec![("", "wrong_type")]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(pointer, code)| (pointer.to_owned(), code)).collect();
            assert_eq!(parse(value.clone()).unwrap_err(), expected, "{value}");
        }
    }
}
