//! Slugs: names as part of a URL.

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// A name as part of a URL: lower-case ASCII words joined by hyphens, 1 to 80 characters, such as
/// `outdoor-gear`.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Deserr, JsonSchema,
)]
#[serde(transparent)]
#[schemars(transform = Slug::describe)]
#[deserr(error = Invalid, try_from(String) = Slug::parse -> Refused)]
pub struct Slug(String);

impl Slug {
    const MAX: usize = 80;

    fn describe(schema: &mut Schema) {
        schema::bound(schema, 1, Self::MAX);
        schema.insert("pattern".to_owned(), "^[a-z0-9]+(-[a-z0-9]+)*$".into());
        schema::refuse(schema, &[ProblemCode::InvalidSlug]);
    }

    /// Parses a slug; `invalid_slug` for any other text, such as the name that it was made from.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if text.len() <= Self::MAX && text.split('-').all(is_word) {
            Ok(Self(text))
        } else {
            Err(Refused::new(
                ProblemCode::InvalidSlug,
                "Must be 1 to 80 lower-case ASCII letters and digits, in words joined by single \
                 hyphens.",
            ))
        }
    }

    /// Makes a slug of a name in any script, cut off after 80 characters: `Łódź & Kraków` becomes
    /// `lodz-krakow`. `None` if the name has nothing that can be written in ASCII letters or digits.
    pub fn of_name(name: &str) -> Option<Self> {
        // A character without a transliteration separates words, as a space does.
        let mut slug = slugify(&deunicode::deunicode_with_tofu(name, " "));
        slug.truncate(Self::MAX);
        let slug = slug.trim_end_matches('-');
        (!slug.is_empty()).then(|| Self(slug.to_owned()))
    }

    /// Makes a slug of a product's name. Products need no unique slug: a name that none can be made
    /// of becomes `product`.
    pub fn of_product(name: &str) -> Self {
        Self::of_name(name).unwrap_or_else(|| Self("product".to_owned()))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::parse(text.to_owned())
    }
}

fn slugify(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_lower_case_words_and_hyphens() {
        for text in ["shirts", "outdoor-gear", "3", &"x".repeat(80)] {
            assert_eq!(Slug::parse(text.into()).unwrap().as_str(), text);
        }
        for text in [
            "",
            "-",
            "a-",
            "-a",
            "a--b",
            "a b",
            " a",
            "Shirts",
            "café",
            "日本",
            "c++",
            "a_b",
            &"x".repeat(81),
        ] {
            assert_eq!(
                Slug::parse(text.into()).unwrap_err().code.slug(),
                "invalid_slug",
                "{text:?}"
            );
        }
    }

    #[test]
    fn names_of_every_script_have_a_slug() {
        for (name, slug) in [
            ("Outdoor Gear", "outdoor-gear"),
            ("  Café & Bar ", "cafe-bar"),
            ("cafe\u{301} bar", "cafe-bar"),
            ("Łódź", "lodz"),
            ("Größe ½", "grosse-1-2"),
            ("Đà Nẵng", "da-nang"),
            ("Ελληνικά", "ellenika"),
            ("Кухня", "kukhnia"),
            ("日本", "ri-ben"),
            ("東京タワー", "dong-jing-tawa"),
            ("한국어", "hangugeo"),
            ("हिन्दी", "hindii"),
            ("ไทย", "aithy"),
            ("مطبخ", "mtbkh"),
            ("🍕", "pizza"),
            ("C++", "c"),
        ] {
            let made = Slug::of_name(name).unwrap();
            assert_eq!(made.as_str(), slug, "{name:?}");
            assert_eq!(Slug::parse(slug.into()).unwrap(), made, "{name:?}");
        }
    }

    #[test]
    fn a_slug_made_of_a_name_has_at_most_eighty_characters() {
        assert_eq!(Slug::of_name(&"long name ".repeat(20)).unwrap().as_str().len(), 79);
        assert_eq!(Slug::of_name(&"日".repeat(80)).unwrap().as_str().len(), 80);
    }

    #[test]
    fn a_name_of_signs_only_has_no_slug() {
        for name in ["", "--", "+++", "\u{e000}"] {
            assert_eq!(Slug::of_name(name), None, "{name:?}");
            assert_eq!(Slug::of_product(name).as_str(), "product");
        }
    }
}
