//! `erase-users`, every five minutes: takes people who deleted their account out of what is left
//! of them.
//!
//! An account is seen to at least twice: orders leave their customer's list a moment after they
//! have lost the person, and only an empty list ends the work. A run that fails or is cut off is
//! continued by the next.

use serde::Serialize;
use shared::jobs::Tick;
use shared::{Ctx, Error, Result};

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Erased {
    /// Accounts of which nothing is left.
    done: u32,
    /// Accounts that the next run goes on with.
    left: u32,
}

pub async fn handle(ctx: &Ctx, _: Tick) -> Result<Erased> {
    let mut erased = Erased::default();
    let mut failed = None;

    for deletion in ctx.store.deletions().await? {
        match ctx.store.erase(&deletion, ctx.now()).await {
            Ok(true) => erased.done += 1,
            Ok(false) => erased.left += 1,
            // One that can't be erased now must not keep the others waiting.
            Err(error) => failed = Some(error),
        }
    }

    failed.map_or(Ok(erased), Err::<_, Error>)
}
