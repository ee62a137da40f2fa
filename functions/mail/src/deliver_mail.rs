//! The job `deliver-mail`: sends the messages in the outbox.
//!
//! The table's stream starts it for every new message; a schedule, for messages that are still in
//! the outbox; an operator, with `{"resend": "failed"}`, to move failed messages back to the
//! outbox. The result for the stream names the records that have to be delivered again.

use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use shared::domain::ids::MessageId;
use shared::jobs::{BatchItemFailures, Change, StreamEvent, StreamRecord};
use shared::store::deliveries::OutboxSweep;
use shared::{Ctx, Result};
use time::Duration;

use crate::delivery::{self, Outcome};

/// The most mails that are sent concurrently. SES allows a new account 14 mails a second.
const AT_ONCE: usize = 4;

/// How old a message must be before the schedule delivers it: until then the stream does.
const STREAM_GRACE: Duration = Duration::minutes(2);

/// How long a scheduled run starts new deliveries; well below the function's timeout.
const SWEEP: Duration = Duration::seconds(30);

/// What starts the job.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Start {
    /// The table's stream.
    Stream(StreamEvent),
    /// An operator.
    Command {
        /// Which messages to send again.
        resend: Resend,
    },
    /// The schedule.
    Schedule {
        /// Always `aws.events`.
        source: Clock,
    },
}

/// Which messages an operator can send again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resend {
    /// Messages that were set aside as failed.
    Failed,
}

/// The `source` of a scheduled event.
#[derive(Debug, Deserialize)]
pub enum Clock {
    /// Amazon EventBridge.
    #[serde(rename = "aws.events")]
    EventBridge,
}

/// The result of a run.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Report {
    /// The records that the stream has to deliver again.
    Stream(BatchItemFailures),
    /// The result of an operator's command.
    Command {
        /// How many messages were moved back to the outbox.
        returned: usize,
    },
    /// The result of a scheduled run.
    Schedule {
        /// How many messages were sent, dropped or set aside.
        settled: usize,
        /// How many of the messages found are still in the outbox.
        left: usize,
    },
}

pub async fn handle(ctx: &'static Ctx, start: Start) -> Result<Report> {
    match start {
        Start::Stream(event) => deliver_new(ctx, event.records).await,
        Start::Schedule { source: Clock::EventBridge } => deliver_left(ctx).await,
        Start::Command { resend: Resend::Failed } => {
            let returned = ctx.store.deliveries().return_failed(ctx.now()).await?;
            Ok(Report::Command { returned })
        }
    }
}

async fn deliver_new(ctx: &Ctx, records: Vec<StreamRecord>) -> Result<Report> {
    let settings = delivery::settings(ctx)?;
    let deliveries = records.into_iter().filter_map(|record| {
        let id = new_message(&record)?;
        Some(async move {
            let outcome = delivery::deliver(ctx, settings, id).await;
            (outcome == Outcome::Failed).then_some(record.sequence_number)
        })
    });
    let failures = stream::iter(deliveries).buffered(AT_ONCE).collect::<Vec<_>>().await;
    Ok(Report::Stream(failures.into_iter().flatten().collect()))
}

async fn deliver_left(ctx: &Ctx) -> Result<Report> {
    let settings = delivery::settings(ctx)?;
    let began = ctx.now();
    let is_over = || ctx.now() >= began.plus(SWEEP);
    let mut sweep = OutboxSweep::before(began.plus(-STREAM_GRACE));
    let (mut all, mut settled) = (0, 0);
    while !is_over()
        && let Some(unsent) = ctx.store.deliveries().next_unsent(&mut sweep, ctx.now()).await?
    {
        all += unsent.len();
        let deliveries = unsent
            .into_iter()
            .take_while(|_| !is_over())
            .map(|id| delivery::deliver(ctx, settings, id));
        let outcomes = stream::iter(deliveries).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
        settled += outcomes.into_iter().filter(|outcome| *outcome == Outcome::Settled).count();
    }
    Ok(Report::Schedule { settled, left: all - settled })
}

/// Returns the identifier of a new message; `None` if the record is about something else.
fn new_message(record: &StreamRecord) -> Option<MessageId> {
    let is_new = record.change == Change::Insert && record.item_type == "message";
    record.key.sk.parse().ok().filter(|_| is_new)
}
