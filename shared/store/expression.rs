//! DynamoDB's expressions: paths and values become placeholders, so that no attribute's name can
//! collide with a reserved word and no text ends up inside an expression.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::item::{Item, Number, number, text, value};
use crate::domain::error::Result;

/// A condition on an item as it is in the table, or a filter of what a query has read.
///
/// A path names an attribute, or a member of a map by dots and of a list by brackets:
/// `summary.version`, `lines[0].quantity`.
#[derive(Debug, Clone)]
pub enum Condition {
    /// The attribute is there.
    Present(String),
    /// The attribute is not there.
    Absent(String),
    /// The attribute compares so with the value; where the attribute is missing, it does not.
    Compare(String, Comparison, AttributeValue),
    /// The size of the attribute (elements of a set or list) compares so with the number.
    Size(String, Comparison, AttributeValue),
    /// The attribute is a set with this element.
    Contains(String, AttributeValue),
    /// The attribute is one of these values.
    OneOf(String, Vec<AttributeValue>),
    /// The condition does not hold.
    Not(Box<Condition>),
    /// Every one of these holds.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
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

/// The item exists.
pub fn exists() -> Condition {
    Condition::Present("pk".to_owned())
}

/// There is no such item.
pub fn missing() -> Condition {
    Condition::Absent("pk".to_owned())
}

/// The attribute is there.
pub fn present(path: &str) -> Condition {
    Condition::Present(path.to_owned())
}

/// The attribute is not there.
pub fn absent(path: &str) -> Condition {
    Condition::Absent(path.to_owned())
}

/// The attribute is this text, identifier, time or code.
pub fn is(path: &str, expected: impl ToString) -> Condition {
    Condition::Compare(path.to_owned(), Comparison::Equal, text(expected))
}

/// The attribute is this value, whatever its type.
pub fn is_value(path: &str, expected: &impl Serialize) -> Result<Condition> {
    Ok(Condition::Compare(path.to_owned(), Comparison::Equal, value(expected)?))
}

/// The attribute is this number.
pub fn is_number(path: &str, expected: impl Number) -> Condition {
    Condition::Compare(path.to_owned(), Comparison::Equal, number(expected))
}

/// The attribute is a number of which this is true.
pub fn compares(path: &str, comparison: Comparison, with: impl Number) -> Condition {
    Condition::Compare(path.to_owned(), comparison, number(with))
}

/// The attribute is a text that sorts so.
pub fn sorts(path: &str, comparison: Comparison, with: impl ToString) -> Condition {
    Condition::Compare(path.to_owned(), comparison, text(with))
}

/// The set or map has fewer elements than this.
pub fn smaller_than(path: &str, elements: usize) -> Condition {
    Condition::Size(path.to_owned(), Comparison::Less, number(elements))
}

impl Condition {
    /// Both hold.
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

    /// One of them holds.
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

    /// The condition as DynamoDB takes it.
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
    // DynamoDB refuses redundant parentheses.
    if let [one] = conditions {
        return one.write(into);
    }
    let parts: Vec<_> = conditions.iter().map(|one| one.write(into)).collect();
    format!("({})", parts.join(by))
}

/// The placeholders of one call's expressions, and what they stand for.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: HashMap<String, String>,
    values: Item,
}

impl Placeholders {
    /// A path in placeholders: `summary.version` becomes `#0.#1`.
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

    /// A value's placeholder.
    pub fn value(&mut self, value: &AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }

    /// Puts a value under a placeholder of this name, for what is read by its name.
    pub fn named_value(&mut self, placeholder: &str, value: AttributeValue) {
        self.values.insert(placeholder.to_owned(), value);
    }

    /// What the names stand for; `None` where there are none, since an empty map is an error.
    pub fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// What the values stand for; `None` where there are none.
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
