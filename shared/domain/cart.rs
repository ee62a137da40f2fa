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
    /// The lines, in the order in which they were added; one a product and SKU.
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
    /// The revision of the variant that the line shows; 0 where it has none.
    #[serde(default)]
    pub revision: u64,
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
    /// It is described otherwise than when the line was last touched.
    Changed,
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

impl StockedCart {
    /// A cart and the variants of its lines, as far as there are any.
    pub fn new(cart: Cart, variants: impl IntoIterator<Item = Variant>) -> Self {
        let by_line = |variant: Variant| ((variant.product_id, variant.sku.clone()), variant);
        Self { cart, variants: variants.into_iter().map(by_line).collect() }
    }

    /// A line's variant; `None` where there is none any more.
    pub fn variant(&self, line: &CartLine) -> Option<&Variant> {
        self.variants.get(&(line.product_id, line.sku.clone()))
    }
}

impl Cart {
    /// The most lines of a cart or an order.
    pub const MAX_LINES: usize = 40;

    /// A cart that nobody has put anything into.
    pub const fn empty(id: CartId) -> Self {
        Self { id, lines: Vec::new(), version: 0, updated_at: None }
    }

    /// The lines of a SKU: at most one is on sale, others are of products that had it before.
    pub fn lines_of(&self, sku: &Sku) -> impl Iterator<Item = &CartLine> {
        self.lines.iter().filter(move |line| line.sku == *sku)
    }

    /// Carries out an edit. `known` are the variants that it names, as they are now.
    ///
    /// 404 for what is not on sale, or not in the cart; 409 `out_of_stock` and `unavailable`; 422
    /// `cart_full` and `quantity_out_of_range`.
    pub fn edit(&mut self, edit: &CartEdit, known: &[Variant]) -> Result<()> {
        match edit {
            CartEdit::Add(_, quantity) => {
                let variant = known.iter().find(|variant| variant.is_on_sale());
                self.add(variant.ok_or(Error::NotFound)?, *quantity)
            }
            CartEdit::Set(sku, quantity) => self.set(sku, *quantity, known),
            CartEdit::Remove(sku) => {
                self.lines.retain(|line| line.sku != *sku);
                Ok(())
            }
            CartEdit::Clear => {
                self.lines.clear();
                Ok(())
            }
        }
    }

    /// Puts more of a variant in, and brings its line up to date. A line of another product that had
    /// the SKU before is none of it.
    fn add(&mut self, variant: &Variant, quantity: Quantity) -> Result<()> {
        let total = match self.lines.iter().find(|line| line.is_of(variant)) {
            Some(line) => line.quantity.plus(quantity).ok_or_else(|| {
                let detail = format!("A line holds at most {} units.", Quantity::MAX);
                Error::invalid("/quantity", "quantity_out_of_range", detail)
            })?,
            None => quantity,
        };
        self.put(variant, total)
    }

    /// Sets how many of a SKU are in, of the line that is on sale, else of the one that was; nothing
    /// of it takes the line out.
    fn set(&mut self, sku: &Sku, quantity: Option<Quantity>, known: &[Variant]) -> Result<()> {
        let on_sale = known.iter().find(|variant| variant.is_on_sale());
        let meant = self.lines.iter().position(|line| match on_sale {
            Some(variant) => line.is_of(variant),
            None => line.sku == *sku,
        });
        let meant = meant.ok_or(Error::NotFound)?;
        match (quantity, on_sale) {
            (None, _) => drop(self.lines.remove(meant)),
            (Some(_), None) => return Err(unavailable(sku).into()),
            (Some(quantity), Some(variant)) => self.put(variant, quantity)?,
        }
        Ok(())
    }

    /// Makes the line of a variant hold so many of it, as it is now.
    fn put(&mut self, variant: &Variant, quantity: Quantity) -> Result<()> {
        if quantity.get() > variant.available.get() {
            return Err(out_of_stock(variant, quantity).into());
        }
        let line = CartLine::of(variant, quantity);
        if let Some(existing) = self.lines.iter_mut().find(|line| line.is_of(variant)) {
            *existing = line;
        } else if self.lines.len() < Self::MAX_LINES {
            self.lines.push(line);
        } else {
            let detail = format!("A cart holds at most {} different items.", Self::MAX_LINES);
            return Err(Error::invalid("/sku", "cart_full", detail));
        }
        Ok(())
    }
}

impl CartLine {
    /// A line of a variant as it is now: the one way that lines come to be.
    pub fn of(variant: &Variant, quantity: Quantity) -> Self {
        Self {
            sku: variant.sku.clone(),
            product_id: variant.product_id,
            name: variant.name.clone(),
            image: variant.image.clone(),
            options: variant.options.clone(),
            unit_price: variant.price,
            revision: variant.revision,
            quantity,
        }
    }

    /// Whether it is a line of this variant, and not of another product that had its SKU before.
    pub fn is_of(&self, variant: &Variant) -> bool {
        self.product_id == variant.product_id && self.sku == variant.sku
    }

    /// Whether the line shows what the shop says now: it may have changed and come back.
    fn says_the_same(&self, variant: &Variant) -> bool {
        self.name == variant.name && self.options == variant.options
    }

    /// What stands between the line and its purchase, the variant being as it is now.
    pub fn problem(&self, variant: Option<&Variant>) -> Option<LineProblem> {
        match variant.filter(|variant| variant.is_on_sale()) {
            None => Some(LineProblem::Unavailable),
            Some(v) if v.available.get() < self.quantity.get() => Some(LineProblem::OutOfStock),
            Some(v) if v.price != self.unit_price => Some(LineProblem::PriceChanged),
            Some(v) if v.revision != self.revision && !self.says_the_same(v) => {
                Some(LineProblem::Changed)
            }
            Some(_) => None,
        }
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
