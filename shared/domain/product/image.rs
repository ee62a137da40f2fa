//! Images of a product.

use std::borrow::Cow;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef,
    take_cf_content,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::domain::invalid::Invalid;
use crate::domain::members::Members;
use crate::domain::schema;
use crate::domain::text::{AlternativeText, WebUrl};

/// An image. Without an alternative text, it is stored and shown as its URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Image {
    /// Its URL.
    pub url: WebUrl,
    /// The text for those who don't see it.
    pub alt: Option<AlternativeText>,
}

/// The two forms of an image in JSON.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Url(WebUrl),
    Described { url: WebUrl, alt: AlternativeText },
}

impl From<Form> for Image {
    fn from(form: Form) -> Self {
        match form {
            Form::Url(url) => Self { url, alt: None },
            Form::Described { url, alt } => Self { url, alt: Some(alt) },
        }
    }
}

impl From<Image> for Form {
    fn from(image: Image) -> Self {
        match image {
            Image { url, alt: None } => Self::Url(url),
            Image { url, alt: Some(alt) } => Self::Described { url, alt },
        }
    }
}

impl Deserr<Invalid> for Image {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        match value {
            Value::String(_) => {
                let url = WebUrl::deserialize_from_value(value, location)?;
                Ok(Self { url, alt: None })
            }
            Value::Map(_) => {
                let mut image = Members::of(value, location)?;
                let (url, alt) = (image.required("url"), image.optional("alt"));
                image.finish(|| Some(Self { url: url?, alt }))
            }
            actual => {
                let accepted = &[ValueKind::String, ValueKind::Map];
                let kind = ErrorKind::IncorrectValueKind { actual, accepted };
                Err(take_cf_content(Invalid::error(None, kind, location)))
            }
        }
    }
}

impl JsonSchema for Image {
    fn schema_name() -> Cow<'static, str> {
        "Image".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let url = generator.subschema_for::<WebUrl>();
        let described = if generator.contract().is_serialize() {
            let alt = generator.subschema_for::<AlternativeText>();
            json_schema!({
                "type": "object",
                "properties": { "url": url.clone(), "alt": alt },
                "required": ["url", "alt"],
                "additionalProperties": false,
            })
        } else {
            schema::Object::new(generator)
                .required::<WebUrl>("url")
                .optional::<AlternativeText>("alt")
                .build()
        };
        let mut schema = schema::any_of(vec![url, described]);
        let description = "An image: its URL, or an object of its URL and its alternative text.";
        schema.insert("description".to_owned(), description.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::json::Json;

    #[test]
    fn an_image_is_a_url_or_a_url_with_a_text() {
        for (body, shown) in [
            (json!("https://a.example/1.jpg"), json!("https://a.example/1.jpg")),
            (json!({"url": "https://a.example/1.jpg"}), json!("https://a.example/1.jpg")),
            (
                json!({"url": "https://a.example/1.jpg", "alt": " "}),
                json!("https://a.example/1.jpg"),
            ),
            (
                json!({"url": "https://a.example/1.jpg", "alt": "A mug"}),
                json!({"url": "https://a.example/1.jpg", "alt": "A mug"}),
            ),
        ] {
            let image: Image = Json::parse(body.to_string().as_bytes()).unwrap().read().unwrap();
            let stored = serde_json::to_value(&image).unwrap();
            assert_eq!(stored, shown, "{body}");
            assert_eq!(serde_json::from_value::<Image>(stored).unwrap(), image);
        }
    }
}
