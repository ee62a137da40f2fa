//! The public keys that verify access tokens. They are one small item, which every function reads
//! at start-up; this also opens the function's connection to DynamoDB.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::expression::{Comparison, absent, is, present, sorts};
use super::item::from_item;
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{Changes, Write};
use crate::domain::error::Result;
use crate::domain::signing_key::{PublicKey, PublicKeys, Successor};
use crate::domain::time::Timestamp;

/// The store's operations on public keys.
#[derive(Debug, Clone, Copy)]
pub struct SigningKeys<'a>(&'a Store);

#[derive(Debug, Default, Deserialize)]
struct Stored {
    #[serde(default, flatten)]
    attributes: BTreeMap<String, serde_json::Value>,
}

const TYPE: &str = "signing_keys";

/// The prefix of an attribute that holds a key, before the key's `kid`. Each key has its own
/// attribute, so that publishing one never overwrites another.
const ATTRIBUTE: &str = "key_";

/// The attribute that locks the keys: until this time, only one rotation may change them.
const TURN_ENDS: &str = "turn_ends";

impl Store {
    /// Returns the store's operations on public keys.
    pub fn signing_keys(&self) -> SigningKeys<'_> {
        SigningKeys(self)
    }

    /// Returns whether the database responds; logs the error if it does not.
    pub async fn ping(&self) -> bool {
        match self.get(keys::signing_keys(), Read::Eventual).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(?error, "the database does not respond");
                false
            }
        }
    }
}

impl SigningKeys<'_> {
    /// Returns all published keys by `kid`, including those that are not valid any more. Verify
    /// tokens only with keys from a consistent read, so that a key revoked a moment ago is
    /// rejected.
    pub async fn get(self, read: Read) -> Result<PublicKeys> {
        let item = self.0.get(keys::signing_keys(), read).await?;
        let stored: Stored = item.map_or(Ok(Stored::default()), from_item)?;
        let key = |(name, value): (String, serde_json::Value)| {
            Some((name.strip_prefix(ATTRIBUTE)?.to_owned(), serde_json::from_value(value).ok()?))
        };
        Ok(stored.attributes.into_iter().filter_map(key).collect())
    }

    /// Publishes a key; does not change one that is published already.
    pub async fn publish(self, kid: &str, key: &PublicKey) -> Result<()> {
        let write = update::<()>().set_type(TYPE).set_if_absent(&attribute(kid), key);
        self.0.update(write).await.map(drop)
    }

    /// Publishes the key that will sign next and locks the keys until `successor.turn_ends`;
    /// returns false if another rotation has locked them.
    pub async fn publish_successor(self, successor: &Successor, key: &PublicKey) -> Result<bool> {
        let attribute = attribute(&successor.kid);
        let is_unlocked = absent(TURN_ENDS)
            .or(sorts(TURN_ENDS, Comparison::AtMost, key.published_at))
            // If it is there, this write has succeeded before, and the SDK has retried it.
            .or(present(&attribute));
        let write = update()
            .set_type(TYPE)
            .set(&attribute, key)
            .set_text(TURN_ENDS, successor.turn_ends)
            .when(is_unlocked, || ());
        Ok(self.0.update(write).await?.is_done())
    }

    /// Limits the validity of all keys but the successor to `until`, deletes those that have
    /// expired, and unlocks the keys. A key that has a limit already keeps it, unless `revoke` is
    /// set and its limit is later than `until`. Returns false if another rotation has locked the
    /// keys since.
    pub async fn retire_others(
        self,
        successor: &Successor,
        until: Timestamp,
        revoke: bool,
        now: Timestamp,
    ) -> Result<bool> {
        let mut write = update().remove(TURN_ENDS);
        for (kid, key) in self.get(Read::Consistent).await? {
            let needs_limit = key.believed_until.is_none_or(|limit| revoke && limit > until);
            if kid == successor.kid || key.is_accepted(now) && !needs_limit {
                continue;
            }
            write = match needs_limit {
                true => write.set_text(&format!("{}.believed_until", attribute(&kid)), until),
                false => write.remove(&attribute(&kid)),
            };
        }
        let write = write.when(is(TURN_ENDS, successor.turn_ends), || ());
        Ok(self.0.update(write).await?.is_done())
    }
}

fn update<R>() -> Write<R, Changes> {
    Write::update(keys::signing_keys())
}

fn attribute(kid: &str) -> String {
    format!("{ATTRIBUTE}{kid}")
}
