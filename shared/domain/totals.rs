//! What an order costs: its lines, shipping and taxes.
//!
//! Taxes are computed per line and rounded half up once per line, to the step of the currency. All
//! numbers are integers: amounts are minor units, rates are millionths, and products are 128 bits
//! wide. The largest order, taxed with 100 percent, is still within
//! [`Total::MAX`](super::money::Total::MAX).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::money::{Currency, Money};
use super::quantity::Quantity;
use super::settings::{Percent, Settings, ShippingMethod, ShippingMethodId, Tax, most_specific};
use super::text::Label;

/// What the shop charges for an order to one destination, beside its lines.
#[derive(Debug)]
pub struct Charges<'s> {
    /// The settings.
    pub(super) settings: &'s Settings,
    /// The rows of the place that the order goes to, with their positions.
    pub(super) taxes: Vec<(usize, &'s Tax)>,
    /// The shipping method.
    pub(super) method: Option<&'s ShippingMethod>,
}

/// A line that is charged.
#[derive(Debug, Clone, Copy)]
pub struct ChargedLine<'l> {
    /// The price of all its units.
    pub total: Money,
    /// The tax class of what it sells.
    pub tax_class: Option<&'l Label>,
}

/// The shipping of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shipping {
    /// The method's identifier.
    pub id: ShippingMethodId,
    /// Its name.
    pub name: Label,
    /// What it costs.
    pub price: Money,
    /// Its tax; `None` if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxShare>,
}

/// The tax of an order's line or of its shipping.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TaxShare {
    /// The position of the row of the order's taxes that it is part of.
    pub row: usize,
    /// The tax.
    pub amount: Money,
}

/// A tax of an order, over all lines that have it and shipping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TaxTotal")]
pub struct TaxTotal {
    /// Its name.
    pub name: Label,
    /// The rate.
    pub percent: Percent,
    /// What is taxed, without the tax.
    pub base: Money,
    /// The tax.
    pub amount: Money,
}

/// What an order costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// The tax of each line, in their order.
    pub line_taxes: Vec<Option<TaxShare>>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// Shipping; `None` if the order has none.
    pub shipping: Option<Shipping>,
    /// The taxes, in the order of the settings.
    pub taxes: Vec<TaxTotal>,
    /// Whether the taxes are within the prices, instead of on top of them.
    pub prices_include_tax: bool,
    /// What the buyer pays.
    pub total: Money,
}

impl Charges<'_> {
    /// Returns what an order of these lines costs. All amounts are in `currency`. Without lines there is
    /// nothing to ship.
    ///
    /// Shipping is taxed at the highest rate among the lines whose taxes are on shipping, too.
    pub fn totals<'l>(
        &self,
        lines: impl IntoIterator<Item = ChargedLine<'l>>,
        currency: Currency,
    ) -> Totals {
        let lines: Vec<_> = lines.into_iter().collect();
        let rows: Vec<_> = lines.iter().map(|line| self.row_of(line.tax_class)).collect();
        let subtotal = Money::sum(lines.iter().map(|line| line.total), currency);
        let on_shipping = rows.iter().flatten().filter(|(_, row)| row.on_shipping);
        // The first of several with the highest rate, so that the result follows from the lines.
        let on_shipping = on_shipping.copied().rev().max_by_key(|(_, row)| row.percent);
        let method = self.method.filter(|_| !lines.is_empty());
        let shipped = method.map(|method| (method, method.price_for(subtotal)));

        let mut taxes = TaxTable::new(self.settings.prices_include_tax, currency);
        let is_used = |position: usize| rows.iter().flatten().any(|(used, _)| *used == position);
        for (_, row) in self.taxes.iter().filter(|(position, _)| is_used(*position)) {
            taxes.row_of(row);
        }
        let line_taxes: Vec<_> = lines
            .iter()
            .zip(rows)
            .map(|(line, row)| row.map(|(_, row)| taxes.charge(row, line.total)))
            .collect();
        let shipping = shipped.map(|(method, price)| Shipping {
            id: method.id.clone(),
            name: method.name.clone(),
            price,
            tax: on_shipping.map(|(_, row)| taxes.charge(row, price)),
        });
        let taxes = taxes.rows;
        let charged = shipping.iter().map(|shipping| shipping.price);
        let on_top = taxes.iter().map(|tax| tax.amount);
        let on_top = on_top.filter(|_| !self.settings.prices_include_tax);
        let total = Money::sum([subtotal].into_iter().chain(charged).chain(on_top), currency);
        let prices_include_tax = self.settings.prices_include_tax;
        Totals { line_taxes, subtotal, shipping, taxes, prices_include_tax, total }
    }

    fn row_of(&self, class: Option<&Label>) -> Option<(usize, &Tax)> {
        most_specific(self.taxes.iter().copied(), class)
    }
}

/// The taxes of an order while they add up. Rows of the settings with the same name and rate are one.
struct TaxTable {
    rows: Vec<TaxTotal>,
    is_included: bool,
    currency: Currency,
}

impl TaxTable {
    const fn new(is_included: bool, currency: Currency) -> Self {
        Self { rows: Vec::new(), is_included, currency }
    }

    /// Returns the position of the row with this name and rate, which is added if there is none.
    fn row_of(&mut self, tax: &Tax) -> usize {
        let is_same = |row: &TaxTotal| row.name == tax.name && row.percent == tax.percent;
        self.rows.iter().position(is_same).unwrap_or_else(|| {
            let nothing = Money::new(0, self.currency);
            let (name, percent) = (tax.name.clone(), tax.percent);
            self.rows.push(TaxTotal { name, percent, base: nothing, amount: nothing });
            self.rows.len() - 1
        })
    }

    /// Adds the tax of a price, and returns it.
    fn charge(&mut self, tax: &Tax, price: Money) -> TaxShare {
        let amount = tax_of(price, tax.percent, self.is_included);
        let net = if self.is_included { price.amount() - amount.amount() } else { price.amount() };
        let row = self.row_of(tax);
        let total = &mut self.rows[row];
        total.base = Money::new(total.base.amount() + net, self.currency);
        total.amount = Money::new(total.amount.amount() + amount.amount(), self.currency);
        TaxShare { row, amount }
    }
}

/// Returns the tax of a price, rounded half up to the step of the currency.
fn tax_of(price: Money, percent: Percent, is_included: bool) -> Money {
    let rate = percent.millionths();
    let whole = if is_included { Percent::WHOLE + rate } else { Percent::WHOLE };
    share(price, rate, whole)
}

/// Returns `part / whole` of an amount, rounded half up to the step of the currency.
fn share(amount: Money, part: i128, whole: i128) -> Money {
    let step = i128::from(amount.currency().step());
    let (exact, unit) = (i128::from(amount.amount()) * part, whole * step);
    let rounded = (2 * exact + unit) / (2 * unit) * step;
    // The share of an amount is not larger than the amount, which is 64 bits wide.
    Money::new(i64::try_from(rounded).unwrap_or(i64::MAX), amount.currency())
}

/// Returns the tax of some units of a line, of which `before` others were counted already: what a
/// refund of these units gives back. The taxes of all units add up to the tax of the line, in
/// whatever steps they are counted.
pub fn tax_of_units(line_tax: Money, quantity: Quantity, before: u32, units: u32) -> Money {
    let until = |units: u32| {
        let units = units.min(quantity.get());
        share(line_tax, units.into(), quantity.get().into()).amount()
    };
    let (start, end) = (until(before), until(before.saturating_add(units)));
    Money::new(end - start, line_tax.currency())
}

impl Totals {
    /// The sum of the taxes.
    pub fn tax(&self) -> Money {
        Money::sum(self.taxes.iter().map(|tax| tax.amount), self.subtotal.currency())
    }
}

#[cfg(test)]
mod tests;
