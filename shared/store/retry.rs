//! Retries: within a request until its deadline, otherwise up to twelve, with full jitter between
//! attempts (<https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>).
//! A fixed number would end before the deadline on a fast machine, and contention that the machine
//! could still work off would be an error. Code that reads an item, decides on a change and writes it
//! under a condition uses this loop:
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

use super::deadline;
use crate::crypto::random::below;
use crate::domain::error::{Error, Result};

/// Counts the retries of one operation and pauses before each.
#[derive(Debug)]
pub struct Attempts {
    what: &'static str,
    made: u32,
    end: End,
}

/// When an operation is no longer retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// At the request's deadline, or after [`Attempts::MAX_RETRIES`] outside of a request.
    Deadline,
    /// Never: the caller stops it.
    Never,
}

impl Attempts {
    /// The most retries of an operation outside of a request.
    const MAX_RETRIES: u32 = 12;

    /// Returns a counter for one operation. `what` is the text of the log line if all retries fail.
    pub const fn new(what: &'static str) -> Self {
        Self { what, made: 0, end: End::Deadline }
    }

    /// Returns a counter without a maximum, for an operation that its caller stops by a timeout.
    pub const fn without_end(what: &'static str) -> Self {
        Self { what, made: 0, end: End::Never }
    }

    /// Waits before the next attempt for a random time: up to 20 ms the first time, then up to 40,
    /// 80, 160, and 320 ms from the fifth time on. 503 if the request has no more time, or after
    /// the last retry outside of a request.
    pub async fn pause(&mut self) -> Result<()> {
        let most = 20_u64 << self.made.min(4);
        let pause = Duration::from_micros(below(most * 1000));
        self.count(pause)?;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Counts a retry that needs no pause. 503 as with a pause.
    pub fn retry_now(&mut self) -> Result<()> {
        self.count(Duration::ZERO)
    }

    fn count(&mut self, pause: Duration) -> Result<()> {
        let is_over = match deadline::time_left() {
            _ if self.end == End::Never => false,
            Some(left) => left <= pause,
            None => self.made >= Self::MAX_RETRIES,
        };
        if is_over {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_a_request_an_operation_is_retried_twelve_times() {
        let mut attempts = Attempts::new("it fails");
        for _ in 0..Attempts::MAX_RETRIES {
            attempts.retry_now().unwrap();
        }
        assert!(attempts.retry_now().is_err());
        assert_eq!(attempts.failed_attempts(), 12);
    }

    #[tokio::test]
    async fn within_a_request_it_is_retried_until_the_deadline_and_then_says_what_failed() {
        let work = async {
            let mut attempts = Attempts::new("it fails");
            for _ in 0..100 {
                attempts.retry_now().unwrap();
            }
            loop {
                if let Err(error) = attempts.pause().await {
                    return error;
                }
            }
        };
        let error = deadline::within(Duration::from_millis(400), work).await;
        let Some(Error::Unavailable { context }) = error else { panic!("{error:?}") };
        assert_eq!(context, "it fails");
    }
}
