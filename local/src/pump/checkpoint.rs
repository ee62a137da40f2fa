//! How far a mapping has come, so that the next start goes on from there.
//!
//! Workers finish out of order, so a place in the shard is not enough: it also says what is decided
//! beyond it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::SequenceNumber;
use crate::failure::{Explain, Result};

/// The checkpoints of all mappings, by their name.
pub(super) type Checkpoints = BTreeMap<String, Checkpoint>;

/// How far one mapping has come in one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The stream's ARN: another stream is begun anew.
    pub stream: String,
    pub shards: BTreeMap<String, Position>,
}

/// How far one shard is decided: delivered, filtered out or given up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Everything up to this one is decided.
    pub after: Option<SequenceNumber>,
    /// What is decided beyond.
    #[serde(default)]
    decided: BTreeSet<SequenceNumber>,
    #[serde(skip)]
    undecided: BTreeSet<SequenceNumber>,
    /// How far it was read by this process: what lies beyond may be undecided.
    #[serde(skip)]
    read: Option<SequenceNumber>,
}

impl Position {
    /// Notes that a record was read; tells whether it is still to be decided.
    pub fn read(&mut self, number: &SequenceNumber) -> bool {
        self.read = Some(number.clone());
        let new = !self.decided.contains(number);
        if new {
            self.undecided.insert(number.clone());
        } else {
            self.advance();
        }
        new
    }

    /// Notes that a record is decided.
    pub fn decide(&mut self, number: &SequenceNumber) {
        self.undecided.remove(number);
        self.decided.insert(number.clone());
        self.advance();
    }

    fn advance(&mut self) {
        while let Some(first) = self.decided.first()
            && self.undecided.first().is_none_or(|undecided| first < undecided)
            && self.read.as_ref().is_some_and(|read| first <= read)
        {
            self.after = self.decided.pop_first();
        }
    }
}

/// Reads the file at `path`; where there is none, nothing was done yet.
pub(super) fn load(path: &Path) -> Result<Checkpoints> {
    let reading = || format!("can't read the checkpoints in {}", path.display());
    match std::fs::read(path) {
        Ok(json) => serde_json::from_slice(&json).explain(reading),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Checkpoints::new()),
        Err(error) => Err(error).explain(reading),
    }
}

/// Replaces the file as a whole: a crash leaves the old or the new one.
pub(super) fn save(checkpoints: &Checkpoints, path: &Path) -> Result<()> {
    let writing = || format!("can't write the checkpoints to {}", path.display());
    let json = serde_json::to_vec_pretty(checkpoints).explain(writing)?;
    let new = path.with_extension("json.new");
    std::fs::write(&new, json).explain(writing)?;
    std::fs::rename(&new, path).explain(writing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: u32) -> SequenceNumber {
        digits.to_string().into()
    }

    fn read(position: &mut Position, numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
        numbers.into_iter().filter(|digits| position.read(&number(*digits))).collect()
    }

    #[test]
    fn it_stays_before_the_first_that_is_undecided() {
        let mut position = Position::default();
        read(&mut position, 1..=3);
        position.decide(&number(3));
        position.decide(&number(1));
        assert_eq!(position.after, Some(number(1)));
        position.decide(&number(2));
        assert_eq!(position.after, Some(number(3)));
        assert!(position.decided.is_empty());
    }

    #[test]
    fn after_a_restart_what_was_decided_beyond_is_left_out_and_nothing_else() {
        let mut before = Position::default();
        read(&mut before, 1..=5);
        before.decide(&number(1));
        before.decide(&number(5));

        let json = serde_json::to_string(&before).unwrap();
        let mut after: Position = serde_json::from_str(&json).unwrap();
        assert_eq!(after.after, Some(number(1)));
        assert_eq!(read(&mut after, [2, 3]), [2, 3]);
        after.decide(&number(2));
        after.decide(&number(3));
        // 4 is not read yet: passing it would lose it at the next restart.
        assert_eq!(after.after, Some(number(3)));
        assert_eq!(read(&mut after, [4, 5, 6]), [4, 6]);
        after.decide(&number(4));
        assert_eq!(after.after, Some(number(5)));
    }
}
