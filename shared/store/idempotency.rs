//! What a request with an `Idempotency-Key` came to, remembered for 72 hours.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::expression::{Comparison, missing, sorts};
use super::item::{Item, from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{NewItem, Write};
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::{Idempotency, Remembered};
use crate::domain::time::Timestamp;

/// How long a key is remembered.
const REMEMBERED_FOR: Duration = Duration::hours(72);

/// The markers of the table.
#[derive(Debug, Clone, Copy)]
pub struct Markers<'a>(&'a Store);

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    fingerprint: String,
    #[serde(flatten)]
    remembered: Remembered,
    expires_at: Timestamp,
}

impl Store {
    /// What requests with an `Idempotency-Key` came to.
    pub fn idempotency(&self) -> Markers<'_> {
        Markers(self)
    }
}

impl Markers<'_> {
    /// The write that remembers what a request came to. It fails where an earlier request with the
    /// key is remembered, and then means what that one came to.
    pub fn remember(
        self,
        idempotency: &Idempotency,
        remembered: Remembered,
        now: Timestamp,
    ) -> Result<Write<Remembered, NewItem>> {
        let expires_at = now.plus(REMEMBERED_FOR);
        let marker =
            Marker { fingerprint: idempotency.fingerprint.clone(), remembered, expires_at };
        let item =
            to_item("idempotency_marker", keys::idempotency(&idempotency.identity), &marker)?;
        let condition = missing().or(sorts("expires_at", Comparison::AtMost, now));
        let idempotency = idempotency.clone();
        let write = Write::put(item).expires(expires_at).when_judged(condition, move |marker| {
            let marker = marker.ok_or_else(|| Error::internal("a marker has no item"))?;
            let known = recognise(&idempotency, marker, now)?;
            known.ok_or_else(|| Error::unavailable("a marker has just expired"))
        });
        Ok(write)
    }

    /// What an earlier request with this key came to. 422 `idempotency_key_reused` where that was
    /// another request.
    pub async fn recall(
        self,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Option<Remembered>> {
        let key = keys::idempotency(&idempotency.identity);
        let marker = self.0.get(key, Read::Consistent).await?;
        marker.map_or(Ok(None), |marker| recognise(idempotency, marker, now))
    }
}

fn recognise(
    idempotency: &Idempotency,
    marker: Item,
    now: Timestamp,
) -> Result<Option<Remembered>> {
    let marker: Marker = from_item(marker)?;
    if marker.expires_at <= now {
        return Ok(None);
    }
    idempotency.check(&marker.fingerprint)?;
    Ok(Some(marker.remembered))
}
