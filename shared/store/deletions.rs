//! The end of an account: what goes at once, and what is left to be erased.

use aws_sdk_dynamodb::types::AttributeValue;
use time::Duration;
use tracing::warn;

use super::admins;
use super::db::{Read, Store, failure};
use super::item::{Item, from_item, key_item, number, text, to_item, value};
use super::keys::{self, PK, SK, TYPE};
use super::transaction_old::{Outcome, Verdict, Write, unique_token};
use super::users::SAME_PASSWORD;
use crate::domain::account_deletion::AccountDeletion;
use crate::domain::credential::Credential;
use crate::domain::email::EmailDigest;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::CartId;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, User};

/// By then every request has ended that came in before the account was deleted.
const REQUESTS_END: Duration = Duration::minutes(1);

impl Store {
    /// Deletes an account: credential, profile, security item with all sessions, and closes the cart,
    /// so that no order that is under way comes after it. What else knows the person is erased later. 401 where the password was changed since it was
    /// verified, 409 `open_orders` where an order is on its way, 409 `last_admin` where nobody else
    /// would run the shop.
    pub async fn delete_user(
        &self,
        user: &User,
        verified: &Credential,
        now: Timestamp,
    ) -> Result<()> {
        let cart = CartId::from(user.id);
        // An order that is being placed is in the cart's list of unpaid ones at once, which the
        // transaction judges, and in the index behind this query a moment later.
        if self.orders().has_open(user.id).await? {
            return Err(open_orders());
        }
        let deletion =
            AccountDeletion { user_id: user.id, email: user.email.clone(), requested_at: now };
        let mut writes = vec![
            Write::delete(keys::credential(&user.email))
                .when(format!("{SAME_PASSWORD} AND user_id = :user"))
                .secretly()
                .value(":verified", number(verified.password_version))
                .value(":user", text(user.id)),
            Write::put(closed_cart(cart))
                .when(
                    "attribute_not_exists(unpaid_orders) AND \
                 (attribute_not_exists(last_order_at) OR last_order_at < :idle)",
                )
                .value(":idle", text(now.plus(-REQUESTS_END))),
            Write::delete(keys::profile(user.id)).when("attribute_exists(pk)").secretly(),
            // A role that has just been changed has ended the caller's session.
            Write::delete(keys::security(user.id))
                .when("#role = :role")
                .secretly()
                .name("#role", "role")
                .value(":role", value(&user.role)?),
            Write::create(to_item("deletion", keys::deletion(user.id), &deletion)?),
        ];
        if user.role == Role::Admin {
            writes.push(admins::remove(user.id));
        }
        match self.transact_old(unique_token(now), &writes).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(verdicts) => Err(refusal(&verdicts)),
        }
    }

    /// Every account that is to be erased.
    pub async fn deletions(&self) -> Result<Vec<AccountDeletion>> {
        let items = self.partition(&keys::deletions(), Read::Consistent).await?.into_iter();
        // One that can't be read must not keep the others waiting.
        Ok(items
            .filter_map(|item| from_item(item).inspect_err(|error| warn!(?error)).ok())
            .collect())
    }

    /// Erases what is left of a person; false where somebody has to look again.
    pub async fn erase(&self, deletion: &AccountDeletion, now: Timestamp) -> Result<bool> {
        if now < deletion.requested_at.plus(REQUESTS_END) {
            return Ok(false);
        }
        let orders = self.orders().identifiers_of_customer(deletion.user_id).await?;
        for order in &orders {
            self.orders().forget_customer(*order, deletion.user_id, now).await?;
        }
        if !orders.is_empty() {
            return Ok(false);
        }
        self.delete_old(keys::cart(deletion.user_id.into())).await?;
        self.forget_registrations(&deletion.email.digest(), deletion.requested_at).await?;
        self.forget_messages(deletion).await?;
        self.forget_addresses(&deletion.email.digest()).await?;
        self.delete_old(keys::deletion(deletion.user_id)).await?;
        Ok(true)
    }

    /// Drops what could not be sent to a person so far. No message is read as a whole: one that
    /// can't be read, anybody's, must not keep people from being erased.
    async fn forget_messages(&self, deletion: &AccountDeletion) -> Result<()> {
        for outbox in keys::outboxes().chain([keys::failed_messages()]) {
            let mut pages = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .filter_expression(
                    "created_at <= :until AND (#event.email = :email OR #event.user_id = :user)",
                )
                .projection_expression("pk, sk")
                .consistent_read(true)
                .expression_attribute_names("#event", "event")
                .expression_attribute_values(":pk", text(&outbox))
                .expression_attribute_values(":until", text(deletion.requested_at))
                .expression_attribute_values(":email", text(&deletion.email))
                .expression_attribute_values(":user", text(deletion.user_id))
                .into_paginator()
                .items()
                .send();
            while let Some(key) = pages.next().await {
                let key = key.map_err(|error| failure("Query", &error))?;
                let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
                delete.send().await.map_err(|error| failure("DeleteItem", &error))?;
            }
        }
        Ok(())
    }

    /// Forgets where an account was used from.
    async fn forget_addresses(&self, account: &EmailDigest) -> Result<()> {
        for item in self.partition(&keys::known_addresses(account), Read::Consistent).await? {
            let key = item.into_iter().filter(|(name, _)| [PK, SK].contains(&name.as_str()));
            let delete = self.client.delete_item().table_name(&self.table);
            let delete = delete.set_key(Some(key.collect())).send().await;
            delete.map_err(|error| failure("DeleteItem", &error))?;
        }
        Ok(())
    }
}

/// A cart from which nothing is ordered any more.
fn closed_cart(cart: CartId) -> Item {
    let mut item = key_item(keys::cart(cart));
    item.insert(TYPE.to_owned(), text("cart"));
    item.insert("closed".to_owned(), AttributeValue::Bool(true));
    item
}

fn refusal(verdicts: &[Verdict]) -> Error {
    let failed = verdicts.iter().position(|verdict| matches!(verdict, Verdict::ConditionFailed(_)));
    match failed {
        Some(0) => Error::InvalidCredentials,
        Some(1) => open_orders(),
        Some(5) => admins::last_admin(),
        _ => Error::Unauthenticated,
    }
}

fn open_orders() -> Error {
    Conflict::new(
        "open_orders",
        "An order is still on its way; wait until it has arrived, or cancel it first.",
    )
    .into()
}
