//! `erase-users`, every five minutes: takes people who deleted their account out of what is left
//! of them.
//!
//! A run that fails or is cut off is continued by the next.

use serde::Serialize;
use shared::jobs::ScheduledEvent;
use shared::services::account_deletion;
use shared::{Ctx, Result};

/// What a run did.
#[derive(Debug, Serialize)]
pub struct Erased {
    /// Accounts of which nothing is left.
    done: u32,
    /// Accounts that the next run goes on with.
    left: u32,
}

pub async fn handle(ctx: &Ctx, _: ScheduledEvent) -> Result<Erased> {
    let account_deletion::Erased { done, left } = account_deletion::erase_all(ctx).await?;

    Ok(Erased { done, left })
}
