//! E-mail addresses.

use std::fmt;

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};

/// An address in the one form under which it is looked up: trimmed and lower-case.
///
/// The rule is that of HTML's `<input type=email>`
/// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>), with a dot in the
/// domain and RFC 5321's lengths: 64 octets before the `@`, 254 in all. Local parts are compared
/// without case, as every large mail provider does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(String) = Email::parse -> Refused)]
pub struct Email(String);

impl Email {
    /// Reads an address.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let address = text.trim().to_ascii_lowercase();
        let valid = address.len() <= 254
            && address
                .split_once('@')
                .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        if valid {
            Ok(Self(address))
        } else {
            Err(Refused::new(
                "invalid_email",
                "Must be an e-mail address, such as ada@example.com.",
            ))
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for the address where nobody needs to read it.
    pub fn digest(&self) -> EmailDigest {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.0.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&digest.as_ref()[..16]);
        EmailDigest(first)
    }
}

/// The first half of an address's SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EmailDigest([u8; 16]);

impl EmailDigest {
    /// The one of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for EmailDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
}

fn is_domain(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_its_lower_case_form() {
        let email = Email::parse("  Ada.Lovelace+shop@Example.COM ".into()).unwrap();
        assert_eq!(email.as_str(), "ada.lovelace+shop@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, why) in [
            ("", "empty"),
            ("ada", "no @"),
            ("@example.com", "nothing before the @"),
            ("ada@", "nothing after the @"),
            ("ada@localhost", "no dot in the domain"),
            ("ada@-example.com", "a label that starts with a hyphen"),
            ("ada@exa mple.com", "a space"),
            ("ada@example..com", "an empty label"),
            ("ada@b@example.com", "two @"),
            ("ada\n@example.com", "a line break"),
            (&format!("{}@example.com", "a".repeat(65)), "65 octets before the @"),
        ] {
            assert!(Email::parse(text.into()).is_err(), "{why}: {text:?}");
        }
    }
}
