//! The tokens that go out by mail: whoever sends one back has read the mail.
//!
//! They are made when the mail is sent, and only their digests are kept: they rest nowhere, and
//! no table, stream or queue gives them away.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::crypto::digest::digest;
use crate::crypto::random::random;
use crate::domain::email::EmailDigest;
use crate::domain::error::{Error, Result};
use crate::domain::ids::RegistrationId;

/// Shows that an address is its owner's: where the registration lies, and 32 random bytes, which
/// make it good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationToken {
    /// The address, by its digest.
    pub address: EmailDigest,
    /// The registration.
    pub registration_id: RegistrationId,
    secret: [u8; 32],
}

impl VerificationToken {
    /// A new one.
    pub fn new(address: EmailDigest, registration_id: RegistrationId) -> Result<Self> {
        Ok(Self::with_secret(address, registration_id, random()?))
    }

    /// The one with this secret: for data that must come out the same every time.
    pub const fn with_secret(
        address: EmailDigest,
        registration_id: RegistrationId,
        secret: [u8; 32],
    ) -> Self {
        Self { address, registration_id, secret }
    }

    /// The text that goes into the mail's link.
    pub fn write(&self) -> String {
        let registration = self.registration_id.uuid();
        let parts: [&[u8]; 3] = [self.address.as_bytes(), registration.as_bytes(), &self.secret];
        URL_SAFE_NO_PAD.encode(parts.concat())
    }

    /// Reads what came back; `None` for what is no such token.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(Self {
            address: EmailDigest::from_bytes(bytes[..16].try_into().ok()?),
            registration_id: RegistrationId::from_uuid(Uuid::from_slice(&bytes[16..32]).ok()?),
            secret: bytes[32..].try_into().ok()?,
        })
    }

    /// What is kept of it.
    pub fn digest(&self) -> String {
        digest([b"verification".as_slice(), &self.secret])
    }
}

/// Allows to set a new password, once: 32 random bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetToken([u8; 32]);

impl ResetToken {
    /// A new one.
    pub fn new() -> Result<Self> {
        Ok(Self(random()?))
    }

    /// The one with this secret: for data that must come out the same every time.
    pub const fn with_secret(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The text that goes into the mail's link.
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads what came back.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// What is kept of it.
    pub fn digest(&self) -> String {
        digest([b"reset".as_slice(), &self.0])
    }
}

/// The refusal of a mailed token. Why it does nothing stays with us.
pub fn invalid_token() -> Error {
    Error::invalid(
        "/token",
        "invalid_token",
        "This token is unknown, has been used or is too old; ask for a new mail. If it has made your \
         account already, log in.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::Email;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_token_reads_back_as_itself() {
        let email = Email::parse("ada@example.com".into()).unwrap();
        let registration = RegistrationId::new(Timestamp::from_unix_millis(1_767_225_600_000));
        let token = VerificationToken::new(email.digest(), registration).unwrap();
        assert_eq!(VerificationToken::read(&token.write()), Some(token));
        let token = ResetToken::new().unwrap();
        assert_eq!(ResetToken::read(&token.write()), Some(token));
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        let reset = ResetToken::new().unwrap().write();
        for text in ["", "no token", "AAAA", &reset] {
            assert_eq!(VerificationToken::read(text), None, "{text:?}");
        }
        for text in ["", "no token", "AAAA", &format!("{reset}A"), &"A".repeat(86)] {
            assert_eq!(ResetToken::read(text), None, "{text:?}");
        }
    }
}
