//! The progress of each mapping, stored so that the next start continues there.
//!
//! Workers finish out of order, so a position in the shard is not enough: a checkpoint also has the
//! records after it that are processed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::SequenceNumber;
use crate::failure::{Explain, Result};

/// The checkpoints of all mappings, by the mapping's name.
pub(super) type Checkpoints = BTreeMap<String, Checkpoint>;

/// The progress of one mapping in one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The stream's ARN: with another stream, the mapping starts from its beginning.
    pub stream: String,
    pub shards: BTreeMap<String, Position>,
}

/// The progress in one shard. A record is processed when it was delivered, filtered out or
/// discarded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// All records up to this one are processed.
    pub after: Option<SequenceNumber>,
    /// Processed records after [`Position::after`]. Older files call them `decided`.
    #[serde(default, alias = "decided")]
    processed: BTreeSet<SequenceNumber>,
    /// Records that were read and are not processed yet.
    #[serde(skip)]
    pending: BTreeSet<SequenceNumber>,
    /// The last record that this process has read: later ones in `processed` are not yet passed,
    /// since records before them may be pending.
    #[serde(skip)]
    read: Option<SequenceNumber>,
}

impl Position {
    /// Records that a record was read; returns whether it must still be processed.
    pub fn read(&mut self, number: &SequenceNumber) -> bool {
        self.read = Some(number.clone());
        let new = !self.processed.contains(number);
        if new {
            self.pending.insert(number.clone());
        } else {
            self.advance();
        }
        new
    }

    /// Records that a record is processed.
    pub fn mark_processed(&mut self, number: &SequenceNumber) {
        self.pending.remove(number);
        self.processed.insert(number.clone());
        self.advance();
    }

    /// Moves [`Position::after`] to the last record before the first pending one.
    fn advance(&mut self) {
        while let Some(first) = self.processed.first()
            && self.pending.first().is_none_or(|pending| first < pending)
            && self.read.as_ref().is_some_and(|read| first <= read)
        {
            self.after = self.processed.pop_first();
        }
    }
}

/// Reads the checkpoints in the file at `path`; a missing file has none.
pub(super) fn load(path: &Path) -> Result<Checkpoints> {
    let reading = || format!("can't read the checkpoints in {}", path.display());
    match std::fs::read(path) {
        Ok(json) => serde_json::from_slice(&json).explain(reading),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Checkpoints::new()),
        Err(error) => Err(error).explain(reading),
    }
}

/// Writes a new file and renames it, so that a crash leaves either the old or the new file.
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
    fn it_stays_before_the_first_pending_record() {
        let mut position = Position::default();
        read(&mut position, 1..=3);
        position.mark_processed(&number(3));
        position.mark_processed(&number(1));
        assert_eq!(position.after, Some(number(1)));
        position.mark_processed(&number(2));
        assert_eq!(position.after, Some(number(3)));
        assert!(position.processed.is_empty());
    }

    #[test]
    fn after_a_restart_only_processed_records_are_skipped() {
        let mut before = Position::default();
        read(&mut before, 1..=5);
        before.mark_processed(&number(1));
        before.mark_processed(&number(5));

        let json = serde_json::to_string(&before).unwrap();
        let mut after: Position = serde_json::from_str(&json).unwrap();
        assert_eq!(after.after, Some(number(1)));
        assert_eq!(read(&mut after, [2, 3]), [2, 3]);
        after.mark_processed(&number(2));
        after.mark_processed(&number(3));
        // 4 is not read yet: passing it would lose it at the next restart.
        assert_eq!(after.after, Some(number(3)));
        assert_eq!(read(&mut after, [4, 5, 6]), [4, 6]);
        after.mark_processed(&number(4));
        assert_eq!(after.after, Some(number(5)));
    }
}
