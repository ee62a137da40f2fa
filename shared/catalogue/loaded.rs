//! The catalogue that an instance of a function has loaded, and how far it has read.

use super::manifest::Manifest;
use super::memory::Catalogue;
use crate::domain::time::Timestamp;

/// A loaded catalogue.
#[derive(Debug)]
pub struct LoadedCatalogue {
    /// The catalogue.
    pub catalogue: Catalogue,
    /// The manifest of its segments.
    pub manifest: Manifest,
    /// The bytes of the log that were read since.
    pub log_bytes: u64,
    /// The bytes above which the segments of a newer compaction would be better.
    pub reload_at: u64,
    /// When the log was last read.
    pub read_at: Timestamp,
}
