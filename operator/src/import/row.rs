//! What reading a file gives: rows for the shop, and what could not be taken as it is.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A row for `POST /products/import`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line of the file where the row begins, from 1.
    pub line: u64,
    /// The members of the row, as NDJSON has them.
    pub members: Map<String, Value>,
    /// The names of the category and of those that it is in, outermost first: `["Home", "Garden"]`.
    /// `None` if the row says nothing of a category, or if `members` has the category's slug, or `null`
    /// for none.
    pub category: Option<Vec<String>>,
}

/// A row of the file that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The line of the file where it begins, from 1.
    pub line: u64,
    /// Its SKU, if that can be told.
    pub sku: Option<String>,
    /// What is wrong, such as `ambiguous_price`; a report counts by it.
    pub kind: &'static str,
    /// What is wrong, and what to do about it.
    pub reason: String,
}

/// Something in a row that is taken, but not as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The line of the file where the row begins, from 1.
    pub line: u64,
    /// Its SKU, if that can be told.
    pub sku: Option<String>,
    /// What is different, such as `stock_unknown`; a report counts by it.
    pub kind: &'static str,
    /// What is different, and what to do about it.
    pub reason: String,
}

/// A product of the file: rows that must lie in one call, or refused rows without any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The lines of the file where its rows begin, those included that are not taken.
    pub lines: Vec<u64>,
    /// The rows to send.
    pub rows: Vec<Row>,
    /// The rows that are not taken.
    pub refused: Vec<Refused>,
    /// What is taken differently.
    pub changed: Vec<Changed>,
}

/// How many rows of a file were taken, refused and changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Products with at least one row that is taken.
    pub products: u64,
    /// Rows that are taken.
    pub rows: u64,
    /// Rows that are refused, by kind.
    pub refused: BTreeMap<&'static str, u64>,
    /// Changes, by kind.
    pub changed: BTreeMap<&'static str, u64>,
}

/// What is wrong with a cell, before it is known whether that refuses the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of the refusal or change.
    pub kind: &'static str,
    /// What is wrong, and what to do about it.
    pub reason: String,
}

impl Problem {
    /// Creates a problem.
    pub fn new(kind: &'static str, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

impl Group {
    /// Creates a group of one row that is refused before it is known which product it belongs to.
    pub fn of_refused(refused: Refused) -> Self {
        Self { lines: vec![refused.line], refused: vec![refused], ..Self::default() }
    }

    /// Refuses a row.
    pub fn refuse(&mut self, line: u64, sku: Option<&str>, problem: Problem) {
        let Problem { kind, reason } = problem;
        self.refused.push(Refused { line, sku: sku.map(str::to_owned), kind, reason });
    }

    /// Takes note of a change.
    pub fn change(&mut self, line: u64, sku: Option<&str>, problem: Problem) {
        let Problem { kind, reason } = problem;
        self.changed.push(Changed { line, sku: sku.map(str::to_owned), kind, reason });
    }
}

impl Report {
    /// Counts a group.
    pub fn add(&mut self, group: &Group) {
        self.products += u64::from(!group.rows.is_empty());
        self.rows += group.rows.len() as u64;
        for refused in &group.refused {
            *self.refused.entry(refused.kind).or_default() += 1;
        }
        for changed in &group.changed {
            *self.changed.entry(changed.kind).or_default() += 1;
        }
    }
}
