//! Tokens in mailed links: a client that sends one proves that its user received the mail.
//!
//! They are created when the mail is rendered, and only their digests are stored, so that no table,
//! stream or queue reveals them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::crypto::digest::digest;
use crate::crypto::random::random;
use crate::domain::email::EmailDigest;
use crate::domain::error::{Error, Result};
use crate::domain::ids::RegistrationId;
use crate::domain::problem_code::ProblemCode;

/// Proves that a registration's e-mail address belongs to the user: the registration's key, and a
/// secret of 32 random bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationToken {
    /// The digest of the e-mail address, under which the registration is stored.
    pub address: EmailDigest,
    /// The registration.
    pub registration_id: RegistrationId,
    secret: [u8; 32],
}

impl VerificationToken {
    /// Creates a token with a random secret.
    pub fn new(address: EmailDigest, registration_id: RegistrationId) -> Result<Self> {
        Ok(Self::with_secret(address, registration_id, random()?))
    }

    /// Creates the token with a known secret, for demo data that must always be the same.
    pub const fn with_secret(
        address: EmailDigest,
        registration_id: RegistrationId,
        secret: [u8; 32],
    ) -> Self {
        Self { address, registration_id, secret }
    }

    /// Encodes the token for the link in the mail, in base64url.
    pub fn write(&self) -> String {
        let registration = self.registration_id.uuid();
        let parts: [&[u8]; 3] = [self.address.as_bytes(), registration.as_bytes(), &self.secret];
        URL_SAFE_NO_PAD.encode(parts.concat())
    }

    /// Decodes a token that a client sends; `None` if the text is not one.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(Self {
            address: EmailDigest::from_bytes(bytes[..16].try_into().ok()?),
            registration_id: RegistrationId::from_uuid(Uuid::from_slice(&bytes[16..32]).ok()?),
            secret: bytes[32..].try_into().ok()?,
        })
    }

    /// The digest of the secret, which is stored instead of the token.
    pub fn digest(&self) -> String {
        digest([b"verification".as_slice(), &self.secret])
    }
}

/// Allows its bearer to set a new password once: a secret of 32 random bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetToken([u8; 32]);

impl ResetToken {
    /// Creates a token with a random secret.
    pub fn new() -> Result<Self> {
        Ok(Self(random()?))
    }

    /// Creates the token with a known secret, for demo data that must always be the same.
    pub const fn with_secret(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// Encodes the token for the link in the mail, in base64url.
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Decodes a token that a client sends; `None` if the text is not one.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// The digest of the secret, which is stored instead of the token.
    pub fn digest(&self) -> String {
        digest([b"reset".as_slice(), &self.0])
    }
}

/// The error 422 `invalid_token`, the same for every reason why a mailed token is not accepted.
pub fn invalid_token() -> Error {
    Error::invalid(
        "/token",
        ProblemCode::InvalidToken,
        "This token is unknown, used or expired; ask for a new mail. If it has created your \
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
    fn a_text_that_is_not_a_token_is_not_read() {
        let reset = ResetToken::new().unwrap().write();
        for text in ["", "no token", "AAAA", &reset] {
            assert_eq!(VerificationToken::read(text), None, "{text:?}");
        }
        for text in ["", "no token", "AAAA", &format!("{reset}A"), &"A".repeat(86)] {
            assert_eq!(ResetToken::read(text), None, "{text:?}");
        }
    }
}
