//! Retries: up to twelve after the first attempt, with full jitter between attempts
//! (<https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>). Code that
//! reads an item, decides on a change and writes it under a condition uses this loop:
//!
//! ```ignore
//! let mut attempts = Attempts::new("an order changes faster than it can be cancelled");
//! loop {
//!     let order = read().await?;
//!     if write(decide(order)?).await? { return Ok(..) }
//!     attempts.pause().await?;
//! }
//! ```

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::crypto::random::below;
use crate::domain::error::{Error, Result};

/// Counts the retries of one operation and pauses before each.
#[derive(Debug)]
pub struct Attempts {
    what: &'static str,
    made: u32,
    most: u32,
}

impl Attempts {
    /// The most retries of an operation.
    const MAX_RETRIES: u32 = 12;

    /// Returns a counter for one operation. `what` is the text of the log line if all retries fail.
    pub const fn new(what: &'static str) -> Self {
        Self { what, made: 0, most: Self::MAX_RETRIES }
    }

    /// Returns a counter without a maximum, for an operation that its caller stops by a timeout.
    pub const fn without_end(what: &'static str) -> Self {
        Self { what, made: 0, most: u32::MAX }
    }

    /// Waits before the next attempt for a random time: up to 20 ms the first time, then up to 40,
    /// 80, 160, and 320 ms from the fifth time on. 503 after the last retry. It does not look at
    /// the request's deadline.
    pub async fn pause(&mut self) -> Result<()> {
        let most = 20_u64 << self.made.min(4);
        self.retry_now()?;
        tokio::time::sleep(Duration::from_micros(below(most * 1000))).await;
        Ok(())
    }

    /// Counts a retry that needs no pause. 503 after the last retry.
    pub fn retry_now(&mut self) -> Result<()> {
        if self.made >= self.most {
            return Err(Error::unavailable(self.what));
        }
        self.made += 1;
        Ok(())
    }

    /// Returns how many attempts have failed so far.
    pub const fn failed_attempts(&self) -> u32 {
        self.made
    }
}

/// Runs calls concurrently, at most four at a time, and returns their results in order, or the
/// first error. More at a time would be slower: opening a connection for each takes longer than
/// waiting.
pub(super) async fn join_bounded<T>(calls: Vec<BoxFuture<'_, Result<T>>>) -> Result<Vec<T>> {
    const CONCURRENCY: usize = 4;
    stream::iter(calls).buffered(CONCURRENCY).try_collect().await
}
