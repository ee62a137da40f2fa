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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ids::{CartId, ProductId};
    use crate::domain::product::VariantStatus;
    use crate::domain::time::Timestamp;

    fn now() -> Timestamp {
        Timestamp::from_unix_millis(1_767_225_600_000)
    }

    /// A variant of its own product, of which this many units are left; `None` if any number is.
    fn variant(sku: &str, left: Option<u32>) -> Variant {
        let stored = json!({
            "sku": sku,
            "product_id": ProductId::new(now()),
            "name": sku,
            "image": null,
            "barcode": null,
            "weight_grams": null,
            "tax_class": null,
            "price": {"amount": 100, "currency": "USD"},
            "own_price": null,
            "own_compare_at_price": null,
            "available": left.unwrap_or(0),
            "track_stock": left.is_some(),
            "low_stock_threshold": null,
            "status": "on_sale",
        });
        serde_json::from_value(stored).unwrap()
    }

    fn line(variant: &Variant, quantity: u32) -> CartLine {
        CartLine::of(variant, Quantity::new(quantity).unwrap())
    }

    fn cart(lines: Vec<CartLine>) -> Cart {
        Cart { lines, ..Cart::empty(CartId::new(now())) }
    }

    fn quantities(cart: &Cart) -> Vec<u32> {
        cart.lines.iter().map(|line| line.quantity.get()).collect()
    }

    #[test]
    fn a_line_has_the_units_of_both_but_not_more_than_are_available() {
        for (left, own, guests, expected) in [
            (Some(9), 2, 3, 5),
            (Some(4), 2, 3, 4),
            // The customer asked for more than there is before the guest's came.
            (Some(4), 6, 3, 6),
            (Some(0), 2, 3, 2),
            (Some(5000), 600, 600, 999),
            (None, 600, 600, 999),
            (None, 1, 1, 2),
        ] {
            let variant = variant("MUG", left);
            let (mut ours, mut theirs) =
                (cart(vec![line(&variant, own)]), cart(vec![line(&variant, guests)]));
            ours.merge(&mut theirs, &[variant]);
            assert_eq!(quantities(&ours), [expected], "{left:?} left, {own} and {guests}");
            assert!(theirs.lines.is_empty());
        }
    }

    #[test]
    fn a_new_line_is_cut_to_what_is_left_and_kept_if_nothing_is() {
        for (left, guests, expected) in
            [(Some(9), 3, 3), (Some(2), 3, 2), (Some(0), 3, 3), (None, 999, 999)]
        {
            let variant = variant("MUG", left);
            let (mut ours, mut theirs) = (cart(Vec::new()), cart(vec![line(&variant, guests)]));
            ours.merge(&mut theirs, &[variant]);
            assert_eq!(quantities(&ours), [expected], "{left:?} left of {guests}");
        }
    }

    #[test]
    fn what_is_no_longer_sold_keeps_its_quantity() {
        let (gone, deleted) = (variant("GONE", Some(9)), variant("DELETED", Some(9)));
        let hidden = Variant { status: VariantStatus::Hidden, ..gone.clone() };
        let mut ours = cart(vec![line(&gone, 2)]);
        let mut theirs = cart(vec![line(&gone, 3), line(&deleted, 4)]);
        ours.merge(&mut theirs, &[hidden]);
        assert_eq!(quantities(&ours), [2, 4]);
    }

    #[test]
    fn a_sku_of_another_product_is_another_line() {
        let (old, new) = (variant("MUG", Some(9)), variant("MUG", Some(9)));
        let (mut ours, mut theirs) = (cart(vec![line(&old, 1)]), cart(vec![line(&new, 2)]));
        ours.merge(&mut theirs, &[new]);
        assert_eq!(quantities(&ours), [1, 2]);
    }

    #[test]
    fn lines_without_room_stay_with_the_guest_in_their_order() {
        let variants: Vec<_> =
            (0..50).map(|number| variant(&format!("SKU-{number}"), Some(9))).collect();
        let lines = |range: std::ops::Range<usize>| {
            variants[range].iter().map(|variant| line(variant, 1)).collect()
        };
        let (mut ours, mut theirs) = (cart(lines(0..35)), cart(lines(30..50)));
        ours.merge(&mut theirs, &variants);
        let skus = |cart: &Cart| -> Vec<_> {
            cart.lines.iter().map(|line| line.sku.as_str().to_owned()).collect()
        };
        assert_eq!(ours.lines.len(), Cart::MAX_LINES);
        assert_eq!(quantities(&ours)[28..36], [1, 1, 2, 2, 2, 2, 2, 1]);
        let rest: Vec<_> = (40..50).map(|number| format!("SKU-{number}")).collect();
        assert_eq!(skus(&theirs), rest);
    }
}
