//! What limits count, and the addresses that an account is used from.
//!
//! A window of a limit is an item of its own, known by a digest of whom it counts and the moment
//! it began: the next window begins with nothing, whatever is left of the last one. A count that
//! the SDK sends twice counts twice, which errs on the safe side.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use time::Duration;

use super::db::{Read, Store, Updated};
use super::item::{Item, from_item, key_item, number, text, to_item};
use super::keys::{self, TTL, TYPE};
use crate::domain::email::EmailDigest;
use crate::domain::error::{Error, Result};
use crate::domain::known_ip::KnownIp;
use crate::domain::rate_limit::{Counter, Trace};
use crate::domain::time::Timestamp;

/// The attribute that counts everybody.
const ALL: &str = "requests";
/// How long a window's item stays behind the window, in seconds.
const KEPT_AFTER_WINDOW: i64 = 3600;
/// How long an address is known after it was last seen.
const KNOWN_FOR: Duration = Duration::days(90);

impl Store {
    /// Counts one more and says how many that makes; `None` where the quota is used up.
    pub async fn count(&self, counter: &Counter) -> Result<Option<u32>> {
        let mut adds = Vec::new();
        let mut conditions = Vec::new();
        let mut update = self.update_of(counter);
        if !counter.is_apart() {
            adds.push("#all :one");
            conditions.push("(attribute_not_exists(#all) OR #all < :most)");
        }
        if counter.share.is_some() {
            adds.push("#share :one");
            conditions.push("(attribute_not_exists(#share) OR #share < :most)");
        }
        update = update
            .update_expression(format!("SET #type = :type, #ttl = :ttl ADD {}", adds.join(", ")))
            .condition_expression(conditions.join(" AND "))
            .expression_attribute_names("#type", TYPE)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":type", text("rate_limit"))
            .expression_attribute_values(":ttl", number(counter.window.end + KEPT_AFTER_WINDOW))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(counter.quota.requests))
            .return_values(ReturnValue::UpdatedNew);
        match self.update_old(update).await? {
            Updated::Done(counted) => counter.read(counted.unwrap_or_default()).map(Some),
            Updated::Refused(_) => Ok(None),
        }
    }

    /// Takes back what [`Store::count`] has counted.
    pub async fn discount(&self, counter: &Counter, trace: Trace) -> Result<()> {
        let (change, condition) = match (&counter.share, counter.is_apart(), trace) {
            (None, ..) => ("ADD #all :minus_one", "#all > :none"),
            (_, true, _) => ("ADD #share :minus_one", "#share > :none"),
            (_, false, Trace::Kept) => {
                ("ADD #all :minus_one, #share :minus_one", "#all > :none AND #share > :none")
            }
            (_, false, Trace::Gone) => ("ADD #all :minus_one REMOVE #share", "#all > :none"),
        };
        let update = self
            .update_of(counter)
            .update_expression(change)
            .condition_expression(condition)
            .expression_attribute_values(":minus_one", number(-1))
            .expression_attribute_values(":none", number(0));
        self.update_old(update).await.map(drop)
    }

    /// An address that an account is known at; `address` is a digest of it.
    pub async fn known_address(
        &self,
        account: &EmailDigest,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<KnownIp>> {
        let item = self.get(keys::known_address(account, address), Read::Eventual).await?;
        let known: Option<KnownIp> = item.map(from_item).transpose()?;
        Ok(known.filter(|known| known.expires_at > now))
    }

    /// Remembers for 90 days that an account was opened from an address.
    pub async fn remember_address(
        &self,
        account: &EmailDigest,
        address: &str,
        now: Timestamp,
    ) -> Result<()> {
        let known = KnownIp { seen_at: now, expires_at: now.plus(KNOWN_FOR) };
        let mut item = to_item("known_address", keys::known_address(account, address), &known)?;
        item.insert(TTL.to_owned(), number(known.expires_at.unix_seconds()));
        self.put_old(item).await
    }

    fn update_of(&self, counter: &Counter) -> UpdateItemFluentBuilder {
        let key = keys::rate_limit(counter.limit, &counter.identity, counter.window.start);
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key_item(key)));
        let update = match counter.is_apart() {
            true => update,
            false => update.expression_attribute_names("#all", ALL),
        };
        match counter.share_attribute() {
            Some(attribute) => update.expression_attribute_names("#share", attribute),
            None => update,
        }
    }
}

impl Counter {
    fn share_attribute(&self) -> Option<String> {
        self.share.as_ref().map(|share| format!("by_{}", share.identity))
    }

    /// How many an update has counted.
    fn read(&self, mut counted: Item) -> Result<u32> {
        let attribute = match self.is_apart() {
            true => self.share_attribute().unwrap_or_default(),
            false => ALL.to_owned(),
        };
        let count = counted.remove(&attribute);
        let count = count.and_then(|count| count.as_n().ok()?.parse().ok());
        count.ok_or_else(|| Error::internal(format!("no {attribute} in what was counted")))
    }
}
