//! Compacts the catalogue: writes all products to segments, and deletes entries of the log that
//! segments hold since an hour.

use futures_util::future::FutureExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tracing::info;

use super::catalogue::{ALL, refresh};
use crate::catalogue::loaded::LoadedCatalogue;
use crate::catalogue::manifest::Manifest;
use crate::catalogue::memory::Catalogue;
use crate::context::Ctx;
use crate::domain::error::Result;
use crate::store::catalogue_segments::Overtaken;

/// The most writes at the same time.
const AT_ONCE: usize = 8;

/// The most entries of the log that one run deletes.
const MOST_DELETED: u64 = 2_000;

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// The segments that it wrote, if a compaction was due; `None` if none was, or if another run did
    /// it.
    pub segments: Option<u32>,
    /// The entries of the log that it deleted.
    pub deleted: u64,
}

/// Compacts the catalogue if that is due. Any number of runs may do so at once, and each may end at
/// any point: then the next one that is due, or the first one after the lease, does it all again.
pub async fn compact(ctx: &Ctx) -> Result<Compacted> {
    let manifest = ctx.store.catalogue_segments().manifest().await?;
    let mut memory = ctx.catalogue.lock().await;
    if memory.as_ref().is_some_and(|it| it.manifest.generation != manifest.generation) {
        *memory = None;
    }
    let loaded = refresh(ctx, &mut memory, ALL).await?;
    let segments = write_segments(ctx, &manifest, loaded).await?;
    let deleted = delete_entries(ctx, &manifest, loaded.catalogue.number()).await?;
    Ok(Compacted { segments, deleted })
}

/// Writes and publishes segments of all products, if that is due and no other run does it.
async fn write_segments(
    ctx: &Ctx,
    manifest: &Manifest,
    loaded: &mut LoadedCatalogue,
) -> Result<Option<u32>> {
    let (language, now) = (ctx.config.search_language, ctx.now());
    let store = ctx.store.catalogue_segments();
    if !manifest.is_due(loaded.log_bytes, language) || manifest.is_leased(now) {
        return Ok(None);
    }
    // Fails as well if the manifest has changed since, and the catalogue was loaded by a newer one.
    let Ok(claim) = store.claim(manifest, Manifest::lease(now)).await? else { return Ok(None) };

    let (segments, number) = (loaded.catalogue.compact(language)?, loaded.catalogue.number());
    let mut next = manifest.next(claim, number, language, ctx.now());
    next.parents = loaded.catalogue.parents().clone();
    next.segments = u32::try_from(segments.len()).unwrap_or(u32::MAX);
    next.bytes = segments.iter().map(|segment| segment.bytes.len() as u64).sum();
    let writes = (0..).zip(&segments).map(|(index, segment)| store.put(&next, index, segment));
    // Boxed: the type of a job's future is too deep for the compiler.
    let written = stream::iter(writes).buffered(AT_ONCE).try_collect::<Vec<_>>().boxed().await?;
    if written.contains(&Err(Overtaken)) || store.publish(&next).await? == Err(Overtaken) {
        info!(generation = next.generation, "another run has overtaken this compaction");
        return Ok(None);
    }
    info!(generation = next.generation, segments = next.segments, bytes = next.bytes, "compacted");

    let count = next.segments;
    let segments = segments.into_iter().map(|stored| stored.segment).collect();
    loaded.catalogue = Catalogue::new(language, next.parents.clone(), segments, number);
    loaded.log_bytes = 0;
    loaded.reload_at = 2 * next.threshold();
    loaded.manifest = next;
    Ok(Some(count))
}

/// Deletes entries of the log that segments hold, from the first one on. The last entry stays, since
/// its number is that of the log. Returns how many.
async fn delete_entries(ctx: &Ctx, manifest: &Manifest, last: u64) -> Result<u64> {
    let until = manifest.deletable(ctx.now()).min(last.saturating_sub(1));
    let until = until.min(manifest.deleted + MOST_DELETED);
    if until <= manifest.deleted {
        return Ok(0);
    }
    let log = ctx.store.catalogue_log();
    let deletes = (manifest.deleted + 1..=until).map(|number| log.delete(number));
    stream::iter(deletes).buffered(AT_ONCE).try_collect::<()>().boxed().await?;
    ctx.store.catalogue_segments().set_deleted(until).await?;
    Ok(until - manifest.deleted)
}
