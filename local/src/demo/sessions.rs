//! The sessions that the files in `events/` use. Each demo account has one that never expires, with
//! an access token that is the same on every machine. The admin has two more, for the events that
//! refresh and log out, so that these do not end the others.
//!
//! The signing key and the refresh tokens are in this file and so public. Only the local shop
//! accepts them; no deployed shop does.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use shared::auth::refresh_token::RefreshToken;
use shared::domain::caller::Bearer;
use shared::domain::ids::SessionId;
use shared::domain::session::{Rotation, Session};
use shared::domain::signing_key::PublicKey;
use shared::domain::time::Timestamp;
use shared::services::sessions;
use shared::store::Store;
use uuid::Builder;

use super::accounts::{ADMIN, Account};
use super::products::DEMO_START;
use crate::failure::{Explain, Result};

/// The `iss` and `aud` of the local shop's tokens; does not depend on its port.
pub const ISSUER: &str = "bodega-local";

const KEY_ID: &str = "local-demo";
const SEED: &[u8; 32] = b"public: for local demo data only";
/// Expiry of whatever never expires: 1 January 2100.
pub(super) const NEVER: Timestamp = Timestamp::from_unix_millis(4_102_444_800_000);

/// Returns the access token of an account's session.
pub fn access_token(account: &Account) -> Result<String> {
    // Members in alphabetical order, so that the token does not depend on serde_json's features.
    let header = json!({"alg": "EdDSA", "kid": KEY_ID, "typ": "at+jwt"});
    let claims = json!({
        "aud": ISSUER,
        "exp": NEVER.unix_seconds(),
        "iat": DEMO_START / 1_000,
        "iss": ISSUER,
        "sid": session_id(account),
        "sub": account.user_id(),
    });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key()?.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

/// Publishes the signing key, and creates the sessions of all accounts and the two for refreshing
/// and logging out.
pub(super) async fn create(
    store: &Store,
    accounts: impl Iterator<Item = &Account>,
) -> shared::Result<()> {
    let key = key().map_err(shared::Error::internal)?;
    let published = PublicKey {
        x: URL_SAFE_NO_PAD.encode(key.public_key()),
        published_at: Timestamp::from_unix_millis(DEMO_START as i64),
        // A rotation sets this only where it is missing, so these tokens outlast it.
        believed_until: Some(NEVER),
    };
    store.signing_keys().publish(KEY_ID, &published).await?;
    for account in accounts {
        let session = session("no refresh token".to_owned());
        sessions::add(store, account.user_id(), session_id(account), &session, None).await?;
    }
    for token in [reusable_refresh_token(), logout_refresh_token()] {
        let Bearer { user_id, session_id } = token.bearer();
        // Replaces a session that was used since the last start.
        store.sessions().end(user_id, session_id).await?;
        let session = session(token.digest());
        sessions::add(store, user_id, session_id, &session, None).await?;
    }
    make_reusable(store).await
}

/// Stores a refresh of the session with a time in the year 2100: its token then counts as used just
/// now, with a lost response, and returns the same successor however often it is sent.
async fn make_reusable(store: &Store) -> shared::Result<()> {
    let used = reusable_refresh_token();
    let Bearer { user_id, session_id } = used.bearer();
    let next = RefreshToken::with_secret(user_id, session_id, *b"public: the demo's next refresh.");
    let next = session(used.digest()).refreshed(&used, &next, NEVER)?;
    let rotation = Rotation { used: used.digest(), next, stale: BTreeMap::new() };
    store.sessions().rotate(user_id, session_id, &rotation).await.map(drop)
}

/// Returns a session that never expires. If an account has too many sessions, the oldest is
/// removed: never this one, since it is created in 2100.
fn session(refresh_digest: String) -> Session {
    Session { refresh_digest, previous: None, created_at: NEVER, expires_at: NEVER }
}

/// Returns the token in `events/refresh-token.json`, which can be sent any number of times.
pub fn reusable_refresh_token() -> RefreshToken {
    spare_token(1, b"public: a demo token for refresh")
}

/// Returns the token in `events/log-out.json`, which ends its session once after each start of the
/// shop.
pub fn logout_refresh_token() -> RefreshToken {
    spare_token(2, b"public: a demo token for log-out")
}

fn spare_token(number: u8, secret: &[u8; 32]) -> RefreshToken {
    let session = Builder::from_unix_timestamp_millis(DEMO_START, &[0xA0 + number; 10]).into_uuid();
    RefreshToken::with_secret(ADMIN.user_id(), SessionId::from_uuid(session), *secret)
}

fn session_id(account: &Account) -> SessionId {
    SessionId::from_uuid(account.uuid())
}

fn key() -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(SEED).explain(|| "the demo key is invalid")
}
