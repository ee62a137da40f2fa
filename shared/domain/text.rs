//! Texts that users write, in Unicode normalization form C and trimmed, each type with its length
//! limits.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;
use super::unicode;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $rules:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
        #[serde(transparent)]
        #[schemars(transform = $name::describe)]
        #[deserr(error = Invalid, try_from(String) = $name::parse -> Refused)]
        pub struct $name(String);

        impl $name {
            /// Reads a text and trims it. 422 if its length in characters is out of bounds or it
            /// has control characters.
            pub fn parse(text: String) -> Result<Self, Refused> {
                $rules.parse(&text).map(Self)
            }

            fn describe(schema: &mut Schema) {
                $rules.describe(schema);
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

/// Whether a text may have several lines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lines {
    One,
    Many,
}

/// The rules of a type of text: the lengths in characters, and whether it may have several lines.
struct Bounded(usize, usize, Lines);

/// The rules of a phone number.
struct PhoneRules;

text! {
    /// The name of a user: one line of 1 to 200 characters.
    Name, Bounded(1, 200, Lines::One)
}
text! {
    /// The name of a product or a brand: one line of 1 to 255 characters.
    ProductName, Bounded(1, 255, Lines::One)
}
text! {
    /// What somebody searches for: one line of 1 to 255 characters.
    SearchText, Bounded(1, 255, Lines::One)
}
text! {
    /// The name of a category: one line of 1 to 255 characters.
    CategoryName, Bounded(1, 255, Lines::One)
}
text! {
    /// The value of an option, such as a size: one line of 1 to 255 characters.
    OptionValue, Bounded(1, 255, Lines::One)
}
text! {
    /// A text that stands for an image where it can't be seen: one line of 1 to 500 characters.
    AlternativeText, Bounded(1, 500, Lines::One)
}
text! {
    /// A bar code as a scanner reads it, such as an EAN or UPC: one line of 1 to 60 characters.
    Barcode, Bounded(1, 60, Lines::One)
}
text! {
    /// A short text, such as a tag or an option's name: one line of 1 to 60 characters.
    Label, Bounded(1, 60, Lines::One)
}
text! {
    /// A longer text, which may be empty and have several lines: up to 32,000 characters.
    Description, Bounded(0, 32_000, Lines::Many)
}
text! {
    /// A note about an order, which the customer sees: 1 to 500 characters.
    Note, Bounded(1, 500, Lines::Many)
}
text! {
    /// Why an admin changes a stock, in the admin's words: one line of 1 to 200 characters.
    StockReason, Bounded(1, 200, Lines::One)
}
text! {
    /// The title of a review: one line of 1 to 200 characters.
    ReviewTitle, Bounded(1, 200, Lines::One)
}
text! {
    /// What a review says: 1 to 5,000 characters. It is text: HTML in it is shown, not interpreted.
    ReviewBody, Bounded(1, 5_000, Lines::Many)
}
text! {
    /// The name of who sells: one line of 1 to 255 characters.
    SellerName, Bounded(1, 255, Lines::One)
}
text! {
    /// A text that may have several lines, such as the seller's address: 1 to 1,000 characters.
    TextBlock, Bounded(1, 1000, Lines::Many)
}
text! {
    /// A line of a postal address: 1 to 200 characters.
    AddressLine, Bounded(1, 200, Lines::One)
}
text! {
    /// A phone number as its owner writes it: 3 to 40 characters with at least one digit of any
    /// script. It has no hidden characters except spaces, which are all U+0020.
    Phone, PhoneRules
}

/// The URL of an image or a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = WebUrl::describe)]
#[deserr(error = Invalid, try_from(String) = WebUrl::parse -> Refused)]
pub struct WebUrl(String);

impl WebUrl {
    const MAX: usize = 2048;

    fn is_allowed(c: char) -> bool {
        c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c)
    }

    fn describe(schema: &mut Schema) {
        let pattern = format!("^https?://[A-Za-z0-9]{}*$", schema::characters(Self::is_allowed));
        schema.insert("pattern".to_owned(), pattern.into());
        schema.insert("maxLength".to_owned(), Self::MAX.into());
        schema::refuse(schema, &[ProblemCode::InvalidUrl]);
    }

    /// Reads an absolute `http` or `https` URL of at most 2,048 characters. 422 `invalid_url` for
    /// any other text.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let valid = text.len() <= Self::MAX
            && rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            && text.chars().all(Self::is_allowed);
        if valid {
            Ok(Self(text))
        } else {
            Err(Refused::new(
                ProblemCode::InvalidUrl,
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

impl Lines {
    /// Returns the pattern of a text, kept because a debug build takes seconds to try all of Unicode.
    fn pattern(self, may_be_empty: bool) -> String {
        static PATTERNS: Mutex<BTreeMap<(Lines, bool), String>> = Mutex::new(BTreeMap::new());
        let is_allowed = |c| !self.excludes(c) && !unicode::is_explicit_bidi_control(c);
        let pattern = || match may_be_empty {
            true => schema::text_of(is_allowed),
            false => schema::visible_text_of(is_allowed),
        };
        let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
        patterns.entry((self, may_be_empty)).or_insert_with(pattern).clone()
    }

    /// Returns a text in the form that is stored and whose characters are counted, but for hidden
    /// characters at its ends.
    fn normalize(self, text: &str) -> String {
        match self {
            Self::One => unicode::nfc(text).into_owned(),
            Self::Many => unicode::nfc(text).replace(unicode::is_line_separator, "\n"),
        }
    }

    /// Whether a normalized text must not contain a character, because it is a control character or
    /// ends the line.
    fn excludes(self, c: char) -> bool {
        match self {
            Self::One => c.is_control() || unicode::is_line_separator(c),
            Self::Many => c.is_control() && !matches!(c, '\n' | '\r' | '\t'),
        }
    }
}

impl Bounded {
    fn parse(&self, text: &str) -> Result<String, Refused> {
        let &Self(min, max, lines) = self;
        let text = lines.normalize(text);
        // A text without visible characters is empty, whatever it consists of.
        if !unicode::shows_nothing(&text) && text.contains(unicode::is_explicit_bidi_control) {
            let detail = "Must not contain characters that change the text direction \
                          (U+202A to U+202E, U+2066 to U+2069).";
            return Err(Refused::new(ProblemCode::BidiControl, detail));
        }
        let text = unicode::trim(&text);
        let length = text.chars().count();
        if length < min {
            let detail = if min == 1 {
                "Must not be empty.".to_owned()
            } else {
                format!("Must have at least {min} characters.")
            };
            return Err(Refused::new(ProblemCode::TooShort, detail));
        }
        if length > max {
            return Err(Refused::new(
                ProblemCode::TooLong,
                format!("Must have at most {max} characters."),
            ));
        }
        if text.contains(|c| lines.excludes(c)) {
            let detail = match lines {
                Lines::One => "Must be one line, without control characters.",
                Lines::Many => "Must not contain control characters.",
            };
            return Err(Refused::new(ProblemCode::ControlCharacter, detail));
        }
        Ok(text.to_owned())
    }

    fn describe(&self, schema: &mut Schema) {
        let &Self(min, max, lines) = self;
        schema::bound(schema, min, max);
        schema.insert("pattern".to_owned(), lines.pattern(min == 0).into());
        let codes = [ProblemCode::TooLong, ProblemCode::ControlCharacter, ProblemCode::BidiControl];
        schema::refuse(schema, &codes);
        if min > 0 {
            schema::refuse(schema, &[ProblemCode::TooShort]);
        }
    }
}

impl PhoneRules {
    const BOUNDS: Bounded = Bounded(3, 40, Lines::One);

    fn parse(&self, text: &str) -> Result<String, Refused> {
        // Numbers copied from address books often have hidden direction marks around them.
        let text = text.trim_matches(unicode::is_hidden).replace(unicode::is_other_space, " ");
        let text = Self::BOUNDS.parse(&text)?;
        if text.contains(|c| c != ' ' && unicode::is_hidden(c)) {
            let detail =
                "Must not contain hidden characters; type the number instead of pasting it.";
            return Err(Refused::new(ProblemCode::HiddenCharacter, detail));
        }
        if !text.contains(unicode::is_digit) {
            return Err(Refused::new(ProblemCode::NoDigit, "Must have at least one digit."));
        }
        Ok(text)
    }

    fn describe(&self, schema: &mut Schema) {
        static PATTERN: LazyLock<String> = LazyLock::new(|| {
            let is_visible = |c| !Lines::One.excludes(c) && !unicode::is_hidden(c);
            let is_any = |c| is_visible(c) || c == ' ' || unicode::is_other_space(c);
            let [visible, any] = [schema::characters(is_visible), schema::characters(is_any)];
            let digit = schema::characters(unicode::is_digit);
            format!(
                "^({digit}{any}+{visible}|{visible}{any}+{digit}|{visible}{any}*{digit}{any}*{visible})$"
            )
        });
        Self::BOUNDS.describe(schema);
        schema.insert("pattern".to_owned(), PATTERN.as_str().into());
        schema::refuse(schema, &[ProblemCode::HiddenCharacter, ProblemCode::NoDigit]);
    }
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
            assert_eq!(Name::parse(text.clone()).unwrap_err().code.slug(), code, "{text:?}");
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
    fn a_url_is_absolute() {
        assert!(WebUrl::parse("https://img.example.com/a%20b.jpg?w=1".into()).is_ok());
        for text in [
            "",
            "a.jpg",
            "//x/a.jpg",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "ftp://x/a",
        ] {
            assert!(WebUrl::parse(text.into()).is_err(), "{text:?}");
        }
    }
}
