//! Between our types and the table's items.

use std::collections::HashMap;
use std::fmt::Display;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Key, PK, SK, TYPE};
use crate::domain::error::{Error, Result};

/// An item as the table holds it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// An item of type `kind` that holds `body`; what `body` leaves out as null is not stored.
pub(super) fn to_item<T: Serialize>(kind: &str, key: Key, body: &T) -> Result<Item> {
    let mut item = to_members(body)?;
    item.retain(|_, value| !value.is_null());
    item.insert(PK.to_owned(), text(key.pk));
    item.insert(SK.to_owned(), text(key.sk));
    item.insert(TYPE.to_owned(), text(kind));
    Ok(item)
}

/// What an item holds; attributes that are unknown here were written by a newer version.
pub(super) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(Error::internal)
}

/// A single value as the table holds it.
pub(super) fn value<T: Serialize>(value: &T) -> Result<AttributeValue> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value).map_err(Error::internal)
}

/// A key as the table takes it.
pub(super) fn key_item(key: Key) -> Item {
    HashMap::from([(PK.to_owned(), text(key.pk)), (SK.to_owned(), text(key.sk))])
}

/// A text as the table holds it.
pub(super) fn text(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// A number as the table holds it.
pub(super) fn number(number: impl Number) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// What the table holds as a number.
pub trait Number: Display {}

impl Number for i32 {}
impl Number for i64 {}
impl Number for u32 {}
impl Number for u64 {}
impl Number for usize {}

/// The text of an attribute, where it is one.
pub(super) fn text_of(item: &Item, attribute: &str) -> Option<String> {
    item.get(attribute).and_then(|value| value.as_s().ok()).cloned()
}

/// The members of a struct as the table holds them, null ones included.
pub(super) fn to_members<T: Serialize>(body: &T) -> Result<Item> {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(body).map_err(Error::internal)
}
