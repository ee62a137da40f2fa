//! Passwords: new ones, which must follow rules, and offered ones, which are checked.

use std::fmt;

use deserr::Deserr;
use schemars::{JsonSchema, Schema};

use super::common_passwords::is_common;
use super::email::Email;
use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;
use super::text::Name;
use super::unicode;

/// A new password: 8 to 128 characters of any script that is not one of the most common passwords.
/// There are no rules about which characters it must have (NIST SP 800-63B-4, section 3.1.1.2).
///
/// It is prepared by the profile OpaqueString (RFC 8265, section 4.2): neither trimmed nor changed
/// in case; every space becomes U+0020, and the text is in Unicode normalization form C, so that it
/// is the same password on keyboards that compose `é` or type spaces in different ways. Characters
/// are counted in that form. Control characters are rejected; other characters that the profile
/// disallows are accepted, so that validity does not depend on a table of assigned characters.
#[derive(Clone, Deserr, JsonSchema)]
#[schemars(transform = NewPassword::describe)]
#[deserr(error = Invalid, try_from(String) = NewPassword::parse -> Refused)]
pub struct NewPassword(String);

impl NewPassword {
    const MIN: usize = 8;
    const MAX: usize = 128;

    fn describe(schema: &mut Schema) {
        schema::bound(schema, Self::MIN, Self::MAX);
        let pattern = schema::text_of(|c| !c.is_control());
        schema.insert("pattern".to_owned(), pattern.into());
        schema.insert("format".to_owned(), "password".into());
        let codes = [
            ProblemCode::PasswordTooShort,
            ProblemCode::PasswordTooLong,
            ProblemCode::ControlCharacter,
            ProblemCode::PasswordTooCommon,
        ];
        schema::refuse(schema, &codes);
    }

    /// Reads a new password. 422 if it breaks a rule. [`NewPassword::reject_personal`] compares it
    /// with its owner's name and e-mail address.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let text = prepared(&text);
        match text.chars().count() {
            0..Self::MIN => {
                Err(Refused::new(ProblemCode::PasswordTooShort, "Must have at least 8 characters."))
            }
            length if length > Self::MAX => {
                Err(Refused::new(ProblemCode::PasswordTooLong, "Must have at most 128 characters."))
            }
            _ if text.contains(char::is_control) => {
                let detail = "Must not contain control characters, such as line breaks or tabs.";
                Err(Refused::new(ProblemCode::ControlCharacter, detail))
            }
            _ if is_common(&text) => Err(Refused::new(
                ProblemCode::PasswordTooCommon,
                "Must not be one of the most common passwords. A password of several words is a good choice.",
            )),
            _ => Ok(Self(text)),
        }
    }

    /// Rejects a password that is the user's e-mail address or name, with the error at `pointer`.
    /// `None` is not compared.
    ///
    /// 422 `password_is_email` for the e-mail address or its local part, 422 `password_is_name` for
    /// the name or one of its words. Case and all characters other than letters are ignored:
    /// `Ada.Lovelace1815!` is rejected for Ada Lovelace. A longer text that contains a name is
    /// accepted.
    pub fn reject_personal(
        &self,
        email: Option<&Email>,
        name: Option<&Name>,
        pointer: &str,
    ) -> Result<&Self, Invalid> {
        let text = email.map(Email::as_str).unwrap_or_default();
        let local = text.split('@').next().unwrap_or_default();
        // The domain may be spelled in different ways.
        let is_email = email.is_some() && Email::parse(self.0.clone()).ok().as_ref() == email;
        if is_email || self.is_just(text) || self.is_just(local) {
            let detail = "Must not be your e-mail address.";
            return Err(Invalid::for_field(pointer, ProblemCode::PasswordIsEmail, detail));
        }
        let name = name.map(Name::as_str).unwrap_or_default();
        if self.is_just(name) || name.split_whitespace().any(|word| self.is_just(word)) {
            return Err(Invalid::for_field(
                pointer,
                ProblemCode::PasswordIsName,
                "Must not be your name.",
            ));
        }
        Ok(self)
    }

    fn is_just(&self, word: &str) -> bool {
        let (own, theirs) = (letters(&self.0), letters(word));
        let is_equal = self.0.to_lowercase() == prepared(word).to_lowercase();
        // One or two letters among digits and signs don't make a password easy to guess.
        is_equal || theirs.chars().count() > 2 && own == theirs
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A password that a user claims to be theirs: any text, prepared like a [`NewPassword`]. Whether
/// it is right is decided by comparing hashes.
#[derive(Clone, Deserr, JsonSchema)]
#[schemars(description = "The account's password.")]
#[deserr(error = Invalid, from(String) = OfferedPassword::read)]
pub struct OfferedPassword(String);

impl OfferedPassword {
    /// Reads any text.
    pub fn read(text: String) -> Self {
        Self(prepared(&text))
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

fn prepared(text: &str) -> String {
    unicode::nfc(&text.replace(unicode::is_other_space, " ")).into_owned()
}

fn letters(text: &str) -> String {
    let letters: String = prepared(text).chars().filter(|c| c.is_alphabetic()).collect();
    letters.to_lowercase()
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

    fn refusal(text: &str) -> Option<&'static str> {
        NewPassword::parse(text.to_owned()).err().map(|refused| refused.code.slug())
    }

    /// The error for this password of Ada Lovelace, <ada.l@example.com>.
    fn refusal_for_ada(text: &str) -> Option<String> {
        let email = Email::parse("ada.l@example.com".into()).unwrap();
        let name = Name::parse("Ada Lovelace".into()).unwrap();
        let password = NewPassword::parse(text.into()).unwrap();
        let refused = password.reject_personal(Some(&email), Some(&name), "/new_password").err()?;
        let [field] = refused.fields() else { panic!("{refused:?}") };
        Some(format!("{} {}", field.pointer, field.code))
    }

    #[test]
    fn a_new_password_has_8_to_128_characters() {
        assert_eq!(refusal("пароль-8"), None);
        assert_eq!(refusal(&"🔑".repeat(128)), None);
        assert_eq!(refusal("1234567"), Some("password_too_short"));
        assert_eq!(refusal(&"x".repeat(129)), Some("password_too_long"));
    }

    #[test]
    fn a_new_password_has_no_control_characters() {
        for text in
            ["correct\nhorse", "correct horse\t", "\u{0}correct horse", "correct\u{85}horse"]
        {
            assert_eq!(refusal(text), Some("control_character"), "{text:?}");
        }
        assert_eq!(refusal("\u{378}correct horse"), None, "a character not assigned yet");
        assert_eq!(refusal("❤\u{fe0f} correct horse"), None, "an emoji");
    }

    #[test]
    fn a_new_password_is_not_a_common_one() {
        assert_eq!(refusal("Password1"), Some("password_too_common"));
        assert_eq!(refusal("Password1 and more"), None);
    }

    #[test]
    fn a_password_is_the_same_however_its_letters_are_composed() {
        let (composed, decomposed) = ("cafe\u{301} noir", "caf\u{e9} noir");
        let new = |text: &str| NewPassword::parse(text.to_owned()).unwrap();
        let offered = |text: &str| OfferedPassword::read(text.to_owned());
        assert_eq!(new(composed).as_bytes(), new(decomposed).as_bytes());
        assert_eq!(offered(composed).as_bytes(), offered(decomposed).as_bytes());
        assert_eq!(refusal("e\u{301}tude-"), Some("password_too_short"), "six characters");
        assert_eq!(new("correct\u{a0}horse").as_bytes(), new("correct horse").as_bytes());
        assert_eq!(offered("correct\u{3000}horse").as_bytes(), new("correct horse").as_bytes());
        assert_ne!(new("correct\u{200b}horse").as_bytes(), new("correcthorse").as_bytes());
        assert_ne!(new(" correct horse").as_bytes(), new("correct horse").as_bytes());
    }

    #[test]
    fn a_password_is_not_its_owners_email_or_name() {
        for (password, code) in [
            ("ada.l@example.com", "password_is_email"),
            ("ADA.L@EXAMPLE.COM", "password_is_email"),
            ("ada.l2026", "password_is_email"),
            ("Ada Lovelace", "password_is_name"),
            ("adalovelace", "password_is_name"),
            ("Ada.Lovelace1815!", "password_is_name"),
            ("lovelace", "password_is_name"),
            ("2026-ada", "password_is_name"),
        ] {
            let expected = format!("/new_password {code}");
            assert_eq!(refusal_for_ada(password), Some(expected), "{password}");
        }
    }

    #[test]
    fn a_passphrase_may_contain_them() {
        for password in
            ["ada has a cat", "lovelace's notes", "example.com", "10:15 radar", "19570423"]
        {
            assert_eq!(refusal_for_ada(password), None, "{password}");
        }
    }

    #[test]
    fn a_name_of_at_most_two_letters_rejects_no_password() {
        for (name, password) in [("Al", "4-al-82917"), ("李", "李7731902"), ("12", "34509871")] {
            let email = Email::parse("someone@example.com".into()).unwrap();
            let name = Name::parse(name.into()).unwrap();
            let password = NewPassword::parse(password.into()).unwrap();
            assert!(
                password.reject_personal(Some(&email), Some(&name), "/password").is_ok(),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_password_never_appears_in_a_log() {
        let password = NewPassword::parse("correct horse".into()).unwrap();
        assert_eq!(format!("{password:?}"), "NewPassword(…)");
    }
}
