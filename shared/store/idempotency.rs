//! Idempotency markers: the results of requests with an `Idempotency-Key`, kept for 72 hours.

use futures_util::future::try_join_all;
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
    /// Returns the writes that store a request's result under its idempotency key, one for each
    /// identity. Rejected if a valid marker exists: then the write's error is the result of the
    /// earlier request with this key, or 422 `idempotency_key_reused` if that was a different
    /// request.
    pub fn store_result(
        self,
        idempotency: &Idempotency,
        remembered: &StoredResult,
        now: Timestamp,
    ) -> Result<Vec<Write<StoredResult, NewItem>>> {
        let write = |identity: &String| marker_of(identity, idempotency, remembered, now);
        idempotency.identities.iter().map(write).collect()
    }

    /// Returns the result of an earlier request with this key; `None` if there is no valid marker.
    /// 422 `idempotency_key_reused` if that was a different request.
    pub async fn find_result(
        self,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Option<StoredResult>> {
        let markers = idempotency
            .identities
            .iter()
            .map(|identity| self.0.get(keys::idempotency(identity), Read::Consistent));
        for marker in try_join_all(markers).await?.into_iter().flatten() {
            if let Some(found) = result_of(idempotency, marker, now)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn marker_of(
    identity: &str,
    idempotency: &Idempotency,
    remembered: &StoredResult,
    now: Timestamp,
) -> Result<Write<StoredResult, NewItem>> {
    let expires_at = now.plus(MARKER_LIFETIME);
    let fingerprint = idempotency.fingerprint.clone();
    let marker = Marker { fingerprint, remembered: remembered.clone(), expires_at };
    let item = to_item("idempotency_marker", keys::idempotency(identity), &marker)?;
    let condition = missing().or(sorts("expires_at", Comparison::AtMost, now));
    let idempotency = idempotency.clone();
    Ok(Write::put(item).expires(expires_at).when_with_item(condition, move |marker| {
        let marker = marker.ok_or_else(|| Error::internal("a rejected marker is missing"))?;
        let known = result_of(&idempotency, marker, now)?;
        known.ok_or_else(|| Error::unavailable("an idempotency marker has just expired"))
    }))
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
