//! E-mail addresses.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use deserr::Deserr;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;
use super::unicode;

/// An e-mail address in the normalized form that identifies an account: without hidden characters
/// around it, in lower case, with its domain in ASCII.
///
/// The local part (before the `@`) is RFC 5322's `dot-atom`, compared without case, as every large
/// mail provider does. The domain is processed by UTS #46, so that `bücher.example` is
/// `xn--bcher-kva.example`; it has at least two labels, the last of which begins with a letter, so
/// address literals and IP addresses are rejected. Lengths are limited by RFC 5321, in ASCII: 64
/// octets for the local part, 254 in all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = Email::describe)]
#[deserr(error = Invalid, try_from(String) = Email::parse -> Refused)]
pub struct Email(String);

impl Email {
    const MAX: usize = 254;

    /// Describes the local part exactly. JSON Schema can't express which domains UTS #46 accepts.
    fn describe(schema: &mut Schema) {
        static PATTERN: LazyLock<String> = LazyLock::new(|| {
            let atom = schema::characters(is_atom_character);
            let label = schema::characters(|c| {
                !c.is_control() && !unicode::is_hidden(c) && c != '@' && !is_label_separator(c)
            });
            let dot = schema::characters(is_label_separator);
            format!("^{atom}+(\\.{atom}+)*@{label}+({dot}{label}+)+$")
        });
        schema::bound(schema, 5, Self::MAX);
        schema.insert("pattern".to_owned(), PATTERN.as_str().into());
        schema.insert("format".to_owned(), "idn-email".into());
        schema::refuse(schema, &[ProblemCode::InvalidEmail]);
    }

    /// Reads an e-mail address and normalizes it. 422 `invalid_email` if it is not valid.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let read = || {
            let (local, domain) = text.trim_matches(unicode::is_hidden).split_once('@')?;
            let local = is_local(local).then(|| local.to_ascii_lowercase())?;
            let email = format!("{local}@{}", ascii_domain(domain)?);
            (email.len() <= Self::MAX).then_some(Self(email))
        };
        read().ok_or_else(|| {
            Refused::new(
                ProblemCode::InvalidEmail,
                "Must be an e-mail address, such as ada@example.com.",
            )
        })
    }

    /// Returns the e-mail address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a digest that identifies the e-mail address without revealing it.
    pub fn digest(&self) -> EmailDigest {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.0.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&digest.as_ref()[..16]);
        EmailDigest(first)
    }
}

/// The first 16 bytes of the SHA-256 of an e-mail address. Displayed as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EmailDigest([u8; 16]);

impl EmailDigest {
    /// Creates a digest from its bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
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
    let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_atom_character);
    text.len() <= 64 && text.split('.').all(is_atom)
}

fn is_atom_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c)
}

/// Whether UTS #46 reads a character as the dot between two labels of a domain.
const fn is_label_separator(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

fn ascii_domain(text: &str) -> Option<Cow<'_, str>> {
    let (letters, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let domain =
        Uts46::new().to_ascii(text.as_bytes(), letters, hyphens, DnsLength::Verify).ok()?;
    let (_, last) = domain.rsplit_once('.')?;
    last.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_in_lower_case() {
        let email = Email::parse("  Ada.Lovelace+shop@Example.COM ".into()).unwrap();
        assert_eq!(email.as_str(), "ada.lovelace+shop@example.com");
    }

    #[test]
    fn a_domain_is_in_ascii() {
        for text in [
            "ada@b\u{fc}cher.example",
            "ada@bu\u{308}cher.example",
            "ADA@B\u{dc}CHER.EXAMPLE",
            "ada@XN--Bcher-KVA.example",
            "ada@b\u{fc}cher\u{3002}example",
            "\u{feff}\u{a0}ada@b\u{fc}cher.example\u{ad}\u{200b}\u{200f}\u{202c}\r\n",
        ] {
            let email = Email::parse(text.into()).unwrap();
            assert_eq!(email.as_str(), "ada@xn--bcher-kva.example", "{text:?}");
            assert_eq!(Email::parse(email.as_str().into()).unwrap(), email);
        }
        assert!(Email::parse("ada@r3---sn.example.co.uk".into()).is_ok(), "hyphens inside");
        assert!(Email::parse("ada@9292.example".into()).is_ok(), "a number");
        assert!(Email::parse("ada@xn--p1ai.xn--p1ai".into()).is_ok(), "a top-level domain's own");
    }

    #[test]
    fn an_invalid_email_is_rejected() {
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
            ("a..b@example.com", "an empty atom"),
            (".a@example.com", "a dot before the first atom"),
            ("a.@example.com", "a dot after the last atom"),
            ("ada@[127.0.0.1]", "an address literal"),
            ("ada@127.0.0.1", "an IP address"),
            ("ada@example.7", "a last label that no top-level domain has"),
            ("ada@example.com.", "a dot after the domain"),
            ("ada@exam_ple.com", "an underscore in the domain"),
            ("ada@xn--a.example", "no Punycode"),
            ("ad\u{e4}@example.com", "a letter before the @ that is not ASCII"),
            ("ada@ex\u{202e}ample.com", "a hidden direction control"),
            (&format!("{}@example.com", "a".repeat(65)), "65 octets before the @"),
            (&format!("ada@{}.example", "\u{fc}".repeat(60)), "a label too long in ASCII"),
            (&format!("ada@{}com", "ab.".repeat(90)), "more than 254 octets"),
        ] {
            assert!(Email::parse(text.into()).is_err(), "{why}: {text:?}");
        }
    }
}
