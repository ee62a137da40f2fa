//! The job `compact-catalogue`: writes the whole catalogue to segments, from which the functions that
//! list products load it, once its log has become long; and deletes what is old of the log.
//!
//! A schedule starts it every minute.

use shared::jobs::ScheduledEvent;
use shared::services::compaction;
use shared::{Ctx, Result};

pub async fn handle(ctx: &'static Ctx, _: ScheduledEvent) -> Result<()> {
    compaction::compact(ctx).await.map(drop)
}
