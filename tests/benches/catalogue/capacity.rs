//! What the log and the segments cost in DynamoDB: a write unit for each KB of an item, half a read
//! unit for each 4 KB.

/// The bytes of an item of a segment without the segment: its key, other attributes and all names.
const ATTRIBUTES: usize = 150;

/// The least bytes of log that a compaction takes in.
const LEAST: usize = 64 * 1024;

/// The write units of a compaction besides its segments: the claim and the swap of the manifest.
const MANIFEST: usize = 8;

/// The parts of the segments' bytes which the log has when it is compacted, as divisors.
pub const FRACTIONS: [usize; 4] = [10, 4, 3, 2];
/// The one that is chosen.
pub const CHOSEN: usize = 3;

/// The sizes of what is stored.
pub struct Stored {
    /// The bytes of an entry of the log that changes one product.
    pub entry: usize,
    /// The bytes of each segment.
    pub segments: Vec<usize>,
}

impl Stored {
    /// Returns the write units of a change of one product, in hundredths: those of its entry, of the
    /// deletion of that, and its share of a compaction.
    pub fn write_units(&self, fraction: usize) -> u64 {
        let changes = (self.log(fraction) / self.entry).max(1);
        (write_units(self.entry) * 2 * 100 + self.compaction() * 100 / changes) as u64
    }

    /// Returns the write units of many changes at once, in hundredths.
    pub fn write_units_of(&self, entries: &[usize], fraction: usize) -> u64 {
        let log: usize = entries.iter().map(|bytes| write_units(*bytes) * 2).sum();
        let bytes: usize = entries.iter().sum();
        let compactions = (bytes / self.log(fraction)).max(1);
        ((log + compactions * self.compaction()) * 100) as u64
    }

    /// Returns the read units with which a function loads all products and the longest log, in
    /// hundredths.
    pub fn read_units(&self, fraction: usize) -> u64 {
        let segments = self.segments.iter().map(|bytes| (bytes + ATTRIBUTES).div_ceil(4_096));
        ((segments.sum::<usize>() + self.log(fraction).div_ceil(4_096) + 1) * 50) as u64
    }

    fn compaction(&self) -> usize {
        self.segments.iter().map(|bytes| write_units(bytes + ATTRIBUTES)).sum::<usize>() + MANIFEST
    }

    /// Returns the bytes of log that are compacted.
    fn log(&self, fraction: usize) -> usize {
        (self.segments.iter().sum::<usize>() / fraction).max(LEAST)
    }
}

fn write_units(bytes: usize) -> usize {
    bytes.div_ceil(1_024)
}
