//! What carries an `Idempotency-Key` is carried out once, whatever it is.
//!
//! The memory of it is written in the transaction that does the work. So there is no moment in
//! between: whoever writes it did the work, and whoever finds it answers as the winner did. Nobody
//! reads it first; it is recalled where a request would be refused otherwise.

use std::future::Future;

use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::{Idempotency, StoredResult};
use crate::store::retry::Attempts;

/// How often a request beyond a rate limit looks again for what an equal one is about to do.
const LOOKS: u32 = 4;

/// What became of a request that must not be carried out twice.
#[derive(Debug)]
pub enum Once<T> {
    /// It was carried out now.
    New(T),
    /// An earlier request with the same key was.
    Replayed(StoredResult),
}

impl<T> Once<T> {
    /// The same with what is new turned into something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Once<U> {
        match self {
            Self::New(new) => Once::New(f(new)),
            Self::Replayed(remembered) => Once::Replayed(remembered),
        }
    }
}

/// Carries out `work`. A retry finds its predecessor in one of two ways: the marker's own write is
/// refused, or `work` is refused for another reason, such as a cart that is empty by now; then the
/// marker is looked for, and its result recalled. 422 `idempotency_key_reused` where the key
/// was used for another request.
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
    // One beyond a rate limit has done nothing, and its equal may be about to.
    let looks = if matches!(refusal, Error::TooManyRequests { .. }) { LOOKS } else { 0 };
    let mut attempts = Attempts::new("an equal request does not come to an end");
    loop {
        let recalled = ctx.store.idempotency().find_result(idempotency, ctx.now()).await?;
        if let Some(remembered) = recalled {
            return Ok(Once::Replayed(remembered));
        }
        if attempts.failed_attempts() >= looks {
            return Err(refusal);
        }
        attempts.pause().await?;
    }
}
