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
pub struct RotationRequest {
    revoke: bool,
}

pub async fn handle(ctx: &Ctx, request: RotationRequest) -> Result<Rotated> {
    token_key_rotation::rotate(ctx, request.revoke).await
}

/// The members of the event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    #[serde(default)]
    revoke: bool,
}

/// Not derived: serde's derived code also accepts an array of the members, and so `[]`.
impl<'de> Deserialize<'de> for RotationRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = RotationRequest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "an object: {} for a new key, {\"revoke\": true} if the old one has leaked",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<RotationRequest, A::Error> {
                let Members { revoke } = Members::deserialize(MapAccessDeserializer::new(members))?;
                Ok(RotationRequest { revoke })
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_not_an_object_is_an_error() {
        for event in ["[]", "[true]", "null", "\"{}\"", "true", "0"] {
            let Err(error) = serde_json::from_str::<RotationRequest>(event) else {
                panic!("{event}")
            };
            let message = error.to_string();
            assert!(message.contains("expected an object: {} for a new key"), "{event}: {message}");
        }
    }

    #[test]
    fn an_object_may_revoke_the_old_key() {
        for (event, revoke) in
            [("{}", false), ("{\"revoke\": false}", false), ("{\"revoke\": true}", true)]
        {
            assert_eq!(
                serde_json::from_str::<RotationRequest>(event).unwrap().revoke,
                revoke,
                "{event}"
            );
        }
    }
}
