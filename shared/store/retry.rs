//! The one way to try again: full jitter between tries, up to twelve of them
//! (<https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>). Whatever
//! reads, decides and writes under a condition goes around this loop:
//!
//! ```ignore
//! let mut attempts = Attempts::at("an order changes faster than it can be cancelled");
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

/// AttemptCount of one thing.
#[derive(Debug)]
pub struct Attempts {
    what: &'static str,
    made: u32,
}

impl Attempts {
    /// How often something is tried again before it is given up.
    const MOST: u32 = 12;

    /// AttemptCount of something; `what` says in the log what it means that none works.
    pub const fn at(what: &'static str) -> Self {
        Self { what, made: 0 }
    }

    /// Waits before another try: up to 20 ms, 40 ms, … 320 ms at random. 503 after the last; the
    /// request has its own deadline.
    pub async fn pause(&mut self) -> Result<()> {
        let most = 20_u64 << self.made.min(4);
        self.again()?;
        tokio::time::sleep(Duration::from_micros(below(most * 1000))).await;
        Ok(())
    }

    /// Allows another try at once. 503 after the last.
    pub fn again(&mut self) -> Result<()> {
        if self.made >= Self::MOST {
            return Err(Error::unavailable(self.what));
        }
        self.made += 1;
        Ok(())
    }

    /// How many tries have failed so far.
    pub const fn failed(&self) -> u32 {
        self.made
    }
}

/// Carries out calls beside each other, in their order, but never so many that opening their
/// connections takes longer than waiting would.
pub(super) async fn join_bounded<T>(calls: Vec<BoxFuture<'_, Result<T>>>) -> Result<Vec<T>> {
    const AT_ONCE: usize = 4;
    stream::iter(calls).buffered(AT_ONCE).try_collect().await
}
