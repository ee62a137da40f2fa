//! The job `rotate-token-key`: replaces the key that signs access tokens by a new one.
//!
//! An operator starts it. No user is logged out: tokens that the old key signed stay valid until
//! they expire. `{"revoke": true}` is for a key that has leaked: tokens that it signed are rejected
//! within five minutes, and clients get new ones with their refresh tokens. Any event other than an
//! object of this form fails and changes nothing.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use shared::services::token_key_rotation::{self, Rotated};
use shared::{Ctx, Result};

/// The event that starts the job. Unknown members are rejected, so that a misspelt `revoke` is not
/// ignored.
pub struct Order {
    revoke: bool,
}

pub async fn handle(ctx: &Ctx, order: Order) -> Result<Rotated> {
    token_key_rotation::rotate(ctx, order.revoke).await
}

/// A misspelt `revoke` must not pass for none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    #[serde(default)]
    revoke: bool,
}

/// By hand: what serde derives for a struct also takes an array of its members, and so `[]` for an
/// object without any.
impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Order;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "an object: {} for a new key, {\"revoke\": true} where the old one leaked",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Order, A::Error> {
                let Members { revoke } = Members::deserialize(MapAccessDeserializer::new(members))?;
                Ok(Order { revoke })
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_object_is_told_what_to_send() {
        for order in ["[]", "[true]", "null", "\"{}\"", "true", "0"] {
            let Err(error) = serde_json::from_str::<Order>(order) else { panic!("{order}") };
            let told = error.to_string();
            assert!(told.contains("expected an object: {} for a new key"), "{order}: {told}");
        }
    }

    #[test]
    fn an_object_says_whether_the_old_key_leaked() {
        for (order, revoke) in
            [("{}", false), ("{\"revoke\": false}", false), ("{\"revoke\": true}", true)]
        {
            assert_eq!(serde_json::from_str::<Order>(order).unwrap().revoke, revoke, "{order}");
        }
    }
}
