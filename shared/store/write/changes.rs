//! Updates: what becomes of which attribute.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde::Serialize;

use super::Write;
use crate::store::expression::Placeholders;
use crate::store::item::{Number, number, text, to_members, value};
use crate::store::keys::{Key, TTL, TYPE};

/// An update: what becomes of which attribute.
pub struct Changes {
    pub(in crate::store) key: Key,
    set: Vec<(String, Value)>,
    remove: Vec<String>,
    add: Vec<(String, AttributeValue)>,
    delete: Vec<(String, AttributeValue)>,
    pub(in crate::store) returns: bool,
}

/// What an attribute is set to.
enum Value {
    /// This.
    To(AttributeValue),
    /// This, where it is not there yet.
    IfAbsent(AttributeValue),
    /// Itself and this number; it must be there.
    Plus(AttributeValue),
    /// Itself, a list, and these elements; an absent one counts as empty.
    Append(AttributeValue),
}

impl<R> Write<R, Changes> {
    /// Changes an item.
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

    /// The attribute becomes this; what serializes to null is removed.
    pub(in crate::store) fn set(mut self, path: &str, to: &impl Serialize) -> Self {
        match value(to) {
            Ok(AttributeValue::Null(_)) => self.kind.remove.push(path.to_owned()),
            Ok(to) => self.kind.set.push((path.to_owned(), Value::To(to))),
            Err(error) => self.broken = self.broken.or(Some(error)),
        }
        self
    }

    /// Every member of a struct becomes an attribute of its name; those that are null are removed,
    /// and attributes of which it knows nothing stay.
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
            Err(error) => self.broken = self.broken.or(Some(error)),
        }
        self
    }

    /// The attribute stays as it is, whatever was said of it.
    pub(in crate::store) fn without(mut self, attribute: &str) -> Self {
        self.kind.set.retain(|(path, _)| path != attribute);
        self.kind.remove.retain(|path| path != attribute);
        self
    }

    /// The attribute becomes this text.
    pub(in crate::store) fn set_text(mut self, path: &str, to: impl ToString) -> Self {
        self.kind.set.push((path.to_owned(), Value::To(text(to))));
        self
    }

    /// The attribute becomes this where it is not there yet.
    pub(in crate::store) fn set_if_absent(mut self, path: &str, to: &impl Serialize) -> Self {
        match value(to) {
            Ok(to) => self.kind.set.push((path.to_owned(), Value::IfAbsent(to))),
            Err(error) => self.broken = self.broken.or(Some(error)),
        }
        self
    }

    /// The item says what it is: for updates that may make it.
    pub(in crate::store) fn of_type(self, kind: &str) -> Self {
        self.set_text(TYPE, kind)
    }

    /// The item may be tidied up from then on.
    pub(in crate::store) fn expires(mut self, at_seconds: i64) -> Self {
        self.kind.set.push((TTL.to_owned(), Value::To(number(at_seconds))));
        self
    }

    /// The number becomes larger by this, or smaller; it must be there.
    pub(in crate::store) fn change_by(mut self, path: &str, by: impl Number) -> Self {
        self.kind.set.push((path.to_owned(), Value::Plus(number(by))));
        self
    }

    /// The number becomes larger by this; one that is missing counts as 0.
    pub(in crate::store) fn count(mut self, path: &str, by: impl Number) -> Self {
        self.kind.add.push((path.to_owned(), number(by)));
        self
    }

    /// The list gets these elements at its end.
    pub(in crate::store) fn append(mut self, path: &str, elements: &[impl Serialize]) -> Self {
        match value(&elements) {
            Ok(_) if elements.is_empty() => {}
            Ok(elements) => self.kind.set.push((path.to_owned(), Value::Append(elements))),
            Err(error) => self.broken = self.broken.or(Some(error)),
        }
        self
    }

    /// The attribute goes, if it is there.
    pub(in crate::store) fn remove(mut self, path: &str) -> Self {
        self.kind.remove.push(path.to_owned());
        self
    }

    /// The set of texts gets this element.
    pub(in crate::store) fn insert(mut self, path: &str, element: impl ToString) -> Self {
        self.kind.add.push((path.to_owned(), AttributeValue::Ss(vec![element.to_string()])));
        self
    }

    /// The set of texts loses this element.
    pub(in crate::store) fn take_out(mut self, path: &str, element: impl ToString) -> Self {
        self.kind.delete.push((path.to_owned(), AttributeValue::Ss(vec![element.to_string()])));
        self
    }

    /// Asks for the item as it is then.
    pub(in crate::store) fn returning(mut self) -> Self {
        self.kind.returns = true;
        self
    }
}

impl Changes {
    /// The update expression.
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
    fn an_update_says_what_is_set_removed_counted_and_taken_out() {
        let key = Key { pk: "A".into(), sk: "B".into() };
        let write = Write::<(), _>::update(key)
            .set("summary.status", &"paid")
            .set("summary.expires_at", &None::<String>)
            .change_by("available", -2)
            .append("history", &["paid"])
            .count("requests", 1)
            .take_out("unpaid_orders", "ord_1");
        let mut placeholders = Placeholders::default();
        assert_eq!(
            write.kind.write(&mut placeholders),
            "SET #0.#1 = :0, #2 = #2 + :1, #3 = list_append(if_not_exists(#3, :2), :3) \
             REMOVE #0.#4 ADD #5 :4 DELETE #6 :5"
        );
    }
}
