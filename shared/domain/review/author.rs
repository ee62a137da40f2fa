//! The names of those who write reviews, as others see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A first name and an initial, such as `Ada L.`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AuthorName(String);

impl AuthorName {
    /// Shortens a person's name: the first word, and the first character of the last one. A name of
    /// one word stays, because nobody knows which part of it is the first name.
    pub fn of(name: &str) -> Self {
        let mut words = name.split_whitespace();
        let first = words.next().unwrap_or_default();
        let initial = words.next_back().and_then(|last| last.chars().next());
        Self(initial.map_or_else(|| first.to_owned(), |initial| format!("{first} {initial}.")))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_first_word_and_an_initial() {
        for (name, shown) in [
            ("Ada Lovelace", "Ada L."),
            ("Ada", "Ada"),
            ("Ada King, Countess of Lovelace", "Ada L."),
            ("José María Ñandú", "José Ñ."),
            ("山田 花子", "山田 花."),
            ("山田花子", "山田花子"),
            ("Ada\u{a0}Lovelace", "Ada L."),
        ] {
            assert_eq!(AuthorName::of(name).as_str(), shown, "{name}");
        }
    }
}
