//! Carries out a request with an `Idempotency-Key` only once.
//!
//! The idempotency marker is written in the transaction that does the work, so either both exist or
//! neither. A retry whose marker already exists returns the first request's result. The marker is
//! not read first, but only if the request would otherwise be rejected.

use std::future::Future;

use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::{Idempotency, StoredResult};
use crate::store::retry::Attempts;

/// How often a request above a rate limit retries to find the result of a concurrent equal request.
const MAX_LOOKUPS: u32 = 4;

/// The result of a request that must be carried out only once.
#[derive(Debug)]
pub enum Once<T> {
    /// It was carried out now.
    New(T),
    /// An earlier request with the same key was carried out; this is its stored result.
    Replayed(StoredResult),
}

impl<T> Once<T> {
    /// Converts a new result; a replayed one stays the same.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Once<U> {
        match self {
            Self::New(new) => Once::New(f(new)),
            Self::Replayed(remembered) => Once::Replayed(remembered),
        }
    }
}

/// Carries out `work`, or returns the stored result of an earlier request with the same key. A
/// retry is recognised in one of two ways: the marker's write fails, or `work` fails with another
/// client error, such as an empty cart; then the stored result is looked up. 422
/// `idempotency_key_reused` if the key was used for a different request.
pub async fn once<T>(
    ctx: &Ctx,
    idempotency: Option<&Idempotency>,
    work: impl Future<Output = Result<Once<T>>>,
) -> Result<Once<T>> {
    let refusal = match (work.await, idempotency) {
        (Err(refusal), Some(_)) if refusal.is_client_error() => refusal,
        (result, _) => return result,
    };
    let Some(idempotency) = idempotency else { return Err(refusal) };
    // A request above a rate limit has done nothing, and the equal one may still be running.
    let lookups = if matches!(refusal, Error::TooManyRequests { .. }) { MAX_LOOKUPS } else { 0 };
    let mut attempts = Attempts::new("an equal request does not end");
    loop {
        let recalled = ctx.store.idempotency().find_result(idempotency, ctx.now()).await?;
        if let Some(remembered) = recalled {
            return Ok(Once::Replayed(remembered));
        }
        if attempts.failed_attempts() >= lookups {
            return Err(refusal);
        }
        attempts.pause().await?;
    }
}
