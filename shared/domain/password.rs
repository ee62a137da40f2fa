//! Passwords as people type them.

use std::fmt;

use deserr::Deserr;

use super::invalid::{Invalid, Refused};

/// A password somebody chose: 8 to 128 characters of any script, without further rules
/// (NIST SP 800-63B-4, section 3.1.1.2).
#[derive(Clone, Deserr)]
#[deserr(error = Invalid, try_from(String) = NewPassword::parse -> Refused)]
pub struct NewPassword(String);

impl NewPassword {
    /// Reads a new password; nothing is trimmed.
    pub fn parse(text: String) -> Result<Self, Refused> {
        match text.chars().count() {
            0..8 => Err(Refused::new("password_too_short", "Must have at least 8 characters.")),
            129.. => Err(Refused::new("password_too_long", "Must have at most 128 characters.")),
            _ => Ok(Self(text)),
        }
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A password somebody offers: any text; whether it is right is found out by hashing it.
#[derive(Clone, Deserr)]
#[deserr(error = Invalid, from(String) = OfferedPassword)]
pub struct OfferedPassword(String);

impl OfferedPassword {
    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

impl fmt::Debug for OfferedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfferedPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_has_8_to_128_characters() {
        assert!(NewPassword::parse("пароль-8".into()).is_ok());
        assert!(NewPassword::parse("🔑".repeat(128)).is_ok());
        assert_eq!(NewPassword::parse("1234567".into()).unwrap_err().code, "password_too_short");
        assert_eq!(NewPassword::parse("x".repeat(129)).unwrap_err().code, "password_too_long");
    }

    #[test]
    fn a_password_never_shows_in_a_log() {
        let password = NewPassword::parse("correct horse".into()).unwrap();
        assert_eq!(format!("{password:?}"), "NewPassword(…)");
    }
}
