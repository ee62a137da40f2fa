//! Segments as they are stored: compressed.

use super::super::deflate::{deflate, inflate};
use super::{FORMAT, MAX_BYTES, Segment};
use crate::domain::error::{Error, Result};

/// The most bytes of a stored segment, unless it has one product only. An item of DynamoDB has at
/// most 400 KB.
pub const MAX_STORED: usize = 380_000;

/// The format of a stored segment, in its first byte; the compressed segment follows.
const DEFLATED: u8 = 2;

/// A segment, and the bytes that are stored of it.
#[derive(Debug)]
pub struct StoredSegment {
    /// The segment.
    pub segment: Segment,
    /// Its compressed bytes.
    pub bytes: Vec<u8>,
}

impl StoredSegment {
    /// Compresses a segment; several with its products if one would have too many bytes.
    pub fn all_of(segment: Segment) -> Result<Vec<Self>> {
        let mut bytes = vec![DEFLATED];
        bytes.extend(deflate(segment.bytes()));
        if bytes.len() <= MAX_STORED || segment.len() == 1 {
            return Ok(vec![Self { segment, bytes }]);
        }
        let mut all = Vec::new();
        for half in segment.halves()? {
            all.extend(Self::all_of(half)?);
        }
        Ok(all)
    }
}

impl Segment {
    /// Returns the segment of which these bytes are stored; an error if they are none, damaged, or in
    /// the format of a newer version. The first segments were stored as they are.
    pub fn from_stored(bytes: Vec<u8>) -> Result<Self> {
        match bytes.split_first() {
            Some((&DEFLATED, deflated)) => Self::from_bytes(inflate(deflated, MAX_BYTES)?),
            Some((&FORMAT, _)) => Self::from_bytes(bytes),
            first => {
                let format = first.map(|(format, _)| format);
                Err(Error::internal(format!("a segment of the catalogue has format {format:?}")))
            }
        }
    }
}
