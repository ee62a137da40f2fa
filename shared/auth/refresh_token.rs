//! Refresh tokens: opaque, single use. All refresh tokens of one login form a token family.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::crypto::digest::digest;
use crate::crypto::random::random;
use crate::crypto::seal::{open, seal};
use crate::domain::caller::Bearer;
use crate::domain::error::Result;
use crate::domain::ids::{SessionId, UserId};

/// How many leading bytes of a refresh token's secret identify its token family.
const FAMILY_BYTES: usize = 16;

/// The purpose of the encryption, which is part of the key derivation.
const SUCCESSOR: &str = "the successor of a refresh token";

/// A refresh token: the identifiers of its user and session, by which the session is found, and a
/// secret of 32 random bytes.
///
/// The first 16 bytes of the secret identify the token family: all refresh tokens of one login
/// share them. So the reuse of an old token is recognized, and a caller who knows only the two
/// identifiers, which are not secret, can't fake a reuse to end another user's session.
#[derive(Clone)]
pub struct RefreshToken {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    secret: [u8; 32],
}

impl RefreshToken {
    /// Creates the first token of a session, with a random secret.
    pub fn new(user_id: UserId, session_id: SessionId) -> Result<Self> {
        Ok(Self::with_secret(user_id, session_id, random()?))
    }

    /// Creates the token with a known secret, for demo data that must always be the same.
    pub const fn with_secret(user_id: UserId, session_id: SessionId, secret: [u8; 32]) -> Self {
        Self { user_id, session_id, secret }
    }

    /// Creates the next token of the same family.
    pub fn successor(&self) -> Result<Self> {
        let mut next = self.clone();
        next.secret[FAMILY_BYTES..].copy_from_slice(&random::<{ 32 - FAMILY_BYTES }>()?);
        Ok(next)
    }

    /// The user and session that the token belongs to.
    pub fn bearer(&self) -> Bearer {
        Bearer { user_id: self.user_id, session_id: self.session_id }
    }

    /// Encodes the token for the client, in base64url.
    pub fn write(&self) -> String {
        let (user, session) = (self.user_id.uuid(), self.session_id.uuid());
        let parts: [&[u8]; 3] = [user.as_bytes(), session.as_bytes(), &self.secret];
        URL_SAFE_NO_PAD.encode(parts.concat())
    }

    /// Decodes a token that a client sends; `None` if the text is not one.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let uuid = |from: usize| Uuid::from_slice(&bytes[from..from + 16]).ok();
        Some(Self {
            user_id: UserId::from_uuid(uuid(0)?),
            session_id: SessionId::from_uuid(uuid(16)?),
            secret: bytes[32..].try_into().ok()?,
        })
    }

    /// The digest that is stored instead of the token: `<digest of the family>.<digest of the
    /// token>`. Both are cut to 132 bits, which is enough for random secrets and keeps the security
    /// item, which every signed-in request reads, small.
    pub fn digest(&self) -> String {
        format!("{}.{}", self.family_digest(), half(&self.legacy_digest()))
    }

    /// The digest of the token family: the part of [`RefreshToken::digest`] before the dot.
    pub fn family_digest(&self) -> String {
        half(&digest([&self.secret[..FAMILY_BYTES]])).to_owned()
    }

    /// The digest that older versions stored. Their sessions get one with a family when they are
    /// next refreshed.
    pub fn legacy_digest(&self) -> String {
        digest([self.secret.as_slice()])
    }

    /// Encrypts its successor so that only the bearer of this token can decrypt it.
    pub fn seal(&self, successor: &Self) -> Result<String> {
        seal(SUCCESSOR, &self.secret, &successor.secret)
    }

    /// Decrypts the successor; `None` if it was encrypted for another token.
    pub fn open(&self, sealed: &str) -> Option<Self> {
        let secret = open(SUCCESSOR, &self.secret, sealed)?.try_into().ok()?;
        Some(Self { secret, ..self.clone() })
    }
}

/// Returns the first 132 bits of a digest: 22 characters of base64url.
fn half(digest: &str) -> &str {
    &digest[..22]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn token() -> RefreshToken {
        let now = Timestamp::from_unix_millis(1_767_225_600_000);
        RefreshToken::new(UserId::new(now), SessionId::new(now)).unwrap()
    }

    #[test]
    fn a_refresh_token_reads_back_as_itself() {
        let token = token();
        let read = RefreshToken::read(&token.write()).unwrap();
        assert_eq!((read.bearer(), read.secret), (token.bearer(), token.secret));
        assert!(RefreshToken::read("").is_none());
        assert!(RefreshToken::read(&token.write()[1..]).is_none());
    }

    #[test]
    fn only_the_used_token_opens_its_successor() {
        let (used, next, other) = (token(), token(), token());
        let sealed = used.seal(&next).unwrap();
        assert_eq!(used.open(&sealed).unwrap().secret, next.secret);
        assert!(other.open(&sealed).is_none());
    }
}
