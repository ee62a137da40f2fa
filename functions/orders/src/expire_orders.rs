//! The job `expire-orders`: expires unpaid orders past their `expires_at`, every minute.
//!
//! If a run is stopped, or an order of it fails, the next one continues.

use serde::Serialize;
use shared::jobs::ScheduledEvent;
use shared::services::order_expiry::{self, Expiry};
use shared::{Ctx, Result};

/// The result of a run, in numbers of orders.
#[derive(Debug, Serialize)]
pub struct Expired {
    /// Those that it expired.
    expired: u32,
    /// Those that were already paid, cancelled or expired.
    settled: u32,
    /// Those for which it had no time.
    left: u32,
}

pub async fn handle(ctx: &Ctx, _: ScheduledEvent) -> Result<Expired> {
    let Expiry { expired, settled, left } = order_expiry::expire_due(ctx).await?;

    Ok(Expired { expired, settled, left })
}
