//! Carts. A customer's cart item also holds the set of their unpaid orders, so that an order can
//! be counted in the write that empties the cart.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures_util::future::try_join;

use super::db::{Read, Store, Updated, text_of};
use super::item::{from_item, key_item, text, value};
use super::keys::{self, TYPE};
use super::transaction::pauses;
use crate::domain::cart::{Cart, CartEdit, CartLine, StockedCart};
use crate::domain::error::{Error, Result};
use crate::domain::ids::{CartId, MessageId, ProductId};
use crate::domain::product::Variant;
use crate::domain::sku::Sku;
use crate::domain::time::Timestamp;
use crate::domain::version::Expected;

impl Store {
    /// A cart; an empty one where nothing is stored.
    pub async fn cart(&self, id: CartId) -> Result<StockedCart> {
        let cart = self.read_cart(id, Read::Eventual).await?;
        let variants = self.variants_of(&cart, None).await?;
        Ok(StockedCart::new(cart, variants))
    }

    pub(super) async fn read_cart(&self, id: CartId, read: Read) -> Result<Cart> {
        let item = self.get(keys::cart(id), read).await?;
        match item {
            Some(item) if item.contains_key("version") => from_item(item),
            _ => Ok(Cart::empty(id)),
        }
    }

    /// Changes a cart; what an edit leaves unchanged is not written. What is known of the shop is
    /// read beside the cart, and the lines' stock beside the write.
    pub async fn edit_cart(
        &self,
        id: CartId,
        edit: &CartEdit,
        expected: Expected,
        now: Timestamp,
    ) -> Result<StockedCart> {
        let token = MessageId::new(now);
        let (named, mut before) =
            try_join(self.named(edit), self.read_cart(id, Read::Eventual)).await?;
        let mut read = Read::Eventual;
        for pause in pauses() {
            match self.try_edit(&before, edit, named.as_ref(), expected, now, token).await {
                Ok(Some(cart)) => return Ok(cart),
                Ok(None) => {}
                // The cheap read may have lagged behind the caller's own last change.
                Err(refusal) if read == Read::Eventual && refusal.is_about_state() => {}
                Err(error) => return Err(error),
            }
            if read == Read::Consistent {
                tokio::time::sleep(pause).await;
            }
            read = Read::Consistent;
            before = self.read_cart(id, read).await?;
        }
        Err(Error::unavailable("a cart changes faster than it can be written"))
    }

    /// One attempt; `None` where somebody else was quicker.
    async fn try_edit(
        &self,
        before: &Cart,
        edit: &CartEdit,
        named: Option<&Variant>,
        expected: Expected,
        now: Timestamp,
        token: MessageId,
    ) -> Result<Option<StockedCart>> {
        let line = match edit {
            CartEdit::Set(sku, _) => Some(before.line(sku).ok_or(Error::NotFound)?),
            _ => None,
        };
        expected.check(before.version)?;
        let touched = match (edit, line) {
            (CartEdit::Set(sku, Some(_)), Some(line)) => self.variant(line.product_id, sku).await?,
            _ => named.cloned(),
        };
        let mut cart = before.clone();
        match (edit, &touched) {
            (CartEdit::Add(_, quantity), Some(variant)) => cart.add(variant, *quantity)?,
            (CartEdit::Add(..), None) => return Err(Error::NotFound),
            (CartEdit::Set(sku, Some(quantity)), variant) => {
                cart.set(sku, variant.as_ref(), *quantity)?;
            }
            (CartEdit::Set(sku, None) | CartEdit::Remove(sku), _) => drop(cart.remove(sku)),
            (CartEdit::Clear, _) => cart.lines.clear(),
        }
        if cart == *before {
            let variants = self.variants_of(&cart, touched).await?;
            return Ok(Some(StockedCart::new(cart, variants)));
        }
        cart.version = before.version + 1;
        cart.updated_at = Some(now);
        let saved = self.save_cart(&cart, before.version, token);
        let (saved, variants) = try_join(saved, self.variants_of(&cart, touched)).await?;
        Ok(saved.then_some(StockedCart::new(cart, variants)))
    }

    /// The variant that an edit names by itself.
    async fn named(&self, edit: &CartEdit) -> Result<Option<Variant>> {
        match edit {
            CartEdit::Add(which, _) => {
                self.variant_on_sale(which).await?.map(Some).ok_or(Error::NotFound)
            }
            CartEdit::Set(..) | CartEdit::Remove(_) | CartEdit::Clear => Ok(None),
        }
    }

    /// A cart's variants; the one that is known already is not read again.
    async fn variants_of(
        &self,
        cart: &Cart,
        known: Option<Variant>,
    ) -> Result<HashMap<(ProductId, Sku), Variant>> {
        let is_known = |line: &&CartLine| {
            known.as_ref().is_some_and(|v| v.sku == line.sku && v.product_id == line.product_id)
        };
        let unknown = cart.lines.iter().filter(|line| !is_known(line));
        let read = self.variants(unknown.map(|line| (line.product_id, &line.sku))).await?;
        let by_sku = |variant: Variant| ((variant.product_id, variant.sku.clone()), variant);
        Ok(read.into_iter().chain(known).map(by_sku).collect())
    }

    /// Writes a cart over the version it was made from. `token` tells a lost answer from a lost
    /// race: the SDK may send the write twice.
    async fn save_cart(&self, cart: &Cart, before: u64, token: MessageId) -> Result<bool> {
        let condition = match before {
            0 => "attribute_not_exists(version)",
            _ => "version = :before",
        };
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::cart(cart.id))))
            .update_expression(
                "SET id = :id, #lines = :lines, version = :version, updated_at = :now, \
                 last_write = :token, #type = :type",
            )
            .condition_expression(condition)
            .expression_attribute_names("#lines", "lines")
            .expression_attribute_names("#type", TYPE)
            .expression_attribute_values(":id", text(cart.id))
            .expression_attribute_values(":lines", value(&cart.lines)?)
            .expression_attribute_values(":version", value(&cart.version)?)
            .expression_attribute_values(":now", value(&cart.updated_at)?)
            .expression_attribute_values(":token", text(token))
            .expression_attribute_values(":type", text("cart"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if before > 0 {
            update = update.expression_attribute_values(":before", value(&before)?);
        }
        match self.update(update).await? {
            Updated::Done(_) => Ok(true),
            Updated::Refused(item) => {
                Ok(item.is_some_and(|item| text_of(&item, "last_write") == Some(token.to_string())))
            }
        }
    }
}
