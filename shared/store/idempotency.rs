//! Idempotency markers: the results of requests with an `Idempotency-Key`, kept for 72 hours.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::expression::{Comparison, missing, sorts};
use super::item::{Item, from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{NewItem, Write};
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::{Idempotency, StoredResult};
use crate::domain::time::Timestamp;

/// How long a marker is valid.
const MARKER_LIFETIME: Duration = Duration::hours(72);

/// The store's operations on idempotency markers.
#[derive(Debug, Clone, Copy)]
pub struct Markers<'a>(&'a Store);

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    fingerprint: String,
    #[serde(flatten)]
    remembered: StoredResult,
    expires_at: Timestamp,
}

impl Store {
    /// Returns the store's operations on idempotency markers.
    pub fn idempotency(&self) -> Markers<'_> {
        Markers(self)
    }
}

impl Markers<'_> {
    /// Returns the write that stores a request's result under its idempotency key. Rejected if a
    /// valid marker exists: then the write's error is the result of the earlier request with this
    /// key, or 422 `idempotency_key_reused` if that was a different request.
    pub fn store_result(
        self,
        idempotency: &Idempotency,
        remembered: StoredResult,
        now: Timestamp,
    ) -> Result<Write<StoredResult, NewItem>> {
        let expires_at = now.plus(MARKER_LIFETIME);
        let marker =
            Marker { fingerprint: idempotency.fingerprint.clone(), remembered, expires_at };
        let item =
            to_item("idempotency_marker", keys::idempotency(&idempotency.identity), &marker)?;
        let condition = missing().or(sorts("expires_at", Comparison::AtMost, now));
        let idempotency = idempotency.clone();
        let write = Write::put(item).expires(expires_at).when_with_item(condition, move |marker| {
            let marker = marker.ok_or_else(|| Error::internal("a rejected marker is missing"))?;
            let known = result_of(&idempotency, marker, now)?;
            known.ok_or_else(|| Error::unavailable("an idempotency marker has just expired"))
        });
        Ok(write)
    }

    /// Returns the result of an earlier request with this key; `None` if there is no valid marker.
    /// 422 `idempotency_key_reused` if that was a different request.
    pub async fn find_result(
        self,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Option<StoredResult>> {
        let key = keys::idempotency(&idempotency.identity);
        let marker = self.0.get(key, Read::Consistent).await?;
        marker.map_or(Ok(None), |marker| result_of(idempotency, marker, now))
    }
}

fn result_of(
    idempotency: &Idempotency,
    marker: Item,
    now: Timestamp,
) -> Result<Option<StoredResult>> {
    let marker: Marker = from_item(marker)?;
    if marker.expires_at <= now {
        return Ok(None);
    }
    idempotency.check(&marker.fingerprint)?;
    Ok(Some(marker.remembered))
}
