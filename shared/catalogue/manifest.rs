//! The manifest: which segments hold the catalogue, and up to which entry of its log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Duration;

use crate::domain::search_language::SearchLanguage;
use crate::domain::slug::Slug;
use crate::domain::time::Timestamp;

/// How long entries of the log stay after a compaction has taken them in: for instances that have
/// not read them yet.
const KEPT: Duration = Duration::hours(1);

/// How long a compaction may take; longer than the timeout of the function that does it.
const LEASE: Duration = Duration::minutes(6);

/// The bytes of the log that no segment holds, up to which no compaction is due. A third of the
/// segments' bytes counts instead if that is more: so each byte of the log costs three of segments,
/// and a start reads no more than two thirds more than the segments.
const LEAST_LOG: u64 = 64 * 1024;

/// The two sets of segments. A compaction writes the one that the manifest does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The set of the even generations.
    #[default]
    A,
    /// The set of the odd generations.
    B,
}

/// What the last compaction wrote, and who compacts now. The default is that of a catalogue that was
/// never compacted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// The number of the compaction.
    pub generation: u64,
    /// The number of its claim, with which each of its segments is stamped: two runs may write
    /// segments of one generation, of which the first ends early.
    pub written_by: u64,
    /// The set of its segments.
    pub slot: Slot,
    /// The number of its segments.
    pub segments: u32,
    /// The bytes of all of them.
    pub bytes: u64,
    /// The last entry of the log that they hold.
    pub through: u64,
    /// The language of their stems; `None` before the first compaction.
    pub language: Option<SearchLanguage>,
    /// The category that each category is part of.
    pub parents: BTreeMap<Slug, Option<Slug>>,
    /// The compactions whose entries of the log may still be there, from the oldest on.
    pub compactions: Vec<Compaction>,
    /// The last entry of the log that was deleted.
    pub deleted: u64,
    /// The number of times that a compaction began. Only the one that raised it last may write.
    pub claim: u64,
    /// Until when no other compaction begins; `None` if none runs.
    pub leased_until: Option<Timestamp>,
}

/// A compaction of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    /// The last entry of the log that it took in.
    pub through: u64,
    /// When it ended.
    pub at: Timestamp,
}

impl Slot {
    /// Returns the other set.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Returns its name in a key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

impl Manifest {
    /// Returns the bytes of the log, after `through`, above which a compaction is due.
    pub fn threshold(&self) -> u64 {
        LEAST_LOG.max(self.bytes / 3)
    }

    /// Whether a compaction is due: the log has become long, or the segments have stems of another
    /// language than the shop's.
    pub fn is_due(&self, log_bytes: u64, language: SearchLanguage) -> bool {
        let has_other_stems = self.language.is_some_and(|stored| stored != language);
        log_bytes > self.threshold() || has_other_stems
    }

    /// Whether another compaction may still be running.
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.leased_until.is_some_and(|until| now < until)
    }

    /// Returns until when a compaction that begins now may run.
    pub fn lease(now: Timestamp) -> Timestamp {
        now.plus(LEASE)
    }

    /// Returns the last entry of the log that may be deleted.
    pub fn deletable(&self, now: Timestamp) -> u64 {
        let old = self.compactions.iter().filter(|compaction| compaction.at.plus(KEPT) <= now);
        old.map(|compaction| compaction.through).max().unwrap_or_default()
    }

    /// Returns the manifest of the next compaction, apart from the segments that it wrote.
    #[must_use]
    pub fn next(&self, claim: u64, through: u64, language: SearchLanguage, now: Timestamp) -> Self {
        let mut compactions = self.compactions.clone();
        // Of those whose entries may be deleted the last one says it all.
        let deletable = self.deletable(now);
        compactions.retain(|compaction| compaction.through >= deletable);
        compactions.push(Compaction { through, at: now });
        Self {
            generation: self.generation + 1,
            written_by: claim,
            slot: self.slot.other(),
            through,
            language: Some(language),
            compactions,
            claim,
            leased_until: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    #[test]
    fn a_compaction_is_due_when_the_log_is_long_for_the_segments() {
        let language = SearchLanguage::ENGLISH;
        let small = Manifest::default();
        assert!(!small.is_due(LEAST_LOG, language) && small.is_due(LEAST_LOG + 1, language));
        let large = Manifest { bytes: 3_000_000, ..small };
        assert!(!large.is_due(1_000_000, language) && large.is_due(1_000_001, language));
        let other = Manifest { language: Some(SearchLanguage::OFF), ..large };
        assert!(other.is_due(0, language) && !other.is_due(0, SearchLanguage::OFF));
    }

    #[test]
    fn entries_may_be_deleted_an_hour_after_the_compaction_that_took_them_in() {
        let language = SearchLanguage::ENGLISH;
        let mut manifest = Manifest::default();
        for (through, at_hours) in [(10, 0), (20, 1), (30, 5)] {
            manifest = manifest.next(1, through, language, at(at_hours * HOUR));
        }
        assert_eq!(manifest.deletable(at(6 * HOUR - 1)), 20);
        assert_eq!(manifest.deletable(at(6 * HOUR)), 30);
        assert_eq!(manifest.compactions.len(), 2, "the first one says nothing that counts");
        assert_eq!(Manifest::default().deletable(at(HOUR)), 0);
    }
}
