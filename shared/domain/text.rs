//! Texts that users write, in Unicode normalization form C and trimmed, each type with its length
//! limits.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::unicode;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
        #[serde(transparent)]
        #[deserr(error = Invalid, try_from(String) = $name::parse -> Refused)]
        pub struct $name(String);

        impl $name {
            /// Reads a text and trims it. 422 if its length in characters is out of bounds or it
            /// has control characters.
            pub fn parse(text: String) -> Result<Self, Refused> {
                let parse: fn(&str) -> Result<String, Refused> = $parse;
                parse(&text).map(Self)
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

/// Whether a text may have several lines.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    One,
    Many,
}

text! {
    /// The name of a user, a product or a brand: one line of 1 to 200 characters.
    Name, |text| bounded(text, 1, 200, Lines::One)
}
text! {
    /// A short text, such as a tag or an option's name or value: one line of 1 to 60 characters.
    Label, |text| bounded(text, 1, 60, Lines::One)
}
text! {
    /// A longer text, which may be empty and have several lines: up to 10,000 characters.
    Description, |text| bounded(text, 0, 10_000, Lines::Many)
}
text! {
    /// A line of a postal address: 1 to 200 characters.
    AddressLine, |text| bounded(text, 1, 200, Lines::One)
}
text! {
    /// A phone number as its owner writes it: 3 to 40 characters with at least one digit of any
    /// script. It has no hidden characters except spaces, which are all U+0020.
    Phone, phone
}

/// The URL of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(String) = ImageUrl::parse -> Refused)]
pub struct ImageUrl(String);

impl ImageUrl {
    /// Reads an absolute `http` or `https` URL of at most 2,048 characters. 422 `invalid_url` for
    /// any other text.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let valid = text.len() <= 2048
            && rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
        if valid {
            Ok(Self(text))
        } else {
            Err(Refused::new(
                "invalid_url",
                "Must be an absolute http or https URL of at most 2,048 characters.",
            ))
        }
    }

    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Removes case differences: converts each letter to upper case and then to lower case, so that `ß`
/// equals `SS`, and all forms of sigma are equal.
pub fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn bounded(text: &str, min: usize, max: usize, lines: Lines) -> Result<String, Refused> {
    let text = match lines {
        Lines::One => unicode::nfc(text).into_owned(),
        Lines::Many => unicode::nfc(text).replace(unicode::is_line_separator, "\n"),
    };
    // A text without visible characters is empty, whatever it consists of.
    if !unicode::shows_nothing(&text) && text.contains(unicode::is_explicit_bidi_control) {
        let detail = "Must not contain characters that change the text direction \
                      (U+202A to U+202E, U+2066 to U+2069).";
        return Err(Refused::new("bidi_control", detail));
    }
    let text = unicode::trim(&text);
    let length = text.chars().count();
    if length < min {
        let detail = if min == 1 {
            "Must not be empty.".to_owned()
        } else {
            format!("Must have at least {min} characters.")
        };
        return Err(Refused::new("too_short", detail));
    }
    if length > max {
        return Err(Refused::new("too_long", format!("Must have at most {max} characters.")));
    }
    let (refused, detail): (fn(char) -> bool, _) = match lines {
        Lines::One => (
            |c| c.is_control() || unicode::is_line_separator(c),
            "Must be one line, without control characters.",
        ),
        Lines::Many => (
            |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'),
            "Must not contain control characters.",
        ),
    };
    if text.contains(refused) {
        return Err(Refused::new("control_character", detail));
    }
    Ok(text.to_owned())
}

fn phone(text: &str) -> Result<String, Refused> {
    // Numbers copied from address books often have hidden direction marks around them.
    let text = text.trim_matches(unicode::is_hidden).replace(unicode::is_other_space, " ");
    let text = bounded(&text, 3, 40, Lines::One)?;
    if text.contains(|c| c != ' ' && unicode::is_hidden(c)) {
        let detail = "Must not contain hidden characters; type the number instead of pasting it.";
        return Err(Refused::new("hidden_character", detail));
    }
    if !text.contains(unicode::is_digit) {
        return Err(Refused::new("no_digit", "Must have at least one digit."));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_one_line() {
        assert_eq!(Name::parse("  Ada  ".into()).unwrap().as_str(), "Ada");
        for (text, code) in [
            (String::new(), "too_short"),
            ("   ".into(), "too_short"),
            ("x".repeat(201), "too_long"),
            ("Ada\nLovelace".into(), "control_character"),
            ("Ada\u{0}".into(), "control_character"),
        ] {
            assert_eq!(Name::parse(text.clone()).unwrap_err().code, code, "{text:?}");
        }
    }

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(Name::parse("ü".repeat(200)).is_ok());
    }

    #[test]
    fn a_description_may_be_empty_and_have_lines() {
        assert!(Description::parse(String::new()).is_ok());
        assert!(Description::parse("one\ntwo".into()).is_ok());
    }

    #[test]
    fn an_image_url_is_absolute() {
        assert!(ImageUrl::parse("https://img.example.com/a%20b.jpg?w=1".into()).is_ok());
        for text in [
            "",
            "a.jpg",
            "//x/a.jpg",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "ftp://x/a",
        ] {
            assert!(ImageUrl::parse(text.into()).is_err(), "{text:?}");
        }
    }
}
