//! Merges a guest's cart into the cart of the customer that the guest has logged in as.

use super::{Cart, CartLine};
use crate::domain::product::Variant;
use crate::domain::quantity::Quantity;

impl Cart {
    /// Moves the lines of a guest's cart into this one, behind its own. `variants` are the current
    /// variants of the guest's lines.
    ///
    /// A line has the units of both, but not more than are available, unless this cart asked for more
    /// already; the rest is dropped. A line of which no unit is left keeps its quantity, so that the
    /// buyer sees what is sold out. Lines for which this cart has no room stay in the guest's.
    pub fn merge(&mut self, guest: &mut Cart, variants: &[Variant]) {
        for line in std::mem::take(&mut guest.lines) {
            let available = available(&line, variants);
            let is_same =
                |own: &&mut CartLine| own.product_id == line.product_id && own.sku == line.sku;
            if let Some(own) = self.lines.iter_mut().find(is_same) {
                let units = own.quantity.get() + line.quantity.get();
                let most = available.max(own.quantity.get());
                own.quantity = Quantity::new(units.min(most)).unwrap_or(own.quantity);
            } else if self.lines.len() < Self::MAX_LINES {
                let units = line.quantity.get().min(available);
                let quantity = Quantity::new(units).unwrap_or(line.quantity);
                self.lines.push(CartLine { quantity, ..line });
            } else {
                guest.lines.push(line);
            }
        }
    }
}

/// Returns how many units of a line's variant a cart may have now.
fn available(line: &CartLine, variants: &[Variant]) -> u32 {
    let variant = variants.iter().find(|variant| line.is_of(variant) && variant.is_on_sale());
    let left = variant.map(|variant| variant.units_left().map(|left| left.get()));
    left.map_or(0, |left| left.unwrap_or(Quantity::MAX).min(Quantity::MAX))
}
