//! The catalogue in the memory of an instance: loads it, and follows the log.

use std::time::Duration;

use futures_util::future::{FutureExt, try_join};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::catalogue::loaded::LoadedCatalogue;
use crate::catalogue::manifest::Manifest;
use crate::catalogue::memory::{Catalogue, MissingEntry};
use crate::catalogue::segment::Segment;
use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::search_language::SearchLanguage;
use crate::domain::time::Timestamp;
use crate::store::retry::Attempts;
use crate::store::{Read, Store};

/// The most segments that are read concurrently.
const AT_ONCE: usize = 8;

/// For how long the first read of a load is repeated. A database that does not answer for so long is
/// down; one that answers is only busy, and the other reads are repeated until the deadline.
const FIRST_READ: Duration = Duration::from_secs(2);

/// How long a request waits for newer segments while it could answer without them.
const BETTER: Duration = Duration::from_secs(2);

/// For `least`: all entries that there are.
pub(super) const ALL: u64 = u64::MAX;

/// Loads the catalogue, unless it is loaded. A function that reads it does so when it starts, while
/// it has a whole processor.
pub async fn load(ctx: &Ctx) -> Result<()> {
    read(ctx, 0, |_| ()).await
}

/// Calls `read` with the catalogue as it is now: the log is read again if that was not done in the
/// last moment ([`Config::catalogue_max_age`]), and in any case if it has an entry `least` that the
/// instance has not seen, because another instance showed what it changes.
///
/// [`Config::catalogue_max_age`]: crate::config::Config::catalogue_max_age
pub async fn read<T>(ctx: &Ctx, least: u64, read: impl FnOnce(&Catalogue) -> T) -> Result<T> {
    let mut memory = ctx.catalogue.lock().await;
    let loaded = refresh(ctx, &mut memory, least).await?;
    Ok(read(&loaded.catalogue))
}

/// Brings the catalogue in memory up to date.
pub(super) async fn refresh<'m>(
    ctx: &Ctx,
    memory: &'m mut Option<LoadedCatalogue>,
    least: u64,
) -> Result<&'m mut LoadedCatalogue> {
    // A request before may have ended in a panic while it applied entries.
    if memory.as_ref().is_some_and(|loaded| !loaded.catalogue.is_whole()) {
        *memory = None;
    }
    if let Some(loaded) = memory.as_mut() {
        let is_behind = loaded.catalogue.number() < least;
        let followed = match is_behind || is_old(ctx, loaded) {
            true => follow(ctx, loaded, is_behind).await,
            false => Ok(Usable::Best),
        };
        match followed {
            Ok(Usable::Best) => {}
            Ok(Usable::NotBest) => match timeout(BETTER, load_now(ctx, least)).await {
                Ok(Ok(better)) => *loaded = better,
                Ok(Err(error)) => warn!(?error, "newer segments could not be loaded"),
                Err(_) => warn!("newer segments could not be loaded in time"),
            },
            Ok(Usable::No) => *memory = None,
            // What the log says can't be applied, and perhaps some of it has been.
            Err(error @ Error::Internal { .. }) => {
                *memory = None;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    let loaded = match memory.take() {
        Some(loaded) => loaded,
        None => load_now(ctx, least).await?,
    };
    Ok(memory.insert(loaded))
}

/// Whether a catalogue can be used.
enum Usable {
    /// It can.
    Best,
    /// It can, but has read so much of the log that the segments of a compaction since are better.
    NotBest,
    /// It can't: an entry that it lacks was deleted.
    No,
}

fn is_old(ctx: &Ctx, loaded: &LoadedCatalogue) -> bool {
    let age = ctx.now().unix_millis() - loaded.read_at.unix_millis();
    let age = u64::try_from(age).ok().map(Duration::from_millis);
    age.is_none_or(|age| age >= ctx.config.catalogue_max_age)
}

/// Reads the log after what the catalogue has.
async fn follow(ctx: &Ctx, loaded: &mut LoadedCatalogue, is_behind: bool) -> Result<Usable> {
    let read = if is_behind { Read::Consistent } else { Read::Eventual };
    let applied = apply_log(&ctx.store, loaded, read, ctx.now()).await?;
    // An eventually consistent read may miss an entry between others.
    if applied == Err(MissingEntry)
        && (is_behind
            || apply_log(&ctx.store, loaded, Read::Consistent, ctx.now()).await?
                == Err(MissingEntry))
    {
        return Ok(Usable::No);
    }
    // Until its next compaction the catalogue has stems of the language before.
    let has_own_stems = loaded.catalogue.language() == ctx.config.search_language;
    if loaded.log_bytes <= loaded.reload_at && has_own_stems {
        return Ok(Usable::Best);
    }
    let manifest = ctx.store.catalogue_segments().manifest().await?;
    // Without a newer compaction there is nothing better: ask again after as much more.
    loaded.reload_at = loaded.log_bytes + loaded.manifest.threshold();
    let is_newest = manifest.generation == loaded.manifest.generation;
    Ok(if is_newest { Usable::Best } else { Usable::NotBest })
}

/// Reads the log after what the catalogue has, about a megabyte at a time.
async fn apply_log(
    store: &Store,
    loaded: &mut LoadedCatalogue,
    read: Read,
    now: Timestamp,
) -> Result<std::result::Result<(), MissingEntry>> {
    loop {
        let log = store.catalogue_log();
        let (entries, bytes, has_more) = log.some_after(loaded.catalogue.number(), read).await?;
        if loaded.catalogue.apply(entries)? == Err(MissingEntry) {
            return Ok(Err(MissingEntry));
        }
        loaded.log_bytes += bytes;
        if !has_more {
            loaded.read_at = now;
            return Ok(Ok(()));
        }
    }
}

async fn load_now(ctx: &Ctx, least: u64) -> Result<LoadedCatalogue> {
    let read = if least > 0 { Read::Consistent } else { Read::Eventual };
    load_from(&ctx.store, ctx.config.search_language, read, ctx.now()).await
}

/// Loads the segments that the manifest names, and the log after them at the same time. `language` is
/// that of the stems if nothing was ever compacted, and `now` is when it is loaded.
pub async fn load_from(
    store: &Store,
    language: SearchLanguage,
    mut read: Read,
    now: Timestamp,
) -> Result<LoadedCatalogue> {
    let mut attempts = Attempts::new("the catalogue is compacted faster than it can be loaded");
    // A compaction leaves a set of segments alone until the next but one: who meets one of another
    // compaction has read an old manifest, or an old segment by an eventually consistent read.
    loop {
        let manifest = || store.catalogue_segments().manifest();
        let manifest =
            retried("the catalogue's manifest can't be read", FIRST_READ, manifest).await?;
        let log = || store.catalogue_log().some_after(manifest.through, read);
        let log = retried("the catalogue's log can't be read", Duration::MAX, log);
        // Boxed: the type of a request's future is too deep for the compiler.
        let (segments, (entries, bytes, has_more)) =
            try_join(segments(store, &manifest, read).boxed(), log.boxed()).await?;
        if let Some(segments) = segments {
            let language = manifest.language.unwrap_or(language);
            let parents = manifest.parents.clone();
            let mut catalogue = Catalogue::new(language, parents, segments, manifest.through);
            let mut is_complete = catalogue.apply(entries)?.is_ok();
            let reload_at = 2 * manifest.threshold();
            let mut loaded =
                LoadedCatalogue { catalogue, manifest, log_bytes: bytes, reload_at, read_at: now };
            if is_complete && has_more {
                is_complete = apply_log(store, &mut loaded, read, now).await?.is_ok();
            }
            if is_complete {
                return Ok(loaded);
            }
        }
        read = Read::Consistent;
        attempts.pause().await?;
    }
}

/// Reads the segments; `None` if one of them is of another compaction.
async fn segments(store: &Store, manifest: &Manifest, read: Read) -> Result<Option<Vec<Segment>>> {
    let segments = (0..manifest.segments).map(|index| {
        let read = move || store.catalogue_segments().get(manifest, index, read);
        retried("a segment of the catalogue can't be read", Duration::MAX, read)
    });
    let segments: Vec<_> = stream::iter(segments).buffered(AT_ONCE).try_collect().await?;
    Ok(segments.into_iter().collect())
}

/// Reads a part of the catalogue. Many starts at once may read more than the table gives in a moment:
/// then each part is read again for itself, and those that were read already are not lost.
/// After `patience` it is given up.
async fn retried<T, F: Future<Output = Result<T>>>(
    what: &'static str,
    patience: Duration,
    mut read: impl FnMut() -> F,
) -> Result<T> {
    let (mut attempts, begun) = (Attempts::new(what), Instant::now());
    loop {
        match read().await {
            Err(Error::Unavailable { .. }) if begun.elapsed() < patience => {
                attempts.pause().await?;
            }
            outcome => return outcome,
        }
    }
}
