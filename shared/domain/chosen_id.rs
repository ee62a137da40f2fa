//! Identifiers that people choose, unlike those that the shop makes (`ids.rs`).

/// Defines a type of identifier that people choose: `[A-Za-z0-9_-]{1,64}`. `$example` ends the sentence
/// that says what is valid.
macro_rules! chosen_id {
    ($(#[$doc:meta])* $name:ident, $example:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, deserr::Deserr,
            schemars::JsonSchema,
        )]
        #[serde(transparent)]
        #[schemars(transform = $name::describe)]
        #[deserr(
            error = $crate::domain::invalid::Invalid,
            try_from(String) = $name::parse -> $crate::domain::invalid::Refused
        )]
        pub struct $name(String);

        impl $name {
            fn describe(schema: &mut schemars::Schema) {
                let code = $crate::domain::problem_code::ProblemCode::InvalidId;
                $crate::domain::schema::bound(schema, 1, 64);
                schema.insert("pattern".to_owned(), "^[A-Za-z0-9_-]+$".into());
                $crate::domain::schema::refuse(schema, &[code]);
            }

            /// Parses an identifier; `invalid_id` for any other text.
            pub fn parse(text: String) -> Result<Self, $crate::domain::invalid::Refused> {
                let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
                if (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
                    return Ok(Self(text));
                }
                let code = $crate::domain::problem_code::ProblemCode::InvalidId;
                let detail = concat!(
                    "Must be 1 to 64 letters, digits, underscores or hyphens, such as ", $example, ".",
                );
                Err($crate::domain::invalid::Refused::new(code, detail))
            }

            /// Returns the identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

pub(super) use chosen_id;

#[cfg(test)]
mod tests {
    chosen_id! {
        /// An identifier.
        Id, "a UUID"
    }

    #[test]
    fn an_identifier_is_short_and_needs_no_escaping() {
        for text in ["a", "standard", "DHL_2-day", &"x".repeat(64)] {
            assert_eq!(Id::parse(text.to_owned()).unwrap().as_str(), text);
        }
        for text in ["", "a b", "a/b", "ä", "a.b", &"x".repeat(65)] {
            assert_eq!(Id::parse(text.to_owned()).unwrap_err().code.slug(), "invalid_id", "{text}");
        }
    }
}
