//! The counters of rate limits.
//!
//! A counter is one item: of one limit, one subject and one window, all of which are in its key. So
//! the next window begins at nothing, whatever is left of the last one. A count that the SDK sends
//! twice counts twice, which errs on the safe side.

use super::expression::{Comparison, absent, compares};
use super::item::Item;
use super::keys::{self, Key};
use super::table::{Store, Written};
use super::write::Write;
use crate::domain::error::{Error, Result};
use crate::domain::rate_limit::Counter;

/// The attribute that counts.
const REQUESTS: &str = "requests";

/// For how many seconds a counter is kept after its window.
const KEPT_AFTER_WINDOW: i64 = 3600;

/// The counters of the table.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits<'a>(&'a Store);

impl Store {
    /// The counters of rate limits.
    pub fn rate_limits(&self) -> RateLimits<'_> {
        RateLimits(self)
    }
}

impl RateLimits<'_> {
    /// Counts one request more and returns the number of requests so far; `None` where the quota is
    /// used up.
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

    /// Counts one request less.
    pub async fn discount(self, counter: &Counter) -> Result<()> {
        let write = Write::update(key(counter)).count(REQUESTS, -1);
        let write = write.when(compares(REQUESTS, Comparison::Greater, 0), || ());
        self.0.update(write).await.map(drop)
    }

    /// Deletes a counter: its window begins anew.
    pub async fn delete(self, counter: &Counter) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(key(counter))).await.map(drop)
    }
}

fn key(counter: &Counter) -> Key {
    keys::rate_limit(counter.limit, &counter.identity, counter.window.start)
}

/// The number of requests in a counter.
fn requests(counted: Option<Item>) -> Result<u32> {
    let count = counted.as_ref().and_then(|counted| counted.get(REQUESTS));
    let count = count.and_then(|count| count.as_n().ok()?.parse().ok());
    count.ok_or_else(|| Error::internal("no number of requests in what was counted"))
}
