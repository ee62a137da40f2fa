//! The public halves of the keys that sign access tokens: one small item that every function
//! reads at start-up, which also opens its connection.

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

/// The public keys of the table.
#[derive(Debug, Clone, Copy)]
pub struct SigningKeys<'a>(&'a Store);

#[derive(Debug, Default, Deserialize)]
struct Stored {
    #[serde(default, flatten)]
    attributes: BTreeMap<String, serde_json::Value>,
}

const TYPE: &str = "signing_keys";

/// What stands before a `kid` in an attribute's name: a key is an attribute of its own, so that
/// publishing one never overwrites another.
const ATTRIBUTE: &str = "key_";

/// Until when nobody else may change the keys.
const TURN_ENDS: &str = "turn_ends";

impl Store {
    /// The public keys.
    pub fn signing_keys(&self) -> SigningKeys<'_> {
        SigningKeys(self)
    }

    /// Whether the database answers; why not, says the log.
    pub async fn ping(&self) -> bool {
        match self.get(keys::signing_keys(), Read::Eventual).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(?error, "the database does not answer");
                false
            }
        }
    }
}

impl SigningKeys<'_> {
    /// All published keys, also those that are not believed any more. Whoever believes tokens by
    /// them reads consistently: a key that was published, or taken back, a moment ago counts.
    pub async fn get(self, read: Read) -> Result<PublicKeys> {
        let item = self.0.get(keys::signing_keys(), read).await?;
        let stored: Stored = item.map_or(Ok(Stored::default()), from_item)?;
        let key = |(name, value): (String, serde_json::Value)| {
            Some((name.strip_prefix(ATTRIBUTE)?.to_owned(), serde_json::from_value(value).ok()?))
        };
        Ok(stored.attributes.into_iter().filter_map(key).collect())
    }

    /// Publishes a key; a key that is published already stays as it is.
    pub async fn publish(self, kid: &str, key: &PublicKey) -> Result<()> {
        let write = update::<()>().of_type(TYPE).set_if_absent(&attribute(kid), key);
        self.0.update(write).await.map(drop)
    }

    /// Publishes the key that is to sign next, and keeps others from changing it until then; false
    /// where somebody else is at it.
    pub async fn publish_successor(self, successor: &Successor, key: &PublicKey) -> Result<bool> {
        let attribute = attribute(&successor.kid);
        let nobody_elses = absent(TURN_ENDS)
            .or(sorts(TURN_ENDS, Comparison::AtMost, key.published_at))
            // The SDK may send it twice.
            .or(present(&attribute));
        let write = update()
            .of_type(TYPE)
            .set(&attribute, key)
            .set_text(TURN_ENDS, successor.turn_ends)
            .when(nobody_elses, || ());
        Ok(self.0.update(write).await?.is_done())
    }

    /// Says until when the other keys are believed, and drops those that are not any more. Keys that
    /// have a limit keep it, unless it is a later one and they are revoked. False where the turn has
    /// passed to somebody else.
    pub async fn retire_others(
        self,
        successor: &Successor,
        until: Timestamp,
        revoke: bool,
        now: Timestamp,
    ) -> Result<bool> {
        let mut write = update().remove(TURN_ENDS);
        for (kid, key) in self.get(Read::Consistent).await? {
            let lasts = key.believed_until.is_none_or(|promised| revoke && promised > until);
            if kid == successor.kid || key.is_believed(now) && !lasts {
                continue;
            }
            write = match lasts {
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
