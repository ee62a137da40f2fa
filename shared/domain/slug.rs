//! Slugs: names as part of a URL.

use std::borrow::Cow;
use std::fmt;

use deserr::Deserr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;
use super::unicode;

/// A slug: lower-case ASCII words joined by hyphens, 1 to 80 characters, such as `outdoor-gear`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(String) = Slug::parse -> Refused)]
pub struct Slug(String);

impl Slug {
    const MAX: usize = 80;

    /// Parses a slug, or converts a name to one: `Outdoor Gear` becomes `outdoor-gear`.
    /// `invalid_slug` if nothing is left or it is too long.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let slug = slugify(&unicode::nfc(&text));
        if slug.is_empty() || text.chars().count() > Self::MAX {
            return Err(Refused::new(
                ProblemCode::InvalidSlug,
                "Must have 1 to 80 characters, at least one of them an ASCII letter or digit.",
            ));
        }
        Ok(Self(slug))
    }

    /// Converts a product's name to a slug, cut off after 80 characters. A name without any ASCII
    /// letter or digit becomes `product`.
    pub fn of_name(name: &str) -> Self {
        let mut slug = slugify(name);
        slug.truncate(Self::MAX);
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() { "product" } else { slug }.to_owned())
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

/// A response has a slug; a request may have any text that a slug can be made of.
impl JsonSchema for Slug {
    fn schema_name() -> Cow<'static, str> {
        "Slug".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = if generator.contract().is_serialize() {
            json_schema!({
                "description": "A name as part of a URL: lower-case ASCII words joined by hyphens.",
                "type": "string",
                "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            })
        } else {
            json_schema!({
                "description": "A slug, such as `outdoor-gear`, or a name that is converted to one: \
                                `Outdoor Gear`.",
                "type": "string",
                "pattern": "[A-Za-z0-9]",
            })
        };
        schema::bound(&mut schema, 1, Self::MAX);
        schema::refuse(&mut schema, &[ProblemCode::InvalidSlug]);
        schema
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
        for (text, slug) in [
            ("shirts", "shirts"),
            ("Outdoor Gear", "outdoor-gear"),
            ("  Café & Bar ", "caf-bar"),
            ("a--b", "a-b"),
            ("cafe\u{301} bar", "caf-bar"),
        ] {
            assert_eq!(Slug::parse(text.into()).unwrap().as_str(), slug);
        }
        for text in ["", "---", "日本", &"x".repeat(81)] {
            assert!(Slug::parse(text.into()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_name_has_a_slug() {
        assert_eq!(Slug::of_name("日本").as_str(), "product");
        assert_eq!(Slug::of_name(&"long name ".repeat(20)).as_str().len(), 79);
    }
}
