//! What a request with an `Idempotency-Key` came to, remembered for 72 hours.
//!
//! The marker is written in the transaction that does the work: whoever writes it did the work,
//! and whoever finds it answers as the winner did. There is no moment in between.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::db::{Read, Store};
use super::item::{Item, from_item, number, text, to_item};
use super::keys::{self, TTL};
use super::transaction::Write;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::Idempotency;
use crate::domain::ids::OrderId;
use crate::domain::time::Timestamp;

const MEMORY: Duration = Duration::hours(72);

/// What is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    fingerprint: String,
    order_id: OrderId,
    expires_at: Timestamp,
}

impl Idempotency {
    /// The write that remembers the order; it fails where something is remembered already.
    pub(super) fn remember(&self, order_id: OrderId, now: Timestamp) -> Result<Write> {
        let marker = Marker {
            fingerprint: self.fingerprint.clone(),
            order_id,
            expires_at: now.plus(MEMORY),
        };
        let mut item = to_item("idempotency_marker", keys::idempotency(&self.identity), &marker)?;
        item.insert(TTL.to_owned(), number(marker.expires_at.unix_seconds()));
        Ok(Write::put(item)
            .when("attribute_not_exists(pk) OR expires_at <= :now")
            .value(":now", text(now)))
    }

    /// The order that an earlier request with this key came to.
    pub(super) async fn recall(&self, store: &Store, now: Timestamp) -> Result<Option<OrderId>> {
        let item = store.get(keys::idempotency(&self.identity), Read::Consistent).await?;
        item.map_or(Ok(None), |item| self.recognise(item, now))
    }

    /// The order that a marker remembers, if it has not expired; the key having been used for
    /// something else is the caller's mistake.
    pub(super) fn recognise(&self, item: Item, now: Timestamp) -> Result<Option<OrderId>> {
        let marker: Marker = from_item(item)?;
        if marker.expires_at <= now {
            return Ok(None);
        }
        if marker.fingerprint != self.fingerprint {
            return Err(Error::invalid(
                "Idempotency-Key",
                "idempotency_key_reused",
                "This key was used for another request; send a new one with a new key.",
            ));
        }
        Ok(Some(marker.order_id))
    }
}
