//! The counters of rate limits.
//!
//! A counter is one item, whose key contains the limit, the subject and the window. So every window
//! starts at 0. If the SDK retries a write whose response was lost, the request counts twice; a
//! limit may then be reached too early, but never too late.

use super::expression::{Comparison, absent, compares};
use super::item::Item;
use super::keys::{self, Key};
use super::table::{Store, Written};
use super::write::Write;
use crate::domain::error::{Error, Result};
use crate::domain::rate_limit::Counter;

/// The attribute with the number of requests.
const REQUESTS: &str = "requests";

/// How many seconds after its window a counter expires.
const KEPT_AFTER_WINDOW: i64 = 3600;

/// Access to the counters of rate limits.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits<'a>(&'a Store);

impl Store {
    /// Returns access to the counters of rate limits.
    pub fn rate_limits(&self) -> RateLimits<'_> {
        RateLimits(self)
    }
}

impl RateLimits<'_> {
    /// Adds one request and returns the number of requests so far; `None` if the quota is used up.
    pub async fn count(self, counter: &Counter) -> Result<Option<u32>> {
        let is_free = compares(REQUESTS, Comparison::Less, counter.quota.requests);
        let write = Write::update(key(counter))
            .set_type("rate_limit")
            .expires(counter.window.end + KEPT_AFTER_WINDOW)
            .count(REQUESTS, 1)
            .when(absent(REQUESTS).or(is_free), || ())
            .return_new_item();
        match self.0.update(write).await? {
            Written::Done(counted) => requests(counted).map(Some),
            Written::Refused(()) => Ok(None),
        }
    }

    /// Removes one request, if there is one. A counter that does not exist is not created.
    pub async fn undo_count(self, counter: &Counter) -> Result<()> {
        let write = Write::update(key(counter)).count(REQUESTS, -1);
        let write = write.when(compares(REQUESTS, Comparison::Greater, 0), || ());
        self.0.update(write).await.map(drop)
    }

    /// Deletes a counter, so that its window starts again at 0.
    pub async fn delete(self, counter: &Counter) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(key(counter))).await.map(drop)
    }
}

fn key(counter: &Counter) -> Key {
    keys::rate_limit(counter.limit, &counter.identity, counter.window.start)
}

/// Returns the number of requests of a counter item.
fn requests(counted: Option<Item>) -> Result<u32> {
    let count = counted.as_ref().and_then(|counted| counted.get(REQUESTS));
    let count = count.and_then(|count| count.as_n().ok()?.parse().ok());
    count.ok_or_else(|| Error::internal("a rate limit counter has no number of requests"))
}
