//! Conditions, and the placeholders of DynamoDB's expressions. Every path and value becomes a
//! placeholder, so that no attribute name collides with a reserved word and no value becomes part
//! of an expression.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::item::{Item, Number, number, text, value};
use crate::domain::error::Result;

/// A condition on a stored item, or a filter on the items that a query reads.
///
/// A path names an attribute; a dot leads to a member of a map and brackets to an element of a
/// list: `summary.version`, `lines[0].quantity`.
#[derive(Debug, Clone)]
pub enum Condition {
    /// The attribute exists.
    Present(String),
    /// The attribute does not exist.
    Absent(String),
    /// The comparison of the attribute with the value holds; false if the attribute does not exist.
    Compare(String, Comparison, AttributeValue),
    /// The comparison of the attribute's size (elements of a set, list or map) with the number
    /// holds.
    Size(String, Comparison, AttributeValue),
    /// The attribute is a set that contains this element.
    Contains(String, AttributeValue),
    /// The attribute equals one of these values.
    OneOf(String, Vec<AttributeValue>),
    /// The condition is false.
    Not(Box<Condition>),
    /// All of these conditions hold.
    All(Vec<Condition>),
    /// At least one of these conditions holds.
    Any(Vec<Condition>),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are unambiguous")]
pub enum Comparison {
    Equal,
    Less,
    AtMost,
    AtLeast,
    Greater,
}

impl Comparison {
    const fn operator(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Greater => ">",
        }
    }
}

/// Requires that the item exists.
pub fn exists() -> Condition {
    Condition::Present("pk".to_owned())
}

/// Requires that the item does not exist.
pub fn missing() -> Condition {
    Condition::Absent("pk".to_owned())
}

/// Requires that the attribute exists.
pub fn present(path: &str) -> Condition {
    Condition::Present(path.to_owned())
}

/// Requires that the attribute does not exist.
pub fn absent(path: &str) -> Condition {
    Condition::Absent(path.to_owned())
}

/// Requires that the attribute equals a value that is stored as text: a string, identifier, time or
/// code.
pub fn is(path: &str, expected: impl ToString) -> Condition {
    Condition::Compare(path.to_owned(), Comparison::Equal, text(expected))
}

/// Requires that the attribute equals this value, of any type that can be stored.
pub fn is_value(path: &str, expected: &impl Serialize) -> Result<Condition> {
    Ok(Condition::Compare(path.to_owned(), Comparison::Equal, value(expected)?))
}

/// Requires that the attribute is this truth value.
pub fn is_bool(path: &str, expected: bool) -> Condition {
    Condition::Compare(path.to_owned(), Comparison::Equal, AttributeValue::Bool(expected))
}

/// Requires that the attribute equals this number.
pub fn is_number(path: &str, expected: impl Number) -> Condition {
    Condition::Compare(path.to_owned(), Comparison::Equal, number(expected))
}

/// Requires that the comparison of the attribute with the number `with` holds.
pub fn compares(path: &str, comparison: Comparison, with: impl Number) -> Condition {
    Condition::Compare(path.to_owned(), comparison, number(with))
}

/// Requires that the comparison of the attribute with the text `with` holds, by UTF-8 bytes.
pub fn sorts(path: &str, comparison: Comparison, with: impl ToString) -> Condition {
    Condition::Compare(path.to_owned(), comparison, text(with))
}

/// Requires that the set, list or map has fewer than this many elements.
pub fn smaller_than(path: &str, elements: usize) -> Condition {
    Condition::Size(path.to_owned(), Comparison::Less, number(elements))
}

impl Condition {
    /// Requires both conditions.
    #[must_use]
    pub fn and(self, other: Condition) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            one => Self::All(vec![one, other]),
        }
    }

    /// Requires at least one of the two conditions.
    #[must_use]
    pub fn or(self, other: Condition) -> Self {
        match self {
            Self::Any(mut any) => {
                any.push(other);
                Self::Any(any)
            }
            one => Self::Any(vec![one, other]),
        }
    }

    /// Returns the condition as an expression, and adds its names and values to the placeholders.
    pub(super) fn write(&self, into: &mut Placeholders) -> String {
        match self {
            Self::Present(path) => format!("attribute_exists({})", into.path(path)),
            Self::Absent(path) => format!("attribute_not_exists({})", into.path(path)),
            Self::Compare(path, how, with) => {
                format!("{} {} {}", into.path(path), how.operator(), into.value(with))
            }
            Self::Size(path, how, with) => {
                format!("size({}) {} {}", into.path(path), how.operator(), into.value(with))
            }
            Self::Contains(path, element) => {
                format!("contains({}, {})", into.path(path), into.value(element))
            }
            Self::OneOf(path, values) => {
                let path = into.path(path);
                let values: Vec<_> = values.iter().map(|value| into.value(value)).collect();
                format!("{path} IN ({})", values.join(", "))
            }
            Self::Not(inner) => format!("NOT ({})", inner.write(into)),
            Self::All(inner) => join(inner, " AND ", into),
            Self::Any(inner) => join(inner, " OR ", into),
        }
    }
}

fn join(conditions: &[Condition], by: &str, into: &mut Placeholders) -> String {
    // DynamoDB rejects redundant parentheses.
    if let [one] = conditions {
        return one.write(into);
    }
    let parts: Vec<_> = conditions.iter().map(|one| one.write(into)).collect();
    format!("({})", parts.join(by))
}

/// The placeholders of one call's expressions, with the names and values that they represent.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: HashMap<String, String>,
    values: Item,
}

impl Placeholders {
    /// Returns a path with its names as placeholders: `summary.version` becomes `#0.#1`.
    pub fn path(&mut self, path: &str) -> String {
        let segments: Vec<_> = path
            .split('.')
            .map(|segment| {
                let (name, index) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
                format!("{}{index}", self.name(name))
            })
            .collect();
        segments.join(".")
    }

    /// Adds a value and returns its placeholder.
    pub fn value(&mut self, value: &AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }

    /// Adds a value under a placeholder of this name, for readers that look the value up by it.
    pub fn named_value(&mut self, placeholder: &str, value: AttributeValue) {
        self.values.insert(placeholder.to_owned(), value);
    }

    /// Returns the attribute names by placeholder; `None` if there are none, since DynamoDB rejects
    /// an empty map.
    pub fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// Returns the values by placeholder; `None` if there are none.
    pub fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }

    fn name(&mut self, attribute: &str) -> String {
        if let Some((known, _)) = self.names.iter().find(|(_, name)| *name == attribute) {
            return known.clone();
        }
        let placeholder = format!("#{}", self.names.len());
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_values_become_placeholders() {
        let mut placeholders = Placeholders::default();
        let condition = is("status", "active")
            .and(absent("lines[0].status"))
            .and(smaller_than("unpaid_orders", 5).or(absent("unpaid_orders")));
        let text = condition.write(&mut placeholders);
        assert_eq!(
            text,
            "(#0 = :0 AND attribute_not_exists(#1[0].#0) AND \
             (size(#2) < :1 OR attribute_not_exists(#2)))"
        );
        let names = placeholders.names().unwrap();
        assert_eq!(
            (&*names["#0"], &*names["#1"], &*names["#2"]),
            ("status", "lines", "unpaid_orders")
        );
        assert_eq!(placeholders.values().unwrap().len(), 2);
    }

    #[test]
    fn one_condition_alone_has_no_parentheses_around_it() {
        let mut placeholders = Placeholders::default();
        let one = Condition::All(vec![absent("requests").or(is_number("requests", 1))]);
        let text = one.write(&mut placeholders);
        assert_eq!(text, "(attribute_not_exists(#0) OR #0 = :0)");
    }

    #[test]
    fn an_expression_without_placeholders_has_no_maps() {
        let placeholders = Placeholders::default();
        assert!(placeholders.names().is_none() && placeholders.values().is_none());
    }
}
