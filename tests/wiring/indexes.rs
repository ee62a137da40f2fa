//! An index projects exactly the attributes that its list shows.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::{Value, json};
use shared::domain::order::{ListedOrder, OrderHeader};
use shared::domain::user::ListedUser;
use shared::store::keys::{
    CUSTOMER_ORDERS, EXPIRING_ORDERS, Index, ORDERS_BY_STATUS, ORDERS_BY_TIME, PRODUCTS,
    USERS_BY_NAME,
};
use tests::database::template;

#[test]
fn indexes_project_what_their_lists_show() {
    check(USERS_BY_NAME, &fields::<ListedUser>(), "ListedUser of shared/domain/user.rs");
    check(CUSTOMER_ORDERS, &fields::<ListedOrder>(), "ListedOrder of shared/domain/order/mod.rs");
    for index in [ORDERS_BY_TIME, ORDERS_BY_STATUS] {
        check(index, &fields::<OrderHeader>(), "OrderHeader of shared/domain/order/mod.rs");
    }
}

/// Writes that change neither key cost such an index nothing.
#[test]
fn the_indexes_that_are_no_lists_project_only_keys() {
    for index in [PRODUCTS, EXPIRING_ORDERS] {
        assert_eq!(defined(index)["Projection"], json!({"ProjectionType": "KEYS_ONLY"}));
    }
}

#[track_caller]
fn check(index: Index, shown: &[&str], by: &str) {
    let name = index.name.expect("an index of its own");
    let wanted = defined(index);

    assert_eq!(wanted["Projection"]["ProjectionType"], "INCLUDE", "{name}");
    let projected = list(&wanted["Projection"]["NonKeyAttributes"]).map(text);
    // Every index contains the keys, whether the list shows them or not.
    let sort = shown.contains(&index.sort).then_some(index.sort);
    let projected: BTreeSet<_> = projected.chain(sort).collect();
    let shown: BTreeSet<_> = shown.iter().copied().collect();
    assert_eq!(projected, shown, "{name} must project what {by} reads");
}

/// Returns the template's definition of an index, whose keys are those of the code.
#[track_caller]
fn defined(index: Index) -> Value {
    let name = index.name.expect("an index of its own");
    let definition = template().table_definition().expect("a table").create;
    let indexes = definition["GlobalSecondaryIndexes"].as_array().expect("indexes");
    let wanted = indexes.iter().find(|other| other["IndexName"].as_str() == index.name).cloned();
    let wanted = wanted.unwrap_or_else(|| panic!("template.yaml lacks the index {name}"));

    let keys: Vec<_> = list(&wanted["KeySchema"]).map(|key| text(&key["AttributeName"])).collect();
    assert_eq!(keys, [index.partition, index.sort], "the keys of {name}");
    wanted
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Returns the fields that a type deserializes.
fn fields<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    match T::deserialize(FieldNames) {
        Err(Fields(fields)) => fields,
        Ok(_) => panic!("a struct asks for its fields"),
    }
}

/// A deserializer that returns the field names of the struct that it is asked for.
struct FieldNames;

#[derive(Debug)]
struct Fields(Vec<&'static str>);

impl<'de> Deserializer<'de> for FieldNames {
    type Error = Fields;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Fields> {
        Err(Fields(fields.to_vec()))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Fields> {
        Err(Fields(Vec::new()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl serde::de::Error for Fields {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self(Vec::new())
    }
}

impl std::error::Error for Fields {}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
