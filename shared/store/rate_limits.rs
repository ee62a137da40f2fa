//! What rate limits count.
//!
//! A window of a limit is an item of its own, known by a digest of whom it counts and the moment
//! it began: the next window begins with nothing, whatever is left of the last one. A count that
//! the SDK sends twice counts twice, which errs on the safe side.

use super::expression::{Comparison, Condition, absent, compares};
use super::item::Item;
use super::keys;
use super::table::{Store, Written};
use super::write::{Changes, Write};
use crate::domain::error::{Error, Result};
use crate::domain::rate_limit::{Counter, Share, Trace};

/// The attribute that counts everybody.
const ALL: &str = "requests";

/// How long a window's item stays behind the window, in seconds.
const KEPT_AFTER_WINDOW: i64 = 3600;

/// The counters of the table.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits<'a>(&'a Store);

impl Store {
    /// What rate limits count.
    pub fn rate_limits(&self) -> RateLimits<'_> {
        RateLimits(self)
    }
}

impl RateLimits<'_> {
    /// Counts one more and says how many that makes; `None` where the quota is used up.
    pub async fn count(self, counter: &Counter) -> Result<Option<u32>> {
        let attributes = attributes(counter);
        let is_free = |attribute: &String| {
            let quota = counter.quota.requests;
            absent(attribute).or(compares(attribute, Comparison::Less, quota))
        };
        let mut write = update(counter)
            .of_type("rate_limit")
            .expires(counter.window.end + KEPT_AFTER_WINDOW)
            .returning();
        for attribute in &attributes {
            write = write.count(attribute, 1);
        }
        let all_free = Condition::All(attributes.iter().map(is_free).collect());
        match self.0.update(write.when(all_free, || ())).await? {
            Written::Done(counted) => counted_by(&attributes[0], counted).map(Some),
            Written::Refused(()) => Ok(None),
        }
    }

    /// Takes back what [`RateLimits::count`] has counted.
    pub async fn discount(self, counter: &Counter, trace: Trace) -> Result<()> {
        let mut attributes = attributes(counter);
        let mut write = update(counter);
        if trace == Trace::Gone && attributes.len() > 1 {
            for share in attributes.drain(1..) {
                write = write.remove(&share);
            }
        }
        for attribute in &attributes {
            write = write.count(attribute, -1);
        }
        let counted = |attribute: &String| compares(attribute, Comparison::Greater, 0);
        let all_counted = Condition::All(attributes.iter().map(counted).collect());
        self.0.update(write.when(all_counted, || ())).await.map(drop)
    }
}

fn update(counter: &Counter) -> Write<(), Changes> {
    let Counter { limit, identity, window, .. } = counter;
    Write::update(keys::rate_limit(*limit, identity, window.start))
}

/// The attributes to add 1 to; the first one's new value is the answer. Without a share that is
/// everybody's; with one, everybody's and the share's; with one apart, the share's only.
fn attributes(counter: &Counter) -> Vec<String> {
    let of_share = |share: &Share| format!("by_{}", share.identity);
    match &counter.share {
        None => vec![ALL.to_owned()],
        Some(share) if share.is_apart => vec![of_share(share)],
        Some(share) => vec![ALL.to_owned(), of_share(share)],
    }
}

/// How many an update has counted in an attribute.
fn counted_by(attribute: &str, counted: Option<Item>) -> Result<u32> {
    let count = counted.as_ref().and_then(|counted| counted.get(attribute));
    let count = count.and_then(|count| count.as_n().ok()?.parse().ok());
    count.ok_or_else(|| Error::internal(format!("no {attribute} in what was counted")))
}
