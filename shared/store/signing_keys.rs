//! The public halves of the keys that sign access tokens: one small item that every function
//! reads at start-up, which also opens its connection.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::db::{Read, Store};
use super::item::{from_item, key_item, text, value};
use super::keys;
use crate::domain::error::Result;
use crate::domain::time::Instant;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The Ed25519 public key, base64url without padding: a JWK's `x`.
    pub x: String,
    /// When it was published.
    pub published_at: Instant,
}

/// Public keys by their `kid`.
pub type PublicKeys = BTreeMap<String, PublicKey>;

#[derive(Debug, Default, Deserialize)]
struct Stored {
    #[serde(default, flatten)]
    attributes: BTreeMap<String, serde_json::Value>,
}

/// What stands before a `kid` in an attribute's name: a key is an attribute of its own, so that
/// publishing one never overwrites another.
const ATTRIBUTE: &str = "key_";

impl Store {
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

    /// All published keys. A key that was published a moment ago may be missing where `fresh` is
    /// false, which costs half.
    pub async fn public_keys(&self, fresh: bool) -> Result<PublicKeys> {
        let read = if fresh { Read::Consistent } else { Read::Eventual };
        let item = self.get(keys::signing_keys(), read).await?;
        let stored: Stored = item.map_or(Ok(Stored::default()), from_item)?;
        let key = |(name, value): (String, serde_json::Value)| {
            Some((name.strip_prefix(ATTRIBUTE)?.to_owned(), serde_json::from_value(value).ok()?))
        };
        Ok(stored.attributes.into_iter().filter_map(key).collect())
    }

    /// Publishes a key; a key that is published already stays as it is.
    pub async fn publish_key(&self, kid: &str, key: &PublicKey) -> Result<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::signing_keys())))
            .update_expression("SET #key = if_not_exists(#key, :key), #type = :type")
            .expression_attribute_names("#key", format!("{ATTRIBUTE}{kid}"))
            .expression_attribute_names("#type", keys::TYPE)
            .expression_attribute_values(":key", value(key)?)
            .expression_attribute_values(":type", text("signing_keys"));
        self.update(update).await.map(|_| ())
    }
}
