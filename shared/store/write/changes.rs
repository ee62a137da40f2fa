//! Updates of an item's attributes.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde::Serialize;

use super::Write;
use crate::store::expression::Placeholders;
use crate::store::item::{Number, number, text, to_members, value};
use crate::store::keys::{Key, TTL, TYPE};

/// An update of one item: the changes to its attributes.
pub struct Changes {
    pub(in crate::store) key: Key,
    set: Vec<(String, Value)>,
    remove: Vec<String>,
    add: Vec<(String, AttributeValue)>,
    delete: Vec<(String, AttributeValue)>,
    pub(in crate::store) returns: bool,
}

/// The value that an attribute is set to.
enum Value {
    /// This value.
    To(AttributeValue),
    /// This value, if the attribute does not exist; otherwise it is not changed.
    IfAbsent(AttributeValue),
    /// The attribute's value plus this number; the attribute must exist.
    Plus(AttributeValue),
    /// The attribute's list followed by these elements; a missing attribute counts as empty.
    Append(AttributeValue),
}

impl<R> Write<R, Changes> {
    /// Returns an update of an item, without changes so far.
    pub(in crate::store) fn update(key: Key) -> Self {
        Self::of(Changes {
            key,
            set: Vec::new(),
            remove: Vec::new(),
            add: Vec::new(),
            delete: Vec::new(),
            returns: false,
        })
    }

    /// Sets an attribute; removes it if the value serializes to null.
    pub(in crate::store) fn set(mut self, path: &str, to: &impl Serialize) -> Self {
        match value(to) {
            Ok(AttributeValue::Null(_)) => self.kind.remove.push(path.to_owned()),
            Ok(to) => self.kind.set.push((path.to_owned(), Value::To(to))),
            Err(error) => self.serialization_error = self.serialization_error.or(Some(error)),
        }
        self
    }

    /// Sets an attribute for each member of a struct; removes it if the member is null. Other
    /// attributes are not changed.
    pub(in crate::store) fn set_members(mut self, body: &impl Serialize) -> Self {
        match to_members(body) {
            Ok(members) => {
                for (name, to) in members {
                    match to {
                        AttributeValue::Null(_) => self.kind.remove.push(name),
                        to => self.kind.set.push((name, Value::To(to))),
                    }
                }
            }
            Err(error) => self.serialization_error = self.serialization_error.or(Some(error)),
        }
        self
    }

    /// Withdraws earlier calls that set or remove this attribute.
    pub(in crate::store) fn without(mut self, attribute: &str) -> Self {
        self.kind.set.retain(|(path, _)| path != attribute);
        self.kind.remove.retain(|path| path != attribute);
        self
    }

    /// Sets an attribute to a text.
    pub(in crate::store) fn set_text(mut self, path: &str, to: impl ToString) -> Self {
        self.kind.set.push((path.to_owned(), Value::To(text(to))));
        self
    }

    /// Sets an attribute if it does not exist.
    pub(in crate::store) fn set_if_absent(mut self, path: &str, to: &impl Serialize) -> Self {
        match value(to) {
            Ok(to) => self.kind.set.push((path.to_owned(), Value::IfAbsent(to))),
            Err(error) => self.serialization_error = self.serialization_error.or(Some(error)),
        }
        self
    }

    /// Sets the item's type, for updates that may create the item.
    pub(in crate::store) fn set_type(self, kind: &str) -> Self {
        self.set_text(TYPE, kind)
    }

    /// Sets the time after which DynamoDB may delete the item, in seconds since 1970.
    pub(in crate::store) fn expires(mut self, at_seconds: i64) -> Self {
        self.kind.set.push((TTL.to_owned(), Value::To(number(at_seconds))));
        self
    }

    /// Adds a number, which may be negative, to an attribute that must exist.
    pub(in crate::store) fn change_by(mut self, path: &str, by: impl Number) -> Self {
        self.kind.set.push((path.to_owned(), Value::Plus(number(by))));
        self
    }

    /// Adds a number to an attribute; a missing one counts as 0.
    pub(in crate::store) fn count(mut self, path: &str, by: impl Number) -> Self {
        self.kind.add.push((path.to_owned(), number(by)));
        self
    }

    /// Appends elements to a list.
    pub(in crate::store) fn append(mut self, path: &str, elements: &[impl Serialize]) -> Self {
        match value(&elements) {
            Ok(_) if elements.is_empty() => {}
            Ok(elements) => self.kind.set.push((path.to_owned(), Value::Append(elements))),
            Err(error) => self.serialization_error = self.serialization_error.or(Some(error)),
        }
        self
    }

    /// Removes an attribute, if it exists.
    pub(in crate::store) fn remove(mut self, path: &str) -> Self {
        self.kind.remove.push(path.to_owned());
        self
    }

    /// Adds an element to a set of texts.
    pub(in crate::store) fn add_to_set(mut self, path: &str, element: impl ToString) -> Self {
        self.kind.add.push((path.to_owned(), AttributeValue::Ss(vec![element.to_string()])));
        self
    }

    /// Removes an element from a set of texts.
    pub(in crate::store) fn remove_from_set(mut self, path: &str, element: impl ToString) -> Self {
        self.kind.delete.push((path.to_owned(), AttributeValue::Ss(vec![element.to_string()])));
        self
    }

    /// Asks DynamoDB for the item after the update.
    pub(in crate::store) fn return_new_item(mut self) -> Self {
        self.kind.returns = true;
        self
    }
}

impl Changes {
    /// Returns the update expression, and adds its names and values to the placeholders.
    pub(in crate::store) fn write(&self, into: &mut Placeholders) -> String {
        let mut clauses = Vec::new();
        let set = self.set.iter().map(|(path, value)| {
            let path = into.path(path);
            match value {
                Value::To(to) => format!("{path} = {}", into.value(to)),
                Value::IfAbsent(to) => {
                    format!("{path} = if_not_exists({path}, {})", into.value(to))
                }
                Value::Plus(by) => format!("{path} = {path} + {}", into.value(by)),
                Value::Append(elements) => {
                    let none = into.value(&AttributeValue::L(Vec::new()));
                    let elements = into.value(elements);
                    format!("{path} = list_append(if_not_exists({path}, {none}), {elements})")
                }
            }
        });
        clause("SET", set.collect(), &mut clauses);
        let remove = self.remove.iter().map(|path| into.path(path));
        clause("REMOVE", remove.collect(), &mut clauses);
        for (verb, changes) in [("ADD", &self.add), ("DELETE", &self.delete)] {
            let changes = changes.iter().map(|(path, by)| {
                let path = into.path(path);
                format!("{path} {}", into.value(by))
            });
            clause(verb, changes.collect(), &mut clauses);
        }
        clauses.join(" ")
    }

    pub(in crate::store) const fn return_value(&self) -> ReturnValue {
        if self.returns { ReturnValue::AllNew } else { ReturnValue::None }
    }
}

fn clause(verb: &str, changes: Vec<String>, clauses: &mut Vec<String>) {
    if !changes.is_empty() {
        clauses.push(format!("{verb} {}", changes.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_changes_of_an_update_become_one_expression() {
        let key = Key { pk: "A".into(), sk: "B".into() };
        let write = Write::<(), _>::update(key)
            .set("summary.status", &"paid")
            .set("summary.expires_at", &None::<String>)
            .change_by("available", -2)
            .append("history", &["paid"])
            .count("requests", 1)
            .remove_from_set("unpaid_orders", "ord_1");
        let mut placeholders = Placeholders::default();
        assert_eq!(
            write.kind.write(&mut placeholders),
            "SET #0.#1 = :0, #2 = #2 + :1, #3 = list_append(if_not_exists(#3, :2), :3) \
             REMOVE #0.#4 ADD #5 :4 DELETE #6 :5"
        );
    }
}
