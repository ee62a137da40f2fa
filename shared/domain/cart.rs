//! Carts.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::basket::VariantSelector;
use super::error::{Conflict, Error, Result};
use super::ids::{CartId, ProductId};
use super::money::Money;
use super::product::{Options, Variant};
use super::quantity::Quantity;
use super::sku::Sku;
use super::text::{ImageUrl, Name};
use super::time::Timestamp;

/// What somebody is about to buy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// Identifier; a customer's one cart keeps it.
    pub id: CartId,
    /// The lines, in the order in which they were added; one a SKU.
    #[serde(default)]
    pub lines: Vec<CartLine>,
    /// Counts the changes; 0 where nothing was ever stored.
    pub version: u64,
    /// When it last changed; `None` where nothing was ever stored.
    pub updated_at: Option<Timestamp>,
}

/// One line of a cart: the variant as it was when the line was last touched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CartLine {
    /// The variant.
    pub sku: Sku,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub name: Name,
    /// The variant's picture.
    pub image: Option<ImageUrl>,
    /// What distinguishes the variant.
    #[serde(default)]
    pub options: Options,
    /// What it cost.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
}

/// What stands between a line and its purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineProblem {
    /// Fewer are left than the line asks for.
    OutOfStock,
    /// It costs something else than when the line was last touched.
    PriceChanged,
    /// It is no longer sold.
    Unavailable,
}

/// A change to a cart.
#[derive(Debug)]
pub enum CartEdit {
    /// Puts more of a variant in.
    Add(VariantSelector, Quantity),
    /// Sets how many of a SKU are in; `None` takes it out.
    Set(Sku, Option<Quantity>),
    /// Takes a SKU out, if it is in.
    Remove(Sku),
    /// Takes everything out.
    Clear,
}

/// A cart and its variants as they are in the shop now.
#[derive(Debug)]
pub struct StockedCart {
    /// The cart.
    pub cart: Cart,
    variants: HashMap<(ProductId, Sku), Variant>,
}

impl Cart {
    /// The most lines of a cart or an order.
    pub const MAX_LINES: usize = 40;

    /// A cart that nobody has put anything into.
    pub const fn empty(id: CartId) -> Self {
        Self { id, lines: Vec::new(), version: 0, updated_at: None }
    }

    /// The line of a SKU.
    pub fn line(&self, sku: &Sku) -> Option<&CartLine> {
        self.lines.iter().find(|line| line.sku == *sku)
    }

    /// Puts more of a variant in, and brings its line up to date.
    pub fn add(&mut self, variant: &Variant, quantity: Quantity) -> Result<()> {
        let total = match self.line(&variant.sku) {
            Some(line) => line.quantity.plus(quantity).ok_or_else(|| {
                let detail = format!("A line holds at most {} units.", Quantity::MAX);
                Error::invalid("/quantity", "quantity_out_of_range", detail)
            })?,
            None => quantity,
        };
        self.set(&variant.sku, Some(variant), total)
    }

    /// Sets how many of a SKU are in, and brings its line up to date with its variant.
    pub fn set(&mut self, sku: &Sku, variant: Option<&Variant>, quantity: Quantity) -> Result<()> {
        let variant = variant.filter(|variant| variant.is_on_sale());
        let variant = variant.ok_or_else(|| unavailable(sku))?;
        if quantity.get() > variant.available.get() {
            return Err(out_of_stock(variant, quantity).into());
        }
        let line = CartLine::of(variant, quantity);
        if let Some(existing) = self.lines.iter_mut().find(|line| line.sku == variant.sku) {
            *existing = line;
        } else if self.lines.len() < Self::MAX_LINES {
            self.lines.push(line);
        } else {
            let detail = format!("A cart holds at most {} different items.", Self::MAX_LINES);
            return Err(Error::invalid("/sku", "cart_full", detail));
        }
        Ok(())
    }

    /// Takes a SKU out; says whether it was in.
    pub fn remove(&mut self, sku: &Sku) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| line.sku != *sku);
        self.lines.len() < before
    }
}

impl CartLine {
    /// A line of a variant as it is now.
    pub fn of(variant: &Variant, quantity: Quantity) -> Self {
        Self {
            sku: variant.sku.clone(),
            product_id: variant.product_id,
            name: variant.name.clone(),
            image: variant.image.clone(),
            options: variant.options.clone(),
            unit_price: variant.price,
            quantity,
        }
    }

    /// What stands between the line and its purchase, the variant being as it is now.
    pub fn problem(&self, variant: Option<&Variant>) -> Option<LineProblem> {
        match variant.filter(|variant| variant.is_on_sale()) {
            None => Some(LineProblem::Unavailable),
            Some(v) if v.available.get() < self.quantity.get() => Some(LineProblem::OutOfStock),
            Some(v) if v.price != self.unit_price => Some(LineProblem::PriceChanged),
            Some(_) => None,
        }
    }
}

impl StockedCart {
    /// A cart with those of its variants that exist, by product and SKU.
    pub fn new(cart: Cart, variants: HashMap<(ProductId, Sku), Variant>) -> Self {
        Self { cart, variants }
    }

    /// A line's variant; `None` where there is none any more.
    pub fn variant(&self, line: &CartLine) -> Option<&Variant> {
        self.variants.get(&(line.product_id, line.sku.clone()))
    }
}

fn unavailable(sku: &Sku) -> Conflict {
    let detail = "This item is not sold any more; take it out of the cart.";
    Conflict::new("unavailable", detail).with("sku", sku.as_str())
}

fn out_of_stock(variant: &Variant, requested: Quantity) -> Conflict {
    let available = variant.available.get();
    let detail = match available {
        0 => format!("{} is sold out.", variant.name.as_str()),
        left => format!("Only {left} of {} are left.", variant.name.as_str()),
    };
    Conflict::new("out_of_stock", detail)
        .with("sku", variant.sku.as_str())
        .with("requested", requested.get())
        .with("available", available)
}
