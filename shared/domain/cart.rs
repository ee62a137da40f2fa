//! Carts.

mod merge;

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::basket::VariantSelector;
use super::cart_key::CartKey;
use super::error::{Conflict, Error, Result};
use super::ids::{CartId, MessageId, ProductId};
use super::money::Money;
use super::problem_code::ProblemCode;
use super::product::{Options, Variant};
use super::quantity::Quantity;
use super::sku::Sku;
use super::stock;
use super::text::{Label, ProductName, WebUrl};
use super::time::Timestamp;

/// How long after its last change a guest's cart exists.
pub const GUEST_CART_LIFETIME: Duration = Duration::days(30);

/// How many of its last writes a cart knows.
const KEPT_WRITES: usize = 10;

/// A cart, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// Identifier; a customer has exactly one cart, whose identifier never changes. A guest's gets its
    /// own when it is created.
    pub id: CartId,
    /// The lines in the order in which they were added, at most one for each product and SKU.
    #[serde(default)]
    pub lines: Vec<CartLine>,
    /// The number of changes so far; 0 if the cart has never been stored.
    pub version: u64,
    /// When it last changed; `None` if it has never been stored.
    pub updated_at: Option<Timestamp>,
    /// When a guest's cart ceases to exist; `None` for a customer's cart, which stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The tokens of the last writes, newest last. A write whose response was lost and that is
    /// repeated is found here, although others have written meanwhile.
    #[serde(default)]
    pub last_writes: Vec<MessageId>,
}

/// A cart line: a variant, its quantity, and a copy of its description and price from when the line
/// was last edited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CartLine {
    /// The variant's SKU.
    pub sku: Sku,
    /// The variant's product.
    pub product_id: ProductId,
    /// The product's name.
    pub name: ProductName,
    /// The URL of the variant's image.
    pub image: Option<WebUrl>,
    /// The variant's options, such as size and color.
    #[serde(default)]
    pub options: Options,
    /// The price of one unit.
    pub unit_price: Money,
    /// The class by which it is taxed; `None` if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class: Option<Label>,
    /// The [`Variant::revision`] that the copy was made from; 0 in lines that were stored before lines
    /// had a tax class. A variant that gets one has a higher revision.
    #[serde(default, rename = "as_of")]
    pub revision: u64,
    /// Whether the variant's stock was tracked when the copy was made.
    #[serde(default = "stock::is_tracked_by_default")]
    pub track_stock: bool,
    /// The number of units.
    pub quantity: Quantity,
}

/// Why a cart line can't be ordered as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineProblem {
    /// Fewer units are available than the line asks for.
    OutOfStock,
    /// The variant's price differs from the line's.
    PriceChanged,
    /// The variant's name or options differ from the line's.
    Changed,
    /// The variant is no longer on sale.
    Unavailable,
}

/// A change to a cart.
#[derive(Debug)]
pub enum CartEdit {
    /// Adds this quantity of a variant.
    Add(VariantSelector, Quantity),
    /// Sets the quantity of a SKU's line; `None` removes the line.
    Set(Sku, Option<Quantity>),
    /// Removes all lines of a SKU, if there are any.
    Remove(Sku),
    /// Removes all lines.
    Clear,
}

/// A cart together with the current variants of its lines.
#[derive(Debug)]
pub struct StockedCart {
    /// The cart.
    pub cart: Cart,
    variants: HashMap<(ProductId, Sku), Variant>,
}

impl StockedCart {
    /// Combines a cart with the variants of its lines. Variants that no longer exist are left out.
    pub fn new(cart: Cart, variants: impl IntoIterator<Item = Variant>) -> Self {
        let by_line = |variant: Variant| ((variant.product_id, variant.sku.clone()), variant);
        Self { cart, variants: variants.into_iter().map(by_line).collect() }
    }

    /// Returns a line's variant; `None` if it no longer exists.
    pub fn variant(&self, line: &CartLine) -> Option<&Variant> {
        self.variants.get(&(line.product_id, line.sku.clone()))
    }
}

impl Cart {
    /// The most lines of a cart or an order.
    pub const MAX_LINES: usize = 40;

    /// A cart without lines that has never been stored.
    pub const fn empty(id: CartId) -> Self {
        Self {
            id,
            lines: Vec::new(),
            version: 0,
            updated_at: None,
            expires_at: None,
            last_writes: Vec::new(),
        }
    }

    /// Returns the cart as the write with this token stores it: one version later.
    #[must_use]
    pub fn written(mut self, key: &CartKey, token: MessageId, now: Timestamp) -> Self {
        self.version += 1;
        self.updated_at = Some(now);
        self.expires_at = match key {
            CartKey::Customer(_) => None,
            CartKey::Guest(_) => Some(now.plus(GUEST_CART_LIFETIME)),
        };
        let forgotten = self.last_writes.len().saturating_sub(KEPT_WRITES - 1);
        self.last_writes.drain(..forgotten);
        self.last_writes.push(token);
        self
    }

    /// Returns a guest's cart that ends now.
    #[must_use]
    pub fn ended(self, now: Timestamp) -> Self {
        Self { expires_at: Some(now), ..self }
    }

    /// Returns the lines with this SKU. There can be several if a deleted product had the SKU
    /// before; at most one of them is on sale.
    pub fn lines_of(&self, sku: &Sku) -> impl Iterator<Item = &CartLine> {
        self.lines.iter().filter(move |line| line.sku == *sku)
    }

    /// Applies an edit. `known` are the current variants of the SKU or product that it names.
    ///
    /// Errors: 404 if the added variant is not on sale or the line to set does not exist; 409
    /// `out_of_stock` or `unavailable`; 422 `cart_full` or `quantity_out_of_range`.
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

    /// Adds units of a variant and updates its line. A line of a deleted product that had the same
    /// SKU does not count as its line.
    fn add(&mut self, variant: &Variant, quantity: Quantity) -> Result<()> {
        let total = match self.lines.iter().find(|line| line.is_of(variant)) {
            Some(line) => line.quantity.plus(quantity).ok_or_else(|| {
                let detail = format!("A line holds at most {} units.", Quantity::MAX);
                Error::invalid("/quantity", ProblemCode::QuantityOutOfRange, detail)
            })?,
            None => quantity,
        };
        self.put(variant, total)
    }

    /// Sets the quantity of the SKU's line that is on sale, or else of its first line, which can
    /// only be removed. `None` removes the line.
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

    /// Sets the line of a variant to this quantity, or adds the line.
    fn put(&mut self, variant: &Variant, quantity: Quantity) -> Result<()> {
        if !variant.has_units(quantity.get()) {
            return Err(out_of_stock(variant, quantity).into());
        }
        let line = CartLine::of(variant, quantity);
        if let Some(existing) = self.lines.iter_mut().find(|line| line.is_of(variant)) {
            *existing = line;
        } else if self.lines.len() < Self::MAX_LINES {
            self.lines.push(line);
        } else {
            let detail = format!("A cart holds at most {} different items.", Self::MAX_LINES);
            return Err(Error::invalid("/sku", ProblemCode::CartFull, detail));
        }
        Ok(())
    }
}

impl CartLine {
    /// Creates a line from the current state of a variant. All lines are created here.
    pub fn of(variant: &Variant, quantity: Quantity) -> Self {
        Self {
            sku: variant.sku.clone(),
            product_id: variant.product_id,
            name: variant.name.clone(),
            image: variant.image.clone(),
            options: variant.options.clone(),
            unit_price: variant.price,
            tax_class: variant.tax_class.clone(),
            revision: variant.revision,
            track_stock: variant.track_stock,
            quantity,
        }
    }

    /// Whether this is the variant's line, and not that of a deleted product with the same SKU.
    pub fn is_of(&self, variant: &Variant) -> bool {
        self.product_id == variant.product_id && self.sku == variant.sku
    }

    /// Whether the line shows the variant's current name and options. That is possible with another
    /// revision, too: a change may have been undone.
    fn shows_current(&self, variant: &Variant) -> bool {
        self.name == variant.name && self.options == variant.options
    }

    /// Returns why the line can't be ordered as it is, given its current variant; `None` if it can.
    pub fn problem(&self, variant: Option<&Variant>) -> Option<LineProblem> {
        match variant.filter(|variant| variant.is_on_sale()) {
            None => Some(LineProblem::Unavailable),
            Some(v) if !v.has_units(self.quantity.get()) => Some(LineProblem::OutOfStock),
            Some(v) if v.price != self.unit_price => Some(LineProblem::PriceChanged),
            Some(v) if v.revision != self.revision && !self.shows_current(v) => {
                Some(LineProblem::Changed)
            }
            Some(_) => None,
        }
    }
}

fn unavailable(sku: &Sku) -> Conflict {
    let detail = "This item is no longer sold; remove it from the cart.";
    Conflict::new(ProblemCode::Unavailable, detail).with("sku", sku.as_str())
}

fn out_of_stock(variant: &Variant, requested: Quantity) -> Conflict {
    let available = variant.available.get();
    let detail = match available {
        0 => format!("{} is sold out.", variant.name.as_str()),
        left => format!("Only {left} of {} are left.", variant.name.as_str()),
    };
    Conflict::new(ProblemCode::OutOfStock, detail)
        .with("sku", variant.sku.as_str())
        .with("requested", requested.get())
        .with("available", available)
}
