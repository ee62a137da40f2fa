//! The public halves of the keys that sign access tokens: one small item that every function
//! reads at start-up, which also opens its connection.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::db::{Read, Store, Updated};
use super::item::{from_item, key_item, text, value};
use super::keys;
use crate::domain::error::Result;
use crate::domain::signing_key::{PublicKey, PublicKeys, Successor};
use crate::domain::time::Timestamp;

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

    /// All published keys, also those that are not believed any more. A key that was published a
    /// moment ago may be missing where `fresh` is false, which costs half.
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
            .expression_attribute_names("#key", attribute(kid))
            .expression_attribute_names("#type", keys::TYPE)
            .expression_attribute_values(":key", value(key)?)
            .expression_attribute_values(":type", text("signing_keys"));
        self.update_old(update).await.map(|_| ())
    }

    /// Publishes the key that is to sign next, and keeps others from changing it until then; false
    /// where somebody else is at it.
    pub async fn publish_successor(&self, successor: &Successor, key: &PublicKey) -> Result<bool> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::signing_keys())))
            .update_expression("SET #key = :key, #type = :type, turn_ends = :end")
            // The SDK may send it twice.
            .condition_expression(
                "attribute_not_exists(turn_ends) OR turn_ends <= :now OR attribute_exists(#key)",
            )
            .expression_attribute_names("#key", attribute(&successor.kid))
            .expression_attribute_names("#type", keys::TYPE)
            .expression_attribute_values(":key", value(key)?)
            .expression_attribute_values(":type", text("signing_keys"))
            .expression_attribute_values(":end", text(successor.turn_ends))
            .expression_attribute_values(":now", text(key.published_at));
        Ok(matches!(self.update_old(update).await?, Updated::Done(_)))
    }

    /// Says until when the other keys are believed, and drops those that are not any more. Keys that
    /// have a limit keep it, unless it is a later one and they are revoked. False where the turn has
    /// passed to somebody else.
    pub async fn retire_keys(
        &self,
        successor: &Successor,
        until: Timestamp,
        revoke: bool,
        now: Timestamp,
    ) -> Result<bool> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::signing_keys())))
            .condition_expression("turn_ends = :end")
            .expression_attribute_values(":end", text(successor.turn_ends));
        let (mut set, mut remove) = (Vec::new(), vec!["turn_ends".to_owned()]);
        for (number, (kid, key)) in self.public_keys(true).await?.into_iter().enumerate() {
            let lasts = key.believed_until.is_none_or(|promised| revoke && promised > until);
            if kid == successor.kid || key.is_believed(now) && !lasts {
                continue;
            }
            match lasts {
                true => set.push(format!("#key{number}.believed_until = :until")),
                false => remove.push(format!("#key{number}")),
            }
            update = update.expression_attribute_names(format!("#key{number}"), attribute(&kid));
        }
        if !set.is_empty() {
            update = update.expression_attribute_values(":until", text(until));
        }
        let set = if set.is_empty() { String::new() } else { format!("SET {} ", set.join(", ")) };
        let update = update.update_expression(format!("{set}REMOVE {}", remove.join(", ")));
        Ok(matches!(self.update_old(update).await?, Updated::Done(_)))
    }
}

fn attribute(kid: &str) -> String {
    format!("{ATTRIBUTE}{kid}")
}
