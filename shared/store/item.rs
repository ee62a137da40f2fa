//! Conversion between our types and DynamoDB's items.

use std::collections::HashMap;
use std::fmt::Display;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Key, PK, SK, TYPE};
use crate::domain::error::{Error, Result};

/// An item of the table: its attribute values by name.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Returns an item of type `kind` with this key and the members of `body`, except null ones.
pub(super) fn to_item<T: Serialize>(kind: &str, key: Key, body: &T) -> Result<Item> {
    let mut item = to_members(body)?;
    item.retain(|_, value| !value.is_null());
    item.insert(PK.to_owned(), text(key.pk));
    item.insert(SK.to_owned(), text(key.sk));
    item.insert(TYPE.to_owned(), text(kind));
    Ok(item)
}

/// Parses an item. Unknown attributes are ignored: a newer version may have written them.
pub(super) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(Error::internal)
}

/// Converts a value to an attribute value.
pub(super) fn value<T: Serialize>(value: &T) -> Result<AttributeValue> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value).map_err(Error::internal)
}

/// Converts a key to its two attributes.
pub(super) fn key_item(key: Key) -> Item {
    HashMap::from([(PK.to_owned(), text(key.pk)), (SK.to_owned(), text(key.sk))])
}

/// Converts a value to a text attribute (`S`).
pub(super) fn text(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// Converts a number to a number attribute (`N`).
pub(super) fn number(number: impl Number) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// An integer type that is stored as a number.
pub trait Number: Display {}

impl Number for i32 {}
impl Number for i64 {}
impl Number for u32 {}
impl Number for u64 {}
impl Number for usize {}

/// Returns the text of an attribute; `None` if it is missing or not a text.
pub(super) fn text_of(item: &Item, attribute: &str) -> Option<String> {
    item.get(attribute).and_then(|value| value.as_s().ok()).cloned()
}

/// Converts the members of a struct to attributes, null ones included.
pub(super) fn to_members<T: Serialize>(body: &T) -> Result<Item> {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(body).map_err(Error::internal)
}
