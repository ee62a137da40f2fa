//! Counts what became of the rows of a file.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::import::Group;

/// How many rows were taken, refused and changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Rows whose variant is new.
    pub created: u64,
    /// Rows that changed something.
    pub updated: u64,
    /// Rows that changed nothing.
    pub unchanged: u64,
    /// Rows that are part of others, such as further images of a product.
    pub merged: u64,
    /// Refused rows by the kind of the reason.
    pub refused: BTreeMap<String, u64>,
    /// Rows that were taken differently, by the kind of the difference.
    pub changed: BTreeMap<String, u64>,
    /// Rows that would be sent; of a trial only.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub would_send: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Tally {
    /// Counts what reading a product gave.
    pub fn add_reading(&mut self, group: &Group) {
        let counted = group.rows.len() + group.refused.len();
        self.merged += group.lines.len().saturating_sub(counted) as u64;
        for refused in &group.refused {
            *self.refused.entry(refused.kind.to_owned()).or_default() += 1;
        }
        for changed in &group.changed {
            *self.changed.entry(changed.kind.to_owned()).or_default() += 1;
        }
    }

    /// Counts what the shop says of a row.
    pub fn add_answer(&mut self, status: &str, code: &str) {
        match status {
            "created" => self.created += 1,
            "updated" => self.updated += 1,
            "unchanged" => self.unchanged += 1,
            _ => *self.refused.entry(code.to_owned()).or_default() += 1,
        }
    }

    /// Counts rows that would be sent.
    pub fn would_send(&mut self, rows: usize) {
        self.would_send += rows as u64;
    }

    /// Adds the counts of others.
    pub fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.merged += other.merged;
        self.would_send += other.would_send;
        for (kind, count) in &other.refused {
            *self.refused.entry(kind.clone()).or_default() += count;
        }
        for (kind, count) in &other.changed {
            *self.changed.entry(kind.clone()).or_default() += count;
        }
    }

    /// Returns the number of rows that are done.
    pub fn rows(&self) -> u64 {
        let refused: u64 = self.refused.values().sum();
        self.created + self.updated + self.unchanged + self.merged + refused
    }

    /// Whether no row was refused.
    pub fn has_taken_all(&self) -> bool {
        self.refused.is_empty()
    }

    /// Returns the counts as a JSON object with these members besides.
    pub fn to_json(&self, more: &[(&str, Value)]) -> Result<String> {
        let mut object = serde_json::to_value(self).map_err(|it| Failure::new(it.to_string()))?;
        for (name, value) in more {
            object[name] = value.clone();
        }
        Ok(format!("{object}\n"))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, updated, unchanged, merged, refused, changed, would_send } = self;
        match would_send {
            0 => writeln!(f, "rows: {created} created, {updated} updated, {unchanged} unchanged")?,
            rows => writeln!(f, "rows: {rows} would be sent")?,
        }
        if *merged > 0 {
            writeln!(f, "rows that are part of others: {merged}")?;
        }
        for (what, counts) in [("refused", refused), ("taken differently", changed)] {
            for (kind, count) in counts {
                writeln!(f, "{what}: {count} {kind}")?;
            }
        }
        Ok(())
    }
}
