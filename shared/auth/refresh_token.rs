//! Refresh tokens: opaque, single use, each of a token family.

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

/// What a refresh token seals.
const SUCCESSOR: &str = "the successor of a refresh token";

/// A refresh token: whose session it belongs to, so that it can be found, and 32 random bytes,
/// which make it good.
///
/// The first 16 of them identify the token family: all refresh tokens of one login share them. Who
/// shows them had one of these tokens, and whoever only knows the two identifiers, which are no secrets, can't
/// pass for a thief and so log somebody out.
#[derive(Clone)]
pub struct RefreshToken {
    /// The person.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    secret: [u8; 32],
}

impl RefreshToken {
    /// The first one of a session.
    pub fn new(user_id: UserId, session_id: SessionId) -> Result<Self> {
        Ok(Self::with_secret(user_id, session_id, random()?))
    }

    /// The one with this secret: for data that must come out the same every time.
    pub const fn with_secret(user_id: UserId, session_id: SessionId, secret: [u8; 32]) -> Self {
        Self { user_id, session_id, secret }
    }

    /// The next one of the same family.
    pub fn successor(&self) -> Result<Self> {
        let mut next = self.clone();
        next.secret[FAMILY_BYTES..].copy_from_slice(&random::<{ 32 - FAMILY_BYTES }>()?);
        Ok(next)
    }

    /// Whose it is.
    pub fn bearer(&self) -> Bearer {
        Bearer { user_id: self.user_id, session_id: self.session_id }
    }

    /// The text that a client sends.
    pub fn write(&self) -> String {
        let (user, session) = (self.user_id.uuid(), self.session_id.uuid());
        let parts: [&[u8]; 3] = [user.as_bytes(), session.as_bytes(), &self.secret];
        URL_SAFE_NO_PAD.encode(parts.concat())
    }

    /// Reads what a client sends.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let uuid = |from: usize| Uuid::from_slice(&bytes[from..from + 16]).ok();
        Some(Self {
            user_id: UserId::from_uuid(uuid(0)?),
            session_id: SessionId::from_uuid(uuid(16)?),
            secret: bytes[32..].try_into().ok()?,
        })
    }

    /// What is kept of it: a digest that identifies its family, and one of the token itself. Half a digest
    /// of so many random bytes is enough, and every signed-in request reads it.
    pub fn digest(&self) -> String {
        format!("{}.{}", self.family_digest(), half(&self.former_digest()))
    }

    /// Identifies the token family.
    pub fn family_digest(&self) -> String {
        half(&digest([&self.secret[..FAMILY_BYTES]])).to_owned()
    }

    /// What an older version kept of it. Its sessions get a family with their next renewal.
    pub fn former_digest(&self) -> String {
        digest([self.secret.as_slice()])
    }

    /// Its successor, for nobody but its bearer.
    pub fn seal(&self, successor: &Self) -> Result<String> {
        seal(SUCCESSOR, &self.secret, &successor.secret)
    }

    /// The successor that was sealed for this token; `None` for any other token.
    pub fn open(&self, sealed: &str) -> Option<Self> {
        let secret = open(SUCCESSOR, &self.secret, sealed)?.try_into().ok()?;
        Some(Self { secret, ..self.clone() })
    }
}

/// 132 bits of a digest.
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
