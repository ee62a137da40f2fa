//! The job `erase-users`: erases the remaining data of deleted accounts, every five minutes.
//!
//! If a run fails or is stopped, the next one continues.

use serde::Serialize;
use shared::jobs::ScheduledEvent;
use shared::services::account_deletion;
use shared::{Ctx, Result};

/// The result of a run.
#[derive(Debug, Serialize)]
pub struct Erased {
    /// Accounts whose data was erased completely.
    done: u32,
    /// Accounts that the next run continues with.
    left: u32,
}

pub async fn handle(ctx: &Ctx, _: ScheduledEvent) -> Result<Erased> {
    let account_deletion::Erased { done, left } = account_deletion::erase_all(ctx).await?;

    Ok(Erased { done, left })
}
