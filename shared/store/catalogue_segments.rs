//! The catalogue's segments and their manifest.
//!
//! A compaction raises the claim number in the manifest, writes all segments to the set that the
//! manifest does not name, and then names them. A segment is only written over one with no higher
//! claim, and the manifest only while it has the compaction's own: so one that was suspended, and
//! overtaken by another, changes nothing that anybody reads.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::expression::{Comparison, absent, compares, is_number, missing};
use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::Write;
use crate::catalogue::manifest::Manifest;
use crate::catalogue::segment::{Segment, StoredSegment};
use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;

/// The store's operations on the catalogue's segments.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueSegments<'a>(&'a Store);

/// Another compaction has begun since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken;

/// The attributes of a segment besides its data.
#[derive(Debug, Serialize, Deserialize)]
struct Stamp {
    /// The number of the claim of the compaction that wrote it.
    claim: u64,
    /// Of the data.
    digest: String,
}

/// The attribute with a segment's compressed bytes.
const DATA: &str = "data";
const MANIFEST: &str = "catalogue_manifest";
const SEGMENT: &str = "catalogue_segment";

impl Store {
    /// Returns the store's operations on the catalogue's segments.
    pub fn catalogue_segments(&self) -> CatalogueSegments<'_> {
        CatalogueSegments(self)
    }
}

impl CatalogueSegments<'_> {
    /// Returns the manifest, by a consistent read; the default if nothing was ever compacted.
    pub async fn manifest(self) -> Result<Manifest> {
        let item = self.0.get(keys::catalogue_manifest(), Read::Consistent).await?;
        Ok(item.map(from_item).transpose()?.unwrap_or_default())
    }

    /// Returns a segment that the manifest names; `None` if the place has one of another compaction,
    /// or none.
    pub async fn get(self, manifest: &Manifest, index: u32, read: Read) -> Result<Option<Segment>> {
        let item = self.0.get(keys::catalogue_segment(manifest.slot, index), read).await?;
        let Some(mut item) = item else { return Ok(None) };
        let data = item.remove(DATA);
        let stamp: Stamp = from_item(item)?;
        if stamp.claim != manifest.written_by {
            return Ok(None);
        }
        let Some(AttributeValue::B(data)) = data else {
            return Err(Error::internal("a segment of the catalogue has no data"));
        };
        let bytes = data.into_inner();
        if stamp.digest != digest([bytes.as_slice()]) {
            return Err(Error::internal("a segment of the catalogue is damaged"));
        }
        Segment::from_stored(bytes).map(Some)
    }

    /// Claims the next compaction until a time, if none has begun since `seen` was read; returns its
    /// claim number.
    pub async fn claim(
        self,
        seen: &Manifest,
        until: Timestamp,
    ) -> Result<std::result::Result<u64, Overtaken>> {
        let claim = seen.claim + 1;
        let is_as_seen = match seen.claim {
            0 => absent("claim").or(is_number("claim", 0)),
            claim => is_number("claim", claim),
        };
        let write = Write::update(keys::catalogue_manifest())
            .set_type(MANIFEST)
            .set("claim", &claim)
            .set_text("leased_until", until)
            .when(is_as_seen, || Overtaken);
        let written = self.0.update(write).await?;
        Ok(if written.is_done() { Ok(claim) } else { Err(Overtaken) })
    }

    /// Writes a segment of the compaction whose manifest will be `next`.
    pub async fn put(
        self,
        next: &Manifest,
        index: u32,
        segment: &StoredSegment,
    ) -> Result<std::result::Result<(), Overtaken>> {
        let bytes = segment.bytes.as_slice();
        let stamp = Stamp { claim: next.claim, digest: digest([bytes]) };
        let mut item = to_item(SEGMENT, keys::catalogue_segment(next.slot, index), &stamp)?;
        item.insert(DATA.to_owned(), AttributeValue::B(Blob::new(bytes)));
        let is_older = missing().or(compares("claim", Comparison::AtMost, next.claim));
        let written = self.0.put(Write::put(item).when(is_older, || Overtaken)).await?;
        Ok(if written.is_done() { Ok(()) } else { Err(Overtaken) })
    }

    /// Names the segments of a compaction, on condition that no other has begun.
    pub async fn publish(self, next: &Manifest) -> Result<std::result::Result<(), Overtaken>> {
        // What was deleted meanwhile is another call's to say.
        let write = Write::update(keys::catalogue_manifest())
            .set_members(next)
            .without("deleted")
            .when(is_number("claim", next.claim), || Overtaken);
        let written = self.0.update(write).await?;
        Ok(if written.is_done() { Ok(()) } else { Err(Overtaken) })
    }

    /// Records that the entries of the log up to a number are deleted.
    pub async fn set_deleted(self, number: u64) -> Result<()> {
        let is_later = absent("deleted").or(compares("deleted", Comparison::AtMost, number));
        let write = Write::update(keys::catalogue_manifest()).set("deleted", &number);
        self.0.update(write.when(is_later, || Overtaken)).await.map(drop)
    }
}
