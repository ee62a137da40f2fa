//! What the files in `events/` need to find: for each demo account a session that never ends, and
//! an access token for it that is the same on every machine; and sessions of the admin's to be
//! renewed and ended, so that the others outlive it.
//!
//! The key and the refresh tokens are public: they stand here. Only the local shop knows them, so
//! no deployed shop believes them.

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
use super::products::OPENING;
use crate::failure::{Explain, Result};

/// The `iss` and `aud` of the local shop's tokens, whatever its port.
pub const ISSUER: &str = "bodega-local";

const KEY_ID: &str = "local-demo";
const SEED: &[u8; 32] = b"public: for local demo data only";
/// 1 January 2100.
pub(super) const NEVER: Timestamp = Timestamp::from_unix_millis(4_102_444_800_000);

/// The access token of an account's session, as a client sends it.
pub fn access_token(account: &Account) -> Result<String> {
    // In alphabetical order, so that it is the same text however serde_json was built.
    let header = json!({"alg": "EdDSA", "kid": KEY_ID, "typ": "at+jwt"});
    let claims = json!({
        "aud": ISSUER,
        "exp": NEVER.unix_seconds(),
        "iat": OPENING / 1_000,
        "iss": ISSUER,
        "sid": session_id(account),
        "sub": account.user_id(),
    });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = URL_SAFE_NO_PAD.encode(key()?.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

/// Publishes the key, and begins the session of every account and those to try things with.
pub(super) async fn begin(
    store: &Store,
    accounts: impl Iterator<Item = &Account>,
) -> shared::Result<()> {
    let key = key().map_err(shared::Error::internal)?;
    let published = PublicKey {
        x: URL_SAFE_NO_PAD.encode(key.public_key()),
        published_at: Timestamp::from_unix_millis(OPENING as i64),
        // What has a limit already keeps it when the shop gets another key.
        believed_until: Some(NEVER),
    };
    store.signing_keys().publish(KEY_ID, &published).await?;
    for account in accounts {
        let session = session("no refresh token".to_owned());
        sessions::add(store, account.user_id(), session_id(account), &session, None).await?;
    }
    for token in [renewable_token(), endable_token()] {
        let Bearer { user_id, session_id } = token.bearer();
        // As new, whatever has become of it since the last start.
        store.sessions().end(user_id, session_id).await?;
        let session = session(token.digest());
        sessions::add(store, user_id, session_id, &session, None).await?;
    }
    renew_for_ever(store).await
}

/// Lets the renewable session have been renewed in 2100: its token counts as one whose answer was
/// lost a moment ago, and leads to the same successor however often it is sent.
async fn renew_for_ever(store: &Store) -> shared::Result<()> {
    let used = renewable_token();
    let Bearer { user_id, session_id } = used.bearer();
    let next = RefreshToken::with_secret(user_id, session_id, *b"public: the demo's next refresh.");
    let next = session(used.digest()).refreshed(&used, &next, NEVER)?;
    let rotation = Rotation { used: used.digest(), next, stale: BTreeMap::new() };
    store.sessions().rotate(user_id, session_id, &rotation).await.map(drop)
}

/// A session that never ends. When an account has too many, the one that began first goes: not
/// this one.
fn session(refresh_digest: String) -> Session {
    Session { refresh_digest, previous: None, created_at: NEVER, expires_at: NEVER }
}

/// What `events/refresh-token.json` sends, again and again.
pub fn renewable_token() -> RefreshToken {
    spare_token(1, b"public: a demo token for refresh")
}

/// What `events/log-out.json` sends: it ends a session once after each start of the shop.
pub fn endable_token() -> RefreshToken {
    spare_token(2, b"public: a demo token for log-out")
}

fn spare_token(number: u8, secret: &[u8; 32]) -> RefreshToken {
    let session = Builder::from_unix_timestamp_millis(OPENING, &[0xA0 + number; 10]).into_uuid();
    RefreshToken::with_secret(ADMIN.user_id(), SessionId::from_uuid(session), *secret)
}

fn session_id(account: &Account) -> SessionId {
    SessionId::from_uuid(account.uuid())
}

fn key() -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(SEED).explain(|| "the demo key is no key")
}
